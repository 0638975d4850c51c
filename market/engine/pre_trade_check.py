"""The pre-trade check: what the next tick is bound to refuse is refused at once.

What an order of the account's own will have done when the next one's turn comes is not known: it
may have traded, whole or in part, or rest, or have ended. An action is refused here only if the
tick must refuse it whichever of these happened; all else is the tick's to decide.
"""

from __future__ import annotations

from market.engine.book_orders import Ticket
from market.engine.clearing import release, reserve, worst_cost
from market.engine.orders import Account, Company, Order
from market.engine.outlooks import Outlook, Outlooks
from market.engine.refusals import Code, Refused
from market.engine.short_sales import lendable_pool
from market.engine.values import BUY, SIDE_OF, Cents, Intent, Shares, TimeInForce

_ENDS_AT_ONCE = (TimeInForce.IOC, TimeInForce.FOK)
_NO_FUNDS = Code.INSUFFICIENT_FUNDS


class PreTradeCheck(Outlooks):
    """The desk as one account can foresee it, from the last tick's figures.

    The account that it is given comes to be what may be expected of it: what the price lets trade
    is taken to trade, whole and at the price. That is what a dry run tells, and nothing is refused
    for it.
    """

    def place(self, account: Account, ticket: Ticket, *, id: str = "") -> Order:
        """Take an order; it is rejected if the tick is bound to refuse it.

        Raises Refused for what cannot become an order at all.
        """
        company = self.companies.get(ticket.symbol)
        if company is None:
            raise Refused(Code.INVALID_SYMBOL, f"There is no company {ticket.symbol}.")
        named = [o for o in self._open_ones() if o.order.client_id == ticket.client_id]
        if ticket.client_id and any(outlook.is_certain for outlook in named):
            raise Refused(Code.DUPLICATE, f"clientOrderId {ticket.client_id} is in use.")
        order = self.new_order(account, company, SIDE_OF[ticket.intent], ticket, id)
        if refusal := self.refusal_of(order):
            self.reject(order, refusal)
            return order
        outlook = Outlook(order)
        cost = worst_cost(order, self.rules)
        is_taken = not (ticket.client_id and named) and self._is_certainly_taken(order, cost)
        outlook.is_open = order.awaits_trigger or order.time_in_force not in _ENDS_AT_ONCE
        self._foresee(outlook, cost, least=order.quantity if is_taken else 0)
        self.outlooks[id] = outlook
        self.placed.append(order)
        self._expect(order)
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
        """Give an open order other terms. Raises Refused if the tick is bound to."""
        outlook = self._outlook(id, client_id)
        order = outlook.order
        wanted = order.quantity if quantity is None else quantity
        if wanted <= order.filled:
            raise Refused(Code.BAD_REQUEST, f"{order.filled} shares of it are filled already.")
        if limit is not None and order.limit is None:
            raise Refused(Code.INVALID_PRICE, "Only an order with a limit can be given another.")
        if outlook.is_original:
            self._check_terms(outlook, wanted, order.limit if limit is None else limit)
        before = outlook.least, outlook.most, outlook.held_least, outlook.held_most
        is_expected_to_rest = order.id in account.orders
        release(order)
        order.quantity, order.resting = wanted, False
        order.limit = order.limit if limit is None else limit
        self._foresee(outlook, worst_cost(order, self.rules), least=order.unfilled)
        # Whether it is replaced is the tick's to say: it has the old terms or the new ones.
        outlook.least = min(before[0], outlook.least)
        outlook.most = max(before[1], outlook.most)
        outlook.held_least = min(before[2], outlook.held_least)
        outlook.held_most = max(before[3], outlook.held_most)
        outlook.is_original = False
        if is_expected_to_rest:
            self._expect(order)
        return order

    def cancel(
        self, account: Account, *, id: str | None = None, client_id: str | None = None
    ) -> Order:
        """Cancel an open order; it may have traded before. Raises Refused if there is none."""
        outlook = self._outlook(id, client_id)
        self._close(outlook)
        return outlook.order

    def cancel_all(self, account: Account, symbol: str | None = None) -> list[Order]:
        """Cancel what may be open, in one company or in all, and return it, oldest first."""
        if symbol is not None and symbol not in self.companies:
            raise Refused(Code.INVALID_SYMBOL, f"There is no company {symbol}.")
        mine = [o for o in self._open_ones() if symbol in (None, o.order.company.symbol)]
        for outlook in mine:
            self._close(outlook)
        return [outlook.order for outlook in mine]

    # Checks

    def refusal_of(self, order: Order) -> Code | None:
        """Return why the tick is bound to refuse an order; None if it may take it."""
        company, intent = order.company, order.intent
        certain = sum(outlook.is_certain for outlook in self.outlooks.values())
        if certain >= self.rules.max_open_orders and self._may_stay_open(order):
            return Code.TOO_MANY_ORDERS
        if not company.is_trading and (order.post_only or order.time_in_force in _ENDS_AT_ONCE):
            return Code.MARKET_HALTED
        if intent is Intent.SELL or intent is Intent.COVER:
            enough = self._most_closable(order) >= order.unfilled
            return None if enough else Code.INSUFFICIENT_SHARES
        if self._must_conflict(order):
            return Code.POSITION_CONFLICT
        if intent is Intent.SHORT:
            if order.unfilled > self._most_lendable(company):
                return Code.LOCATE_FAILED
            if order.limit is None and not order.awaits_trigger and self.is_restricted(company):
                return Code.INVALID_PRICE
        if self.moment.opens_now:  # at prices that the night has yet to make
            return None
        return None if self._most_room() >= worst_cost(order, self.rules) else _NO_FUNDS

    def _check_terms(self, outlook: Outlook, quantity: Shares, limit: Cents | None) -> None:
        """Raise Refused when other terms for an order are bound to be refused, filled though it may
        be by all but a share.
        """
        order = outlook.order
        if limit == order.limit and quantity <= order.quantity:
            return
        kept, all_of_them = (order.quantity, order.limit, order.filled), self.outlooks
        if outlook.most:
            order.filled = min(order.quantity, quantity) - 1
        order.quantity, order.limit = quantity, limit
        self.outlooks = {id: one for id, one in all_of_them.items() if one is not outlook}
        refusal = self.refusal_of(order)
        message = self.message_of(order, refusal) if refusal else ""
        order.quantity, order.limit, order.filled = kept
        self.outlooks = all_of_them
        if refusal:
            raise Refused(refusal, message)

    def _room(self, order: Order) -> Cents:
        """Return by how much an order may add to the account's exposure, at best."""
        return self._most_room()

    def _closable(self, order: Order) -> Shares:
        """Return how many shares an order may close, at best."""
        return self._most_closable(order)

    def _most_closable(self, order: Order) -> Shares:
        """Return the shares that a closing order may find free, at best."""
        opening = Intent.BUY if order.intent is Intent.SELL else Intent.SHORT
        sign = 1 if order.intent is Intent.SELL else -1
        held = sign * self._held_of(order.company)
        return held + self._may_trade(order.company, opening, order.intent, held=held)

    def _may_trade(
        self, company: Company, opening: Intent, closing: Intent, *, held: Shares
    ) -> Shares:
        """Return by how much a position may have grown, less what certainly closes it."""
        grown = 0
        for outlook in self._in(company):
            intent = outlook.order.intent
            if intent is opening:
                grown += outlook.most
            elif intent is closing:
                grown -= outlook.least
            elif held < 0:  # the other way round as yet, and closed first
                grown += outlook.most
        return grown

    def _must_conflict(self, order: Order) -> bool:
        """Say whether the account is bound to be, or to become, what the order would contradict."""
        buys = order.intent is Intent.BUY
        opposite, closing = (Intent.SHORT, Intent.COVER) if buys else (Intent.BUY, Intent.SELL)
        held = self._held_of(order.company)
        against = max(0, -held if buys else held)
        for outlook in self._in(order.company):
            intent = outlook.order.intent
            if intent is opposite:
                if outlook.is_certain:
                    return True
                against += outlook.least
            elif intent is closing:
                against -= outlook.most
        return against > 0

    def _most_lendable(self, company: Company) -> Shares:
        """Return the shares of the pool that the account itself does not certainly use."""
        used = max(0, -self._held_of(company))
        for outlook in self._in(company):
            if outlook.order.intent is Intent.SHORT:
                used += outlook.least
            elif outlook.order.intent is Intent.COVER:
                used -= outlook.most
        return lendable_pool(company.shares, self.rules.lending) - max(0, used)

    def _is_certainly_taken(self, order: Order, cost: Cents) -> bool:
        """Say whether the tick is bound to take an order, and to let it trade or stay open."""
        company, intent = order.company, order.intent
        if not self._may_stay_open(order) or order.post_only or intent is Intent.SHORT:
            return False  # whether there are shares to borrow is for others to say, too
        if len(list(self._open_ones())) >= self.rules.max_open_orders:
            return False
        mine = list(self._in(company))
        if intent is Intent.BUY:
            if self.moment.opens_now or self.moment.closes_now:  # prices move, interest is due
                return False
            if self._held_of(company) < 0:
                return False
            if any(outlook.order.intent is Intent.SHORT for outlook in mine):
                return False
            return self._least_room() >= cost
        sign = 1 if intent is Intent.SELL else -1
        free = sign * self._held_of(company)
        for outlook in mine:
            if outlook.order.intent is intent:
                free -= max(outlook.most, outlook.order.unfilled)
        return free >= order.quantity

    def _expect(self, order: Order) -> None:
        """Take what the price lets trade to trade, whole and at the price; the rest is open."""
        price, worst = order.company.price, self.price_of(order)
        is_at_market = order.company.is_trading and not order.awaits_trigger
        if is_at_market and (worst >= price if order.side is BUY else worst <= price):
            shares = order.side * order.unfilled
            order.account.cash -= shares * price
            order.account.receive(order.company, shares, shares * price)
        elif self._may_stay_open(order):
            reserve(order, worst_cost(order, self.rules))
