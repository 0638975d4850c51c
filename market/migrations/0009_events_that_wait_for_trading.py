"""Which market events are active is said by World: their clocks stand while nothing trades."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models

# The machine has numbered its events in the order in which their rows were written.
_NUMBER = """
    UPDATE market_marketevent AS event SET number = numbered.number
    FROM (SELECT id, row_number() OVER (ORDER BY id) AS number FROM market_marketevent) AS numbered
    WHERE numbered.id = event.id
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("market", "0008_trades_with_oneself_stand_twice")]

    operations: ClassVar = [
        migrations.AddField(
            model_name="world",
            name="active_events",
            field=models.JSONField(
                default=list,
                help_text="[number, ticks remaining] of each market event that is not over.",
            ),
        ),
        migrations.AddField(
            model_name="marketevent",
            name="number",
            field=models.BigIntegerField(
                default=0, help_text="The machine's, by which World says what is active."
            ),
            preserve_default=False,
        ),
        migrations.RunSQL(_NUMBER, migrations.RunSQL.noop),
        migrations.RemoveIndex(model_name="marketevent", name="events_by_end"),
        migrations.AddIndex(
            model_name="marketevent",
            index=models.Index(fields=["number"], name="events_by_number"),
        ),
    ]
