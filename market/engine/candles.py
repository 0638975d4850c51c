"""Candles of several intervals, each built from the ticks as they come."""

from collections.abc import Iterator, Sequence
from typing import TypeAlias

from market.engine.orders import Company
from market.engine.outcome import Candle
from market.engine.sessions import Moment
from market.engine.values import Tick

OPEN, HIGH, LOW, CLOSE, VOLUME = range(5)
INDEX = "^INDEX"  # in place of a symbol; no company's has such a sign

Forming: TypeAlias = dict[Tick, list[int]]  # interval → open, high, low, close, volume so far


def add_tick(
    company: Company, moment: Moment, intervals: Sequence[Tick], *, session_ends: bool
) -> Iterator[Candle]:
    """Add the tick's prices and volume to every forming candle, if the company traded in it, and
    yield the candles that are finished.

    Intervals are counted from the session's beginning and cut at its end. A candle opens where its
    first tick did: at the price before it, or where the night or an auction put it.
    """
    if company.in_session:
        figures = [
            company.tick_open,
            max(company.tick_high, company.price),
            min(company.tick_low, company.price),
            company.price,
            company.tick_volume,
        ]
        _grow(company.forming, figures, intervals)
    for interval, ended in _ended(company.forming, moment, intervals, session_ends):
        yield Candle(company.symbol, interval, moment.tick, company.split_power, *ended)


def add_index_tick(
    forming: Forming,
    tick: Sequence[int],
    moment: Moment,
    intervals: Sequence[Tick],
    *,
    in_session: bool,
    session_ends: bool,
) -> Iterator[Candle]:
    """Add the index in the tick (its open, high, low and close in hundredths of a point, and the
    shares that all companies traded) to every forming candle, if any company traded in it, and
    yield the candles that are finished.
    """
    if in_session:
        _grow(forming, tick, intervals)
    for interval, ended in _ended(forming, moment, intervals, session_ends):
        yield Candle(INDEX, interval, moment.tick, 0, *ended)


def _grow(forming: Forming, tick: Sequence[int], intervals: Sequence[Tick]) -> None:
    opened, high, low, close, volume = tick
    for interval in intervals:
        figures = forming.get(interval)
        if figures is None:
            figures = forming[interval] = [opened, high, low, 0, 0]
        figures[HIGH] = max(figures[HIGH], high)
        figures[LOW] = min(figures[LOW], low)
        figures[CLOSE] = close
        figures[VOLUME] += volume


def _ended(
    forming: Forming, moment: Moment, intervals: Sequence[Tick], session_ends: bool
) -> Iterator[tuple[Tick, list[int]]]:
    for interval in intervals:
        if session_ends or (moment.tick_in_day + 1) % interval == 0:
            figures = forming.pop(interval, None)
            if figures is not None:
                yield interval, figures
