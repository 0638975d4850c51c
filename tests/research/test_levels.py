"""Levels: an approach is told once and then its outcome, however long the price stays."""

from __future__ import annotations

from dataclasses import replace

from news.research.checkers import levels
from news.research.events import BUY, SELL
from news.research.rules import RESEARCH_RULES
from tests.research.small_market import OPEN, SmallMarket


def _with_a_level(repeat_ticks: int = 300) -> tuple[SmallMarket, int]:
    """Return a market on its second day, far above the one level of AAA, and that level."""
    alerts = replace(RESEARCH_RULES.alerts, repeat_ticks=repeat_ticks)
    market = SmallMarket(replace(RESEARCH_RULES, alerts=alerts))
    market.run(OPEN, prices={"AAA": 10_000}, volumes={"AAA": 1_000})
    market.run_to(1, 0)
    level = market.view("AAA").levels[0]
    assert market.view("AAA").levels == [10_000]
    market.run(30, prices={"AAA": round(level * 1.02)})
    return market, level


def _visit(market: SmallMarket, *prices: float, level: int) -> list[str]:
    """Return what is told of AAA while its price stands at these parts of a level."""
    since = market.ticks
    for price in prices:
        market.run(3, prices={"AAA": round(level * price)})  # the checker looks every third tick
    return [kind for kind in market.kinds("AAA", since=since) if kind.startswith("level")]


def test_an_approach_is_told_once_and_then_that_it_turned() -> None:
    market, level = _with_a_level()
    told = _visit(market, 1.004, 1.0028, 1.0005, 1.002, 1.0005, 1.008, 1.03, level=level)
    assert told == [levels.APPROACHING, levels.BOUNCE]
    assert market.alert(levels.BOUNCE).side == BUY


def test_a_level_that_is_crossed_is_broken() -> None:
    market, level = _with_a_level()
    told = _visit(market, 1.0005, 0.999, 0.992, 0.97, level=level)
    assert told == [levels.AT, levels.BREAK]
    assert market.alert(levels.BREAK).side == SELL


def test_a_price_that_stays_away_or_turns_early_has_no_outcome() -> None:
    market, level = _with_a_level()
    assert _visit(market, 1.006, 1.01, level=level) == []
    assert _visit(market, 1.002, 1.03, level=level) == [levels.APPROACHING]


def test_a_price_about_a_level_is_told_once_until_it_has_left() -> None:
    """Swings about a level that are smaller than a usual half day are one approach, though nothing
    is kept back as a repetition here.
    """
    market, level = _with_a_level(repeat_ticks=1)
    swings = [1.001, 1.006, 0.999, 0.994, 1.002, 1.007] * 8
    assert _visit(market, *swings, level=level) == [levels.AT]
    told = _visit(market, 1.04, 1.04, 1.001, level=level)
    assert told == [levels.BOUNCE, levels.AT]  # it left, and came again


def test_a_price_that_was_there_when_the_day_began_has_not_come() -> None:
    market = SmallMarket()
    market.run(OPEN, prices={"AAA": 10_000}, volumes={"AAA": 1_000})
    market.run_to(1, 0)
    assert _visit(market, 1.001, 1.0, 0.999, 1.03, level=10_000) == []


def test_how_near_is_told_is_relative_to_how_much_the_company_moves() -> None:
    """A price 0.4 % away is within a usual move of a company that moves much, not of another."""
    told = {}
    for name, step in (("wild", 0.003), ("calm", 0.0002)):
        market, level = _with_a_level()
        view = market.view("AAA")
        view.variance = step**2
        told[name] = _visit(market, 1.004, level=level)
    assert told == {"wild": [levels.NEAR], "calm": []}
