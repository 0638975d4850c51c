"""An order as the book and the machine hold it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from market.engine.values import (
    Cents,
    OrderKind,
    OrderStatus,
    Shares,
    Side,
    Tick,
    TimeInForce,
)

if TYPE_CHECKING:
    from market.engine.accounts import Account
    from market.engine.companies import Company


class Order:
    """One order.

    `number` is its place in time; `limit` is in cents (a market order's is its collar).
    """

    __slots__ = (
        "account",
        "client_id",
        "company",
        "filled",
        "id",
        "is_recorded",
        "kind",
        "limit",
        "number",
        "quantity",
        "reason",
        "resting",
        "side",
        "status",
        "tick_closed",
        "tick_submitted",
        "time_in_force",
        "value",
    )

    def __init__(
        self,
        *,
        number: int,
        id: str,
        account: Account,
        company: Company,
        side: Side,
        kind: OrderKind,
        quantity: Shares,
        limit: Cents,
        tick: Tick,
        client_id: str | None = None,
    ) -> None:
        self.number = number
        self.id = id
        self.account = account
        self.company = company
        self.side = side
        self.kind = kind
        self.time_in_force = TimeInForce.GTC
        self.quantity = quantity
        self.limit = limit
        self.filled: Shares = 0
        self.value: Cents = 0  # Σ quantity × price of its fills
        self.status = OrderStatus.PENDING
        self.reason = ""
        self.resting = False  # in the book, able to trade
        self.tick_submitted = tick
        self.tick_closed: Tick | None = None
        self.client_id = client_id
        self.is_recorded = False  # a row for it exists since an earlier tick

    @property
    def unfilled(self) -> Shares:
        return self.quantity - self.filled

    def __repr__(self) -> str:
        return (
            f"<Order {self.number} {self.account.name} {self.side.name} {self.unfilled} of"
            f" {self.quantity} {self.company.symbol} @ {self.limit} {self.status}>"
        )
