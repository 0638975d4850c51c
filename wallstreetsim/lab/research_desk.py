"""The research desk of a world that is run in memory: it reads what the tape of a live one would
hold, and says the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from agents import tape_events as of_agents
from news import tape_events as of_news
from news.research import public_entry
from news.research.companies import Listed
from news.research.desk import ResearchDesk
from news.research.events import ResearchEvent
from news.research.public_entry import PublicEntry
from news.research.rules import RESEARCH_RULES
from wallstreetsim.machine import public_tape
from wallstreetsim.machine.world import Outcome, World

NO_INSTANT = ""  # of a run in memory, which has no clock; the desk reads none


class DeskInMemory:
    """The desk of a world that has been founded. It is shown every tick."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.desk = ResearchDesk(
            RESEARCH_RULES,
            world.rules.market,
            [
                Listed(c.symbol, c.listing.name, c.listing.sector, c.listing.volatility)
                for c in world.market.companies.values()
            ],
        )

    def fold(self, outcome: Outcome) -> tuple[ResearchEvent, ...]:
        """Return what the desk says of the world's last tick."""
        return self.desk.fold(entry_of(self.world, outcome)).events


def entry_of(world: World, outcome: Outcome) -> PublicEntry:
    """Return what the desk reads of a tick, of the entry that the tape would hold."""
    tick = outcome.tick
    told: dict[str, list[Any]] = {}
    for type, item in _items(outcome):
        told.setdefault(type, []).append(item)
    happened = public_tape.market_events(world, outcome) + told.pop("market:event", [])
    update = public_tape.tick_update(world, outcome, NO_INSTANT, event_count=len(happened))
    events: list[dict[str, Any]] = [
        {"type": "tick:update", "data": update},
        {"type": "market:event", "data": happened},
        {
            "type": "price:update",
            "data": {"tick": tick, "prices": public_tape.prices(outcome)},
            "traded": public_tape.traded(outcome),
        },
    ]
    if shorts := public_tape.short_interests(outcome):
        events.append({"type": "short:interest", "data": shorts})
    events += [{"type": type, "data": items} for type, items in told.items()]
    return public_entry.read(tick, events)


def _items(outcome: Outcome) -> Iterator[tuple[str, Any]]:
    """Yield (type, item) of what the engines above the market say that the desk reads."""
    for part, app in ((of_agents, "agents"), (of_news, "news")):
        for type, _, item in part.public_events(outcome.reports[app], outcome.tick):
            yield type, item
