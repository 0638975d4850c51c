"""The trading day: 390 ticks open, 240 closed, and what becomes of orders sent in between."""

from __future__ import annotations

import pytest

from market.engine.rules import SessionRules, Switches
from market.engine.sessions import moment_of
from tests.cast import Player, Stage, cents, rules_with

DAY = Switches(never_closes=False, maker=False, walk=False)
WALKING_DAY = Switches(never_closes=False, maker=True, walk=True)
SELLER = Player("ann", holds={"APEX": 10_000})


def stage_at(tick: int, *cast: str | Player) -> Stage:
    """Return a stage whose next tick is this one."""
    stage = Stage(*cast, switches=DAY)
    stage.run_to(tick - 1)
    return stage


# The clock


@pytest.mark.parametrize(
    ("tick", "is_open"),
    [(1, True), (389, True), (390, False), (629, False), (630, True), (1019, True), (1020, False)],
)
def test_the_market_is_open_for_the_first_390_ticks_of_a_day_of_630(
    tick: int, is_open: bool
) -> None:
    assert moment_of(tick, SessionRules()).is_open is is_open


def test_a_session_closes_and_opens_once_a_day() -> None:
    moments = [moment_of(tick, SessionRules()) for tick in range(1, 1261)]
    assert [m.tick for m in moments if m.closes_now] == [390, 1020]
    assert [m.tick for m in moments if m.opens_now] == [630, 1260]
    assert [(m.trading_day, m.tick_in_day) for m in moments[628:631]] == [(0, 629), (1, 0), (1, 1)]


@pytest.mark.parametrize(
    ("tick", "until_close", "until_open"), [(1, 389, 0), (389, 1, 0), (629, 0, 1)]
)
def test_a_moment_counts_the_ticks_to_the_next_close_and_opening(
    tick: int, until_close: int, until_open: int
) -> None:
    moment = moment_of(tick, SessionRules())
    assert (moment.ticks_until_close, moment.ticks_until_open) == (until_close, until_open)


def test_a_market_that_never_closes_keeps_the_days_accounting() -> None:
    moments = [moment_of(tick, SessionRules(), never_closes=True) for tick in range(1, 631)]
    assert all(m.is_open for m in moments)
    assert [m.tick for m in moments if m.closes_now] == [390]


# Closed


def test_an_order_sent_while_closed_waits_and_reserves() -> None:
    stage = stage_at(390, SELLER, "bob")
    stage.tick("""
        ann SELL 100 @ 10.00 #a
        bob BUY 100 @ 10.00 #b
        bob BUY 10 MARKET #m
    """)
    assert stage.codes == ["OK"] * 3
    assert {stage.orders[ref].status for ref in "abm"} == {"pending"}
    assert stage.trades == []
    assert stage.resting() == []
    assert stage.account("ann").closing == {"APEX": 100}
    assert stage.account("bob").reserved == cents("1,000.00") + cents("105.00")


def test_nothing_trades_and_no_price_moves_while_closed() -> None:
    stage = Stage(SELLER, "bob", switches=WALKING_DAY)
    stage.run_to(389)
    stage.tick("bob BUY 100 @ 12.00")
    still, book = stage.company().price, stage.resting()
    while stage.world.tick < 629:
        stage.submit()
        assert stage.outcome.market.trades == []
        assert stage.company().price == still
        assert stage.resting() == book
    stage.submit()
    assert stage.trades


def test_what_rests_when_the_market_closes_still_rests_when_it_opens() -> None:
    stage = stage_at(389, "bob")
    stage.tick("bob BUY 100 @ 9.00 #b")
    stage.run_to(630)
    assert stage.resting() == ["bob BUY 100 @ 9.00"]
    assert stage.orders["b"].status == "open"


def test_a_waiting_order_may_be_cancelled_and_a_resting_one_too() -> None:
    stage = stage_at(389, SELLER, "bob")
    stage.tick("bob BUY 100 @ 9.00 #rests")
    stage.tick("""
        ann SELL 100 @ 10.00 #waits
        ann CANCEL #waits
        bob CANCEL #rests
    """)
    assert stage.codes == ["OK", "OK", "OK"]
    assert stage.account("ann").closing == {}
    assert stage.account("bob").reserved == 0
    stage.run_to(630)
    assert stage.resting() == []


def test_waiting_orders_are_refused_like_any_other() -> None:
    stage = stage_at(400, Player("ann", holds={"APEX": 10}), Player("bob", "100.00"))
    stage.tick("""
        bob BUY 10 @ 10.00
        bob BUY 1 @ 0.01
        ann SELL 10 @ 10.00
        ann SELL 1 @ 10.00
    """)
    assert stage.codes == ["OK", "INSUFFICIENT_FUNDS", "OK", "INSUFFICIENT_SHARES"]


