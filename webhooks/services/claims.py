"""What is due, and who delivers it: an endpoint is claimed by a conditional update, for a while."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from django.db import connection

from market.common.bulk import Write
from webhooks.engine.delivery import CLAIM_SECONDS

# Reads of endpoints take no locks, and nobody else writes what is due: no courier delays a tick.
_MARK_DUE = """
    MERGE INTO webhooks_duebriefing AS due USING (
        SELECT endpoint.agent_id, epoch = %s AND briefed_tick >= known.tick AS is_served
        FROM webhooks_endpoint AS endpoint
        JOIN agents_agent AS agent ON agent.id = endpoint.agent_id
        LEFT JOIN webhooks_duebriefing AS known ON known.endpoint_id = endpoint.agent_id
        WHERE state = 'active'
        AND (agent.status IN ('active', 'suspended', 'imprisoned') OR NOT has_last_briefing)
    ) AS briefed ON due.endpoint_id = briefed.agent_id
    WHEN MATCHED THEN UPDATE SET tick = %s,
        since = CASE WHEN briefed.is_served THEN %s ELSE due.since END
    WHEN NOT MATCHED THEN INSERT (endpoint_id, tick, since) VALUES (briefed.agent_id, %s, %s)
"""

_CLAIM = """
    UPDATE webhooks_endpoint SET claim = %(claim)s,
        claimed_until = clock_timestamp() + make_interval(secs => %(seconds)s)
    FROM (
        SELECT endpoint.agent_id AS claimed
        FROM webhooks_endpoint AS endpoint
        CROSS JOIN market_world AS world
        LEFT JOIN webhooks_duebriefing AS due ON due.endpoint_id = endpoint.agent_id
        WHERE NOT is_banned
        AND (claim IS NULL OR claimed_until < clock_timestamp())
        AND (waits_until IS NULL OR waits_until <= clock_timestamp())
        AND (ping IS NOT NULL OR (
            state = 'active' AND due.tick IS NOT NULL
            AND (endpoint.epoch <> world.epoch OR briefed_tick < due.tick)))
        ORDER BY due.since NULLS FIRST
        LIMIT %(most)s
        FOR UPDATE OF endpoint SKIP LOCKED
    ) AS ready
    WHERE agent_id = ready.claimed
"""


def mark_due(tick: int, *, epoch: int, at: datetime) -> Write:
    """Return the write that notes what a tick owes every endpoint."""
    when = at.isoformat()
    return Write(_MARK_DUE, [str(epoch), str(tick), when, str(tick), when])


def count_due(tick: int) -> int:
    """Return how many endpoints a tick has to be told to."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM webhooks_duebriefing WHERE tick = %s", [tick])
        return int(cursor.fetchone()[0])


def claim(most: int) -> UUID | None:
    """Claim up to so many endpoints to which something is due, who waits longest first; return the
    claim, None when there is nothing to do.
    """
    claim = uuid4()
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, {"claim": claim, "seconds": CLAIM_SECONDS, "most": most})
        return claim if cursor.rowcount else None


def release(claims: list[UUID]) -> None:
    """Let go of all that these claims still hold."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE webhooks_endpoint SET claim = NULL, claimed_until = NULL"
            " WHERE claim = ANY(%s::uuid[])",
            [claims],
        )
