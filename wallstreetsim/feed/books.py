"""The order books as the public stream tells them.

On the tape all changes of a tick are one event: by symbol, the bids and the asks that are other
than before. A side is a row of whole numbers, three a level: its price in cents, the shares and the
number of orders that it has now; zero shares for a level that is gone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, TypeAlias

from market.engine.book import LevelDepth
from market.wire import Wire

Row: TypeAlias = list[int]
Sides: TypeAlias = Sequence[Row]  # bids, asks
Changes: TypeAlias = Mapping[str, Sides]  # by symbol


def row_of(levels: Iterable[Sequence[int]]) -> Row:
    return list(chain.from_iterable(levels))


def changes_in(data: Any) -> Changes:
    """Return what an event of the tape says of the books.

    Tapes of before bear them as a client is shown them, in dollars.
    """
    if isinstance(data, dict):
        return data
    return {book["symbol"]: [_row_of_dollars(book[side]) for side in _SIDES] for book in data}


def shown(symbol: str, sides: Sides) -> Wire:
    """Return a book, or the changes of one, as a client is shown it."""
    bids, asks = ([[price / 100, *rest] for price, *rest in _levels(row)] for row in sides)
    return {"symbol": symbol, "bids": bids, "asks": asks}


class Books:
    """Every company's published book, kept up to date by the changes of each tick."""

    def __init__(self, standing: Changes) -> None:
        self._sides: dict[str, tuple[_Levels, _Levels]] = {}
        self.apply(standing)

    def apply(self, changes: Changes) -> None:
        """Take in the changes of one tick."""
        for symbol, rows in changes.items():
            sides = self._sides.setdefault(symbol, ({}, {}))
            for side, row in zip(sides, rows, strict=True):
                _apply(side, row)

    def of(self, symbol: str) -> Wire:
        """Return a whole book as a client is shown it, each side best first."""
        bids, asks = self._sides.get(symbol, ({}, {}))
        best = (
            [bids[price] for price in sorted(bids, reverse=True)],
            [asks[p] for p in sorted(asks)],
        )
        return shown(symbol, [row_of(side) for side in best])


_Levels: TypeAlias = dict[int, LevelDepth]  # by price
_SIDES = ("bids", "asks")


def _apply(side: _Levels, row: Row) -> None:
    for level in _levels(row):
        if level[1]:
            side[level[0]] = level
        else:
            side.pop(level[0], None)


def _levels(row: Row) -> Iterator[LevelDepth]:
    numbers = iter(row)
    return zip(numbers, numbers, numbers, strict=True)


def _row_of_dollars(levels: Iterable[Sequence[float]]) -> Row:
    return row_of(
        (round(100 * price), int(shares), int(orders)) for price, shares, orders in levels
    )
