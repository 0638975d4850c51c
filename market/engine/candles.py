"""Candles of several intervals, each built from the ticks as they come."""

from collections.abc import Iterator, Sequence

from market.engine.orders import Company
from market.engine.outcome import Candle
from market.engine.sessions import Moment
from market.engine.values import Tick

OPEN, HIGH, LOW, CLOSE, VOLUME = range(5)


def add_tick(
    company: Company, moment: Moment, intervals: Sequence[Tick], *, session_ends: bool
) -> Iterator[Candle]:
    """Add the tick's prices and volume to every forming candle, if the company traded in it, and
    yield the candles that are finished.

    Intervals are counted from the session's beginning and cut at its end. A candle opens where its
    first tick did: at the price before it, or where the night or an auction put it.
    """
    if company.in_session:
        high = max(company.tick_high, company.price)
        low = min(company.tick_low, company.price)
        for interval in intervals:
            forming = company.forming.get(interval)
            if forming is None:
                forming = company.forming[interval] = [company.tick_open, high, low, 0, 0]
            forming[HIGH] = max(forming[HIGH], high)
            forming[LOW] = min(forming[LOW], low)
            forming[CLOSE] = company.price
            forming[VOLUME] += company.tick_volume
    for interval in intervals:
        if session_ends or (moment.tick_in_day + 1) % interval == 0:
            figures = company.forming.pop(interval, None)
            if figures is not None:
                yield Candle(company.symbol, interval, moment.tick, company.split_power, *figures)
