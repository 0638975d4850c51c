from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("market", "0009_events_that_wait_for_trading")]

    operations = [
        migrations.RenameField("company", "ordered_band_bps", "band_override_bps"),
    ]
