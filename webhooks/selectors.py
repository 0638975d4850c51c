"""What is read of the endpoints, by their owners, by operators and by those who watch."""

from __future__ import annotations

from typing import NamedTuple

from django.db import connection

from agents.models import Agent
from webhooks.engine.delivery import KEPT_DELIVERIES
from webhooks.models import Delivery, Endpoint, EndpointState

BEHIND_SECONDS = 5.0  # from here on the couriers are said to be behind


class Standing(NamedTuple):
    """How deliveries stand: endpoints by state, briefings that are due and could go now, and for
    how long the oldest has been.
    """

    endpoints: dict[str, int]
    due: int
    lag_seconds: float


# What waits for a retry or an open circuit is not the couriers' to deliver yet, nor is what they
# have claimed and not lost.
_STANDING = """
    WITH endpoints AS (
        SELECT CASE WHEN state = 'active' AND circuit <> 'closed' THEN circuit ELSE state END
            AS shown, count(*) AS number
        FROM webhooks_endpoint GROUP BY 1
    ), late AS (
        SELECT greatest(0, extract(epoch FROM clock_timestamp() - since)) AS seconds
        FROM webhooks_endpoint AS endpoint
        CROSS JOIN market_world AS world
        JOIN webhooks_duebriefing AS due ON due.endpoint_id = endpoint.agent_id
        WHERE state = 'active' AND NOT is_banned
        AND (endpoint.epoch <> world.epoch OR briefed_tick < due.tick)
        AND (claim IS NULL OR claimed_until < clock_timestamp())
        AND (waits_until IS NULL OR waits_until <= clock_timestamp())
    )
    SELECT (SELECT coalesce(json_object_agg(shown, number), '{}') FROM endpoints),
        (SELECT count(*) FROM late), (SELECT coalesce(max(seconds), 0)::float8 FROM late)
"""


def standing() -> Standing:
    """Return how deliveries stand. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_STANDING)
        return Standing(*cursor.fetchone())


def behind_seconds() -> int:
    """Return by how many seconds the couriers are behind, 0 if that is nothing to speak of."""
    lag = standing().lag_seconds
    return round(lag) if lag >= BEHIND_SECONDS else 0


def endpoint(agent: Agent) -> Endpoint:
    """Return an agent's endpoint; one that is not in the record if it has none."""
    found = Endpoint.objects.filter(agent=agent).first()
    return found or Endpoint(agent=agent, state=EndpointState.NONE)


def last_deliveries(agent: Agent) -> list[Delivery]:
    """Return the last tries, the newest first."""
    rows = Delivery.objects.filter(endpoint=agent.id).order_by("-sent_at")
    return list(rows[:KEPT_DELIVERIES])
