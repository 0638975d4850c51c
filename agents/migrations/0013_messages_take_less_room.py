"""Messages stay for ever, and nobody looks for one by its id alone: an agent's unread ones are few."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("agents", "0012_ticket_sessions")]

    operations = [
        migrations.AlterField(
            model_name="message",
            name="public_id",
            field=models.UUIDField(help_text="Of the input that sent it."),
        ),
    ]
