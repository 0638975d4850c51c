"""A split says after which trade it came: what open orders have filled is restated by it."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("market", "0012_debts_and_escrow")]

    operations: ClassVar = [
        migrations.AddField(
            model_name="split",
            name="after_trade",
            field=models.BigIntegerField(
                null=True,
                help_text=(
                    "The last trade in old shares. Null: from when it did not restate what was"
                    " filled."
                ),
            ),
        ),
    ]
