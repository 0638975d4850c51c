"""What the SEC remembers of the last day: the orders, trades, rumors and payments that may matter.

All of it is bounded: of an account the largest trades of the window, and the orders behind them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from market.engine.accounts import FIRST_AGENT_ACCOUNT
from market.engine.engine import Plain
from market.engine.orders import Order
from market.engine.outcome import Trade
from market.engine.reasons import Reason
from market.engine.values import Cents, OrderStatus, Shares, Tick, new_tuple

PRUNED_EVERY = 50  # ticks
LEAST_WIDE = 0.01  # impact of news of a whole sector, that bears out a rumor of a company


class OrderSeen(NamedTuple):
    """An order as evidence: its terms, whether the exchange placed it to liquidate, and what has
    become of it so far: `is_pulled` when its owner has cancelled it.
    """

    id: str
    tick: Tick
    account: int
    symbol: str
    intent: str
    quantity: Shares
    limit: Cents | None
    is_stop: bool
    self_trade: str
    is_liquidation: bool
    filled: Shares = 0
    closed_tick: Tick | None = None
    is_pulled: bool = False


class TradeSeen(NamedTuple):
    """A trade as evidence."""

    id: str
    tick: Tick
    symbol: str
    price: Cents
    quantity: Shares
    buyer: int
    seller: int
    buy_order: str
    sell_order: str
    aggressor: str | None


class RumorSeen(NamedTuple):
    """A rumor, what its author held when it was spread (negative: short), and the price before."""

    id: str
    tick: Tick
    account: int
    symbol: str
    sign: int
    held: Shares
    price_before: Cents


class EventSeen(NamedTuple):
    """News of a company as evidence: `impact` is the return that it is worth; `is_wide` where it is
    news of its whole sector or of the market.
    """

    id: str
    tick: Tick
    symbol: str
    kind: str
    impact: float
    is_wide: bool = False


class LinkSeen(NamedTuple):
    """That two agents are linked, as evidence; `is_chief`: that one of them, named twice, heads the
    company.
    """

    id: str
    tick: Tick
    one: int
    other: int
    is_chief: bool = False


class PriceSeen(NamedTuple):
    """How a company stood at the end of a tick, as evidence: `depth` is what the market maker shows
    at its best price, `outer` how far from the price its outermost one lies.
    """

    id: str
    tick: Tick
    symbol: str
    price: Cents
    bid: Cents
    ask: Cents
    depth: Shares
    outer: Cents


KEPT, DETECTED, REPORTED = "kept", "detected", "reported"


class PaymentSeen(NamedTuple):
    """A bribe as the ledger has it: what the giver paid, and what became of it."""

    id: str
    tick: Tick
    kind: str
    giver: int
    taker: int
    cents: Cents


class Records:
    """The last day, as far as it may be evidence."""

    def __init__(self, window_ticks: Tick, kept_trades: int, payment_ticks: Tick) -> None:
        self.window_ticks = window_ticks
        self.kept_trades = kept_trades
        self.payment_ticks = payment_ticks
        self.trades: dict[int, list[TradeSeen]] = {}  # by account, oldest first
        self.orders: dict[str, OrderSeen] = {}  # behind those trades, by id
        self.rumors: list[RumorSeen] = []
        self.payments: list[PaymentSeen] = []

    def authors(self) -> dict[int, set[str]]:
        """Return the symbols of which each account has spread a rumor within the window."""
        symbols: dict[int, set[str]] = {}
        for rumor in self.rumors:
            symbols.setdefault(rumor.account, set()).add(rumor.symbol)
        return symbols

    def watch(self, trades: Iterable[Trade], orders: Iterable[Order]) -> list[int]:
        """Note the tick's trades that may matter: self-trades, and those of who has spread a rumor
        of the company. Return their accounts, in order.
        """
        authors = self.authors()
        noted: dict[int, None] = {}
        wanted: set[str] = set()
        for trade in trades:
            buyer, seller = trade.buyer, trade.seller
            if buyer == seller:
                if buyer >= FIRST_AGENT_ACCOUNT:
                    self._note(buyer, trade, wanted)
                    noted[buyer] = None
            elif authors:
                for account in (buyer, seller):
                    if account in authors and trade.symbol in authors[account]:
                        self._note(account, trade, wanted)
                        noted[account] = None
        if wanted:
            for order in orders:
                if order.id in wanted:
                    self.orders[order.id] = order_seen(order)
        return list(noted)

    def _note(self, account: int, trade: Trade, wanted: set[str]) -> None:
        kept = self.trades.setdefault(account, [])
        kept.append(
            TradeSeen(
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
        )
        wanted.add(trade.buy_order)
        wanted.add(trade.sell_order)
        if len(kept) > self.kept_trades:
            # The smallest goes: many small trades cannot push a large one out.
            kept.remove(min(kept, key=_value_of))

    def bear_out(self, events: Iterable[EventSeen]) -> None:
        """Forget the rumors that news has borne out: what is sold after it is sold on news."""
        for event in events:
            self.rumors = [
                r
                for r in self.rumors
                if r.symbol != event.symbol
                or r.tick >= event.tick
                or r.sign * event.impact <= 0
                or (event.is_wide and abs(event.impact) < LEAST_WIDE)
            ]

    def prune(self, tick: Tick) -> None:
        """Forget what is older than the window."""
        self.rumors = [r for r in self.rumors if r.tick > tick - self.window_ticks]
        self.payments = [p for p in self.payments if p.tick > tick - self.payment_ticks]
        if tick % PRUNED_EVERY:
            return
        kept = {
            account: [t for t in trades if t.tick > tick - self.window_ticks]
            for account, trades in self.trades.items()
        }
        self.trades = {account: trades for account, trades in kept.items() if trades}
        named = {t.buy_order for trades in self.trades.values() for t in trades}
        named |= {t.sell_order for trades in self.trades.values() for t in trades}
        self.orders = {id: order for id, order in self.orders.items() if id in named}

    def split(self, symbol: str, into: int, of: int) -> None:
        """Restate what is kept of a company in its new shares."""
        self.rumors = [split_rumor(rumor, symbol, into, of) for rumor in self.rumors]
        for account, trades in self.trades.items():
            self.trades[account] = [split_trade(t, symbol, into, of) for t in trades]
        for id, order in self.orders.items():
            self.orders[id] = split_order(order, symbol, into, of)

    def dump(self) -> Plain:
        return {
            "trades": [[a, [list(t) for t in trades]] for a, trades in self.trades.items()],
            "orders": [list(order) for order in self.orders.values()],
            "rumors": [list(rumor) for rumor in self.rumors],
            "payments": [list(payment) for payment in self.payments],
        }

    def load(self, state: Plain) -> None:
        self.trades = {a: [TradeSeen(*t) for t in trades] for a, trades in state["trades"]}
        self.orders = {order[0]: OrderSeen(*order) for order in state["orders"]}
        self.rumors = [RumorSeen(*rumor) for rumor in state["rumors"]]
        self.payments = [PaymentSeen(*payment) for payment in state["payments"]]


def behind(orders: Mapping[str, OrderSeen], trades: Sequence[TradeSeen]) -> tuple[OrderSeen, ...]:
    """Return the orders behind these trades, as far as they are known, each once, in order."""
    ids = dict.fromkeys(id for trade in trades for id in (trade.buy_order, trade.sell_order))
    return tuple(orders[id] for id in ids if id in orders)


def order_seen(order: Order) -> OrderSeen:
    """Return an order as evidence."""
    reason = order.reason_code
    return new_tuple(
        OrderSeen,
        (
            order.id,
            order.tick_submitted,
            order.account.id,
            order.company.symbol,
            order.intent.value,
            order.quantity,
            order.limit,
            order.stop is not None,
            order.self_trade.value,
            is_liquidation(order),
            order.filled,
            order.tick_closed,
            order.status is OrderStatus.CANCELLED and reason == Reason.BY_OWNER,
        ),
    )


def is_liquidation(order: Order) -> bool:
    """Say whether the exchange has placed an order, to liquidate."""
    return order.reason_code == Reason.LIQUIDATION


def split_trade(trade: TradeSeen, symbol: str, into: int, of: int) -> TradeSeen:
    """Return a trade restated in a company's new shares, if it is one of that company."""
    if trade.symbol != symbol:
        return trade
    return trade._replace(
        price=trade.price * of // into, quantity=max(1, trade.quantity * into // of)
    )


def split_order(order: OrderSeen, symbol: str, into: int, of: int) -> OrderSeen:
    """Return an order restated in a company's new shares, if it is one of that company."""
    if order.symbol != symbol:
        return order
    return order._replace(
        quantity=max(1, order.quantity * into // of),
        filled=order.filled * into // of,
        limit=None if order.limit is None else order.limit * of // into,
    )


def split_rumor(rumor: RumorSeen, symbol: str, into: int, of: int) -> RumorSeen:
    """Return a rumor restated in a company's new shares, if it is one of that company."""
    if rumor.symbol != symbol:
        return rumor
    return rumor._replace(
        held=rumor.held * into // of, price_before=rumor.price_before * of // into
    )


def split_price(price: PriceSeen, symbol: str, into: int, of: int) -> PriceSeen:
    """Return a price restated in a company's new shares, if it is one of that company."""
    if price.symbol != symbol:
        return price
    return price._replace(
        price=price.price * of // into,
        bid=price.bid * of // into,
        ask=price.ask * of // into,
        depth=price.depth * into // of,
        outer=price.outer * of // into,
    )


def _value_of(trade: TradeSeen) -> int:
    return trade.price * trade.quantity
