"""What may become of an account's orders before its next action has its turn."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from typing import NamedTuple

from market.engine.book_orders import Ticket
from market.engine.clearing import release, reserve, taker_fee, worst_cost
from market.engine.desk import Desk
from market.engine.orders import Account, Company, Order
from market.engine.random_source import RandomSource
from market.engine.refusals import Code, Refused
from market.engine.rules import MarketRules, Switches
from market.engine.values import BUY, SIDE_OF, Cents, SelfTrade, Shares, Tick, TimeInForce


class OpenOrder(NamedTuple):
    """An order that is not final, as the last tick left it."""

    number: int
    id: str
    ticket: Ticket
    filled: Shares
    triggered_by: str


class Outlook:
    """What may become, before the account's next action, of an order of its own.

    Of what is unfilled of it, `least` shares are certainly either traded or still open, and up to
    `most` may have traded. While it is certainly open it holds back at least `held_least`, and it
    never holds back more than `held_most`. `is_open`: it may be.
    """

    __slots__ = ("held_least", "held_most", "is_open", "is_original", "least", "most", "order")

    def __init__(self, order: Order) -> None:
        self.order = order
        self.least: Shares = 0
        self.most: Shares = 0
        self.held_least: Cents = 0
        self.held_most: Cents = 0
        self.is_open = True
        self.is_original = True  # not replaced since its terms were known

    @property
    def is_certain(self) -> bool:
        """Say whether it is open, whatever happens: nothing can trade with it."""
        return self.is_open and self.least > 0 and not self.most


class Outlooks(Desk):
    """A desk with one account, and what may become of each of its orders.

    Its orders are those that are open, then those that wait for the tick, then those of the batch.
    `closed` holds the ids, and the client ids, of orders that are known to be final.
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
        self.account = account
        self.closed = closed
        self.placed: list[Order] = []  # here, one after the other
        self.outlooks: dict[str, Outlook] = {}  # by id, oldest first
        self._held = {symbol: h.quantity for symbol, h in account.holdings.items()}
        exposure = account.long_value + account.short_value
        self._room_now = account.leverage * account.equity - exposure  # without any open order
        for known in open:
            self._add_known(known)

    def _add_known(self, known: OpenOrder) -> None:
        """Add an order that the last tick left open."""
        ticket = known.ticket
        company, side = self.companies[ticket.symbol], SIDE_OF[ticket.intent]
        order = Order(known.number, known.id, self.account, company, side, ticket, self.log.tick)
        order.filled, order.triggered_by = known.filled, known.triggered_by
        if self.moment.closes_now and order.time_in_force is TimeInForce.DAY:
            return  # it expires before anyone acts
        outlook = self.outlooks[known.id] = Outlook(order)
        goes_to_market = bool(order.triggered_by) and company.is_trading
        order.resting = company.is_trading and not order.awaits_trigger and not order.triggered_by
        # A stop that was triggered is checked again when it comes to the market.
        least = 0 if goes_to_market else order.unfilled
        cost = worst_cost(order, self.rules)
        reserve(order, cost)
        self._foresee(outlook, cost, least=least)

    def _foresee(self, outlook: Outlook, cost: Cents, *, least: Shares) -> None:
        """Set what may become of an order that is open, of which `least` is certain."""
        order = outlook.order
        outlook.least = least
        outlook.most = order.unfilled if self._may_be_met(order) else 0
        outlook.held_least = outlook.held_most = cost
        if outlook.most and not order.resting:
            self._meet_own(outlook)

    def _may_be_met(self, order: Order) -> bool:
        """Say whether an order may trade before the auctions: it is at the market, and the bands
        let others come to its limit.
        """
        company = order.company
        if order.awaits_trigger or not company.is_trading:
            return False
        if order.limit is None or not company.high_band:
            return True
        return (
            order.limit >= company.low_band
            if order.side is BUY
            else order.limit <= company.high_band
        )

    def _meet_own(self, incoming: Outlook) -> None:
        """Note that an order that comes to the market may meet the account's own there: one of both
        may end, as its self-trade mode says.
        """
        order = incoming.order
        if order.self_trade is SelfTrade.ALLOW:
            return
        for outlook in self._in(order.company):
            if outlook is not incoming and outlook.order.side != order.side and outlook.most:
                incoming.least = 0
                if order.self_trade is not SelfTrade.CANCEL_NEWEST:
                    outlook.least = 0

    def _prices(self, outlook: Outlook) -> tuple[Cents, Cents]:
        """Return the lowest and the highest price at which an order may trade in the tick."""
        order, company = outlook.order, outlook.order.company
        worst = self.price_of(order)
        if order.resting and outlook.is_original:  # where it rests: as a maker it has its price
            return worst, worst
        if order.side is BUY:
            return company.low_band or self.rules.lowest_limit_cents, worst
        return worst, company.high_band or self.rules.highest_limit_cents

    def _held_of(self, company: Company) -> Shares:
        """Return the shares that the account holds or is short of, as the last tick left it."""
        return self._held.get(company.symbol, 0)

    def _close(self, outlook: Outlook) -> None:
        release(outlook.order)
        outlook.is_open = False
        outlook.least = 0

    def _outlook(self, id: str | None, client_id: str | None) -> Outlook:
        """Return an order that may be open. Raises Refused."""
        known = [
            outlook
            for outlook in self.outlooks.values()
            if id == outlook.order.id or (client_id and client_id == outlook.order.client_id)
        ]
        for outlook in known:
            if outlook.is_open:
                return outlook
        if known or (id or client_id) in self.closed:
            raise Refused(Code.ORDER_NOT_OPEN, "You have no open order with that id.")
        raise Refused(Code.ORDER_NOT_FOUND, "You have no order with that id.")

    def _open_ones(self) -> Iterator[Outlook]:
        return (outlook for outlook in self.outlooks.values() if outlook.is_open)

    def _in(self, company: Company) -> Iterator[Outlook]:
        return (o for o in self.outlooks.values() if o.order.company is company)

    # Buying power

    def _most_room(self) -> Cents:
        """Return by how much exposure may grow at most, after the best that may happen before."""
        return self._room_now + sum(map(self._best, self.outlooks.values()))

    def _least_room(self) -> Cents:
        return self._room_now + sum(map(self._worst, self.outlooks.values()))

    def _best(self, outlook: Outlook) -> Cents:
        held = outlook.held_least if outlook.is_open and outlook.least else 0
        if not outlook.most:
            return -held
        low, high = self._prices(outlook)
        order = outlook.order
        return max(-held, self._gain(order, outlook.most, low if order.side is BUY else high))

    def _worst(self, outlook: Outlook) -> Cents:
        held = outlook.held_most if outlook.is_open else 0
        if not outlook.most:
            return -held
        low, high = self._prices(outlook)
        order = outlook.order
        price = high if order.side is BUY else low
        fee = taker_fee(outlook.most * price, self.account.fee_bps) + outlook.most
        traded = self._gain(order, outlook.most, price) - self.account.leverage * fee
        return min(0, -held, traded)

    def _gain(self, order: Order, shares: Shares, price: Cents) -> Cents:
        """Return what a trade adds to the room: its profit at the company's price, leveraged, less
        the exposure that it opens, or with what it closes.
        """
        profit = shares * order.side * (order.company.price - price)
        exposure = shares * order.company.price
        return self.account.leverage * profit + (-exposure if order.opens else exposure)


_NO_STREAMS = RandomSource("")  # nothing is drawn in a pre-trade check
