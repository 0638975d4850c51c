"""The checkers of what is said and of who may be squeezed: each is shown what it must speak of, and
something beside it that it must not.
"""

from __future__ import annotations

from news.research.checkers import social, squeeze
from news.research.checkers.squeeze import score_of
from news.research.events import BUY, SELL
from news.research.rules import RESEARCH_RULES
from tests.research.small_market import SEASONED, SmallMarket, article, rumors

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


def test_many_rumors_are_hot_and_other_articles_are_no_talk(market: SmallMarket) -> None:
    rumors(market, 5)
    market.tick(articles=[article("BBB", 0.8) for _ in range(5)])
    market.run(10)
    assert social.HOT in market.kinds("AAA")
    assert market.kinds("BBB", since=SEASONED) == []


def test_rumors_that_come_fast_are_told_and_the_same_over_time_are_not(
    market: SmallMarket,
) -> None:
    rumors(market, 3)
    market.run(10)
    assert social.VELOCITY in market.kinds("AAA")
    slow = SmallMarket()
    slow.run(SEASONED)
    for _ in range(3):
        rumors(slow, 1)
        slow.run(39)
    assert social.VELOCITY not in slow.kinds("AAA")


def test_a_first_rumor_with_the_price_is_emerging(market: SmallMarket) -> None:
    rumors(market, 1)
    market.walk("AAA", 0.002, 8)
    assert social.EMERGING in market.kinds("AAA")


def test_a_price_against_the_talk_is_contrarian_and_with_it_is_not(market: SmallMarket) -> None:
    rumors(market, 2)
    market.walk("AAA", -0.006, 10)
    assert market.alert(social.CONTRARIAN).side == SELL
    other = SmallMarket()
    other.run(SEASONED)
    rumors(other, 2)
    other.walk("AAA", 0.006, 10)
    assert social.CONTRARIAN not in other.kinds("AAA")


def test_praise_a_run_and_volume_are_a_pump_warning_that_names_nobody(
    market: SmallMarket,
) -> None:
    rumors(market, 3)
    market.walk("AAA", 0.008, 12, volume=3_000)
    warning = market.alert(social.PUMP)
    assert warning.side == SELL
    assert "secret words" not in str(warning)


def test_a_run_on_volume_without_praise_is_none(market: SmallMarket) -> None:
    rumors(market, 3, sentiment=-0.5)
    market.walk("AAA", 0.008, 12, volume=3_000)
    assert social.PUMP not in market.kinds("AAA")
