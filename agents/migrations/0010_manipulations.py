from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("agents", "0009_society")]

    operations = [
        migrations.RenameModel("Deed", "Manipulation"),
        migrations.RenameIndex("Manipulation", "manipulations_by_tick", old_name="deeds_by_tick"),
    ]
