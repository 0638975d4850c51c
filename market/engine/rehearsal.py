"""A rehearsal of the next tick for one account: what will not fit is refused at once."""

from __future__ import annotations

from collections.abc import Container, Iterable
from typing import NamedTuple

from market.engine.accounts import Account
from market.engine.companies import Company
from market.engine.exchange import Exchange
from market.engine.orders import Order
from market.engine.refusals import Code, Refused
from market.engine.rules import MarketRules, Switches
from market.engine.streams import Streams
from market.engine.values import BUY, Cents, OrderKind, Shares, Side, Tick


class OpenOrder(NamedTuple):
    """An order that rests or is queued, as the last tick left it; a market order has no limit."""

    number: int
    id: str
    client_id: str | None
    symbol: str
    side: Side
    kind: OrderKind
    quantity: Shares
    filled: Shares
    limit: Cents | None


class Rehearsal(Exchange):
    """The exchange as one account can foresee it: the last tick's figures, nobody else's orders.

    It takes orders by the exchange's own rules. What the price lets trade is taken to trade, whole
    and at the price, so it refuses what the tick would refuse if prices stood still and the books
    were deep. `closed` holds the ids, and the client ids, of orders that are known to be final.
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
        self.companies = {company.symbol: company for company in companies}
        self.moment = self._moment_of(tick)
        self.closed = closed
        self.placed: list[Order] = []  # here, one after the other
        for order in open:
            self._enqueue(self._order_of(account, order))

    def place(
        self,
        account: Account,
        symbol: str,
        side: Side,
        kind: OrderKind,
        quantity: Shares,
        limit: Cents | None,
        *,
        id: str | None = None,
        client_id: str | None = None,
    ) -> Order:
        order = super().place(
            account, symbol, side, kind, quantity, limit, id=id, client_id=client_id
        )
        self.placed.append(order)
        return order

    def cancel(self, account: Account, *, id: str | None, client_id: str | None) -> Order:
        """Cancel an order that is open, or that is placed here and may yet come to rest."""
        try:
            return super().cancel(account, id=id, client_id=client_id)
        except Refused:
            for order in self.placed:
                if id == order.id or (client_id and client_id == order.client_id):
                    return order
            if (id or client_id) in self.closed:
                raise
            raise Refused(Code.ORDER_NOT_FOUND, "You have no order by that id.") from None

    def _order_of(self, account: Account, known: OpenOrder) -> Order:
        company = self.companies[known.symbol]
        limit = self._collar(company, known.side) if known.limit is None else known.limit
        order = Order(
            number=known.number,
            id=known.id,
            account=account,
            company=company,
            side=known.side,
            kind=known.kind,
            quantity=known.quantity,
            limit=limit,
            tick=self.log.tick,
            client_id=known.client_id,
        )
        order.filled = known.filled
        return order

    def _execute(self, order: Order) -> None:
        price = order.company.price
        if order.limit >= price if order.side is BUY else order.limit <= price:
            order.account.cash -= order.side * order.quantity * price
            order.account.receive(
                order.company, order.side * order.quantity, order.side * order.quantity * price
            )
        else:
            self._enqueue(order)


_NO_STREAMS = Streams("")  # nothing is drawn in a rehearsal
