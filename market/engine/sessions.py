"""The trading day: 390 ticks open, 240 closed."""

from dataclasses import dataclass, replace

from market.engine.rules import SessionRules
from market.engine.values import Tick


@dataclass(frozen=True, slots=True)
class Moment:
    """Where a tick lies in the trading day."""

    tick: Tick
    tick_in_day: Tick
    trading_day: int
    is_open: bool
    opens_now: bool
    closes_now: bool
    ticks_until_close: Tick
    ticks_until_open: Tick


def moment_of(tick: Tick, rules: SessionRules, *, never_closes: bool = False) -> Moment:
    """Place `tick` in its day.

    A session that never closes keeps the day's accounting at the usual ticks.
    """
    day, in_day = divmod(tick, rules.day_ticks)
    is_open = never_closes or in_day < rules.open_ticks
    return Moment(
        tick=tick,
        tick_in_day=in_day,
        trading_day=day,
        is_open=is_open,
        opens_now=in_day == 0,
        closes_now=in_day == rules.open_ticks,
        ticks_until_close=max(0, rules.open_ticks - in_day),
        ticks_until_open=0 if is_open else rules.day_ticks - in_day,
    )


def stands_still(is_paused: bool, steps_left: int) -> bool:
    """Say whether the world runs no ticks until an operator resumes it or orders a step."""
    return is_paused and not steps_left


def closed_early(moment: Moment, rules: SessionRules) -> Moment:
    """Return an open moment as it is once the day has ended before its time; a closed one is so
    already.
    """
    until_open = rules.day_ticks - moment.tick_in_day
    return replace(moment, is_open=False, ticks_until_close=0, ticks_until_open=until_open)


def last_close_before(tick: Tick, rules: SessionRules) -> Tick:
    """Return the last tick before `tick`, or that tick itself, at which a day closed; negative
    before there was any.
    """
    return (tick - rules.open_ticks) // rules.day_ticks * rules.day_ticks + rules.open_ticks
