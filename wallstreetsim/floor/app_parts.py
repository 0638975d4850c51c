"""What each app brings to the floor, in a module of the same name in every app that has it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from django.conf import settings

from agents.engine.batch import ParsedAction
from agents.models import Agent

RECORD = "record"  # writes(tick, report): the rows of a tick's report
TAPE_EVENTS = "tape_events"  # public_events(report, tick), agent_events(report, tick)
AUDIT = "audit"  # checks(cursor, engine)
ROLLBACK = "rollback"  # writes(report): the rows that say how things stand
CHECKING = "checking"  # view(agent, asked): what the checks of these actions may read


@cache
def parts(name: str) -> tuple[tuple[str, ModuleType], ...]:
    """Return (app, module) for each app of the exchange that has a module of this name.

    The app's engine, and so its report, bears its name.
    """
    return tuple(
        (app, import_module(f"{app}.{name}"))
        for app in settings.EXCHANGE_APPS
        if find_spec(f"{app}.{name}")
    )


def checking_views(agent: Agent, asked: Sequence[ParsedAction]) -> dict[str, Any]:
    """Return what the checks of an agent's actions may read, by engine: a fixed number of
    statements for each.
    """
    found: dict[str, Any] = {}
    for app, part in parts(CHECKING):
        if ours := [one for one in asked if one.action.engine == app]:
            found[app] = part.view(agent, ours)
    return found
