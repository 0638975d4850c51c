"""The stop orders of one company, those that the price reaches first at hand."""

from __future__ import annotations

from collections.abc import Iterator
from heapq import heapify, heappop, heappush

from market.engine.orders import Order
from market.engine.values import BUY, Cents


class Stops:
    """Untriggered stop orders. A cancelled one stays as a tombstone until the price reaches it, or
    until the corpses are too many.
    """

    __slots__ = ("_buys", "_live", "_sells")

    def __init__(self) -> None:
        self._live: dict[int, Order] = {}  # by number, in order of arrival
        self._buys: list[tuple[Cents, int]] = []  # stop, number: the lowest is reached first
        self._sells: list[tuple[Cents, int]] = []  # stop negated, number: the highest is

    def __iter__(self) -> Iterator[Order]:
        return iter(self._live.values())

    def __len__(self) -> int:
        return len(self._live)

    def add(self, order: Order) -> None:
        self._live[order.number] = order
        assert order.stop is not None
        if order.side is BUY:
            heappush(self._buys, (order.stop, order.number))
        else:
            heappush(self._sells, (-order.stop, order.number))

    def remove(self, order: Order) -> None:
        del self._live[order.number]
        for heap in (self._buys, self._sells):
            if len(heap) > 2 * len(self._live) + 64:
                heap[:] = [entry for entry in heap if self._is_live(entry)]
                heapify(heap)

    def reached(self, low: Cents, high: Cents) -> list[Order]:
        """Take out and return the stops that prices between `low` and `high` touch, by arrival: a
        buy stop at or below `high`, a sell stop at or above `low`.
        """
        if not self._live:
            return []
        touched = []
        for heap, bound in ((self._buys, high), (self._sells, -low)):
            while heap and heap[0][0] <= bound:
                entry = heappop(heap)
                if self._is_live(entry):
                    touched.append(self._live.pop(entry[1]))
        return sorted(touched, key=lambda order: order.number)

    def _is_live(self, entry: tuple[Cents, int]) -> bool:
        order = self._live.get(entry[1])
        return order is not None and order.stop == abs(entry[0])