# The opening


def test_waiting_orders_enter_at_the_opening_by_arrival() -> None:
    stage = stage_at(500, SELLER, "bob", "cid")
    stage.tick("cid BUY 60 @ 10.00 #c")
    stage.tick("bob BUY 60 @ 10.00 #b")
    stage.tick("ann SELL 100 MARKET #a")
    stage.run_to(629)
    assert stage.trades == []
    stage.submit()
    assert stage.trades == ["cid bought 60 from ann @ 10.00", "bob bought 40 from ann @ 10.00"]
    assert [stage.orders[ref].status for ref in "abc"] == ["filled", "partial", "filled"]


def test_waiting_orders_come_before_the_inputs_of_the_opening_tick() -> None:
    stage = stage_at(500, SELLER, "bob", "cid")
    stage.tick("bob BUY 100 @ 10.00")
    stage.run_to(629)
    stage.tick("""
        cid BUY 100 @ 10.00
        ann SELL 100 MARKET
    """)
    assert stage.trades == ["bob bought 100 from ann @ 10.00"]


def test_a_waiting_market_order_without_a_counterpart_is_cancelled_at_the_opening() -> None:
    stage = stage_at(500, "bob")
    stage.tick("bob BUY 100 MARKET #b")
    stage.run_to(630)
    order = stage.orders["b"]
    assert (order.status, order.reason_code, order.tick_closed) == (
        "cancelled",
        "NO_LIQUIDITY",
        630,
    )
    assert stage.account("bob").reserved == 0
    assert stage.outcome.told == [stage.ids["bob"]]


def test_a_waiting_market_orders_collar_is_that_of_the_opening_price() -> None:
    stage = stage_at(389, SELLER, "bob")
    stage.tick("ann SELL 10 @ 11.50")
    stage.tick("bob BUY 10 MARKET")
    stage.company().price = cents("11.00")
    stage.run_to(630)
    assert stage.trades == ["bob bought 10 from ann @ 11.50"]


def _dearer_by_the_opening(script: str) -> Stage:
    """Send orders in the night, after which the price is 10 % higher."""
    stage = stage_at(500, SELLER, Player("bob", "10,500.00"))
    stage.tick(script)
    assert set(stage.codes) == {"OK"}
    stage.company().price = cents("11.00")
    stage.run_to(630)
    return stage


def test_a_waiting_market_order_is_checked_anew_at_the_openings_price() -> None:
    stage = _dearer_by_the_opening("bob BUY 1000 MARKET #b")
    order = stage.orders["b"]
    assert (order.status, order.reason_code) == ("rejected", "INSUFFICIENT_FUNDS")
    assert stage.account("bob").reserved == 0


def test_of_two_waiting_market_orders_that_no_longer_fit_together_the_earlier_is_kept() -> None:
    stage = _dearer_by_the_opening("""
        bob BUY 600 MARKET #first
        bob BUY 400 MARKET #second
    """)
    reasons = [stage.orders[ref].reason_code for ref in ("first", "second")]
    assert reasons == ["NO_LIQUIDITY", "INSUFFICIENT_FUNDS"]


def test_a_waiting_limit_order_has_been_accepted_for_good() -> None:
    stage = _dearer_by_the_opening("bob BUY 1000 @ 10.50 #b")
    assert stage.orders["b"].status == "open"
    assert stage.account("bob").reserved == cents("10,500.00")


def test_the_day_starts_anew_at_the_opening() -> None:
    stage = Stage(SELLER, "bob", switches=WALKING_DAY)
    stage.tick("bob BUY 100 @ 11.00")
    stage.tick("ann SELL 100 @ 10.00")
    stage.run_to(629)
    company = stage.company()
    assert company.previous_close == cents("10.00")
    assert company.day_volume > 0
    price = company.price
    stage.submit()
    assert company.previous_close == price != company.day_open  # the night moved it
    assert company.day_volume == sum(trade.quantity for trade in stage.outcome.market.trades)


def test_the_day_is_measured_from_the_equity_before_the_open() -> None:
    stage = Stage(SELLER, switches=WALKING_DAY)
    assert stage.account("ann").close_equity == cents("1,100,000.00")
    stage.run_to(389)
    last = stage.account("ann").equity
    stage.run_to(629)
    assert stage.account("ann").close_equity == cents("1,100,000.00")
    stage.run_to(630)
    assert stage.account("ann").close_equity == last != stage.account("ann").equity


def test_a_shorter_day_is_a_rule_like_any_other() -> None:
    rules = rules_with(session=SessionRules(open_ticks=4, closed_ticks=3))
    stage = Stage("bob", switches=DAY, rules=rules)
    opened = [stage.submit().moment.is_open for _ in range(2, 12)]
    assert opened == [True, True, False, False, False, True, True, True, True, False]
