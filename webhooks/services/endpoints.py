"""What owners and operators do with an endpoint."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from agents.ids import new_id
from agents.models import Agent
from agents.services.encryption import encrypt
from agents.services.registration import new_webhook_secret
from webhooks.engine.delivery import SECRET_OVERLAP_SECONDS
from webhooks.models import Endpoint, EndpointState
from webhooks.signals import delivery_wanted

# What a change of the URL, or an operator's word, makes of an endpoint: nobody's claim holds.
_AFRESH: dict[str, Any] = {
    "why_disabled": "",
    "claim": None,
    "claimed_until": None,
    "waits_until": None,
    "circuit": "closed",
    "failures_in_row": 0,
    "successes_in_row": 0,
    "openings": 0,
}


class NoEndpoint(Exception):
    """The agent has no URL."""


class EndpointBanned(Exception):
    """An operator has disabled the endpoint."""


def endpoint_of(agent: Agent) -> Endpoint:
    """Return an agent's endpoint; one without a URL if there was none."""
    endpoint, _ = Endpoint.objects.get_or_create(
        agent=agent, defaults={"state": EndpointState.NONE}
    )
    return endpoint


def follow_url(agent: Agent) -> None:
    """Begin anew with an agent's URL, which has changed: it is pinged before it is briefed."""
    if not agent.callback_url:
        Endpoint.objects.filter(agent=agent).update(state=EndpointState.NONE, ping=None, **_AFRESH)
        return
    changes = {"state": EndpointState.PENDING, "ping": new_id(), **_AFRESH}
    Endpoint.objects.update_or_create(agent=agent, defaults=changes)
    _wake()


def request_ping(agent: Agent) -> UUID:
    """Have a courier send a signed ping now, and return the delivery that it will be.

    Raises NoEndpoint and EndpointBanned.
    """
    endpoint = endpoint_of(agent)
    if not agent.callback_url:
        raise NoEndpoint
    if endpoint.is_banned:
        raise EndpointBanned
    wanted = new_id()
    Endpoint.objects.filter(agent=agent).update(ping=wanted, waits_until=None)
    _wake()
    return wanted


def replace_secret(agent: Agent) -> str:
    """Give an agent a new secret and return it; the old one signs along for a day."""
    endpoint_of(agent)
    secret = new_webhook_secret()
    with transaction.atomic():
        old = Agent.objects.values_list("webhook_secret", flat=True).get(id=agent.id)
        Endpoint.objects.filter(agent=agent).update(
            previous_secret=old,
            previous_secret_until=timezone.now() + timedelta(seconds=SECRET_OVERLAP_SECONDS),
        )
        Agent.objects.filter(id=agent.id).update(webhook_secret=encrypt(secret))
    return secret


def change_settings(agent_id: int, settings: dict[str, Any]) -> None:
    """Change those settings that are given, by their names on the wire."""
    columns = {
        "symbols": "symbols",
        "includeOrderBook": "wants_order_books",
        "includeNews": "wants_news",
    }
    changes = {columns[name]: value for name, value in settings.items()}
    if changes:
        Endpoint.objects.filter(agent=agent_id).update(**changes)


# An operator's


def disable(endpoint: Endpoint, why: str) -> None:
    """Send nothing more there, whatever the owner does."""
    Endpoint.objects.filter(agent=endpoint.agent_id).update(
        **_AFRESH | {"why_disabled": why},
        state=EndpointState.DISABLED,
        is_banned=True,
        ping=None,
    )


def enable(endpoint: Endpoint) -> None:
    """Lift a ban, and ping the endpoint, which is briefed once it answers."""
    Endpoint.objects.filter(agent=endpoint.agent_id).update(is_banned=False)
    follow_url(endpoint.agent)


def resend(endpoint: Endpoint) -> None:
    """Have the newest briefing sent now, even if it was delivered or a wait is not over."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE webhooks_endpoint SET waits_until = NULL, briefed_tick = least(briefed_tick,"
            " (SELECT tick FROM webhooks_duebriefing WHERE endpoint_id = agent_id) - 1)"
            " WHERE agent_id = %s",
            [endpoint.agent_id],
        )
    _wake()


def _wake() -> None:
    transaction.on_commit(partial(delivery_wanted.send, Endpoint), robust=True)
