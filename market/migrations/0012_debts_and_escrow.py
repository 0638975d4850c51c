"""Accounts may owe fines, and a system account holds what is neither one's nor the other's yet."""

from django.db import migrations, models

_OPEN_ESCROW = """
    INSERT INTO market_account (
        id, name, kind, leverage, fee_bps, cash, endowment, long_value, short_value, reserved,
        realised, equity, equity_day_ago, close_equity, peak_equity, transfers, trade_count,
        debt, opened_tick
    )
    SELECT 5, 'escrow', 'system', 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
    WHERE EXISTS (SELECT 1 FROM market_account)
"""


class Migration(migrations.Migration):
    dependencies = [("market", "0011_account_figures")]

    operations = [
        migrations.AddField(
            model_name="account",
            name="debt",
            field=models.BigIntegerField(default=0, help_text="Of fines that are not paid."),
        ),
        migrations.RunSQL(_OPEN_ESCROW, "DELETE FROM market_account WHERE id = 5"),
    ]
