"""What a reply asks for: its actions enter the inbox, once, and its settings are kept."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any, NamedTuple, TypeAlias

from django.conf import settings
from django.db import transaction

from agents.models import Agent
from webhooks.engine.briefing import SentAction
from webhooks.engine.reply import MalformedReply, Reply, parse_reply, refusal
from webhooks.services.endpoints import change_settings
from webhooks.services.results import Result, insert_once


class UnreadableReply(ValueError):
    """A reply that is not the JSON we take; the message says why."""


class OverLimit(Exception):
    """The agent has used up what it may ask for in a minute."""


TakeActions: TypeAlias = Callable[[Agent, list[Any]], list[SentAction]]


class Intake(NamedTuple):
    """How a reply enters: the same way as a `POST /actions`, which is not this app's to know.

    `read` raises UnreadableReply; `spend` counts a request of an agent's and raises OverLimit;
    `take` takes actions for the next tick and says of each what can be said at once.
    """

    read: Callable[[bytes], object]
    spend: Callable[[Agent], None]
    take: TakeActions
    alert: Callable[[int, str], None]  # has the exchange tell an agent something


def act_on(result: Result, reply: bytes, intake: Intake, *, symbols: Collection[str]) -> Result:
    """Do what a reply asks for, unless that has been done under its id, and return the result with
    what was said of its actions. What is wrong with a reply is the result's error.
    """
    endpoint = result.request.endpoint
    try:
        parsed = parse_reply(intake.read(reply))
        unknown = [s for s in parsed.settings.get("symbols", []) if s not in symbols]
        if unknown:
            raise MalformedReply(f"there is no company {unknown[0]}")
        most = settings.RULES.agents.actions_per_request
        if len(parsed.actions) > most:
            raise MalformedReply(f"at most {most} actions")
    except (UnreadableReply, MalformedReply) as fault:
        return replace(result, error=f"the reply is not understood: {fault}"[:200])
    _keep_settings(result, parsed)
    if not parsed.actions:
        return replace(result, reply_lines=()) if reply.strip() else result
    with transaction.atomic():
        if not insert_once(result):  # its id has been acted on
            return result
        try:
            intake.spend(endpoint.agent)
        except OverLimit as limit:
            return replace(result, error=str(limit)[:200], reply_lines=_refused(parsed, limit))
        sent = intake.take(endpoint.agent, parsed.actions)
    taken = sum(action.id is not None for action in sent)
    lines = [(action.id, action.result) for action in sent]
    return replace(result, reply_lines=lines, actions_taken=taken)


def _keep_settings(result: Result, parsed: Reply) -> None:
    endpoint = result.request.endpoint
    now = {
        "symbols": endpoint.symbols,
        "includeOrderBook": endpoint.wants_order_books,
        "includeNews": endpoint.wants_news,
    }
    changed = {name: value for name, value in parsed.settings.items() if now[name] != value}
    change_settings(endpoint.agent_id, changed)


def _refused(parsed: Reply, limit: OverLimit) -> list[tuple[str | None, Any]]:
    """Say of each action that it was not taken, for there were too many."""
    types = [a.get("type") if isinstance(a, dict) else None for a in parsed.actions]
    return [(None, refusal(type, "RATE_LIMITED", str(limit))) for type in types]
