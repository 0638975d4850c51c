"""The naive matcher: a plain list, sorted anew for every fill; and the naive auction, which tries
every price.

Slow, obviously right, and kept for ever as the oracle.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter

from market.engine.auction import Cross
from market.engine.book import LevelDepth
from market.engine.values import Cents, Shares, Side


@dataclass
class NaiveOrder:
    number: int  # its place in time
    side: Side
    limit: Cents  # of a market order, its collar
    quantity: Shares
    rests: bool = True  # what is left of a market order does not


@dataclass(frozen=True)
class NaiveFill:
    maker: int
    taker: int
    price: Cents
    quantity: Shares


class NaiveBook:
    def __init__(self) -> None:
        self.orders: list[NaiveOrder] = []

    def submit(self, taker: NaiveOrder) -> list[NaiveFill]:
        """Fill an order as far as it goes, and rest what is left of it."""
        fills = []
        while taker.quantity and (makers := self._willing(taker)):
            maker = makers[0]
            quantity = min(maker.quantity, taker.quantity)
            fills.append(NaiveFill(maker.number, taker.number, maker.limit, quantity))
            maker.quantity -= quantity
            taker.quantity -= quantity
            self.orders = [order for order in self.orders if order.quantity]
        if taker.quantity and taker.rests:
            self.orders.append(taker)
        return fills

    def cancel(self, number: int) -> None:
        self.orders = [order for order in self.orders if order.number != number]

    def reduce(self, number: int, shares: Shares) -> None:
        """Take some shares off an order, which keeps its place."""
        for order in self.orders:
            if order.number == number:
                order.quantity -= shares
        self.orders = [order for order in self.orders if order.quantity]

    def side(self, side: Side) -> list[NaiveOrder]:
        """Return one side's orders: best price first, then oldest."""
        orders = [order for order in self.orders if order.side is side]
        return sorted(orders, key=lambda order: (-side * order.limit, order.number))

    def depth(self, side: Side) -> list[LevelDepth]:
        levels = []
        for price, orders in groupby(self.side(side), key=attrgetter("limit")):
            sizes = [order.quantity for order in orders]
            levels.append((price, sum(sizes), len(sizes)))
        return levels

    def _willing(self, taker: NaiveOrder) -> list[NaiveOrder]:
        if taker.side is Side.BUY:
            return [o for o in self.side(Side.SELL) if o.limit <= taker.limit]
        return [o for o in self.side(Side.BUY) if o.limit >= taker.limit]


def cross_of(
    bids: Iterable[tuple[Cents, Shares]],
    asks: Iterable[tuple[Cents, Shares]],
    reference: Cents,
    grid: Iterable[Cents],
) -> Cross | None:
    """Return the auction's price among those of a grid: most shares matched, then least imbalance,
    then nearest the reference, then the lower.
    """
    bids, asks = list(bids), list(asks)
    ranks = []
    for price in grid:
        demand = sum(shares for limit, shares in bids if limit >= price)
        supply = sum(shares for limit, shares in asks if limit <= price)
        distance = abs(price - reference)
        ranks.append((-min(demand, supply), abs(demand - supply), distance, price))
    matched, _, _, price = min(ranks)
    return Cross(price, -matched) if matched else None
