"""Halts: bands, pauses, market-wide halts and the short-sale restriction (market-model, section 4).

While a company is halted nothing trades and orders wait; an auction resumes trading.
"""

from __future__ import annotations

from market.engine import quoting
from market.engine.book import BookSide
from market.engine.desk import Desk
from market.engine.exchange import Exchange
from market.engine.orders import Company, Order
from market.engine.outcome import Halt
from market.engine.sessions import closed_early
from market.engine.values import BPS_IN_ONE, BUY, SELL, Bps, Cents, Tick

BANDS, NEWS, MARKET, OPERATOR = "limit_band", "news_pending", "market_wide", "operator"
RESTRICTION = "short_sale_restriction"
ORDERED_BANDS, USUAL_BANDS = "operator_bands", "usual_bands"
UNTIL_RESUMED: Tick = 2**53  # further than any tick


def halt(exchange: Exchange, company: Company, *, until: Tick, reason: str, note: str = "") -> None:
    """Halt a company until the auction of tick `until`, or of the next day if the market is closed
    then; a halt that lasts longer stands.
    """
    until = auction_at(exchange, until)
    if company.reopens_tick is not None and company.reopens_tick >= until:
        return
    stop_trading(exchange, company)
    company.reopens_tick, company.halt_reason = until, reason
    company.is_limit_state = False
    exchange.log.halts.append(Halt(exchange.log.tick, company.symbol, reason, until, note))


def halt_all(exchange: Exchange, *, until: Tick, reason: str, note: str = "") -> None:
    """Halt every company; it is one halt on the tape."""
    until = auction_at(exchange, until)
    for company in exchange.companies.values():
        stop_trading(exchange, company)
        if company.reopens_tick is None or company.reopens_tick < until:
            company.reopens_tick, company.halt_reason = until, reason
            company.is_limit_state = False
    exchange.log.halts.append(Halt(exchange.log.tick, None, reason, until, note))


def stop_trading(desk: Desk, company: Company) -> None:
    """Stop trading in a company: its last bid is noted, and the market maker withdraws."""
    if company.is_trading:
        company.last_bid = company.book.bids.best()
        company.is_trading = False
        quoting.withdraw_quotes(desk, company)


def end_day(exchange: Exchange) -> None:
    """Close the market until tomorrow's opening auction: what is halted today reopens then at the
    earliest.
    """
    if exchange.is_day_over:
        return
    exchange.is_day_over = True
    for company in exchange.companies.values():
        stop_trading(exchange, company)
    tomorrow = auction_at(exchange, exchange.log.tick)
    for company in exchange.companies.values():
        if company.reopens_tick is not None:
            company.reopens_tick = max(company.reopens_tick, tomorrow)
    exchange.log.halts.append(Halt(exchange.log.tick, None, MARKET, tomorrow, "the day has ended"))


def auction_at(exchange: Exchange, tick: Tick) -> Tick:
    """Return the first tick, from this one on, at which an auction may be held."""
    if tick == UNTIL_RESUMED:
        return tick
    moment = exchange.moment_at(tick)
    if exchange.is_day_over and moment.trading_day == exchange.moment.trading_day:
        moment = closed_early(moment, exchange.rules.session)
    return tick + moment.ticks_until_open


def restrict_shorts(exchange: Exchange, company: Company, note: str = "") -> None:
    """Forbid shorts at or below the best bid for the rest of the day and the next."""
    through = exchange.moment.trading_day + exchange.rules.halts.restriction_days
    if company.restricted_through < through:
        company.restricted_through = through
        tick = exchange.log.tick
        exchange.log.halts.append(Halt(tick, company.symbol, RESTRICTION, None, note))


def override_bands(
    exchange: Exchange, company: Company | None, bps: Bps, *, until: Tick, note: str = ""
) -> None:
    """Set the bands of a company, or of all, so far from their centre from this tick's prices on,
    until those of tick `until`.
    """
    _set_bands(exchange, company, bps, until)
    symbol = company.symbol if company else None
    exchange.log.halts.append(Halt(exchange.log.tick, symbol, ORDERED_BANDS, until, note, bps))


def free_bands(exchange: Exchange, company: Company | None, note: str = "") -> None:
    """Return the bands of a company, or of all, to the rules'."""
    _set_bands(exchange, company, 0, None)
    symbol = company.symbol if company else None
    exchange.log.halts.append(Halt(exchange.log.tick, symbol, USUAL_BANDS, None, note))


