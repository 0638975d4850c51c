"""When a signal is published, what it promises and what its score counts."""

from __future__ import annotations

import json
from typing import Any

import pytest

from news.research.events import Signal, SignalClosed
from news.research.signal_rules import SignalRules
from news.research.signals import SignalDesk
from tests.research.views import View, alert

RULES = SignalRules()
SQUEEZE = 55


def desk() -> SignalDesk:
    return SignalDesk(RULES, fee_bps=1, squeeze_from=SQUEEZE)


def only_signal(found: tuple[Signal | SignalClosed, ...]) -> Signal:
    (signal,) = found
    assert isinstance(signal, Signal)
    return signal


def first_signal(view: View, *alerts: Any) -> Signal:
    return only_signal(desk().fold(1, {view.symbol: view}, alerts or (alert(),)))


def test_a_buy_enters_at_the_ask_with_its_target_above_and_its_stop_below() -> None:
    view = View()
    signal = first_signal(view)
    assert (signal.action, signal.entry) == ("BUY", view.ask)
    assert signal.stop < signal.entry < signal.target
    type = RULES.type_of("breakout")
    assert type is not None
    assert signal.risk_reward == pytest.approx(type.target_sigmas / type.stop_sigmas, abs=0.02)


def test_a_sale_enters_at_the_bid_with_its_target_below_and_its_stop_above() -> None:
    view = View()
    signal = first_signal(view, alert("breakdown", "SELL"))
    assert (signal.action, signal.entry) == ("SELL", view.bid)
    assert signal.target < signal.entry < signal.stop


def test_a_position_loses_the_risked_part_of_the_stated_account_at_its_stop() -> None:
    signal = first_signal(View())
    risked = signal.account * RULES.risk_bps // 10_000
    assert (
        risked - abs(signal.entry - signal.stop)
        < signal.size * abs(signal.entry - signal.stop)
        <= risked
    )


def test_a_position_costs_no_more_than_the_account() -> None:
    signal = first_signal(View(sigma=0.000_01, bid=9_999, ask=10_001))
    assert signal.size * signal.entry <= signal.account < (signal.size + 1) * signal.entry


def test_stops_lie_farther_away_where_prices_move_more() -> None:
    calm, wild = (first_signal(View(sigma=sigma)) for sigma in (0.001, 0.004))
    assert calm.stop - wild.stop == pytest.approx(3 * (calm.entry - calm.stop), abs=3)


def test_stops_lie_outside_a_wide_spread() -> None:
    signal = first_signal(View(sigma=0.000_1, bid=9_900, ask=10_100))
    assert signal.entry - signal.stop >= RULES.least_spreads * 200


@pytest.mark.parametrize(
    "view",
    [View(is_trading=False), View(bid=None), View(ask=None), View(price=3, bid=2, ask=4)],
    ids=["halted", "no bid", "no ask", "no room for a stop"],
)
def test_without_a_price_to_trade_at_there_is_no_signal(view: View) -> None:
    assert desk().fold(1, {"NOVA": view}, (alert(),)) == ()


@pytest.mark.parametrize(
    "one", [alert(side=None), alert(symbol=None), alert("fed"), alert(symbol="GONE")]
)
def test_an_alert_that_leans_nowhere_or_concerns_no_company_gives_no_signal(one: Any) -> None:
    assert desk().fold(1, {"NOVA": View()}, (one,)) == ()


def test_other_alerts_on_the_same_side_add_to_the_score_and_are_named() -> None:
    alone = first_signal(View())
    desk_ = desk()
    view = View()
    assert desk_.fold(1, {"NOVA": view}, (alert("daily", "BUY"),)) == ()
    together = only_signal(desk_.fold(2, {"NOVA": view}, (alert(tick=2),)))
    assert together.confidence == alone.confidence + RULES.agreeing
    assert "NOVA: daily" in together.factors


def test_alerts_on_the_other_side_take_from_the_score_and_are_warnings() -> None:
    alone = first_signal(View())
    desk_ = desk()
    desk_.fold(1, {"NOVA": View()}, (alert("daily", "SELL"),))
    against = only_signal(desk_.fold(2, {"NOVA": View()}, (alert(tick=2),)))
    assert against.confidence == alone.confidence - RULES.opposing
    assert against.warnings == ("NOVA: daily",)


