"""The order book of one company: price levels in a dict, each a deque in time order, best prices in
a heap.

A cancelled order stays in its deque as a tombstone until it surfaces or the level is swept; a level
without live orders leaves the dict at once, its price lingering in the heap until it surfaces or
the heap is rebuilt. So an order that was cancelled must never rest again: its stale queue entry
would become live again. What is to rest again is drained with its whole level, or replaced by a
copy.
"""

from collections import deque
from collections.abc import Iterator
from heapq import heapify, heappop, heappush
from typing import Generic, TypeAlias

from market.engine.book_orders import OrderT
from market.engine.values import BUY, Cents, Shares

LevelDepth: TypeAlias = tuple[Cents, Shares, int]  # price, shares, number of orders


class Fill(Generic[OrderT]):
    """What one resting order gave one incoming order, at the resting order's price."""

    __slots__ = ("maker", "price", "quantity")

    def __init__(self, maker: OrderT, price: Cents, quantity: Shares) -> None:
        self.maker = maker
        self.price = price
        self.quantity = quantity


class Level(Generic[OrderT]):
    """The orders resting at one price, oldest first; `quantity` and `live` leave the
    tombstones out.
    """

    __slots__ = ("live", "quantity", "queue")

    def __init__(self) -> None:
        self.queue: deque[OrderT] = deque()
        self.quantity: Shares = 0
        self.live = 0

    def sweep(self) -> None:
        self.queue = deque(order for order in self.queue if order.resting)


class BookSide(Generic[OrderT]):
    """The bids or the asks.

    `sign` turns prices so that the smallest key is the best: 1 asks, -1 bids.
    """

    __slots__ = ("_heap", "_queued", "levels", "sign")

    def __init__(self, sign: int) -> None:
        self.sign = sign
        self.levels: dict[Cents, Level[OrderT]] = {}
        self._heap: list[int] = []
        self._queued: set[int] = set()

    def best(self) -> Cents | None:
        """Return the touch, or None when the side is empty."""
        heap, levels, sign = self._heap, self.levels, self.sign
        while heap:
            price = heap[0] * sign
            if price in levels:
                return price
            self._queued.discard(heappop(heap))
        return None

    def add(self, order: OrderT) -> None:
        price = order.price
        level = self.levels.get(price)
        if level is None:
            level = self.levels[price] = Level()
            self._queue(price * self.sign)
        level.queue.append(order)
        level.quantity += order.quantity - order.filled
        level.live += 1
        order.resting = True

    def remove(self, order: OrderT) -> None:
        """Take a resting order out of the market; it keeps what it has filled."""
        price = order.price
        level = self.levels[price]
        order.resting = False
        level.quantity -= order.quantity - order.filled
        level.live -= 1
        if not level.live:
            del self.levels[price]
        elif len(level.queue) > 2 * level.live + 8:
            level.sweep()

    def drain(self, price: Cents) -> list[OrderT]:
        """Take all orders of a level out of the market, oldest first; these may rest again."""
        orders = self.at(price)
        del self.levels[price]
        for order in orders:
            order.resting = False
        return orders

    def at(self, price: Cents) -> list[OrderT]:
        """Return the orders of a level, oldest first."""
        return [order for order in self.levels[price].queue if order.resting]

    def depth(self, levels: int) -> list[LevelDepth]:
        """Return up to `levels` levels, best price first."""
        if len(self.levels) <= levels:
            best = sorted(self.levels, reverse=self.sign == -1)
        else:
            best = self._best(levels)
        found = []
        for price in best:
            level = self.levels[price]
            found.append((price, level.quantity, level.live))
        return found

    def orders(self) -> Iterator[OrderT]:
        """Yield the resting orders, best price first, then oldest."""
        for price in sorted(self.levels, key=lambda price: price * self.sign):
            yield from self.at(price)

    def _best(self, count: int) -> list[Cents]:
        """Return the best prices by a walk down the heap, each node after its parent."""
        heap, waiting = self._heap, [(self._heap[0], 0)]
        found: list[Cents] = []
        while len(found) < count:
            key, place = heappop(waiting)
            if key * self.sign in self.levels:
                found.append(key * self.sign)
            for child in (2 * place + 1, 2 * place + 2):
                if child < len(heap):
                    heappush(waiting, (heap[child], child))
        return found

    def _queue(self, key: int) -> None:
        if key in self._queued:
            return
        if len(self._heap) > 2 * len(self.levels) + 64:
            self._heap = [price * self.sign for price in self.levels]
            heapify(self._heap)
            self._queued = set(self._heap)
        else:
            self._queued.add(key)
            heappush(self._heap, key)


