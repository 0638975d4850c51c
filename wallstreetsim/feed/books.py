"""The order books as the public stream has told them so far."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from market.wire import Wire

Side = dict[float, list[float]]  # by price: the price, the shares, the number of orders


class Books:
    """Every company's published book, kept up to date by the changes of each tick."""

    def __init__(self, standing: Iterable[Wire] = ()) -> None:
        self._sides: dict[str, tuple[Side, Side]] = {}
        self.apply({book["symbol"]: book for book in standing})

    def apply(self, changes: Mapping[str, Wire]) -> None:
        """Take in the changes of one tick, by symbol."""
        for symbol, change in changes.items():
            bids, asks = self._sides.setdefault(symbol, ({}, {}))
            _apply(bids, change["bids"])
            _apply(asks, change["asks"])

    def of(self, symbol: str) -> Wire:
        """Return a whole book, each side best first."""
        bids, asks = self._sides.get(symbol, ({}, {}))
        return {
            "symbol": symbol,
            "bids": [bids[price] for price in sorted(bids, reverse=True)],
            "asks": [asks[price] for price in sorted(asks)],
        }


def _apply(side: Side, changes: Iterable[list[float]]) -> None:
    """Set levels to the quantity that they have now, nought for one that is gone."""
    for level in changes:
        price, quantity, _ = level
        if quantity:
            side[price] = level
        else:
            side.pop(price, None)
