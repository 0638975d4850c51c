"""An agent's account bears its number, and the numbers below 1,000 are the exchange's own."""

from django.db import migrations

from market.engine.accounts import FIRST_AGENT_ACCOUNT


class Migration(migrations.Migration):
    dependencies = [("agents", "0001_initial")]

    operations = [
        migrations.RunSQL(
            f"ALTER TABLE agents_agent ALTER COLUMN id"
            f" SET START WITH {FIRST_AGENT_ACCOUNT} RESTART",
            migrations.RunSQL.noop,
        )
    ]