class Book(Generic[OrderT]):
    """Both sides of one company's market."""

    __slots__ = ("asks", "bids")

    def __init__(self) -> None:
        self.bids: BookSide[OrderT] = BookSide(-1)
        self.asks: BookSide[OrderT] = BookSide(1)

    def side_of(self, order: OrderT) -> BookSide[OrderT]:
        return self.bids if order.side is BUY else self.asks

    def add(self, order: OrderT) -> None:
        """Rest an order behind the others at its price."""
        self.side_of(order).add(order)

    def cancel(self, order: OrderT) -> None:
        self.side_of(order).remove(order)

    def shrink(self, order: OrderT, shares: Shares) -> None:
        """Take `shares` off a resting order, which keeps its place and some of its size."""
        self.side_of(order).levels[order.price].quantity -= shares
        order.quantity -= shares

    def would_trade(self, incoming: OrderT) -> bool:
        """Say whether an order would find something on the other side within its price."""
        if incoming.side is BUY:
            ask = self.asks.best()
            return ask is not None and ask <= incoming.price
        bid = self.bids.best()
        return bid is not None and bid >= incoming.price

    def match(self, incoming: OrderT, most: Shares | None = None) -> list[Fill[OrderT]]:
        """Fill the incoming order, or `most` of it, up to its price: best price first, then oldest.

        Both orders' fills are updated; what is left of the incoming order is not rested. Source:
        Harris, Trading and Exchanges (2003), ch. 6, order precedence rules.
        """
        side = self.asks if incoming.side is BUY else self.bids
        sign, levels = side.sign, side.levels
        worst = incoming.price * sign
        wanted = unfilled = incoming.quantity - incoming.filled if most is None else most
        value = 0
        fills: list[Fill[OrderT]] = []
        while unfilled:
            price = side.best()
            if price is None or price * sign > worst:
                break
            level = levels[price]
            queue = level.queue
            while unfilled and level.live:
                maker = queue[0]
                if not maker.resting:
                    queue.popleft()
                    continue
                quantity = maker.quantity - maker.filled
                if quantity > unfilled:
                    quantity = unfilled
                else:
                    queue.popleft()
                    maker.resting = False
                    level.live -= 1
                maker.filled += quantity
                maker.value += quantity * price
                level.quantity -= quantity
                unfilled -= quantity
                value += quantity * price
                fills.append(Fill(maker, price, quantity))
            if not level.live:
                del levels[price]
        incoming.filled += wanted - unfilled
        incoming.value += value
        return fills

    def fill(self, order: OrderT, price: Cents, quantity: Shares) -> None:
        """Fill part or all of one order at `price`; if it rests, its level follows."""
        order.filled += quantity
        order.value += quantity * price
        if order.resting:
            side = self.side_of(order)
            level = side.levels[order.price]
            level.quantity -= quantity
            if order.filled == order.quantity:
                order.resting = False
                level.live -= 1
                if not level.live:
                    del side.levels[order.price]

    def within_reach(self, incoming: OrderT) -> Iterator[OrderT]:
        """Yield the resting orders that an order would meet, in the order of their precedence."""
        side = self.asks if incoming.side is BUY else self.bids
        worst = incoming.price * side.sign
        for price in sorted(side.levels, key=lambda price: price * side.sign):
            if price * side.sign > worst:
                return
            yield from (order for order in side.levels[price].queue if order.resting)
