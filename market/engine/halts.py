"""Halts: bands, pauses, market-wide halts and the short-sale restriction (market-model, section 4).

While a company is halted nothing trades and orders wait; an auction resumes trading.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from market.engine.book import BookSide
from market.engine.companies import Company
from market.engine.outcome import Halt
from market.engine.sessions import closed_early
from market.engine.values import BPS_IN_ONE, Bps, Cents, Tick

if TYPE_CHECKING:
    from market.engine.desk import Desk
    from market.engine.exchange import Exchange
    from market.engine.orders import Order

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
    company.is_trading = False
    company.reopens_tick, company.halt_reason = until, reason
    company.is_pinned = False
    exchange.log.halts.append(Halt(exchange.log.tick, company.symbol, reason, until, note))


def halt_all(exchange: Exchange, *, until: Tick, reason: str, note: str = "") -> None:
    """Halt every company; it is one halt on the tape."""
    until = auction_at(exchange, until)
    for company in exchange.companies.values():
        company.is_trading = False
        if company.reopens_tick is None or company.reopens_tick < until:
            company.reopens_tick, company.halt_reason = until, reason
            company.is_pinned = False
    exchange.log.halts.append(Halt(exchange.log.tick, None, reason, until, note))


def end_day(exchange: Exchange) -> None:
    """Say that trading goes on tomorrow, in what is halted today at the earliest."""
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


def order_bands(
    exchange: Exchange, company: Company | None, bps: Bps, *, until: Tick, note: str = ""
) -> None:
    """Set the bands of a company, or of all, so far from their centre from this tick's prices on,
    until those of tick `until`.
    """
    _set_bands(exchange, company, bps, until)
    symbol = company.symbol if company else None
    exchange.log.halts.append(Halt(exchange.log.tick, symbol, ORDERED_BANDS, until, note, bps))


def free_bands(exchange: Exchange, company: Company | None, note: str = "") -> None:
    """Let the bands of a company, or of all, be the rules' again."""
    _set_bands(exchange, company, 0, None)
    symbol = company.symbol if company else None
    exchange.log.halts.append(Halt(exchange.log.tick, symbol, USUAL_BANDS, None, note))


def _set_bands(exchange: Exchange, company: Company | None, bps: Bps, until: Tick | None) -> None:
    for one in exchange.companies.values():
        if company is None or one is company:
            one.ordered_band_bps, one.bands_until = bps, until


def expire_bands(exchange: Exchange) -> None:
    """Free the bands whose time is up."""
    for company in exchange.companies.values():
        if company.bands_until is not None and company.bands_until <= exchange.log.tick:
            free_bands(exchange, company)


def judge(exchange: Exchange) -> None:
    """Look at the tick's prices and books, and halt or restrict what the rules say."""
    for company in exchange.companies.values():
        _judge_bands(exchange, company)
        _judge_fall(exchange, company)
    _judge_index(exchange)


def follow_bands(desk: Desk, company: Company) -> None:
    """Move the resting orders that lie outside the bands to the band, and those that lay at the
    last tick's as far towards their limits as they may now, where they may trade: the best limit
    first, then as they stood.
    """
    for order in [
        *_take_misplaced(desk, company.book.bids),
        *_take_misplaced(desk, company.book.asks),  # before a bid can meet one outside the bands
    ]:
        desk.settle_anew(order)


def _take_misplaced(desk: Desk, side: BookSide) -> list[Order]:
    """Take the orders out of a side that should rest elsewhere on it, best limit first."""
    taken: list[Order] = []
    while (best := side.best()) is not None and _is_misplaced(desk, side, best):
        for order in side.drain(best):
            if desk.price_of(order) == best:
                side.add(order)
            else:
                taken.append(order)
    return sorted(taken, key=lambda order: (order.limit or 0) * side.sign)


def _is_misplaced(desk: Desk, side: BookSide, price: Cents) -> bool:
    """Say whether an order at a level should rest elsewhere. Only at the touch there may be one: a
    band is the best price there is.
    """
    return any(desk.price_of(order) != price for order in side.at(price))


def _judge_bands(exchange: Exchange, company: Company) -> None:
    """Pause a company whose touch has been pinned at a band for a whole tick."""
    if not company.is_trading:
        return
    book = company.book
    is_pinned = _reaches(book.bids, company.high_band) or _reaches(book.asks, company.low_band)
    if is_pinned and company.is_pinned:
        until = exchange.moment.tick + exchange.rules.halts.pause_ticks
        halt(exchange, company, until=until, reason=BANDS)
    else:
        company.is_pinned = is_pinned


def _reaches(side: BookSide, band: Cents) -> bool:
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
        exchange.end_day()
        return
    passed = sum(has_fallen(level) for level in rules.market_levels_bps)
    if passed > exchange.market_halts_today and moment.tick_in_day <= rules.market_halts_until:
        exchange.market_halts_today = passed
        until = moment.tick + rules.market_halt_ticks
        halt_all(exchange, until=until, reason=MARKET)
