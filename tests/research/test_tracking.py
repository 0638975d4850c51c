"""What becomes of a signal, and what the record of a type says."""

from __future__ import annotations

from random import Random

import pytest

from news.research.events import SignalClosed
from news.research.signal_rules import SignalRules
from news.research.tracking import Position, Tally, follow, performance
from tests.research.views import View

RULES = SignalRules()


def position(action: str = "BUY", target: int = 10_500, stop: int = 9_500) -> Position:
    if action == "SELL":
        target, stop = stop, target
    return Position("id", "breakout", "NOVA", action, target, stop, 100, 50, expires=50)


def after(position: Position, view: View, tick: int = 2, fee: int = 0) -> Position:
    now = follow(position, view, tick, fee)
    assert isinstance(now, Position)
    return now


def end(position: Position, view: View, tick: int = 3, fee: int = 0) -> SignalClosed:
    now = follow(position, view, tick, fee)
    assert isinstance(now, SignalClosed)
    return now


@pytest.mark.parametrize(("action", "entry"), [("BUY", 10_010), ("SELL", 9_990)])
def test_it_enters_at_the_opposing_touch(action: str, entry: int) -> None:
    assert after(position(action), View()).entry == entry


@pytest.mark.parametrize("view", [View(is_trading=False), View(ask=None)], ids=["halt", "no ask"])
def test_its_entry_waits_for_a_touch(view: View) -> None:
    waiting = after(position(), view)
    assert waiting.entry is None
    assert after(waiting, View().at(10_100)).entry == 10_110


def test_what_never_enters_is_unfilled_when_it_expires_and_earns_nothing() -> None:
    halted = View(is_trading=False)
    assert after(position(), halted, tick=49).entry is None
    closed = end(position(), halted, tick=50)
    assert (closed.outcome, closed.entry, closed.exit, closed.return_bps) == (
        "UNFILLED",
        None,
        None,
        0,
    )


def test_a_target_is_left_at_the_next_touch_there_is() -> None:
    held = after(position(), View())
    leaving = after(held, View().at(10_500))
    assert leaving.leaving == "TARGET"
    waiting = after(leaving, View().at(10_700).halted(), tick=4)
    closed = end(waiting, View().at(10_300), tick=9)
    assert (closed.outcome, closed.exit, closed.tick) == ("TARGET", 10_290, 9)
    assert closed.return_bps == round(10_000 * 280 / 10_010)


@pytest.mark.parametrize("action", ["BUY", "SELL"])
def test_a_gap_over_the_stop_pays_the_touch(action: str) -> None:
    held = after(position(action), View())
    gapped = View().at(9_000 if action == "BUY" else 11_000)
    closed = end(after(held, gapped), gapped, tick=4)
    assert (closed.outcome, closed.exit) == ("STOP", 8_990 if action == "BUY" else 11_010)
    assert closed.return_bps < -900


@pytest.mark.parametrize("action", ["BUY", "SELL"])
def test_a_tick_that_touched_both_is_the_stop(action: str) -> None:
    held = after(position(action), View())
    view = View(tick_low=9_400, tick_high=10_600)
    assert after(held, view).leaving == "STOP"


def test_the_tick_of_its_entry_does_not_close_it() -> None:
    view = View(tick_low=9_000, tick_high=11_000)
    assert after(position(), view).leaving == ""


def test_a_price_seen_in_a_halt_closes_nothing() -> None:
    held = after(position(), View())
    assert after(held, View().at(9_000).halted()).leaving == ""


def test_it_expires_to_the_next_touch() -> None:
    held = after(position(), View())
    assert after(held, View(), tick=49).leaving == ""
    closed = end(after(held, View(), tick=50), View(), tick=51)
    assert (closed.outcome, closed.exit) == ("EXPIRED", 9_990)


def test_fees_are_charged_both_ways() -> None:
    held = after(position(), View())
    leaving = after(held, View(), tick=50)
    free, paid = (end(leaving, View(), tick=51, fee=fee) for fee in (0, 10))
    assert free.return_bps - paid.return_bps == 20


