"""The order desk: an order comes in, is checked, matches, rests, waits, changes or ends.

Everything here happens to one order at a time, in arrival order, each whole before the next.
"""

from __future__ import annotations

from market.engine import short_sales
from market.engine.accounts import MARKET_MAKER, SYSTEM_ACCOUNTS, TREASURY, AccountKind
from market.engine.book import Fill
from market.engine.book_orders import Ticket
from market.engine.clearing import (
    at_collar,
    charge_fee,
    release,
    release_part,
    reserve,
    restate,
    settle,
    worst_cost,
)
from market.engine.log import TickLog
from market.engine.orders import Account, Company, Order
from market.engine.outcome import Trade
from market.engine.random_source import RandomSource
from market.engine.reasons import Reason
from market.engine.refusals import MESSAGES, Code, Refused
from market.engine.rules import MarketRules, Switches
from market.engine.sessions import Moment, moment_of
from market.engine.values import (
    BPS_IN_ONE,
    BUY,
    SELL,
    SIDE_OF,
    Cents,
    Intent,
    OrderStatus,
    SelfTrade,
    Shares,
    Side,
    Tick,
    TimeInForce,
    ceil_div,
    new_tuple,
    uuid_of,
    uuid_prefix,
)

PENDING, OPEN, PARTIAL = OrderStatus.PENDING, OrderStatus.OPEN, OrderStatus.PARTIAL
FILLED, CANCELLED, REJECTED = OrderStatus.FILLED, OrderStatus.CANCELLED, OrderStatus.REJECTED
GTC, DAY = TimeInForce.GTC, TimeInForce.DAY
IOC, FOK = TimeInForce.IOC, TimeInForce.FOK
ALLOW = SelfTrade.ALLOW


