"""Articles stay for ever. An id is found by the number with which it ends, not by an index."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("news", "0005_insight_prose")]

    operations = [
        migrations.AlterField(
            model_name="article",
            name="id",
            field=models.UUIDField(
                help_text="It ends with the number: `with_id` finds it by that."
            ),
        ),
    ]
