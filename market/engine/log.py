"""What happened in one tick, noted as it happens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from market.engine.orders import Account, Company, Order
from market.engine.outcome import (
    Alert,
    Bankruptcy,
    Halt,
    LedgerEntry,
    MarketEvent,
    OrderState,
    Split,
    Trade,
)
from market.engine.values import BUY, Shares, Tick, new_tuple


class TickLog:
    """The tick's trades, ledger entries and notices, and whatever they touched."""

    __slots__ = (
        "accounts",
        "alerts",
        "auctioned",
        "bankruptcies",
        "closed",
        "entries",
        "events",
        "filled_before",
        "final",
        "halts",
        "holdings",
        "opened",
        "orders",
        "resumed",
        "splits",
        "tick",
        "trades",
    )

    def __init__(self, tick: Tick) -> None:
        self.tick = tick
        self.trades: list[Trade] = []
        self.entries: list[LedgerEntry] = []
        self.halts: list[Halt] = []
        self.resumed: list[str] = []
        self.auctioned: list[str] = []  # symbols in which an auction was held
        self.splits: list[Split] = []
        self.events: list[MarketEvent] = []
        self.alerts: list[Alert] = []
        self.bankruptcies: list[Bankruptcy] = []
        self.opened: list[Account] = []
        self.orders: dict[int, Order] = {}  # by number, in the order in which they were touched
        self.filled_before: dict[int, int] = {}
        self.closed: list[Order] = []  # those that have ended and are not in `final`
        self.final: dict[int, OrderState] = {}  # reported ahead, by number
        self.accounts: dict[int, Account] = {}
        self.holdings: dict[tuple[int, str], Account] = {}

    def touch_order(self, order: Order) -> None:
        """Note an order that is about to change, as it stands."""
        if order.number not in self.orders:
            self.orders[order.number] = order
            self.filled_before[order.number] = order.filled

    def report_closed(self) -> list[OrderState]:
        """Report, ahead of the tick's end, the orders that have ended since this was last asked."""
        ended = [order for order in self.closed if order.number in self.orders]
        states = [order_state(order, self.filled_before[order.number]) for order in ended]
        self.final.update((state.number, state) for state in states)
        self.closed = []
        return states

    def touch_position(self, account: Account, company: Company) -> None:
        self.accounts[account.id] = account
        self.holdings[account.id, company.symbol] = account

    def alert(
        self, account: Account, kind: str, message: str, data: Mapping[str, Any] | None = None
    ) -> None:
        self.alerts.append(Alert(account.id, kind, message, data or {}))

    def close(self) -> None:
        """Note that what was reported has rows, and drop holdings without shares."""
        for order in self.orders.values():
            order.is_recorded = True
        for (_, symbol), account in self.holdings.items():
            if not account.holdings[symbol].quantity:
                del account.holdings[symbol]


def order_state(order: Order, filled_before: Shares, *, as_new: bool = False) -> OrderState:
    """Return an order as it is; `as_new`: it counts as one without a row."""
    return new_tuple(
        OrderState,
        (
            order.number,
            order.id,
            order.account.id,
            order.company.symbol,
            "BUY" if order.side is BUY else "SELL",
            order.intent._value_,
            order.kind._value_,
            order.time_in_force._value_,
            order.post_only,
            order.self_trade._value_,
            order.tick_submitted,
            order.client_id,
            order.quantity,
            order.limit,
            order.stop,
            order.filled,
            order.value,
            order.status._value_,
            str(order.reason_code),
            order.note,
            order.triggered_by,
            order.tick_closed,
            order.filled - filled_before,
            as_new or not order.is_recorded,
        ),
    )