class Desk:
    """Companies, accounts, and what orders do to them."""

    def __init__(self, rules: MarketRules, switches: Switches, streams: RandomSource) -> None:
        self.rules = rules
        self.switches = switches
        self.streams = streams
        self.order_prefix = uuid_prefix(streams.derive("orders"))
        self.trade_prefix = uuid_prefix(streams.derive("trades"))
        self.companies: dict[str, Company] = {}
        self.accounts: dict[int, Account] = {
            id: Account(id, name, AccountKind.SYSTEM) for id, name in SYSTEM_ACCOUNTS.items()
        }
        self.triggered: list[Order] = []  # stops that go first in the next tick, by arrival
        self.orders_numbered = 0
        self.trades_numbered = 0
        self.moment = self.moment_at(0)
        self.log = TickLog(0)

    # What an account may do

    def place(self, account: Account, ticket: Ticket, *, id: str = "") -> Order:
        """Place an order and return it: rejected, filled, resting or waiting.

        Raises Refused for what cannot become an order at all.
        """
        company = self.companies.get(ticket.symbol)
        if company is None:
            raise Refused(Code.INVALID_SYMBOL, f"There is no company {ticket.symbol}.")
        if ticket.client_id and _by_client_id(account, ticket.client_id):
            raise Refused(Code.DUPLICATE, f"clientOrderId {ticket.client_id} is in use.")
        order = self.new_order(account, company, SIDE_OF[ticket.intent], ticket, id)
        self.give_id(order)
        self.log.touch_order(order)
        if refusal := self.refusal_of(order):
            self.reject(order, refusal)
        else:
            self._admit(order)
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
        """Give an open order another quantity (of all of it, what is filled included) or limit.

        A smaller size keeps the order's place; anything else makes it the youngest, and it may
        trade at once. Raises Refused, and the order stands as it was.
        """
        order = self._own(account, id, client_id)
        quantity = order.quantity if quantity is None else quantity
        if quantity <= order.filled:
            raise Refused(Code.BAD_REQUEST, f"{order.filled} shares of it are filled already.")
        if limit is not None and order.limit is None:
            raise Refused(Code.INVALID_PRICE, "Only an order with a limit can be given another.")
        limit = order.limit if limit is None else limit
        if limit != order.limit or quantity > order.quantity:
            self._check_replacement(order, quantity, limit)
            self.log.touch_order(order)
            self._withdraw(order)
            order = self.log.orders[order.number] = order.renewed()
            order.quantity, order.limit = quantity, limit
            self._make_youngest(order)
            self._admit(order)
        elif quantity < order.quantity:
            self.log.touch_order(order)
            self.shrink(order, order.quantity - quantity)
        return order

    def cancel(
        self, account: Account, *, id: str | None = None, client_id: str | None = None
    ) -> Order:
        """Cancel an open order of the account's own. Raises Refused when there is none."""
        order = self._own(account, id, client_id)
        self.end_open(order, CANCELLED, Reason.BY_OWNER)
        return order

    def cancel_all(self, account: Account, symbol: str | None = None) -> list[Order]:
        """Cancel an account's open orders, or those in one company, and return them, oldest first.

        Raises Refused when there is no such company.
        """
        if symbol is not None and symbol not in self.companies:
            raise Refused(Code.INVALID_SYMBOL, f"There is no company {symbol}.")
        orders = [o for o in account.orders.values() if symbol in (None, o.company.symbol)]
        orders.sort(key=lambda order: order.number)
        for order in orders:
            self.end_open(order, CANCELLED, Reason.BY_OWNER)
        return orders

    # What the exchange does with orders

    def close_out(self, account: Account, company: Company, quantity: Shares) -> Shares:
        """Close `quantity` shares of an account's position at market, and return how many went.

        The order belongs to the account, and nothing is asked of it but the collar.
        """
        intent = Intent.SELL if account.quantity_of(company.symbol) > 0 else Intent.COVER
        ticket = Ticket(company.symbol, intent, quantity, time_in_force=IOC)
        order = self.new_order(account, company, SIDE_OF[intent], ticket)
        self.give_id(order)
        self.log.touch_order(order)
        self._execute(order)
        order.reason_code = Reason.LIQUIDATION
        return order.filled

    def release_stops(self) -> None:
        """Bring the stops that were triggered to the market, by arrival, if their companies trade:
        in a halt they wait.
        """
        triggered, self.triggered = self.triggered, []
        for order in triggered:
            if order.company.is_trading:
                self.log.touch_order(order)
                self._make_youngest(order)
                release(order)
                if refusal := self.refusal_of(order):
                    self.reject(order, refusal)
                else:
                    self._execute(order)
            else:
                self.triggered.append(order)

    def end_open(self, order: Order, status: OrderStatus, code: str, note: str = "") -> None:
        """End an open order, wherever it rests or waits."""
        self.log.touch_order(order)
        self._withdraw(order)
        self.end(order, status, code, note)

    def reject(self, order: Order, refusal: Code) -> None:
        """End an order that does not pass, with a note of what it lacks."""
        self.end(order, REJECTED, refusal, self.lack_of(order, refusal))

    def end(self, order: Order, status: OrderStatus, code: str, note: str = "") -> None:
        """End an order that rests and waits nowhere."""
        order.status = status
        order.reason_code = code
        order.note = note
        order.tick_closed = self.log.tick
        self.log.closed.append(order)

    def new_order(
        self, account: Account, company: Company, side: Side, ticket: Ticket, id: str = ""
    ) -> Order:
        self.orders_numbered += 1
        return Order(self.orders_numbered, id, account, company, side, ticket, self.log.tick)

    def _make_youngest(self, order: Order) -> None:
        """Give an order the last place in time."""
        self.orders_numbered += 1
        order.priority = self.orders_numbered

    def give_id(self, order: Order) -> None:
        """Give an order of the exchange's own its id: a quote needs none until it trades."""
        if not order.id:
            order.id = uuid_of(self.order_prefix, order.number)

    def trade_at_once(self, order: Order) -> None:
        """Match an order and clear its fills; what is left of it is the caller's."""
        for fill in order.company.book.match(order):
            self._clear(fill, order)

    def lendable(self, company: Company) -> Shares:
        """Return the shares that may still be borrowed to short."""
        return short_sales.borrowable(
            company.shares, company.shorted, company.shorts_offered, self.rules.lending
        )

    # Checks

    def refusal_of(self, order: Order) -> Code | None:
        account, company, intent = order.account, order.company, order.intent
        if len(account.orders) >= self.rules.max_open_orders and self._may_stay_open(order):
            return Code.TOO_MANY_ORDERS
        if not company.is_trading and (order.post_only or order.time_in_force in (IOC, FOK)):
            return Code.MARKET_HALTED
        if account.is_reduce_only and order.opens:
            return Code.FORBIDDEN
        if intent is Intent.BUY:
            if account.direction_of(company.symbol) < 0:
                return Code.POSITION_CONFLICT
        elif intent is Intent.SHORT:
            if refusal := self._short_refusal_of(order):
                return refusal
        else:
            enough = self._closable(order) >= order.unfilled
            return None if enough else Code.INSUFFICIENT_SHARES
        fits = account.can_take(worst_cost(order, self.rules), company)
        return None if fits else Code.INSUFFICIENT_FUNDS

    def _may_stay_open(self, order: Order) -> bool:
        """Say whether some of an order that comes in may be left when it has been matched."""
        if order.awaits_trigger or not order.company.is_trading:
            return True
        return order.limit is not None and order.time_in_force in (GTC, DAY)

    def _short_refusal_of(self, order: Order) -> Code | None:
        company = order.company
        if order.account.direction_of(company.symbol) > 0:
            return Code.POSITION_CONFLICT
        if order.unfilled > self.lendable(company):
            return Code.LOCATE_FAILED
        return Code.INVALID_PRICE if self.is_short_restricted(order) else None

    def is_short_restricted(self, order: Order) -> bool:
        """Say whether an order is a short at or below the best bid where that is forbidden; while
        nothing trades, at or below the last that there was.
        """
        company = order.company
        if order.intent is not Intent.SHORT or order.awaits_trigger:
            return False
        if not self.is_restricted(company):
            return False
        bid = company.book.bids.best() if company.is_trading else company.last_bid
        return order.limit is None or (bid is not None and order.limit <= bid)

    def is_restricted(self, company: Company) -> bool:
        """Say whether shorts at or below the best bid are forbidden today."""
        return short_sales.is_restricted(company.restricted_through, self.moment.trading_day)

    def _check_replacement(self, order: Order, quantity: Shares, limit: Cents | None) -> None:
        """Raise Refused when an order as it would be does not pass, and leave it as it is."""
        kept, cost = (order.quantity, order.limit, order.price), order.reserved
        release(order)
        order.quantity, order.limit = quantity, limit
        order.price = self.price_of(order)
        refusal = self.refusal_of(order)
        if not refusal and order.post_only and order.company.book.would_trade(order):
            refusal = Code.WOULD_TAKE
        message = self.message_of(order, refusal) if refusal else ""
        order.quantity, order.limit, order.price = kept
        reserve(order, cost)
        if refusal:
            raise Refused(refusal, message)

    def message_of(self, order: Order, refusal: Code) -> str:
        """Say why an order that holds nothing back is refused."""
        return self.lack_of(order, refusal) or MESSAGES.get(refusal, "")

    def lack_of(self, order: Order, refusal: Code) -> str:
        """Return what an order that holds nothing back needs, and what there is, in figures; "" if
        its refusal is not for want of either.
        """
        if refusal is Code.INSUFFICIENT_FUNDS:
            cost, room = worst_cost(order, self.rules), max(0, self._room(order))
            return (
                f"The order may cost up to ${cost / 100:,.2f}, and your buying power is"
                f" ${room / 100:,.2f}."
            )
        if refusal is Code.INSUFFICIENT_SHARES:
            free = max(0, self._closable(order))
            symbol = order.company.symbol
            direction = order.account.direction_of(symbol)
            if order.intent is Intent.SELL and direction <= 0:
                return f"You hold no {symbol}: SELL only closes, SHORT sells borrowed shares."
            if order.intent is Intent.COVER and direction >= 0:
                return f"You are not short of {symbol}: COVER only closes a short."
            return (
                f"Not enough shares: the order closes {order.unfilled:,}, and {free:,} are not"
                " committed to your open orders."
            )
        return ""

    def _room(self, order: Order) -> Cents:
        """Return by how much an order may add to its account's exposure."""
        return order.account.buying_power

    def _closable(self, order: Order) -> Shares:
        """Return how many shares an order may close."""
        closable = order.account.closable(order.company.symbol)
        return closable if order.intent is Intent.SELL else -closable

    def _own(self, account: Account, id: str | None, client_id: str | None) -> Order:
        """Return an open order by either of its ids. Raises Refused."""
        order = account.orders.get(id) if id is not None else _by_client_id(account, client_id)
        if order is None:
            raise Refused(Code.ORDER_NOT_OPEN, "You have no open order with that id.")
        return order

    # Routing an order

    def _admit(self, order: Order) -> None:
        """Send an order that has passed its checks where it belongs."""
        if order.awaits_trigger:
            reserve(order, worst_cost(order, self.rules))
            order.company.stops.add(order)
        elif order.company.is_trading:
            self._execute(order)
        else:
            reserve(order, worst_cost(order, self.rules))
            if not order.filled:
                order.status = PENDING
            waiting = self.triggered if order.triggered_by else order.company.queue
            waiting.append(order)

    def _execute(self, order: Order) -> None:
        """Match an order, clear its fills, and rest or cancel what is left."""
        book = order.company.book
        order.price = self.price_of(order)
        if order.post_only and book.would_trade(order):
            self.end(order, REJECTED, Code.WOULD_TAKE)
        elif order.time_in_force is FOK and not _can_fill(order):
            self.end(order, CANCELLED, Code.NO_LIQUIDITY)
        else:
            if order.self_trade is ALLOW or not _may_meet_own(order):
                self.trade_at_once(order)
            else:
                self._trade_with_others(order)
            if order.tick_closed is None:
                self.rest_or_cancel(order)

    def rest_or_cancel(self, order: Order) -> None:
        """Rest what is left of an order, or end it."""
        if order.filled == order.quantity:
            self.end(order, FILLED, "")
        elif order.limit is not None and order.time_in_force in (GTC, DAY):
            order.status = PARTIAL if order.filled else OPEN
            order.price = self.price_of(order)
            order.company.book.add(order)
            if order.account.id != MARKET_MAKER and order.id not in order.account.orders:
                reserve(order, worst_cost(order, self.rules))
        else:
            release(order)
            self.end(order, CANCELLED, Code.NO_LIQUIDITY)

    def reprice(self, order: Order) -> None:
        """Rest an order that was taken out of its level where bands and collar let it now, or let
        it trade there; at another price it is the youngest.
        """
        order.price = self.price_of(order)
        if not order.company.book.would_trade(order):
            order.company.book.add(order)
            return
        self.log.touch_order(order)
        release(order)
        if order.post_only:
            self.end(order, CANCELLED, Code.WOULD_TAKE)
        elif order.intent is Intent.SHORT and self.is_restricted(order.company):
            self.end(order, CANCELLED, Code.INVALID_PRICE)
        else:
            self._execute(order)

    def price_of(self, order: Order) -> Cents:
        """Return the worst price at which an order may trade now: its limit, kept within the collar
        and the bands.
        """
        company, worst = order.company, self.collared(order)
        if not company.high_band:
            return worst
        if order.side is BUY:
            return min(worst, company.high_band)
        return max(worst, company.low_band)

    def collared(self, order: Order) -> Cents:
        """Return an order's limit, kept within the collar: no further from the price than the rules
        allow, nor than its account can bear.
        """
        company, account, limit = order.company, order.account, order.limit
        worst = self.collar(company, order.side)
        if account.is_agent and (account.cash < 0 or account.short_value):
            reach = self.reach(account, company)
            if order.side is BUY:
                worst = min(worst, company.price + reach)
            else:
                worst = max(worst, company.price - reach)
        if limit is None:
            return worst
        return min(worst, limit) if order.side is BUY else max(worst, limit)

    def reach(self, account: Account, company: Company) -> Cents:
        """Return how far from the price an account may trade that is on margin: as far as the
        collar, or in proportion to what equity is left of its positions. Whatever it closes at that
        distance leaves the proportion as it was, so trading alone cannot take its equity below
        zero.
        """
        exposure, equity = account.long_value + account.short_value, account.liquidation_value
        if equity * BPS_IN_ONE >= exposure * self.rules.collar_bps:
            return company.price
        return max(0, company.price * equity // exposure)

    def collar(self, company: Company, side: Side) -> Cents:
        """Return the worst price at which any order may trade."""
        if side is BUY:
            return at_collar(company.price, BUY, self.rules) // BPS_IN_ONE
        return max(1, ceil_div(at_collar(company.price, SELL, self.rules), BPS_IN_ONE))

    def _trade_with_others(self, order: Order) -> None:
        """Match an order, and where it meets one of its own account's, do as its mode says."""
        book, mode = order.company.book, order.self_trade
        while order.filled < order.quantity:
            own, ahead = _own_order_ahead(order)
            for fill in book.match(order, ahead):
                self._clear(fill, order)
            if own is None:
                return
            cut = min(own.unfilled, order.unfilled)
            keeps_newest = mode is SelfTrade.CANCEL_OLDEST or (
                mode is SelfTrade.DECREMENT and order.unfilled > cut
            )
            keeps_oldest = mode is SelfTrade.CANCEL_NEWEST or (
                mode is SelfTrade.DECREMENT and own.unfilled > cut
            )
            if not keeps_oldest:
                self.end_open(own, CANCELLED, Reason.SELF_TRADE)
            elif mode is SelfTrade.DECREMENT:
                self.log.touch_order(own)
                self.shrink(own, cut)
            if not keeps_newest:
                self.end(order, CANCELLED, Reason.SELF_TRADE)
                return
            if mode is SelfTrade.DECREMENT:
                order.quantity -= cut

    def shrink(self, order: Order, shares: Shares) -> None:
        """Take some of an open order's size away; it keeps its place."""
        if order.resting:
            order.company.book.shrink(order, shares)
        else:
            order.quantity -= shares
        release_part(order, shares)
        restate(order, self.rules)

    def _withdraw(self, order: Order) -> None:
        """Take an open order from where it rests or waits, and from its account."""
        company = order.company
        if order.resting:
            company.book.cancel(order)
        elif order.awaits_trigger:
            company.stops.remove(order)
        elif order in company.queue:
            company.queue.remove(order)
        else:
            self.triggered.remove(order)
        release(order)

    # Trades

    def _clear(self, fill: Fill[Order], taker: Order) -> None:
        """Settle one fill: both sides, the taker's fee, the tape."""
        maker, price, quantity = fill.maker, fill.price, fill.quantity
        company = taker.company
        if not maker.id:
            self.give_id(maker)
        if taker.side is BUY:
            buy, sell, aggressor = taker, maker, "BUY"
        else:
            buy, sell, aggressor = maker, taker, "SELL"
        log = self.log
        if maker.number not in log.orders:
            log.orders[maker.number] = maker
            log.filled_before[maker.number] = maker.filled - quantity
        settle(company, buy.account, sell.account, price, quantity)
        release_part(maker, quantity)
        fee = charge_fee(taker.account, price * quantity, self.accounts[TREASURY])
        if maker.account.id == MARKET_MAKER:  # what others trade among themselves moves nothing
            company.volume_absorbed += quantity
            company.net_flow += quantity if taker.side is BUY else -quantity
        if maker.filled == maker.quantity:
            self.end(maker, FILLED, "")
        else:
            maker.status = PARTIAL
        self.record(company, buy, sell, price, quantity, aggressor, fee)

    def record(
        self,
        company: Company,
        buy: Order,
        sell: Order,
        price: Cents,
        quantity: Shares,
        aggressor: str | None,
        fee: Cents,
    ) -> None:
        """Put a settled trade on the tape. An auction's has no aggressor."""
        buyer, seller, log = buy.account, sell.account, self.log
        self.trades_numbered += 1
        log.trades.append(
            new_tuple(
                Trade,
                (
                    self.trades_numbered,
                    uuid_of(self.trade_prefix, self.trades_numbered),
                    log.tick,
                    company.symbol,
                    price,
                    quantity,
                    buyer.id,
                    seller.id,
                    buy.id,
                    sell.id,
                    aggressor,
                    fee,
                ),
            )
        )
        company.record_trade(price, quantity)
        company.stops.note(price)
        log.touch_position(buyer, company)
        log.touch_position(seller, company)

    def moment_at(self, tick: Tick) -> Moment:
        """Place a tick in its day."""
        return moment_of(tick, self.rules.session, never_closes=self.switches.never_closes)


def _by_client_id(account: Account, client_id: str | None) -> Order | None:
    return next((o for o in account.orders.values() if o.client_id == client_id), None)


def _may_meet_own(order: Order) -> bool:
    """Say whether its account may have an order on the other side of the book. An account is long
    or short, so that one would close what this one opens, or open what this one closes.
    """
    account = order.account
    return order.company.symbol in (account.closing if order.opens else account.opening)


def _own_order_ahead(order: Order) -> tuple[Order | None, Shares]:
    """Return the first resting order of the same account that an order would meet before it is
    filled, and the shares it would take before that.
    """
    ahead = 0
    for maker in order.company.book.within_reach(order):
        if ahead >= order.unfilled:
            break
        if maker.account is order.account:
            return maker, ahead
        ahead += maker.unfilled
    return None, order.unfilled


def _can_fill(incoming: Order) -> bool:
    """Say whether an order would be filled whole, its self-trade mode kept."""
    wanted = incoming.unfilled
    mode, account = incoming.self_trade, incoming.account
    for maker in incoming.company.book.within_reach(incoming):
        if maker.account is account and mode is not ALLOW:
            if mode is not SelfTrade.CANCEL_OLDEST:
                return False
            continue
        wanted -= maker.unfilled
        if wanted <= 0:
            return True
    return False
