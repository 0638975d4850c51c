"""Pairs of accounts that meet in the market: trades between them that may be more than chance."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping

from market.engine.engine import Plain
from market.engine.values import Tick
from sec.engine.records import (
    OrderSeen,
    PriceSeen,
    TradeSeen,
    split_order,
    split_price,
    split_trade,
)

MOST_PAIRS = 20_000  # remembered, those that met least lately forgotten first
KEPT_TRADES = 60  # of a pair

PairKey = tuple[int, int, str]  # the seller, the buyer, the company


class Met:
    """The arranged trades in which one account sold to another, oldest first."""

    __slots__ = ("orders", "prices", "quoted", "trades")

    def __init__(self) -> None:
        self.quoted: dict[str, None] = {}  # those of the trades that were between quotes
        self.trades: list[TradeSeen] = []
        self.orders: dict[str, OrderSeen] = {}
        self.prices: dict[Tick, PriceSeen] = {}  # before each trade off the market

    def add(self, trade: TradeSeen, orders: Iterable[OrderSeen]) -> None:
        self.trades.append(trade)
        for order in orders:
            self.orders[order.id] = order
        if len(self.trades) > KEPT_TRADES:
            self._keep(self.trades[1:])

    def prune(self, after: Tick) -> bool:
        """Forget what is too old, and say whether anything is left."""
        if self.trades and self.trades[0].tick <= after:
            self._keep([trade for trade in self.trades if trade.tick > after])
        return bool(self.trades)

    def _keep(self, kept: list[TradeSeen]) -> None:
        self.trades = kept
        named = {trade.buy_order for trade in kept} | {trade.sell_order for trade in kept}
        self.orders = {id: order for id, order in self.orders.items() if id in named}
        self.quoted = {trade.id: None for trade in kept if trade.id in self.quoted}
        before = {trade.tick - 1 for trade in kept}
        self.prices = {tick: price for tick, price in self.prices.items() if tick in before}


class Meetings:
    """What is remembered of pairs, those that met last coming last."""

    def __init__(self) -> None:
        self.pairs: OrderedDict[PairKey, Met] = OrderedDict()

    def of(self, key: PairKey) -> Met:
        """Return what is remembered of a pair that has met again."""
        met = self.pairs.get(key)
        if met is None:
            met = self.pairs[key] = Met()
        else:
            self.pairs.move_to_end(key)
        return met

    def overflow(self) -> PairKey | None:
        """Return the pair that is to be forgotten to make room, if there are too many."""
        return next(iter(self.pairs)) if len(self.pairs) > MOST_PAIRS else None

    def with_account(self, account: int, symbol: str | None) -> list[PairKey]:
        """Return the pairs that an account is one of, in a company or (None) in all."""
        return [key for key in self.pairs if account in key[:2] and symbol in (None, key[2])]

    def outdated(self, after: Tick) -> list[PairKey]:
        """Forget what is too old, and return the pairs of which nothing is left."""
        return [key for key, met in self.pairs.items() if not met.prune(after)]

    def split(self, symbol: str, into: int, of: int) -> None:
        for (_, _, name), met in self.pairs.items():
            if name == symbol:
                met.trades = [split_trade(trade, symbol, into, of) for trade in met.trades]
                met.orders = {
                    id: split_order(order, symbol, into, of) for id, order in met.orders.items()
                }
                met.prices = {
                    tick: split_price(price, symbol, into, of) for tick, price in met.prices.items()
                }

    def dump(self) -> Plain:
        return [
            [
                *key,
                [list(trade) for trade in met.trades],
                [list(order) for order in met.orders.values()],
                [list(price) for price in met.prices.values()],
                list(met.quoted),
            ]
            for key, met in self.pairs.items()
        ]

    def load(self, state: Plain) -> None:
        self.pairs = OrderedDict()
        for seller, buyer, symbol, trades, orders, prices, quoted in state:
            met = self.pairs[seller, buyer, symbol] = Met()
            met.trades = [TradeSeen(*trade) for trade in trades]
            met.orders = {order[0]: OrderSeen(*order) for order in orders}
            met.quoted = dict.fromkeys(quoted)
            met.prices = {price[1]: PriceSeen(*price) for price in prices}


def orders_behind(
    orders: Mapping[str, OrderSeen], trades: Iterable[TradeSeen]
) -> tuple[OrderSeen, ...]:
    ids = dict.fromkeys(id for trade in trades for id in (trade.buy_order, trade.sell_order))
    return tuple(orders[id] for id in ids if id in orders)
