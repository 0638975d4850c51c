"""Each checker is shown a series that it must speak of, and one beside it that it must not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from news.research.checkers import breakouts, gaps, levels, macro, moves, volume
from news.research.events import BUY, SELL
from tests.research.small_market import MARKET, OPEN, SEASONED, SmallMarket, article


def test_a_quiet_market_says_nothing_but_of_levels_and_the_day() -> None:
    market = SmallMarket()
    market.run_to(2, 0)
    assert {a.kind for a in market.alerts} <= {
        *levels.STAGES,
        levels.BOUNCE,
        levels.BREAK,
        "daily_recap",
    }


# Moves


@pytest.mark.parametrize(
    ("step", "kind", "side"), [(-0.004, "selloff", SELL), (0.004, "rally", BUY)]
)
def test_a_fast_move_on_volume_is_told(
    market: SmallMarket, step: float, kind: str, side: str
) -> None:
    market.walk("AAA", step, 12, volume=400)
    assert kind in market.kinds("AAA", since=SEASONED)
    assert market.alert(kind).side == side


def test_a_fast_move_on_little_volume_is_not(market: SmallMarket) -> None:
    market.walk("AAA", -0.004, 12, volume=50)
    assert not {moves.SELLOFF, moves.RALLY} & set(market.kinds("AAA"))


def test_a_move_that_is_usual_for_the_company_is_not() -> None:
    market = SmallMarket()
    for n in range(120):  # it goes up and down by that much all the time
        market.walk("AAA", 0.02 if n % 2 else -0.02, 1)
    since = market.ticks
    market.walk("AAA", -0.004, 12, volume=400)
    assert moves.SELLOFF not in market.kinds("AAA", since=since)


def test_a_company_that_is_not_known_yet_is_not_judged() -> None:
    market = SmallMarket()
    market.run(20)
    market.walk("AAA", -0.01, 12, volume=1_000)
    assert market.kinds("AAA") == []


# Volume


def test_unusual_volume_is_told_and_much_of_the_usual_is_not(market: SmallMarket) -> None:
    market.run(12, volumes={"AAA": 900, "BBB": 300})
    assert market.kinds("AAA", since=SEASONED) == [volume.KIND]
    assert market.kinds("BBB", since=SEASONED) == []
    assert market.alert(volume.KIND).side is None  # its price has not moved


# Breakouts


def test_a_range_that_is_left_on_volume_is_told_once_a_day() -> None:
    market = SmallMarket()
    market.run_to(1, 40)
    market.walk("AAA", 0.003, 12, volume=900)
    market.run(40, prices={"AAA": market.prices["AAA"]}, volumes={"AAA": 900})
    assert market.kinds("AAA").count(breakouts.BREAKOUT) == 1
    assert market.alert(breakouts.BREAKOUT).side == BUY


def test_a_range_that_is_left_on_little_volume_or_within_reach_is_not() -> None:
    market = SmallMarket()
    market.run_to(1, 40)
    market.walk("AAA", -0.003, 12, volume=20)
    top = max(bar.high for bar in market.view("BBB").days)
    market.run(20, prices={"BBB": round(top * 1.0005)}, volumes={"BBB": 900})
    found = {*market.kinds("AAA"), *market.kinds("BBB")}
    assert not {breakouts.BREAKOUT, breakouts.BREAKDOWN} & found


# Gaps


def test_a_gap_is_told_at_the_open_and_its_fill_when_it_is_filled() -> None:
    market = SmallMarket()
    market.run_to(1, 0)
    close = market.prices["AAA"]
    market.tick({"AAA": round(close * 1.03)})
    assert gaps.GAP in market.kinds("AAA")
    assert gaps.FILL not in market.kinds("AAA")
    market.tick({"AAA": round(close * 1.01)})
    assert gaps.FILL not in market.kinds("AAA")
    market.tick({"AAA": close - 1})
    assert gaps.FILL in market.kinds("AAA")
    market.tick({"AAA": close - 5})
    assert market.kinds("AAA").count(gaps.FILL) == 1


def test_a_usual_night_is_no_gap_and_nor_is_a_jump_by_day() -> None:
    market = SmallMarket()
    market.run_to(1, 0)
    market.tick({"AAA": round(market.prices["AAA"] * 1.005)})
    market.run(100)
    market.tick({"AAA": round(market.prices["AAA"] * 1.05)})
    assert gaps.GAP not in market.kinds("AAA")


# The Fed, the economy and the news


def test_a_meeting_ahead_its_outcome_and_a_regime_are_told() -> None:
    climate = replace(MARKET.climate, fed_days=1)
    market = SmallMarket(market=replace(MARKET, climate=climate))
    market.run_to(1, 100)  # it meets at tick 240
    since = market.ticks
    market.run(139)
    assert market.kinds(None, since=since) == [macro.AHEAD, macro.AHEAD]
    market.interest = 0.0525
    market.tick(events=[{"type": "FED_MEETING", "symbol": None}])
    decision = market.alert(macro.DECISION)
    assert (decision.side, "raises" in decision.title) == (SELL, True)
    market.regime = "bear"
    market.tick()
    assert market.alert(macro.REGIME).side == SELL


def test_a_day_without_a_meeting_says_nothing_of_one() -> None:
    market = SmallMarket()
    market.run_to(1, 0)
    market.run(OPEN)
    assert not {macro.AHEAD, macro.DECISION, macro.REGIME} & set(market.kinds(None))


def test_breaking_news_is_told_and_neither_other_news_nor_rumors(market: SmallMarket) -> None:
    market.tick(
        articles=[
            article("AAA", 0.5, is_breaking=True),
            article("BBB", 0.5),
            article("CCC", 0.5, is_rumor=True, is_breaking=True),
        ]
    )
    assert market.kinds("AAA", since=SEASONED) == ["news"]
    assert market.kinds("BBB", since=SEASONED) + market.kinds("CCC", since=SEASONED) == []


# Synthesis and the day


def test_three_kinds_of_alerts_that_agree_are_a_synthesis() -> None:
    market = SmallMarket()
    market.run_to(1, 40)
    market.walk("AAA", 0.004, 14, volume=1_500)
    market.run(3)
    kinds = market.kinds("AAA")
    assert {moves.RALLY, volume.KIND, breakouts.BREAKOUT} <= set(kinds)
    assert market.alert("synthesis").side == BUY


def test_two_kinds_or_three_that_disagree_are_none(market: SmallMarket) -> None:
    market.walk("AAA", 0.004, 14, volume=1_500)  # no range is known yet: no breakout
    assert {moves.RALLY, volume.KIND} <= set(market.kinds("AAA"))
    market.tick(articles=[article("AAA", -0.5, is_breaking=True)])
    assert "synthesis" not in market.kinds("AAA")


def test_the_recap_comes_once_at_the_close(market: SmallMarket) -> None:
    market.run_to(0, OPEN)
    assert "daily_recap" not in market.kinds(None)
    market.run(3)
    recap = market.alert("daily_recap")
    assert recap.tick == OPEN
    assert recap.fields[0][0] == "Best"
