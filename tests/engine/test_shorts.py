"""Shorts: borrowed from a pool, never beside a long position, dear when many are borrowed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from market.engine.rules import LendingRules, SessionRules, Switches
from market.engine.short_sales import borrow_fee_bps
from tests.cast import Player, Stage, cents, listing, rules_with
from wallstreetsim.machine import public_tape
from wallstreetsim.machine.rules import RULES

BUYER = Player("ann", "100,000,000.00")
DAY = Switches(never_closes=False, maker=False, walk=False)


def test_a_short_sells_borrowed_shares_and_a_cover_buys_them_back() -> None:
    stage = Stage(BUYER, "bob")
    stage.tick("ann BUY 100 @ 10.00\nbob SHORT 100 @ 10.00 #s")
    assert stage.trades == ["ann bought 100 from bob @ 10.00"]
    bob = stage.account("bob")
    assert (stage.holding("bob"), bob.short_value) == (-100, cents("1,000.00"))
    assert bob.cash == cents("1,001,000.00") - 10
    stage.tick("ann SELL 100 @ 9.60\nbob COVER 100 MARKET")
    assert (stage.holding("bob"), bob.short_value) == (0, 0)
    assert bob.realised == cents("40.00")


def test_a_cover_closes_at_most_what_is_short_and_not_already_being_covered() -> None:
    stage = Stage(BUYER, "bob")
    stage.tick("""
        bob COVER 1 @ 9.00
        ann BUY 100 @ 10.00
        bob SHORT 100 @ 10.00
        bob COVER 101 @ 9.00
        bob COVER 60 @ 9.00
        bob COVER 41 MARKET
        bob COVER 40 @ 9.00
    """)
    few = "INSUFFICIENT_SHARES"
    assert stage.codes == [few, "OK", "OK", few, "OK", few, "OK"]
    assert stage.account("bob").closing == {"APEX": 100}


def test_a_sale_never_opens_a_short() -> None:
    stage = Stage(BUYER, Player("bob", holds={"APEX": 10}))
    stage.tick("""
        ann BUY 100 @ 10.00
        bob SELL 11 @ 10.00
        bob SELL 10 @ 10.00
        bob SELL 1 @ 10.00
    """)
    few = "INSUFFICIENT_SHARES"
    assert stage.codes == ["OK", few, "OK", few]
    assert stage.holding("bob") == 0


@pytest.mark.parametrize(
    ("before", "then"),
    [
        ("bob BUY 10 @ 10.00", "bob SHORT 1 @ 11.00"),  # long
        ("bob BUY 10 @ 9.00", "bob SHORT 1 @ 11.00"),  # may come to be
        ("bob BUY 10 STOP 10.50", "bob SHORT 1 @ 11.00"),
        ("bob SHORT 10 @ 10.00", "bob BUY 1 @ 9.00"),  # short
        ("bob SHORT 10 @ 10.90", "bob BUY 1 @ 9.00"),
        ("bob SHORT 10 STOP 9.50", "bob BUY 1 STOP 10.50"),
    ],
)
def test_nobody_is_or_may_come_to_be_both_long_and_short(before: str, then: str) -> None:
    stage = Stage(replace(BUYER, holds={"APEX": 10}), "bob")
    counterpart = "ann SELL 10 @ 10.00" if " BUY" in before else "ann BUY 10 @ 10.00"
    stage.tick(f"{counterpart}\n{before}")
    stage.tick(then)
    assert stage.codes == ["POSITION_CONFLICT"]


def test_when_the_one_direction_is_given_up_the_other_is_free() -> None:
    stage = Stage(BUYER, "bob")
    stage.tick("bob BUY 10 @ 9.00 #b\nbob CANCEL #b\nbob SHORT 10 @ 11.00 #s")
    assert stage.codes == ["OK"] * 3
    stage.tick("bob CANCEL #s\nbob BUY 10 @ 9.00")
    assert stage.codes == ["OK"] * 2


def test_a_closing_order_is_no_conflict() -> None:
    stage = Stage(BUYER, "bob")
    stage.tick("ann BUY 10 @ 10.00\nbob SHORT 10 @ 10.00\nbob COVER 10 @ 9.00\nbob SHORT 5 @ 11.00")
    assert stage.codes == ["OK"] * 4


# What an open short may cost


@pytest.mark.parametrize("order", ["SHORT 100 @ 9.00", "SHORT 100 STOP 9.00", "SHORT 100 @ 12.00"])
def test_an_open_short_counts_at_its_limit_or_at_the_price_as_it_is_now(order: str) -> None:
    """Exposure is what could be owed: a short may yet be filled where the price has gone."""
    at_least = cents("12.00" if "12.00" in order else "9.00")
    stage = Stage(Player("bob", "3,000.00"))
    stage.operate("HALT", symbol="APEX")
    stage.tick(f"bob {order} #s")
    bob = stage.account("bob")
    for price in ("10.00", "13.00", "8.00"):
        stage.company().price = cents(price)
        stage.submit()
        assert bob.reserved == 100 * max(at_least, cents(price))
    stage.reload()
    assert stage.account("bob").reserved == 100 * at_least
    stage.company().price = cents("15.00")
    stage.submit()
    assert stage.account("bob").reserved == cents("1,500.00")
    stage.tick("bob CANCEL #s")
    assert stage.account("bob").reserved == 0
    assert not stage.company().floating


def test_a_short_that_has_become_dearer_leaves_less_for_the_next_order() -> None:
    two = [listing(), listing("NOVA", "10.00")]
    stage = Stage(Player("bob", "2,000.00"), companies=two)
    stage.operate("HALT", symbol="APEX")
    stage.tick("bob SHORT 100 @ 10.00")
    stage.company().price = cents("15.00")
    stage.submit()
    stage.tick("bob BUY 51 NOVA @ 10.00\nbob BUY 50 NOVA @ 10.00")
    assert stage.codes == ["INSUFFICIENT_FUNDS", "OK"]


def test_a_market_buy_that_waits_for_an_auction_counts_at_the_price_as_it_is_now() -> None:
    stage = Stage(Player("bob", "3,000.00"))
    stage.operate("HALT", symbol="APEX")
    stage.tick("bob BUY 100 MARKET")
    stage.company().price = cents("11.00")
    stage.submit()
    assert stage.account("bob").reserved == cents("1,155.00")


# The pool


def test_three_tenths_of_the_shares_may_be_borrowed_open_orders_counted() -> None:
    small = [listing(shares=1_000)]
    stage = Stage(BUYER, "bob", "cid", companies=small)
    stage.tick("""
        bob SHORT 301 @ 10.00
        bob SHORT 200 @ 10.00
        cid SHORT 101 @ 10.00
        cid SHORT 100 STOP 9.50 #c
        bob SHORT 1 @ 10.00
    """)
    assert stage.codes == ["LOCATE_FAILED", "OK", "LOCATE_FAILED", "OK", "LOCATE_FAILED"]
    company = stage.company()
    assert (company.shorted, company.shorts_offered) == (0, 300)
    stage.tick("ann BUY 150 @ 10.00")
    assert (company.shorted, company.shorts_offered) == (150, 150)
    stage.tick("cid CANCEL #c\nbob SHORT 101 @ 10.00\nbob SHORT 100 @ 10.00")
    assert stage.codes == ["OK", "LOCATE_FAILED", "OK"]


def test_what_is_covered_may_be_borrowed_anew() -> None:
    stage = Stage(BUYER, "bob", "cid", companies=[listing(shares=1_000)])
    stage.tick("ann BUY 300 @ 10.00\nbob SHORT 300 @ 10.00\ncid SHORT 1 @ 10.00")
    stage.tick("ann SELL 50 @ 10.00\nbob COVER 50 @ 10.00\ncid SHORT 51 @ 10.00")
    assert stage.codes[-1] == "LOCATE_FAILED"
    stage.tick("cid SHORT 50 @ 10.00")
    assert stage.codes == ["OK"]
    assert stage.company().shorted == 250


# What a short requires


def test_a_short_costs_the_higher_of_its_limit_and_the_price() -> None:
    stage = Stage("bob")
    stage.tick("bob SHORT 10 @ 10.80 #s")
    assert stage.account("bob").reserved == cents("108.00")
    stage.tick("bob CANCEL #s\nbob SHORT 10 STOP 9.50 @ 9.20 #s")
    assert stage.account("bob").reserved == cents("100.00")
    stage.tick("bob CANCEL #s\nbob SHORT 10 STOP 9.50")
    assert stage.account("bob").reserved == cents("100.00")


def test_a_short_needs_margin() -> None:
    stage = Stage(BUYER, Player("bob", "500.00", leverage=2))
    stage.tick("ann BUY 999 @ 10.00\nbob SHORT 101 @ 10.00\nbob SHORT 100 @ 10.00")
    assert stage.codes == ["OK", "INSUFFICIENT_FUNDS", "OK"]
    stage.tick("bob SHORT 1 @ 0.01\nbob COVER 100 @ 9.00")
    assert stage.codes == ["INSUFFICIENT_FUNDS", "OK"], "what closes needs nothing"


# The restriction


def fallen(*cast: str | Player) -> Stage:
    """Return a stage whose price has fallen by a tenth in a day of nine ticks open, three
    closed.
    """
    rules = rules_with(
        session=SessionRules(open_ticks=9, closed_ticks=3),
        pricing=replace(RULES.market.pricing, flow_weight=0.0),
    )
    stage = Stage(
        BUYER,
        "bob",
        *cast,
        companies=[listing(), listing("BIG", "99.00")],
        switches=DAY,
        rules=rules,
    )
    stage.reprice("9.01")
    stage.submit()
    assert stage.company().restricted_through < 0
    stage.reprice("9.00")
    stage.submit()
    return stage


def test_a_company_that_is_down_a_tenth_may_be_shorted_above_the_best_bid_only() -> None:
    stage = fallen()
    told = [(halt.symbol, halt.reason) for halt in stage.outcome.market.halts]
    assert told == [("APEX", "short_sale_restriction")]
    stage.tick("""
        bob SHORT 1 MARKET
        bob SHORT 1 @ 8.90
        ann BUY 5 @ 8.90
        bob SHORT 1 @ 8.90
        bob SHORT 1 @ 8.91
    """)
    assert stage.codes == ["INVALID_PRICE", "OK", "OK", "INVALID_PRICE", "OK"]


def test_a_resting_short_is_not_replaced_by_one_at_the_bid() -> None:
    stage = fallen()
    stage.tick(
        "ann BUY 5 @ 8.90\nbob SHORT 1 @ 9.20 #s\nbob REPLACE #s @ 8.90\nbob REPLACE #s @ 8.91"
    )
    assert stage.codes[-2:] == ["INVALID_PRICE", "OK"]


def test_a_stop_that_would_short_at_the_bid_is_rejected_when_it_is_touched() -> None:
    stage = fallen()
    stage.tick("ann BUY 5 @ 8.80\nbob SHORT 1 STOP 8.90 #m\nbob SHORT 1 STOP 8.90 @ 8.85 #l")
    assert stage.codes == ["OK"] * 3
    stage.reprice("8.90")
    stage.submit()
    stage.submit()
    assert (stage.orders["m"].status, stage.orders["m"].reason_code) == (
        "rejected",
        "INVALID_PRICE",
    )
    assert stage.orders["l"].status == "open"


def test_the_restriction_lasts_for_the_rest_of_the_day_and_the_next() -> None:
    stage = fallen()
    stage.reprice("9.95")
    for tick, code in ((8, "INVALID_PRICE"), (14, "INVALID_PRICE"), (20, "INVALID_PRICE")):
        stage.run_to(tick - 1)
        stage.tick("bob SHORT 1 MARKET")
        assert stage.codes == [code]
    stage.run_to(25)
    stage.tick("bob SHORT 1 MARKET")
    assert stage.codes == ["NO_LIQUIDITY"]


def test_an_operator_may_restrict_shorts_too() -> None:
    stage = Stage("bob")
    stage.operate("RESTRICT_SHORTS", symbol="APEX", reason="a raid")
    assert stage.codes == ["OK"]
    [halt] = stage.outcome.market.halts
    assert (halt.reason, halt.note) == ("short_sale_restriction", "a raid")
    stage.tick("bob SHORT 1 MARKET")
    assert stage.codes == ["INVALID_PRICE"]


# What a borrowed share and a borrowed dollar cost


@pytest.mark.parametrize(("shorted", "bps"), [(0, 50), (150, 1_525), (300, 3_000), (400, 3_000)])
def test_the_borrow_fee_rises_with_the_use_of_the_pool(shorted: int, bps: int) -> None:
    assert borrow_fee_bps(1_000, shorted, LendingRules(pool_bps=3_000)) == bps


def test_a_loan_bears_interest_and_a_short_a_fee_at_each_close() -> None:
    """12 % a year on $10,000.00 and half a percent on $1,000.00, a 252nd of each."""
    stage = Stage(
        Player("ann", "10,000.00", leverage=2, holds={}),
        Player("bob", holds={"APEX": 2_000}),
        "cid",
        companies=[listing(shares=10**9)],
    )
    stage.tick("bob SELL 2000 @ 10.00\nann BUY 2000 @ 10.00")
    loan = -stage.account("ann").cash
    assert loan == cents("10,002.00")
    stage.tick("cid SHORT 100 @ 10.00\nbob BUY 100 @ 10.00")
    cash = stage.account("cid").cash
    stage.run_to(389)
    assert stage.account("cid").cash == cash
    stage.submit()
    interest = (2 * loan * 1_200 + 252 * 10_000) // (2 * 252 * 10_000)
    assert stage.account("ann").cash == -loan - interest
    assert interest == 476
    fee = (2 * 100_000 * 50 + 252 * 10_000) // (2 * 252 * 10_000)
    assert stage.account("cid").cash == cash - fee
    assert fee == 2
    assert {(e.kind, e.credit) for e in stage.outcome.market.entries} == {
        ("interest", stage.ids["bank"]),
        ("borrow_fee", stage.ids["public"]),
    }


def test_who_owes_nothing_pays_nothing_at_the_close() -> None:
    stage = Stage(Player("bob", holds={"APEX": 10}))
    stage.run_to(390)
    assert stage.outcome.market.entries == []


def test_a_loan_that_is_paid_back_before_the_close_bears_interest_for_its_ticks() -> None:
    """A hundred ticks of 390: 12 % a year on $10,000.00, and a short's fee of half a percent."""
    stage = Stage(
        Player("ann", "10,000.00", leverage=2),
        Player("bob", holds={"APEX": 2_000}),
        "cid",
        companies=[listing(shares=10**9)],
        switches=Switches(never_closes=False, maker=False, walk=False),
    )
    stage.run_to(9)
    stage.tick("ann BUY 2000 @ 10.00\ncid SHORT 1000 @ 9.99\nbob SELL 1000 @ 10.00")
    assert (stage.holding("ann"), stage.holding("cid")) == (2_000, -1_000)
    loan = -stage.account("ann").cash
    stage.run_to(109)
    stage.tick("bob BUY 1000 @ 10.00\nann SELL 1000 @ 10.00")
    stage.tick("ann SELL 1000 @ 10.00\ncid COVER 1000 @ 10.00")
    assert (stage.holding("ann"), stage.holding("cid")) == (0, 0)
    ann, cid = stage.account("ann").cash, stage.account("cid").cash
    stage.run_to(390)
    year = 2 * 252 * 10_000 * 390
    half = loan - 1_000 * 1_000
    owed = 100 * loan + max(0, half)
    assert ann - stage.account("ann").cash == (2 * owed * 1_200 + year // 2) // year
    assert cid - stage.account("cid").cash == (2 * 101 * 1_000_000 * 50 + year // 2) // year
    stage.run_to(630 + 390)
    assert stage.account("ann").cash == ann - (2 * owed * 1_200 + year // 2) // year, "once"


def test_a_short_beyond_equity_is_a_loan_too() -> None:
    """$10,000.00 of shares short with $5,000.00 of one's own: half of it is another's risk."""
    stage = Stage(Player("ann", "5,000.00", leverage=10), Player("bob"), companies=[listing()])
    stage.tick("ann SHORT 1000 @ 10.00\nbob BUY 1000 @ 10.00")
    ann = stage.account("ann")
    assert ann.loan == 1_000_000 - ann.equity
    stage.run_to(390)
    charged = {e.kind: e.cents for e in stage.outcome.market.entries if e.debit == ann.id}
    assert charged["interest"] == round(500_000 * 0.12 / 252)


def test_a_bankrupt_owes_no_interest() -> None:
    stage = Stage(
        Player("ann", "1,000.00", leverage=10),
        Player("bob", holds={"APEX": 1_000}),
        switches=Switches(never_closes=True, maker=False, walk=False, halts=False),
    )
    stage.tick("ann BUY 900 @ 10.00\nbob SELL 900 @ 10.00")
    stage.reprice("5.00")
    stage.run_to(20)
    assert stage.account("ann").is_bankrupt
    stage.run_to(390)
    assert [e for e in stage.outcome.market.entries if e.debit == stage.ids["ann"]] == []


def test_what_is_short_at_a_close_is_told_a_day_later_to_a_thousandth() -> None:
    rules = rules_with(session=SessionRules(open_ticks=3, closed_ticks=2))
    stage = Stage(BUYER, "bob", companies=[listing(shares=10_000)], switches=DAY, rules=rules)
    told = {}

    def run_to(tick: int, script: str = "") -> None:
        while stage.outcome.tick < tick:
            outcome, script = stage.tick(script), ""
            if found := public_tape.short_interests(outcome):
                told[outcome.tick] = found

    run_to(2, "ann BUY 127 @ 10.00\nbob SHORT 127 @ 10.00")
    run_to(6)  # the first close knows of no other
    run_to(7, "bob COVER 100 @ 10.00\nann SELL 100 @ 10.00")
    run_to(16)
    assert told == {
        8: [{"symbol": "APEX", "shortInterest": 0.013}],  # of tick 3: 127 of 10,000
        13: [{"symbol": "APEX", "shortInterest": 0.003}],
    }
