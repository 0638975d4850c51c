"""What a tick added to the tape, as the detectors see it, and what a detector is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from market.engine.accounts import FIRST_AGENT_ACCOUNT
from market.engine.orders import Order
from market.engine.outcome import Trade
from market.engine.values import Cents, Shares, Tick, new_tuple
from sec.engine.records import (
    EventSeen,
    OrderSeen,
    PriceSeen,
    RumorSeen,
    TradeSeen,
    order_seen,
)

FlowKey = tuple[int, str]  # an account and a company


class QuoteSeen(NamedTuple):
    """A company at the end of a tick: its price and touch, and what is usual for it.

    `depth` is what the market maker shows on one side, at its best price, `whole_depth` at all its
    levels, `outer` how far from the price its outermost level lies; volumes are shares a tick,
    `sigma` is of a log return a tick.
    """

    symbol: str
    price: Cents
    bid: Cents
    ask: Cents
    usual_volume: float
    volume: Shares
    sigma: float
    depth: float
    whole_depth: float
    outer: Cents
    is_trading: bool


class Flow:
    """What one account bought and sold of one company in a tick: shares, and the trades, in order;
    not those with itself.
    """

    __slots__ = ("bought", "sold", "trades")

    def __init__(self) -> None:
        self.bought: Shares = 0
        self.sold: Shares = 0
        self.trades: list[Trade] = []


class Flows:
    """A tick's flows of agents, by company and account, and its trades between two of them."""

    __slots__ = ("between", "by_company")

    def __init__(self, trades: Sequence[Trade]) -> None:
        self.by_company: dict[str, dict[int, Flow]] = {}
        self.between: list[Trade] = []
        for trade in trades:
            buyer, seller = trade.buyer, trade.seller
            if buyer == seller:
                continue
            symbol, quantity = trade.symbol, trade.quantity
            flows = self.by_company.get(symbol)
            if flows is None:
                flows = self.by_company[symbol] = {}
            if buyer >= FIRST_AGENT_ACCOUNT:
                flow = flows.get(buyer)
                if flow is None:
                    flow = flows[buyer] = Flow()
                flow.bought += quantity
                flow.trades.append(trade)
            if seller >= FIRST_AGENT_ACCOUNT:
                flow = flows.get(seller)
                if flow is None:
                    flow = flows[seller] = Flow()
                flow.sold += quantity
                flow.trades.append(trade)
                if buyer >= FIRST_AGENT_ACCOUNT:
                    self.between.append(trade)

    def of(self, account: int, symbol: str) -> Flow | None:
        """Return the flow of an account in a company, if it has traded it."""
        flows = self.by_company.get(symbol)
        return None if flows is None else flows.get(account)


class TickOrders:
    """The orders of agents that a tick touched, as they stand at its end, in the order in which it
    touched them.
    """

    __slots__ = ("_by_id", "_seen", "touched")

    def __init__(self, touched: Iterable[Order]) -> None:
        self.touched = [order for order in touched if order.account.id >= FIRST_AGENT_ACCOUNT]
        self._by_id = {order.id: order for order in self.touched}
        self._seen: dict[str, OrderSeen] = {}

    def order(self, id: str) -> Order:
        return self._by_id[id]

    def seen(self, id: str) -> OrderSeen:
        """Return one of them as evidence. Most orders never are: they are copied when asked for."""
        seen = self._seen.get(id)
        if seen is None:
            seen = self._seen[id] = order_seen(self._by_id[id])
        return seen


class Added(NamedTuple):
    """What a tick added. `quotes` are the companies at its end, `before` at that of the last."""

    tick: Tick
    orders: TickOrders
    trades: Sequence[Trade]
    rumors: Sequence[RumorSeen]
    events: Sequence[EventSeen]
    flows: Flows
    quotes: Mapping[str, QuoteSeen]
    before: Mapping[str, QuoteSeen]
    resumed: Sequence[str]  # companies in which an auction was held


def sign_of(intent: str) -> int:
    """Return 1 for an order that buys, -1 for one that sells."""
    return 1 if intent in ("BUY", "COVER") else -1


def price_seen(quote: QuoteSeen, tick: Tick) -> PriceSeen:
    """Return how a company stood at the end of a tick as evidence."""
    return new_tuple(
        PriceSeen,
        (
            f"{quote.symbol}:{tick}",
            tick,
            quote.symbol,
            quote.price,
            quote.bid,
            quote.ask,
            round(quote.depth),
            quote.outer,
        ),
    )


def trade_seen(trade: Trade) -> TradeSeen:
    """Return a trade as evidence."""
    return new_tuple(
        TradeSeen,
        (
            trade.id,
            trade.tick,
            trade.symbol,
            trade.price,
            trade.quantity,
            trade.buyer,
            trade.seller,
            trade.buy_order,
            trade.sell_order,
            trade.aggressor,
        ),
    )
