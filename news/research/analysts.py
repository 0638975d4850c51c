"""The analysts: who they are, when they speak by themselves, and what they say when asked.

Each reads one part of what the desk knows. Three have no venue to look at yet.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from agents.engine.names import ANALYSTS
from market.engine.values import Tick
from news.research.events import Insight
from news.research.opinions import MOST_LINES, OPINIONS, Desk, Opinion
from news.research.signal_rules import OpinionRules

OPEN = tuple(name for name in ANALYSTS if name in OPINIONS)
HINTS: Mapping[str, str] = {
    "darkpool": "There is no dark pool on this exchange yet; ask `market` about volume.",
    "gamma": "No options are listed yet, so no dealer hedges any; ask `squeeze` instead.",
    "options": "No options are listed yet; ask `signal` about directions.",
}


def named(text: str) -> str | None:
    """Return the analyst that a name means, in any case of letters: `MarketAgent` is `market`."""
    name = text.lower().removesuffix("agent")
    return name if name in ANALYSTS else None


def analyse(name: str, desk: Desk, symbol: str | None = None) -> Insight:
    """Return what an open analyst says now, of a company or of all."""
    return _insight(name, desk, OPINIONS[name].form(desk, symbol), symbol)


def _insight(name: str, desk: Desk, opinion: Opinion, symbol: str | None) -> Insight:
    return Insight(
        tick=desk.view.tick,
        analyst=name,
        text=opinion.text,
        confidence=opinion.confidence,
        actionable=opinion.actionable[:MOST_LINES],
        warnings=opinion.warnings[:MOST_LINES],
        summary=opinion.facts,
        symbol=symbol,
    )


class Health(NamedTuple):
    """How an analyst is: whether its venue is open, and what it said last, by itself."""

    analyst: str
    is_open: bool
    hint: str
    last_tick: Tick | None
    insights: int  # that it has offered by itself

    def as_item(self) -> dict[str, Any]:
        return {
            "analyst": self.analyst,
            "status": "open" if self.is_open else "closed",
            "hint": self.hint or None,
            "lastInsightTick": self.last_tick,
            "insights": self.insights,
        }


class AnalystDesk:
    """Lets analysts speak by themselves: when something of theirs changed, and not too often."""

    def __init__(self, rules: OpinionRules) -> None:
        self.rules = rules
        self.heard: dict[str, Any] = {}  # of what each spoke last, as plain data
        self.spoke: dict[str, Tick] = {}
        self.insights: dict[str, int] = {}

    def fold(self, desk: Desk) -> tuple[Insight, ...]:
        """Return what analysts say by themselves in a tick."""
        tick, said = desk.view.tick, []
        if not desk.view.market.is_open:
            return ()
        for name in OPEN:
            if tick - self.spoke.get(name, tick - self.rules.pause_ticks) < self.rules.pause_ticks:
                continue
            changed = OPINIONS[name].changes(desk)
            if changed == self.heard.get(name) or changed is None:
                continue
            self.heard[name] = changed
            opinion = OPINIONS[name].form(desk, None)
            self.spoke[name] = tick
            self.insights[name] = self.insights.get(name, 0) + 1
            said.append(_insight(name, desk, opinion, None))
        return tuple(said)

    def health(self) -> list[Health]:
        """Return how each analyst is, those without a venue too."""
        return [
            Health(
                name,
                name in OPEN,
                HINTS.get(name, ""),
                self.spoke.get(name),
                self.insights.get(name, 0),
            )
            for name in ANALYSTS
        ]

    def dump(self) -> dict[str, Any]:
        """Return the state as plain JSON data."""
        return {
            "heard": dict(self.heard),
            "spoke": dict(self.spoke),
            "insights": dict(self.insights),
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Take over what `dump` returned."""
        self.heard = dict(state["heard"])
        self.spoke = dict(state["spoke"])
        self.insights = dict(state["insights"])
