"""What a tick added to the tape, as the detectors see it, and what a detector is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from market.engine.accounts import FIRST_AGENT_ACCOUNT
from market.engine.outcome import Trade
from market.engine.values import Cents, Shares, Tick, new_tuple
from sec.engine.records import EventSeen, OrderSeen, PriceSeen, RumorSeen, TradeSeen

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


class Flow(NamedTuple):
    """What one account bought and sold of one company in a tick: shares, and cents paid for and
    received.
    """

    bought: Shares
    sold: Shares
    paid: Cents
    received: Cents

    @property
    def net(self) -> Shares:
        return self.bought - self.sold


class Added(NamedTuple):
    """What a tick added. `orders` are those of agents that it touched, by id, as they stand at its
    end; `quotes` the companies then, `before` at the end of the tick before.
    """

    tick: Tick
    orders: Mapping[str, OrderSeen]
    trades: Sequence[Trade]
    rumors: Sequence[RumorSeen]
    events: Sequence[EventSeen]
    flows: Mapping[FlowKey, Flow]  # of agents, by account and company, without self-trades
    quotes: Mapping[str, QuoteSeen]
    before: Mapping[str, QuoteSeen]
    resumed: Sequence[str]  # companies in which an auction was held


def sign_of(intent: str) -> int:
    """Return 1 for an order that buys, -1 for one that sells."""
    return 1 if intent in ("BUY", "COVER") else -1


def is_agent(account: int) -> bool:
    return account >= FIRST_AGENT_ACCOUNT


def price_seen(quote: QuoteSeen, tick: Tick) -> PriceSeen:
    """Return how a company stood at the end of a tick as evidence."""
    return PriceSeen(
        f"{quote.symbol}:{tick}",
        tick,
        quote.symbol,
        quote.price,
        quote.bid,
        quote.ask,
        round(quote.depth),
        quote.outer,
    )


def trade_seen(trade: Trade) -> TradeSeen:
    """Return a trade as evidence."""
    return TradeSeen(
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
    )


def flows_of(trades: Sequence[Trade]) -> dict[FlowKey, Flow]:
    """Return what agents bought and sold, by account and company; not of themselves."""
    sums: dict[FlowKey, list[int]] = {}
    for trade in trades:
        buyer, seller, quantity = trade.buyer, trade.seller, trade.quantity
        if buyer == seller:
            continue
        value: Cents = trade.price * quantity
        if buyer >= FIRST_AGENT_ACCOUNT:
            key = (buyer, trade.symbol)
            sum = sums.get(key)
            if sum is None:
                sums[key] = [quantity, 0, value, 0]
            else:
                sum[0] += quantity
                sum[2] += value
        if seller >= FIRST_AGENT_ACCOUNT:
            key = (seller, trade.symbol)
            sum = sums.get(key)
            if sum is None:
                sums[key] = [0, quantity, 0, value]
            else:
                sum[1] += quantity
                sum[3] += value
    return {key: new_tuple(Flow, tuple(sum)) for key, sum in sums.items()}
