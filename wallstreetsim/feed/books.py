"""The published order books as a client is shown them, kept up to date by each tick's changes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from market.engine.book import LevelDepth
from market.wire import Wire
from wallstreetsim.floor.book_changes import Changes, Row, Sides, row_of


def shown(symbol: str, sides: Sides) -> Wire:
    """Return a book, or the changes of one, as a client is shown it."""
    bids, asks = ([[price / 100, *rest] for price, *rest in _levels(row)] for row in sides)
    return {"symbol": symbol, "bids": bids, "asks": asks}


class PublishedBooks:
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


def _apply(side: _Levels, row: Row) -> None:
    for level in _levels(row):
        if level[1]:
            side[level[0]] = level
        else:
            side.pop(level[0], None)


def _levels(row: Row) -> Iterator[LevelDepth]:
    numbers = iter(row)
    return zip(numbers, numbers, numbers, strict=True)