def test_evidence_is_forgotten() -> None:
    desk_ = desk()
    desk_.fold(1, {"NOVA": View()}, (alert("daily", "BUY"),))
    late = 1 + RULES.evidence_ticks
    signal = only_signal(desk_.fold(late, {"NOVA": View()}, (alert(tick=late),)))
    assert signal.confidence == first_signal(View()).confidence
    assert list(desk_.evidence) == ["NOVA"] and len(desk_.evidence["NOVA"]) == 1


def test_volume_and_the_sector_count() -> None:
    plain = first_signal(View()).confidence
    busy = first_signal(View(volume_multiple=RULES.busy_volume)).confidence
    risen, fallen = (first_signal(View(day_change=x)).confidence for x in (0.01, -0.01))
    assert busy - plain == RULES.volume_points
    assert risen - plain == plain - fallen == RULES.sector_points


def test_a_squeeze_score_gives_a_signal_from_the_published_score_on() -> None:
    below, at = (View(squeeze=SQUEEZE - n) for n in (1, 0))
    assert desk().fold(1, {"NOVA": below}, ()) == ()
    signal = only_signal(desk().fold(1, {"NOVA": at}, ()))
    assert (signal.kind, signal.action) == ("squeeze", "BUY")


@pytest.mark.parametrize(
    ("score", "tier"),
    [(100, "MASTER"), (75, "MASTER"), (74, "HIGH"), (60, "HIGH"), (59, "MEDIUM"), (45, "MEDIUM"),
     (44, "LOW"), (0, "LOW")],
)  # fmt: skip
def test_tiers_are_of_the_score(score: int, tier: str) -> None:
    assert RULES.tier_of(score) == tier


def test_a_type_is_published_once_for_a_company_while_it_stands() -> None:
    desk_, view = desk(), View()
    assert len(desk_.fold(1, {"NOVA": view}, (alert(),))) == 1
    for tick in (2, 100, 500):
        assert desk_.fold(tick, {"NOVA": view}, (alert(tick=tick),)) == ()
    assert len(desk_.fold(501, {"NOVA": view}, (alert("level_break", tick=501),))) == 1


def test_after_it_closed_a_type_waits_for_its_pause() -> None:
    desk_, view = desk(), View()
    signal = only_signal(desk_.fold(1, {"NOVA": view}, (alert(),)))
    desk_.fold(2, {"NOVA": view}, ())
    desk_.fold(3, {"NOVA": view.at(signal.target)}, ())
    (closed,) = desk_.fold(4, {"NOVA": view}, (alert(tick=4),))
    assert isinstance(closed, SignalClosed)
    assert desk_.fold(RULES.pause_ticks, {"NOVA": view}, (alert(),)) == ()
    assert len(desk_.fold(1 + RULES.pause_ticks, {"NOVA": view}, (alert(),))) == 1


def test_a_burst_publishes_the_highest_scores_and_no_more_than_allowed() -> None:
    symbols = [f"C{n}" for n in range(3 * RULES.most_a_tick)]
    views = {s: View(symbol=s, sector=s) for s in symbols}
    views["C7"].volume_multiple = 9.0
    found = desk().fold(1, views, [alert(symbol=s) for s in symbols])
    assert len(found) == RULES.most_a_tick
    assert only_signal(found[:1]).symbol == "C7"


def test_a_state_taken_over_goes_on_as_the_one_it_was_taken_from() -> None:
    one, view = desk(), View()
    script = [(alert(),), (), (alert("level_break", "SELL"),), (), (), (alert("rally"),), ()]
    prices = [10_000, 10_400, 10_900, 9_000, 9_100, 9_100, 9_100]
    for tick in range(1, 4):
        one.fold(tick, {"NOVA": view.at(prices[tick - 1])}, script[tick - 1])
    other = desk()
    other.load(json.loads(json.dumps(one.dump())))
    for tick in range(4, 8):
        view.at(prices[tick - 1])
        said = [d.fold(tick, {"NOVA": view}, script[tick - 1]) for d in (one, other)]
        assert said[0] == said[1]
    assert one.dump() == other.dump()
    assert one.tallies


def test_a_short_sale_restriction_and_a_near_close_are_warned_of() -> None:
    view = View(short_restricted=True)
    (signal,) = desk().fold(1, {"NOVA": view}, (alert("breakdown", "SELL"),), 10)
    assert isinstance(signal, Signal)
    assert len(signal.warnings) == 2
