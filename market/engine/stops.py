"""The stop orders of one company, kept by which the price reaches first."""

from __future__ import annotations

from collections.abc import Iterator
from heapq import heapify, heappop, heappush
from typing import Generic

from market.engine.book_orders import OrderT
from market.engine.values import BUY, Cents


class Stops(Generic[OrderT]):
    """Untriggered stop orders. A cancelled one stays in its heap until the price reaches it, or
    until the cancelled ones are too many.

    Trades are noted as they happen, and reach only the stops that were there by then.
    """

    __slots__ = ("_buys", "_highest", "_live", "_lowest", "_sells", "_touched")

    def __init__(self) -> None:
        self._live: dict[int, OrderT] = {}  # by number, in order of arrival
        self._touched: dict[int, OrderT] = {}  # those of them that a trade has reached
        self._buys: list[tuple[Cents, int]] = []  # stop, number: the lowest is reached first
        self._sells: list[tuple[Cents, int]] = []  # stop negated, number: the highest is
        self._lowest: Cents | None = None  # trade since the last stop came, or was judged
        self._highest: Cents = 0

    def __iter__(self) -> Iterator[OrderT]:
        return iter(self._live.values())

    def __len__(self) -> int:
        return len(self._live)

    def add(self, order: OrderT, *, is_touched: bool = False) -> None:
        """Take in a stop; `is_touched` says that a trade has reached it already."""
        self._take_note()
        self._live[order.number] = order
        assert order.stop is not None
        if is_touched:
            self._touched[order.number] = order
        elif order.side is BUY:
            heappush(self._buys, (order.stop, order.number))
        else:
            heappush(self._sells, (-order.stop, order.number))

    def remove(self, order: OrderT) -> None:
        del self._live[order.number]
        self._touched.pop(order.number, None)
        for heap in (self._buys, self._sells):
            if len(heap) > 2 * len(self._live) + 64:
                heap[:] = [entry for entry in heap if self._is_live(entry)]
                heapify(heap)

    def note(self, price: Cents) -> None:
        """Note a trade."""
        if self._live:
            if self._lowest is None:
                self._lowest = self._highest = price
            elif price < self._lowest:
                self._lowest = price
            elif price > self._highest:
                self._highest = price

    def touched(self) -> list[OrderT]:
        """Return the stops that a trade has reached since they came, by arrival."""
        self._take_note()
        return sorted(self._touched.values(), key=lambda order: order.number)

    def reached(self, price: Cents) -> list[OrderT]:
        """Take out and return the stops that the price or a trade has reached, by arrival: a buy
        stop at or below it, a sell stop at or above it. The price reaches only what no trade has:
        `triggered_by` of the stops that it does is set to "price", of the others to "last".
        """
        if not self._live:
            return []
        self._take_note()
        for order in self._touched.values():
            order.triggered_by = "last"
        for order in self._pop_reached(price, price):
            order.triggered_by = "price"
            self._touched[order.number] = order
        reached = self.touched()
        for order in reached:
            del self._live[order.number]
        self._touched = {}
        return reached

    def _take_note(self) -> None:
        """Find the stops that the trades noted so far have reached."""
        if self._lowest is not None:
            for order in self._pop_reached(self._lowest, self._highest):
                self._touched[order.number] = order
            self._lowest = None

    def _pop_reached(self, low: Cents, high: Cents) -> list[OrderT]:
        found = []
        for heap, bound in ((self._buys, high), (self._sells, -low)):
            while heap and heap[0][0] <= bound:
                entry = heappop(heap)
                if self._is_live(entry):
                    found.append(self._live[entry[1]])
        return found

    def _is_live(self, entry: tuple[Cents, int]) -> bool:
        order = self._live.get(entry[1])
        return order is not None and order.stop == abs(entry[0])
