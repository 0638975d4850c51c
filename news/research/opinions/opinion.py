"""What an opinion is, and what all analysts form theirs with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from news.research.companies import CompanyView
from news.research.events import Alert
from news.research.signal_rules import OpinionRules
from news.research.signals import SignalDesk
from news.research.views import DeskView

MOST_LINES = 3  # of what is actionable, and of warnings
UP, FLAT, DOWN = 1, 0, -1


class Desk(NamedTuple):
    """All that an opinion may rest on."""

    view: DeskView
    signals: SignalDesk
    rules: OpinionRules


class Opinion(NamedTuple):
    """An opinion; `lean` is 1 for up, -1 for down."""

    text: str
    lean: int
    confidence: int
    actionable: tuple[str, ...]
    warnings: tuple[str, ...]
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Voice:
    """How one analyst forms an opinion, and what has to change before it speaks by itself: plain
    data, None while there is nothing of its own.
    """

    form: Callable[[Desk, str | None], Opinion]
    changes: Callable[[Desk], list[Any] | None]


def lean_of(change: float, least: float) -> int:
    """Return which way a change leans, if it is large enough to."""
    return UP if change >= least else DOWN if change <= -least else FLAT


def confidence(desk: Desk, events: int) -> int:
    """Return how sure an analyst sounds who rests on so many events."""
    rules = desk.rules
    return min(rules.most_confidence, rules.base_confidence + rules.confidence_each * events)


def recent(desk: Desk, sources: frozenset[str], symbol: str | None) -> list[Alert]:
    """Return the alerts of these checkers that still count, of one company or of all."""
    since = desk.view.tick - desk.rules.evidence_ticks
    return [
        one
        for one in desk.view.alerts
        if one.source in sources and one.tick > since and symbol in (None, one.symbol)
    ]


def told_today(desk: Desk, sources: frozenset[str]) -> list[Any] | None:
    """Return the last alert of these checkers, as what has changed."""
    last = next((one for one in reversed(desk.view.alerts) if one.source in sources), None)
    return None if last is None else [last.tick, last.kind, last.symbol]


def pick(lines: Sequence[str], desk: Desk) -> str:
    """Return one of several ways to say it, by turns."""
    return lines[desk.view.tick // desk.rules.pause_ticks % len(lines)]


def cautions(company: CompanyView) -> tuple[str, ...]:
    """Return what keeps an opinion of a company from being worth much."""
    warnings = []
    if company.is_halted:
        warnings.append("it is halted, so the price is an opinion")
    if not company.is_seasoned:
        warnings.append("its past is too short to call anything unusual")
    if company.short_restricted:
        warnings.append("short sales are restricted")
    return tuple(warnings)