def _set_bands(exchange: Exchange, company: Company | None, bps: Bps, until: Tick | None) -> None:
    for one in exchange.companies.values():
        if company is None or one is company:
            one.band_override_bps, one.bands_until = bps, until


def expire_bands(exchange: Exchange) -> None:
    """Free the bands whose time is up."""
    for company in exchange.companies.values():
        if company.bands_until is not None and company.bands_until <= exchange.log.tick:
            free_bands(exchange, company)


def judge(exchange: Exchange) -> None:
    """Halt or restrict the companies for which this tick's prices and books require it."""
    for company in exchange.companies.values():
        _judge_bands(exchange, company)
        _judge_fall(exchange, company)
    _judge_index(exchange)


def move_to_band(desk: Desk, company: Company) -> list[Order]:
    """Move resting orders that bands or collar have left outside to the nearer of the two, as they
    stood: a bid above it down, an ask below it up. Return those that the last tick's bands or
    collar held, and these hold less.

    All of them lie at the touch or beyond it, for that bound is the best price there is; the market
    maker's quotes must be out of the book.
    """
    highest, lowest = desk.collar(company, BUY), desk.collar(company, SELL)
    if company.high_band:
        highest, lowest = min(highest, company.high_band), max(lowest, company.low_band)
    for side, bound in ((company.book.bids, highest), (company.book.asks, lowest)):
        while (best := side.best()) is not None and (best - bound) * side.sign < 0:
            for order in side.drain(best):
                order.price = bound
                side.add(order)
    return [*_held(desk, company.book.bids), *_held(desk, company.book.asks)]


def _held(desk: Desk, side: BookSide[Order]) -> list[Order]:
    best = side.best()
    if best is None:
        return []
    return [order for order in side.at(best) if desk.price_of(order) != best]


def release_held(desk: Desk, company: Company, held: list[Order]) -> None:
    """Move orders that bands or collar held on towards their limits, where they may trade: the
    best limit first, then as they stood.
    """
    moved = [  # out of both sides before any of them trades
        *_take_out(company.book.bids, held),
        *_take_out(company.book.asks, held),
    ]
    for order in moved:
        desk.reprice(order)


def _take_out(side: BookSide[Order], held: list[Order]) -> list[Order]:
    """Take those of the orders that rest on a side out of it, the best limit first."""
    taken: list[Order] = []
    mine = {order.number: order for order in held if order.resting and order.side == -side.sign}
    for price in sorted({order.price for order in mine.values()}):
        for order in side.drain(price):
            if order.number in mine:
                taken.append(order)
            else:
                side.add(order)
    return sorted(taken, key=lambda order: (order.limit or 0) * side.sign)


def _judge_bands(exchange: Exchange, company: Company) -> None:
    """Pause a company whose touch has been pinned at a band for a whole tick."""
    if not company.is_trading:
        return
    book = company.book
    is_limit_state = _reaches(book.bids, company.high_band) or _reaches(book.asks, company.low_band)
    if is_limit_state and company.is_limit_state:
        until = exchange.moment.tick + exchange.rules.halts.pause_ticks
        halt(exchange, company, until=until, reason=BANDS)
    else:
        company.is_limit_state = is_limit_state


def _reaches(side: BookSide[Order], band: Cents) -> bool:
    best = side.best()
    return best is not None and (best - band) * side.sign <= 0


def _judge_fall(exchange: Exchange, company: Company) -> None:
    floor = BPS_IN_ONE - exchange.rules.halts.restriction_bps
    if company.price * BPS_IN_ONE <= company.previous_close * floor:
        today = exchange.moment.trading_day
        if company.restricted_through <= today:
            restrict_shorts(exchange, company)


def _judge_index(exchange: Exchange) -> None:
    """Halt the whole market when the index has fallen too far, or end the day."""
    rules, moment = exchange.rules.halts, exchange.moment
    index, before = exchange.index(), exchange.previous_close_index()

    def has_fallen(bps: int) -> bool:
        return index * BPS_IN_ONE <= before * (BPS_IN_ONE - bps)

    if has_fallen(rules.day_ends_bps):
        end_day(exchange)
        return
    passed = sum(has_fallen(level) for level in rules.market_levels_bps)
    if passed > exchange.market_halts_today and moment.tick_in_day <= rules.market_halts_until:
        exchange.market_halts_today = passed
        until = moment.tick + rules.market_halt_ticks
        halt_all(exchange, until=until, reason=MARKET)
