"""The courier of this process, and the intake by which replies enter: that of `POST /actions`."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.conf import settings
from rest_framework.exceptions import APIException

from agents.api.serializers import action_result
from agents.engine.batch import parse_batch
from agents.models import Agent, Input, Source
from agents.services.intake import take
from market.common.strict_json import parse_json
from market.engine.operator_acts import ALERT, LONGEST_ALERT
from wallstreetsim.api.limits import limits_of, spend
from wallstreetsim.floor.app_parts import checking_views
from wallstreetsim.machine.actions import ACTIONS
from webhooks.courier import Courier
from webhooks.engine.briefing import SentAction
from webhooks.services.replies import Intake, OverLimit, UnreadableReply

MOST_ACTIONS = settings.RULES.agents.actions_per_request


@cache
def the_courier() -> Courier:
    """Return this process's courier, which keeps its connections from tick to tick."""
    return Courier(intake())


def intake() -> Intake:
    return Intake(read=read_reply, spend=spend_for, take=take_actions, alert=alert)


def read_reply(body: bytes) -> object:
    """Read a reply as strictly as any request; nothing is null. Raises UnreadableReply."""
    if not body.strip():
        return None
    try:
        return parse_json(body)
    except APIException as fault:
        raise UnreadableReply(str(fault.detail)) from None


def spend_for(agent: Agent) -> None:
    """Count a reply with actions as a request to `/actions`. Raises OverLimit."""
    allowance = spend("actions", f"agent:{agent.id}", limits_of("actions", agent))
    if allowance is not None and not allowance.is_granted:
        seconds = max(1, round(allowance.retry_seconds))
        raise OverLimit(f"Too many requests with actions; try again in {seconds} s.")


def take_actions(agent: Agent, actions: list[Any]) -> list[SentAction]:
    """Take a reply's actions for the next tick, and say of each what can be said at once."""
    asked = parse_batch(actions, ACTIONS, most=MOST_ACTIONS)
    taken = take(
        agent=agent, asked=asked, table=ACTIONS, views=checking_views, source=Source.WEBHOOK
    )
    return [SentAction(receipt.id, dict(action_result(receipt))) for receipt in taken.receipts]


def alert(account: int, message: str) -> None:
    """Have the exchange tell an agent, on the tape, something about its endpoint."""
    told = {"account": account, "kind": "webhook_disabled", "message": message[:LONGEST_ALERT]}
    Input.objects.create(type=ALERT, parameters=told, source=Source.WEBHOOK)
