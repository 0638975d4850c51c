"""What a tick changed in the published books: the levels that are new, other, or gone.

Quantities are absolute, and zero for a level that left the published depth, so that a book and
the changes since are the book of now.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from market.engine.book import LevelDepth
from market.engine.outcome import CompanyState
from wallstreetsim.feed.books import Changes, Row
from wallstreetsim.machine.world import World


class Depth(NamedTuple):
    """The published levels of one book, each side best first."""

    bids: list[LevelDepth]
    asks: list[LevelDepth]


Books = Mapping[str, Depth]  # by symbol


def standing(world: World) -> Books:
    """Return the published books as the machine's last tick left them.

    A machine that has just been restored reported nothing yet, and its own books are looked at.
    """
    if world.reported:
        return {company.symbol: Depth(company.bids, company.asks) for company in world.reported}
    levels = world.rules.market.book_levels_published
    return {
        symbol: Depth(company.book.bids.depth(levels), company.book.asks.depth(levels))
        for symbol, company in world.market.companies.items()
    }


def changes(before: Books, companies: Iterable[CompanyState]) -> Changes:
    """Return both sides' changes for each company whose published book is another than before."""
    nothing = Depth([], [])
    changed = {}
    for company in companies:
        old = before.get(company.symbol, nothing)
        sides = [_changes(old.bids, company.bids), _changes(old.asks, company.asks)]
        if any(sides):
            changed[company.symbol] = sides
    return changed


def _changes(old: list[LevelDepth], new: list[LevelDepth]) -> Row:
    if old == new:
        return []
    left = {level[0]: level for level in old}
    row: Row = []
    for level in new:
        if left.pop(level[0], None) != level:
            row += level
    for price in left:
        row += (price, 0, 0)
    return row
