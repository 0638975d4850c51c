"""A pre-trade check of the next tick for one account: what will not fit is refused at once."""

from __future__ import annotations

from collections.abc import Container, Iterable
from typing import NamedTuple

from market.engine.accounts import Account
from market.engine.clearing import release, reserve, worst_cost
from market.engine.companies import Company
from market.engine.desk import Desk
from market.engine.orders import Order, Ticket
from market.engine.random_source import RandomSource
from market.engine.refusals import Code, Refused
from market.engine.rules import MarketRules, Switches
from market.engine.values import BUY, SIDE_OF, Cents, Shares, Tick


class OpenOrder(NamedTuple):
    """An order that is not final, as the last tick left it."""

    number: int
    id: str
    ticket: Ticket
    filled: Shares
    triggered_by: str


class PreTradeCheck(Desk):
    """The desk as one account can foresee it: the last tick's figures, nobody else's orders.

    It takes orders by the desk's own rules. What the price lets trade is taken to trade, whole and
    at the price, so it refuses what the tick would refuse if prices stood still and the books were
    deep. `closed` holds the ids, and the client ids, of orders that are known to be final.
    """

    def __init__(
        self,
        rules: MarketRules,
        tick: Tick,
        account: Account,
        companies: Iterable[Company],
        open: Iterable[OpenOrder] = (),
        closed: Container[str] = (),
    ) -> None:
        super().__init__(rules, Switches(), _NO_STREAMS)
        self.accounts[account.id] = account
        self.companies = {company.symbol: company for company in companies}
        self.moment = self.moment_at(tick)
        if not self.moment.is_open:
            for company in self.companies.values():
                company.is_trading = False
        self.closed = closed
        self.placed: list[Order] = []  # here, one after the other
        for order in open:
            self._wait(self._order_of(account, order))

    def place(self, account: Account, ticket: Ticket, *, id: str = "") -> Order:
        order = super().place(account, ticket, id=id)
        self.placed.append(order)
        return order

    def replace(
        self,
        account: Account,
        *,
        id: str | None = None,
        client_id: str | None = None,
        quantity: Shares | None = None,
        limit: Cents | None = None,
    ) -> Order:
        """Replace an order that is open; one that is placed here and has traded may yet rest."""
        order = self._own(account, id, client_id)
        if order.id not in account.orders:
            return order
        return super().replace(account, id=id, client_id=client_id, quantity=quantity, limit=limit)

    def _own(self, account: Account, id: str | None, client_id: str | None) -> Order:
        """Return an order that is open, or that is placed here and may yet come to rest."""
        try:
            return super()._own(account, id, client_id)
        except Refused:
            for order in self.placed:
                if id == order.id or (client_id and client_id == order.client_id):
                    return order
            if (id or client_id) in self.closed:
                raise
            raise Refused(Code.ORDER_NOT_FOUND, "You have no order with that id.") from None

    def _order_of(self, account: Account, known: OpenOrder) -> Order:
        ticket = known.ticket
        company = self.companies[ticket.symbol]
        side = SIDE_OF[ticket.intent]
        order = Order(known.number, known.id, account, company, side, ticket, self.log.tick)
        order.filled, order.triggered_by = known.filled, known.triggered_by
        return order

    def _execute(self, order: Order) -> None:
        """Take what the price lets trade to trade, whole and at the price."""
        price = order.company.price
        worst = self.price_of(order)
        if worst >= price if order.side is BUY else worst <= price:
            shares = order.side * order.quantity
            order.account.cash -= shares * price
            order.account.receive(order.company, shares, shares * price)
        elif self._may_stay_open(order):
            self._wait(order)

    def _wait(self, order: Order) -> None:
        """Keep an order that rests or waits; here it is all the same where."""
        reserve(order, worst_cost(order, self.rules))

    def _admit(self, order: Order) -> None:
        if order.awaits_trigger or not order.company.is_trading:
            self._wait(order)
        else:
            self._execute(order)

    def _withdraw(self, order: Order) -> None:
        release(order)


_NO_STREAMS = RandomSource("")  # nothing is drawn in a pre-trade check
