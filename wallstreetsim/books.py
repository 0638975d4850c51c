"""What a tick changed in the published books: the levels that are new, other, or gone.

A book's frame holds absolute quantities, and nought for a level that left the published depth, so
that a book and the changes since are the book of now.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple
from weakref import WeakKeyDictionary

import orjson
from django.db.backends.utils import CursorWrapper

from market.engine.book import LevelDepth
from market.engine.outcome import CompanyState
from market.engine.values import Tick
from market.wire import Wire
from wallstreetsim.world import Outcome, World


class Depth(NamedTuple):
    """The published levels of one book, each side best first."""

    bids: list[LevelDepth]
    asks: list[LevelDepth]


Books = Mapping[str, Depth]  # by symbol


def before(cursor: CursorWrapper, world: World, tick: Tick) -> Books:
    """Return the books as the tick before this one left them.

    They are remembered from telling that tick; a machine that has just been restored told nothing
    yet, and its record is asked.
    """
    told_tick, books = _told.get(world, (None, {}))
    return books if told_tick == tick - 1 else _recorded(cursor)


def remember(world: World, outcome: Outcome) -> None:
    """Keep what this tick is about to tell; whoever spoils the machine forgets it with it."""
    books = {c.symbol: Depth(c.bids, c.asks) for c in outcome.market.companies}
    _told[world] = outcome.tick, books


def changes(before: Books, companies: Iterable[CompanyState]) -> list[Wire]:
    """Return a line for each company whose published book is another than before."""
    nothing = Depth([], [])
    lines = []
    for company in companies:
        old = before.get(company.symbol, nothing)
        bids, asks = _changes(old.bids, company.bids), _changes(old.asks, company.asks)
        if bids or asks:
            lines.append({"symbol": company.symbol, "bids": bids, "asks": asks})
    return lines


def _changes(old: list[LevelDepth], new: list[LevelDepth]) -> list[list[float]]:
    if old == new:
        return []
    left = {level[0]: level for level in old}
    lines: list[list[float]] = [
        [level[0] / 100, level[1], level[2]] for level in new if left.pop(level[0], None) != level
    ]
    return lines + [[price / 100, 0, 0] for price in left]


def _recorded(cursor: CursorWrapper) -> Books:
    cursor.execute("SELECT symbol, bids::text, asks::text FROM market_company")
    return {symbol: Depth(_levels(bids), _levels(asks)) for symbol, bids, asks in cursor.fetchall()}


def _levels(stored: str) -> list[LevelDepth]:
    return [(price, quantity, orders) for price, quantity, orders in orjson.loads(stored)]


_told: WeakKeyDictionary[World, tuple[Tick, Books]] = WeakKeyDictionary()
