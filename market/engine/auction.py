"""The call auction: one price for everyone, and who trades how much at it.

Source: market-model, section 4; the rule is that of most opening auctions (maximum executable
volume, minimum surplus, reference price).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple

from market.engine.orders import Order
from market.engine.values import Cents, Shares


class Cross(NamedTuple):
    """The auction's price, and the shares that trade at it."""

    price: Cents
    quantity: Shares


class Pair(NamedTuple):
    """A buyer's and a seller's order, and the shares that pass between them."""

    buy: Order
    sell: Order
    quantity: Shares


def find_cross(buys: Iterable[Order], sells: Iterable[Order], reference: Cents) -> Cross | None:
    """Return the price that maximises the shares matched, then leaves the least imbalance, then
    lies nearest to `reference`, then is the lower; None when nothing can trade.

    Orders count at their `price`, with what is unfilled of them.
    """
    demand = _Curve((order.price, order.unfilled) for order in buys)
    supply = _Curve((order.price, order.unfilled) for order in sells)
    best: tuple[Shares, Shares, Cents, Cents] | None = None
    for price in _candidates(demand.prices, supply.prices, reference):
        bought, sold = demand.at_or_above(price), supply.at_or_below(price)
        rank = (-min(bought, sold), abs(bought - sold), abs(price - reference), price)
        if best is None or rank < best:
            best = rank
    if best is None or not best[0]:
        return None
    return Cross(best[3], -best[0])


def allot(buys: Iterable[Order], sells: Iterable[Order], cross: Cross) -> Iterator[Pair]:
    """Yield who trades with whom: best price first, then oldest, until the cross's shares are
    through.
    """
    buyers = sorted(
        (order for order in buys if order.price >= cross.price),
        key=lambda order: (-order.price, order.priority),
    )
    sellers = sorted(
        (order for order in sells if order.price <= cross.price),
        key=lambda order: (order.price, order.priority),
    )
    left = cross.quantity
    waiting = iter(sellers)
    sell, offered = None, 0
    for buy in buyers:
        wanted = min(buy.unfilled, left)
        left -= wanted
        while wanted:
            if not offered:
                sell = next(waiting)
                offered = sell.unfilled
            assert sell is not None
            quantity = min(wanted, offered)
            wanted -= quantity
            offered -= quantity
            yield Pair(buy, sell, quantity)
        if not left:
            return


class _Curve:
    """Shares by price, and their sums from below."""

    def __init__(self, sizes: Iterable[tuple[Cents, Shares]]) -> None:
        by_price: dict[Cents, Shares] = {}
        for price, size in sizes:
            by_price[price] = by_price.get(price, 0) + size
        self.prices = sorted(by_price)
        self._sums = [0, *accumulate(by_price[price] for price in self.prices)]

    def at_or_below(self, price: Cents) -> Shares:
        return self._sums[bisect_right(self.prices, price)]

    def at_or_above(self, price: Cents) -> Shares:
        return self._sums[-1] - self._sums[bisect_left(self.prices, price)]


def _candidates(bids: Sequence[Cents], asks: Sequence[Cents], reference: Cents) -> Iterator[Cents]:
    """Yield prices among which the best is: both curves are flat between neighbouring limits, so an
    interval's best price is one of its ends or the reference.
    """
    yield reference
    for limit in (*bids, *asks):
        yield limit
        yield limit + 1
        if limit > 1:
            yield limit - 1
