"""What is kept of deliveries, and of alerts that must arrive."""

from __future__ import annotations

from django.db import connection

from market import tape
from market.tape import KEPT_TICKS
from webhooks.engine.briefing import must_arrive
from webhooks.engine.delivery import KEPT_DELIVERIES
from webhooks.models import EndpointState, SavedAlert

MARGIN_TICKS = 200  # alerts are saved so long before their entries go

_ABOUT_TO_GO = """
    SELECT entry.epoch, entry.stream, entry.seq, entry.tick, entry.claimed_at, entry.events
    FROM webhooks_endpoint AS endpoint
    JOIN market_tapeentry AS entry ON entry.stream = endpoint.agent_id
        AND entry.epoch = %(epoch)s AND entry.tick <= %(tick)s
    WHERE endpoint.state <> %(none)s
    AND (endpoint.epoch <> %(epoch)s OR entry.seq > endpoint.briefed_seq)
    AND NOT EXISTS (
        SELECT FROM webhooks_savedalert AS saved WHERE saved.endpoint_id = entry.stream
        AND saved.epoch = entry.epoch AND saved.seq >= entry.seq)
    ORDER BY entry.stream, entry.seq
"""
_DELIVERED = """
    DELETE FROM webhooks_savedalert AS saved USING webhooks_endpoint AS endpoint
    WHERE endpoint.agent_id = saved.endpoint_id
    AND endpoint.epoch = saved.epoch AND saved.seq <= endpoint.briefed_seq
"""
_OLD_DELIVERIES = """
    DELETE FROM webhooks_delivery USING (
        SELECT id AS old, row_number() OVER (PARTITION BY endpoint_id ORDER BY sent_at DESC) AS age
        FROM webhooks_delivery
    ) AS aged WHERE id = old AND age > %s
"""


def save_alerts(*, epoch: int, tick: int) -> int:
    """Save the alerts that must arrive and have not, of entries that the tape is about to lose;
    drop those that have arrived. Returns how many were saved.
    """
    rows = []
    with connection.cursor() as cursor:
        cursor.execute(_DELIVERED)
        upto = tick - KEPT_TICKS + MARGIN_TICKS
        cursor.execute(_ABOUT_TO_GO, {"epoch": epoch, "tick": upto, "none": EndpointState.NONE})
        for row in cursor.fetchall():
            entry = tape.PackedEntry(*row).entry()
            at = {"endpoint_id": entry.stream, "epoch": epoch, "tick": entry.tick, "seq": entry.seq}
            rows += [
                SavedAlert(**at, place=n, alert=alert)
                for n, alert in enumerate(must_arrive(entry.read()))
            ]
    SavedAlert.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def prune_deliveries() -> int:
    """Drop all but the last tries of each endpoint, and return how many."""
    with connection.cursor() as cursor:
        cursor.execute(_OLD_DELIVERIES, [KEPT_DELIVERIES])
        return int(cursor.rowcount)
