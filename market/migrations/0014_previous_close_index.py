from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("market", "0013_splits_say_after_which_trade")]

    operations = [
        migrations.AddField(
            "world",
            "previous_close_index",
            models.BigIntegerField(default=0, help_text="Hundredths of a point."),
        ),
        # Until the next tick writes it.
        migrations.RunSQL("UPDATE market_world SET previous_close_index = index", migrations.RunSQL.noop),
    ]
