"""An order, with the account that it is for and the company that it is in.

Accounts and companies hold orders and orders name both: these two are generic in the order that
they hold, so that nothing below this module needs to know it.
"""

from __future__ import annotations

from typing import TypeAlias

from market.engine.accounts import AccountBase
from market.engine.book_orders import BookOrder, Ticket
from market.engine.companies import CompanyBase
from market.engine.values import Side, Tick


class Order(BookOrder):
    """One order."""

    __slots__ = ("account", "company")

    def __init__(
        self,
        number: int,
        id: str,
        account: AccountBase[Order],
        company: CompanyBase[Order],
        side: Side,
        ticket: Ticket,
        tick: Tick,
    ) -> None:
        super().__init__(number, id, side, ticket, tick)
        self.account = account
        self.company = company

    def renewed(self) -> Order:
        """Return a copy that may rest, after this one has left a book."""
        copy = Order(
            self.number,
            self.id,
            self.account,
            self.company,
            self.side,
            self.ticket(),
            self.tick_submitted,
        )
        copy.priority = self.priority
        copy.price = self.price
        copy.filled = self.filled
        copy.value = self.value
        copy.reserved = self.reserved
        copy.reserved_before = self.reserved_before
        copy.status = self.status
        copy.reason_code = self.reason_code
        copy.note = self.note
        copy.triggered_by = self.triggered_by
        copy.tick_closed = self.tick_closed
        copy.is_recorded = self.is_recorded
        return copy

    def ticket(self) -> Ticket:
        """Return its terms as they are now."""
        return Ticket(
            self.company.symbol,
            self.intent,
            self.quantity,
            self.kind,
            self.limit,
            self.stop,
            self.time_in_force,
            self.post_only,
            self.self_trade,
            self.client_id,
        )

    def __repr__(self) -> str:
        return (
            f"<Order {self.number} {self.account.name} {self.intent} {self.unfilled} of"
            f" {self.quantity} {self.company.symbol} @ {self.price} {self.status}>"
        )


Account: TypeAlias = AccountBase[Order]
Company: TypeAlias = CompanyBase[Order]
