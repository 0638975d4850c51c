"""Candles of several intervals, each built from the ticks as they come."""

from collections.abc import Iterator, Sequence

from market.engine.companies import Company
from market.engine.outcome import Candle
from market.engine.values import Tick

OPEN, HIGH, LOW, CLOSE, VOLUME = range(5)


def add_tick(company: Company, tick: Tick, intervals: Sequence[Tick]) -> Iterator[Candle]:
    """Add the tick's prices and volume to every forming candle and yield those it finishes.

    A candle of interval n ends at a tick divisible by n; it opens at the price before its first
    tick.
    """
    high = max(company.tick_high, company.price)
    low = min(company.tick_low, company.price)
    for interval in intervals:
        forming = company.forming.get(interval)
        if forming is None:
            forming = company.forming[interval] = [company.previous_price, high, low, 0, 0]
        forming[HIGH] = max(forming[HIGH], high)
        forming[LOW] = min(forming[LOW], low)
        forming[CLOSE] = company.price
        forming[VOLUME] += company.tick_volume
        if tick % interval == 0:
            figures = company.forming.pop(interval)
            yield Candle(company.symbol, interval, tick, company.split_power, *figures)
