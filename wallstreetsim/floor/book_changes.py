"""What a tick changed in the published books: the levels that are new, changed, or gone.

On the tape all changes of a tick are one event: by symbol, the changed bids and asks. A side is a
row of whole numbers, three a level: its price in cents, the shares and the number of orders that it
has now; zero shares for a level that left the published depth. So a book and the changes since are
the book of now.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from operator import attrgetter
from typing import Any, NamedTuple, TypeAlias

from market.engine.book import LevelDepth
from market.engine.depth import published_depth
from market.engine.outcome import CompanyState
from wallstreetsim.machine.world import World

Row: TypeAlias = list[int]
Sides: TypeAlias = Sequence[Row]  # bids, asks
Changes: TypeAlias = Mapping[str, Sides]  # by symbol

_SIDES = ("bids", "asks")


class Depth(NamedTuple):
    """The published levels of one book, each side best first; and what was reported of the company,
    None of a machine that has just been restored.
    """

    bids: list[LevelDepth]
    asks: list[LevelDepth]
    reported: CompanyState | None = None


Books = Mapping[str, Depth]  # by symbol


def standing(world: World) -> Books:
    """Return the published books as the machine's last tick left them.

    A machine that has just been restored reported nothing yet, and its own books are looked at.
    """
    if world.reported:
        return {
            company.symbol: Depth(company.bids, company.asks, company) for company in world.reported
        }
    return {
        symbol: Depth(*published_depth(world.market, company))
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


def changed_symbols(before: Books, companies: Iterable[CompanyState], day: int) -> list[str]:
    """Return which companies show another price, quote, volume or state than before.

    Left out is what only follows from the time: the part of the tick, and the volume of 24 hours.
    """
    nothing = Depth([], [])
    return [
        company.symbol
        for company in companies
        if (old := before.get(company.symbol, nothing).reported) is None
        or _shown(old, day) != _shown(company, day)
    ]


_SHOWN = attrgetter(
    "price",
    "previous_close",
    "last",
    "bid",
    "ask",
    "day_volume",
    "day_high",
    "day_low",
    "reopens_tick",
    "halt_reason",
    "low_band",
    "high_band",
    "band_override_bps",
)


def _shown(company: CompanyState, day: int) -> tuple[object, bool]:
    return _SHOWN(company), company.restricted_through >= day


def changes_in(data: Any) -> Changes:
    """Return what an event of the tape says of the books.

    Older tapes have them as a client is shown them, in dollars.
    """
    if isinstance(data, dict):
        return data
    return {book["symbol"]: [_row_of_dollars(book[side]) for side in _SIDES] for book in data}


def row_of(levels: Iterable[Sequence[int]]) -> Row:
    """Return the levels as one row, in their order."""
    return list(chain.from_iterable(levels))


def _row_of_dollars(levels: Iterable[Sequence[float]]) -> Row:
    return row_of(
        (round(100 * price), int(shares), int(orders)) for price, shares, orders in levels
    )


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
