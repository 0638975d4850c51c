"""Blocking by a request of its own: the same actions as by POST /actions, at the same door."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings

from agents import checking
from agents.engine.actions import AGENTS, social_actions
from agents.engine.batch import ParsedAction
from agents.models import Agent, Source
from agents.services.intake import Receipt, take

_ACTIONS = {action.type: action for action in social_actions(settings.RULES.agents)}


def ask(agent: Agent, other: Agent, *, is_blocked: bool) -> Receipt:
    """Have an agent block another, or hear from it again, with the next tick."""
    action = _ACTIONS["BLOCK" if is_blocked else "UNBLOCK"]
    asked = [ParsedAction(action, {"target": str(other.public_id)})]
    [receipt] = take(
        agent=agent, asked=asked, table=_ACTIONS, views=_views, source=Source.API
    ).receipts
    return receipt


def _views(agent: Agent, asked: Sequence[ParsedAction]) -> Mapping[str, Any]:
    return {AGENTS: checking.view(agent, asked)}
