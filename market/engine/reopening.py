"""How trading begins, or begins again: a call auction in one company.

Bands do not apply to it; the collar does, and so do the self-trade modes.
"""

from __future__ import annotations

from itertools import chain

from market.engine import auction, quoting
from market.engine.accounts import MARKET_MAKER
from market.engine.book import BookSide
from market.engine.clearing import release, release_part, reserve, settle, worst_cost
from market.engine.desk import Desk
from market.engine.orders import Company, Order
from market.engine.reasons import Reason
from market.engine.refusals import Code
from market.engine.values import BUY, SELL, Cents, OrderStatus, SelfTrade


def reopen(desk: Desk, company: Company) -> None:
    """Resume trading by an auction among what rests, what waits and the market maker's quotes.

    Everyone gets the one price; what a market order does not get there is cancelled.
    """
    queued, company.queue = company.queue, []
    quoting.withdraw_quotes(desk, company)
    entering = _still_fitting(desk, queued)
    entering += quoting.fresh_quotes(desk, company)
    entering += _take_limited(company)
    entering += _take_outside(company.book.bids, desk.collar(company, BUY))
    entering += _take_outside(company.book.asks, desk.collar(company, SELL))
    entering = _without_self_trades(desk, company, entering)
    _cross(desk, company, entering)
    company.is_trading = company.in_session = True
    desk.log.auctioned.append(company.symbol)
    company.reopens_tick, company.halt_reason = None, ""
    company.recent_prices.clear()
    company.set_bands(desk.rules.halts, desk.switches)
    entering += _take_outside(company.book.bids, company.high_band)
    entering += _take_outside(company.book.asks, company.low_band)
    for order in sorted(entering, key=lambda order: order.priority):
        if order.tick_closed is None:
            desk.rest_or_cancel(order)
    company.quotes = [o for o in entering if o.resting and o.account.id == MARKET_MAKER]


def _still_fitting(desk: Desk, queued: list[Order]) -> list[Order]:
    """Return the queued orders that go on. A limit order has been accepted for good, unless shorts
    have been restricted since; market orders are checked at today's price, the later ones not
    counting against the earlier.
    """
    for order in queued:
        desk.log.touch_order(order)
        if order.limit is None:
            release(order)
    fitting = []
    for order in queued:
        if order.limit is not None:
            if desk.is_short_restricted(order):
                release(order)
                desk.end(order, OrderStatus.CANCELLED, Code.INVALID_PRICE)
            else:
                fitting.append(order)
        elif refusal := desk.refusal_of(order):
            desk.reject(order, refusal)
        else:
            reserve(order, worst_cost(order, desk.rules))
            fitting.append(order)
    return fitting


def _take_limited(company: Company) -> list[Order]:
    """Take out the resting orders that bands or collar keep from their limits: the limits count
    again, as far as the collar lets them.
    """
    limited = []
    for side in (company.book.bids, company.book.asks):
        prices = {order.price for order in side.orders() if order.price != order.limit}
        for order in chain.from_iterable(map(side.drain, sorted(prices))):
            if order.price == order.limit:
                side.add(order)
            else:
                limited.append(order)
    return limited


def _take_outside(side: BookSide[Order], bound: Cents) -> list[Order]:
    """Take out the resting orders that lie beyond a bound: they share it by time with those that
    come in.
    """
    outside: list[Order] = []
    while bound and (best := side.best()) is not None and (best - bound) * side.sign < 0:
        outside += side.drain(best)
    return outside


def _without_self_trades(desk: Desk, company: Company, entering: list[Order]) -> list[Order]:
    """Do as the self-trade modes say where orders of one account would meet, as if the newer came
    to the older; return those of `entering` that go on.
    """
    by_account: dict[int, list[Order]] = {}
    for order in entering:
        order.price = desk.collared(order)
        if order.account.id != MARKET_MAKER:
            by_account.setdefault(order.account.id, []).append(order)
    for side in (company.book.bids, company.book.asks):
        for order in side.orders():
            if order.account.id in by_account:
                by_account[order.account.id].append(order)
    for orders in by_account.values():
        orders.sort(key=lambda order: order.priority)
        for place, newer in enumerate(orders):
            for older in orders[:place]:
                if newer.tick_closed is None and older.tick_closed is None:
                    _meet(desk, newer, older)
    return [order for order in entering if order.tick_closed is None]


def _meet(desk: Desk, newer: Order, older: Order) -> None:
    """Do as the newer order's mode says, if the two would trade with each other."""
    mode = newer.self_trade
    apart = (newer.price - older.price) * newer.side < 0
    if newer.side is older.side or apart or mode is SelfTrade.ALLOW:
        return
    cut = min(newer.unfilled, older.unfilled)
    for order, is_kept in (
        (newer, mode is SelfTrade.CANCEL_OLDEST),
        (older, mode is SelfTrade.CANCEL_NEWEST),
    ):
        desk.log.touch_order(order)
        if mode is SelfTrade.DECREMENT and order.unfilled > cut:
            desk.shrink(order, cut)
        elif not is_kept:
            if order.resting:
                order.company.book.cancel(order)
            release(order)
            desk.end(order, OrderStatus.CANCELLED, Reason.SELF_TRADE)


def _cross(desk: Desk, company: Company, entering: list[Order]) -> None:
    """Trade what crosses, resting or entering, at the auction's one price."""
    book = company.book
    for order in entering:
        order.price = desk.collared(order)
    buys = [*book.bids.orders(), *(order for order in entering if order.side is BUY)]
    sells = [*book.asks.orders(), *(order for order in entering if order.side is not BUY)]
    cross = auction.find_cross(buys, sells, company.price)
    if cross is not None:
        company.start_at(cross.price)
        if desk.moment.opens_now:
            company.day_open = company.day_high = company.day_low = cross.price
        for pair in list(auction.allot(buys, sells, cross)):
            _clear(desk, company, pair, cross.price)


def _clear(desk: Desk, company: Company, pair: auction.Pair, price: Cents) -> None:
    """Settle one pair's trade, which has neither an aggressor nor a fee."""
    for order in (pair.buy, pair.sell):
        desk.give_id(order)
        desk.log.touch_order(order)
        company.book.fill(order, price, pair.quantity)
        release_part(order, pair.quantity)
        if order.filled == order.quantity:
            desk.end(order, OrderStatus.FILLED, "")
        else:
            order.status = OrderStatus.PARTIAL
    settle(company, pair.buy.account, pair.sell.account, price, pair.quantity)
    desk.record(company, pair.buy, pair.sell, price, pair.quantity, None, 0)
