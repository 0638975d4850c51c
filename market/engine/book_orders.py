"""What an account asks for, and an order as a book sees it."""

from __future__ import annotations

from typing import TypeVar

from market.engine.values import (
    Cents,
    Intent,
    OrderKind,
    OrderStatus,
    SelfTrade,
    Shares,
    Side,
    Tick,
    TimeInForce,
)

MARKET, GTC, CANCEL_NEWEST = OrderKind.MARKET, TimeInForce.GTC, SelfTrade.CANCEL_NEWEST


class Ticket:
    """The terms of an order as an account asks for it; limit and stop in cents."""

    __slots__ = (
        "client_id",
        "intent",
        "kind",
        "limit",
        "post_only",
        "quantity",
        "self_trade",
        "stop",
        "symbol",
        "time_in_force",
    )

    def __init__(
        self,
        symbol: str,
        intent: Intent,
        quantity: Shares,
        kind: OrderKind = MARKET,
        limit: Cents | None = None,
        stop: Cents | None = None,
        time_in_force: TimeInForce = GTC,
        post_only: bool = False,
        self_trade: SelfTrade = CANCEL_NEWEST,
        client_id: str | None = None,
    ) -> None:
        self.symbol = symbol
        self.intent = intent
        self.quantity = quantity
        self.kind = kind
        self.limit = limit
        self.stop = stop
        self.time_in_force = time_in_force
        self.post_only = post_only
        self.self_trade = self_trade
        self.client_id = client_id


class BookOrder:
    """An order without its account and its company, which a book and the stops need not know.

    `number` names it for ever; `priority` is its place in time, which a replacement may lose.
    `limit` is what its owner set, `price` the worst at which it may trade now and where it rests:
    the limit, kept within the collar and the company's bands.
    """

    __slots__ = (
        "client_id",
        "filled",
        "id",
        "intent",
        "is_recorded",
        "kind",
        "limit",
        "note",
        "number",
        "post_only",
        "price",
        "priority",
        "quantity",
        "reason_code",
        "reserved",
        "reserved_before",
        "resting",
        "self_trade",
        "side",
        "status",
        "stop",
        "tick_closed",
        "tick_submitted",
        "time_in_force",
        "triggered_by",
        "value",
    )

    def __init__(self, number: int, id: str, side: Side, ticket: Ticket, tick: Tick) -> None:
        self.intent = ticket.intent
        self.quantity = ticket.quantity
        self.kind = ticket.kind
        self.limit = ticket.limit
        self.stop = ticket.stop
        self.time_in_force = ticket.time_in_force
        self.post_only = ticket.post_only
        self.self_trade = ticket.self_trade
        self.client_id = ticket.client_id
        self.number = self.priority = number
        self.id = id
        self.side = side
        self.price: Cents = self.limit or 0
        self.filled: Shares = 0
        self.value: Cents = 0  # Σ quantity × price of its fills
        self.reserved: Cents = 0  # of its account's buying power, for what is unfilled
        self.reserved_before: Cents = 0  # when the invariants last looked
        self.status = OrderStatus.PENDING
        self.reason_code = ""  # why it ended so, of `reasons.MEANINGS`
        self.note = ""  # what the code does not say of it
        self.triggered_by = ""  # a stop's: "last" or "price"
        self.resting = False  # in the book, able to trade
        self.tick_submitted = tick
        self.tick_closed: Tick | None = None
        self.is_recorded = False  # a row for it exists since an earlier tick

    @property
    def unfilled(self) -> Shares:
        return self.quantity - self.filled

    @property
    def opens(self) -> bool:
        """Say whether it opens or adds to a position, rather than closing one."""
        return self.intent is Intent.BUY or self.intent is Intent.SHORT

    @property
    def awaits_trigger(self) -> bool:
        return self.stop is not None and not self.triggered_by


OrderT = TypeVar("OrderT", bound=BookOrder)