@pytest.mark.parametrize(("into", "of"), [(10, 1), (1, 10)])
def test_a_split_changes_prices_and_not_what_is_earned(into: int, of: int) -> None:
    held = after(position(), View())
    plain = end(after(held, View().at(10_600)), View().at(10_600), tick=4)
    view = View().at(10_600 * of // into, 10 * of // into)
    view.split = into, of
    restated = after(held, view)
    assert restated.leaving == "TARGET"
    view.split = None
    closed = end(restated, view, tick=4)
    assert closed.entry == 10_010 * of // into
    assert closed.return_bps == pytest.approx(plain.return_bps, abs=10)


def test_chance_is_the_stops_part_of_the_way_from_the_price_at_entry() -> None:
    assert after(position(target=10_900, stop=9_700), View()).chance_bps == 2_500
    assert after(position(), View().at(9_400)).chance_bps == 0


# Records


def closed(outcome: str, bps: int, chance: int = 5_000) -> SignalClosed:
    return SignalClosed(1, "id", "breakout", "NOVA", outcome, 100, 100, bps, chance)


def tally_of(*ends: SignalClosed) -> Tally:
    tally = Tally()
    for one in ends:
        tally = tally.with_exit(one)
    return tally


def record_of(tally: Tally):  # type: ignore[no-untyped-def]
    return next(r for r in performance({"breakout": tally}, RULES) if r.kind == "breakout")


def test_a_record_counts_hits_among_those_that_reached_either_price() -> None:
    tally = tally_of(
        closed("TARGET", 100), closed("STOP", -100), closed("STOP", -100, 2_000),
        closed("EXPIRED", 4), closed("UNFILLED", 0),
    )  # fmt: skip
    record = record_of(tally)
    assert (record.closed, record.unfilled) == (4, 1)
    assert record.hit_rate == pytest.approx(1 / 3, abs=1e-4)
    assert record.chance == pytest.approx((0.5 + 0.5 + 0.2) / 3, abs=1e-4)
    assert record.mean_return_bps == pytest.approx(-24)


def test_a_record_is_not_enough_below_the_published_count() -> None:
    ends = [closed("TARGET", 100), closed("STOP", -100)] * (RULES.least_record // 2)
    before, at = record_of(tally_of(*ends[1:])), record_of(tally_of(*ends))
    assert (before.evidence, before.interval_bps) == ("not enough", None)
    assert at.evidence == "enough"
    low, high = at.interval_bps
    assert low == -high and high == pytest.approx(1.96 * 100 / 200**0.5, abs=0.05)


def test_every_type_has_a_record_from_the_start() -> None:
    records = performance({}, RULES)
    assert [r.kind for r in records] == [type.kind for type in RULES.types]
    assert all(r.hit_rate is None and r.evidence == "not enough" for r in records)
    assert set(records[0].as_item()) >= {"type", "n", "hitRate", "chance", "meanReturnBps"}


def test_in_a_market_without_a_drift_hits_come_as_chance_gives_and_nothing_is_earned() -> None:
    random, tally = Random("no drift"), Tally()
    for _ in range(1_500):
        view = View().at(100_000, half=0)
        risked, sought = random.choice([(400, 800), (600, 600), (900, 450)])
        now: Position | SignalClosed = Position(
            "id",
            "breakout",
            "NOVA",
            "BUY",
            100_000 + sought,
            100_000 - risked,
            1,
            50,
            expires=100_000,
        )
        tick = 1
        while isinstance(now, Position):
            now = follow(now, view, tick, 0)
            view.at(view.price + random.choice((-50, 50)), half=0)
            tick += 1
        tally = tally.with_exit(now)
    record = record_of(tally)
    assert record.hit_rate == pytest.approx(record.chance, abs=0.035)
    low, high = record.interval_bps
    assert abs(record.mean_return_bps) < 1.5 * (high - low) / 2  # three standard errors
