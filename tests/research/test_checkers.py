"""Each checker is shown a series that it must speak of, and one beside it that it must not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from news.research.checkers import breakouts, gaps, levels, macro, moves, social, squeeze, volume
from news.research.checkers.squeeze import score_of
from news.research.events import BUY, SELL
from news.research.rules import RESEARCH_RULES
from tests.research.small_market import MARKET, OPEN, SmallMarket, article

SEASONED = 150


@pytest.fixture
def market() -> SmallMarket:
    market = SmallMarket()
    market.run(SEASONED)
    return market


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


# Levels


def _with_a_level() -> tuple[SmallMarket, int]:
    """Return a market on its second day, far above the one level of AAA, and that level."""
    market = SmallMarket()
    market.run(OPEN, prices={"AAA": 10_000}, volumes={"AAA": 1_000})
    market.run_to(1, 0)
    level = market.view("AAA").levels[0]
    assert market.view("AAA").levels == [10_000]
    market.run(30, prices={"AAA": round(level * 1.02)})
    return market, level


def _visit(market: SmallMarket, *prices: float, level: int) -> list[str]:
    since = market.ticks
    for price in prices:
        market.run(3, prices={"AAA": round(level * price)})  # the checker looks every third tick
    return [kind for kind in market.kinds("AAA", since=since) if kind.startswith("level")]


def test_a_price_that_comes_to_a_level_and_turns_is_told_stage_by_stage() -> None:
    market, level = _with_a_level()
    told = _visit(market, 1.004, 1.002, 1.0005, 1.002, 1.008, level=level)
    assert told == [levels.NEAR, levels.APPROACHING, levels.AT, levels.BOUNCE]
    assert market.alert(levels.BOUNCE).side == BUY


def test_a_level_that_is_crossed_is_broken() -> None:
    market, level = _with_a_level()
    told = _visit(market, 1.0005, 0.999, 0.992, level=level)
    assert told == [levels.AT, levels.BREAK]
    assert market.alert(levels.BREAK).side == SELL


def test_a_price_that_stays_away_or_turns_early_has_no_outcome() -> None:
    market, level = _with_a_level()
    assert _visit(market, 1.006, 1.01, level=level) == []
    assert _visit(market, 1.004, 1.01, level=level) == [levels.NEAR]


# Squeezes


def _shorted(market: SmallMarket, thousandths: int) -> None:
    """Publish a short interest that has risen to this, at three closes."""
    for part in (0.5, 0.8, 1.0):
        market.tick(short_interest={"AAA": round(thousandths * part)})


def test_many_shorts_a_rising_price_and_volume_are_a_squeeze() -> None:
    market = SmallMarket()
    market.run_to(1, 20)
    _shorted(market, 80)
    market.walk("AAA", 0.004, 20, volume=900)
    assert squeeze.KIND in market.kinds("AAA")
    assert market.alert(squeeze.KIND).side == BUY
    assert market.view("AAA").squeeze >= RESEARCH_RULES.squeeze.alert


def test_the_same_move_without_shorts_and_shorts_without_a_move_are_none() -> None:
    market = SmallMarket()
    market.run_to(1, 20)
    _shorted(market, 80)
    market.walk("BBB", 0.004, 20, volume=900)
    assert market.view("BBB").squeeze == 0
    assert market.view("AAA").squeeze < RESEARCH_RULES.squeeze.alert
    assert squeeze.KIND not in market.kinds("AAA") + market.kinds("BBB")


def test_the_weights_of_a_score_add_up_to_a_hundred() -> None:
    rules = RESEARCH_RULES.squeeze
    weights = (
        *(rules.interest_weight, rules.rise_weight),
        *(rules.momentum_weight, rules.volume_weight),
    )
    assert sum(weights) == 100
    market = SmallMarket()
    market.run_to(1, 20)
    _shorted(market, 500)
    market.walk("AAA", 0.02, 20, volume=90_000)
    assert score_of(market.view("AAA"), rules).total == 100


# The talk


def _rumors(market: SmallMarket, count: int, sentiment: float = 0.8) -> None:
    market.tick(articles=[article("AAA", sentiment, is_rumor=True) for _ in range(count)])


def test_many_rumors_are_hot_and_other_articles_are_no_talk(market: SmallMarket) -> None:
    _rumors(market, 5)
    market.tick(articles=[article("BBB", 0.8) for _ in range(5)])
    market.run(10)
    assert social.HOT in market.kinds("AAA")
    assert market.kinds("BBB", since=SEASONED) == []


def test_rumors_that_come_fast_are_told_and_the_same_over_time_are_not(
    market: SmallMarket,
) -> None:
    _rumors(market, 3)
    market.run(10)
    assert social.VELOCITY in market.kinds("AAA")
    slow = SmallMarket()
    slow.run(SEASONED)
    for _ in range(3):
        _rumors(slow, 1)
        slow.run(39)
    assert social.VELOCITY not in slow.kinds("AAA")


def test_a_first_rumor_with_the_price_is_emerging(market: SmallMarket) -> None:
    _rumors(market, 1)
    market.walk("AAA", 0.002, 8)
    assert social.EMERGING in market.kinds("AAA")


def test_a_price_against_the_talk_is_contrarian_and_with_it_is_not(market: SmallMarket) -> None:
    _rumors(market, 2)
    market.walk("AAA", -0.006, 10)
    assert market.alert(social.CONTRARIAN).side == SELL
    other = SmallMarket()
    other.run(SEASONED)
    _rumors(other, 2)
    other.walk("AAA", 0.006, 10)
    assert social.CONTRARIAN not in other.kinds("AAA")


def test_praise_a_run_and_volume_are_a_pump_warning_that_names_nobody(
    market: SmallMarket,
) -> None:
    _rumors(market, 3)
    market.walk("AAA", 0.008, 12, volume=3_000)
    warning = market.alert(social.PUMP)
    assert warning.side == SELL
    assert "secret words" not in str(warning)


def test_a_run_on_volume_without_praise_is_none(market: SmallMarket) -> None:
    _rumors(market, 3, sentiment=-0.5)
    market.walk("AAA", 0.008, 12, volume=3_000)
    assert social.PUMP not in market.kinds("AAA")


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


# What is sent


def test_a_burst_sends_ten_alerts_the_biggest_first_and_counts_the_rest() -> None:
    rules = replace(RESEARCH_RULES, alerts=replace(RESEARCH_RULES.alerts, per_tick=2))
    market = SmallMarket(rules)
    market.run(SEASONED)
    news = [article(symbol, 0.9, is_breaking=True) for symbol in ("AAA", "BBB", "CCC")]
    folded = market.tick(articles=[*news, article("CCC", 0.1, is_breaking=True)])
    assert RESEARCH_RULES.alerts.per_tick == 10
    assert len(folded.admission.sent) == 2
    assert folded.admission.omitted == 1  # the same headline twice is one
    assert [alert.weight for alert in folded.admission.sent] == [pytest.approx(7.6)] * 2


def test_a_checker_that_fails_is_skipped_for_that_entry_and_the_others_speak(
    market: SmallMarket, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = [one for one in market.desk._checkers if one.name == "news"]
    others = tuple(one for one in market.desk._checkers if one.name != "news")

    def fail(desk: object) -> list[object]:
        raise ZeroDivisionError

    failing = broken[0]._replace(of_market=fail)  # type: ignore[arg-type]
    monkeypatch.setattr(market.desk, "_checkers", (failing, *others))
    market.run(12, volumes={"AAA": 900})
    assert volume.KIND in market.kinds("AAA", since=SEASONED)
    assert market.desk.health["news"].last_fault == market.ticks
    monkeypatch.setattr(market.desk, "_checkers", (*broken, *others))
    market.tick(articles=[article("AAA", 0.5, is_breaking=True)])
    assert "news" in market.kinds("AAA", since=SEASONED)


def test_what_a_desk_remembers_goes_on_as_if_it_had_not_been_put_away() -> None:
    import orjson

    whole, cut = SmallMarket(), SmallMarket()
    for market in (whole, cut):
        market.run_to(1, 40)
        _rumors(market, 3)
        market.walk("AAA", 0.004, 7, volume=1_500)
    plain = orjson.loads(orjson.dumps(cut.desk.dump()))
    cut.desk = SmallMarket().desk
    cut.desk.load(plain)
    for market in (whole, cut):
        market.walk("AAA", 0.004, 7, volume=1_500)
        market.run(400)
    assert cut.alerts == whole.alerts
    assert cut.desk.dump() == whole.desk.dump()


def test_a_split_is_no_selloff_and_the_past_is_restated(market: SmallMarket) -> None:
    before = market.view("AAA")
    sigma, usual = before.sigma, before.usual_volume
    for known in (market.prices, market.closes, market.highs, market.lows):
        known["AAA"] = round(known["AAA"] / 10)
    market.volumes["AAA"] *= 10
    split = {"type": "SPLIT", "symbol": "AAA", "into": 10, "of": 1}
    market.tick({"AAA": market.prices["AAA"]}, {"AAA": 1_000}, events=[split])
    assert market.view("AAA").split == (10, 1)
    assert market.view("AAA").usual_volume == pytest.approx(10 * usual, rel=0.05)
    market.run(12, volumes={"AAA": 1_000})
    assert market.view("AAA").split is None
    assert market.view("AAA").sigma == pytest.approx(sigma, rel=0.25)
    assert moves.SELLOFF not in market.kinds("AAA")
