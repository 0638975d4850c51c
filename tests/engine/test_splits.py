"""Splits: ten shares for one above $5,000, one for ten below $2; nobody is richer for it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from market.engine.accounts import PUBLIC
from market.engine.rules import Switches
from tests.cast import Player, Stage, cents, listing
from tests.engine.brute_force import Record, audit
from wallstreetsim.machine.world import Outcome

RICH = "100,000,000.00"
BIG = listing("BIG", "400.00", shares=10**9)  # so that the index stands still
FREE = Switches(never_closes=True, maker=False, walk=False, halts=False)
HALTING = Switches(never_closes=True, maker=False, walk=False)


def stage_at(
    price: str, *cast: str | Player, switches: Switches = FREE, shares: int = 10**6
) -> Stage:
    return Stage(*cast, companies=[listing(price=price, shares=shares), BIG], switches=switches)


def keep(record: Record, outcome: Outcome) -> None:
    record.take(outcome.market, outcome.told)


def reprice(stage: Stage, price: str) -> None:
    """Let the price be this one in the next tick, which is audited."""
    stage.reprice(price)
    stage.submit()
    audit(stage.world.market)


DEAR = (Player("ann", RICH, holds={"APEX": 30}), Player("bob", RICH), Player("cid", RICH))
CHEAP = (Player("ann", RICH, holds={"APEX": 1_237}), Player("bob", RICH), Player("cid", RICH))


@pytest.mark.parametrize(("price", "after"), [("5,000.00", 500_000), ("5,000.01", 50_000)])
def test_above_five_thousand_a_share_becomes_ten(price: str, after: int) -> None:
    stage = stage_at("4,990.00", *DEAR)
    reprice(stage, price)
    company = stage.company()
    assert company.price == after
    assert company.shares == (10**7 if after == 50_000 else 10**6)
    assert stage.holding("ann") == (300 if after == 50_000 else 30)


@pytest.mark.parametrize(("price", "after"), [("2.00", 200), ("1.99", 1_990)])
def test_below_two_dollars_ten_shares_become_one(price: str, after: int) -> None:
    stage = stage_at("2.05", *CHEAP)
    reprice(stage, price)
    assert stage.company().price == after
    assert stage.holding("ann") == (123 if after == 1_990 else 1_237)


def test_a_split_is_told_and_changes_nobodys_equity() -> None:
    stage = stage_at("4,990.00", *DEAR)
    before = stage.account("ann").equity
    reprice(stage, "5,010.00")
    [split] = stage.outcome.market.splits
    assert (split.symbol, split.into, split.of, split.shares) == ("APEX", 10, 1, 10**7)
    assert stage.account("ann").equity == before + 30 * cents("20.00")
    assert stage.company().split_power == 1
    assert stage.company().market_cap == 10**7 * cents("501.00")


def test_fractions_are_sold_to_the_public_at_the_price() -> None:
    stage = stage_at("2.05", *CHEAP)
    before = stage.account("ann").equity
    reprice(stage, "1.90")
    ann = stage.account("ann")
    assert ann.cash == cents(RICH) + 7 * 190
    assert ann.holdings["APEX"].quantity == 123
    assert ann.equity == before - 1_237 * 15
    fractions = [e for e in stage.outcome.market.entries if e.kind == "split_fraction"]
    assert [(e.debit, e.credit, e.shares, e.cents) for e in fractions] == [
        (stage.ids["ann"], stage.ids["public"], 7, 0),
        (stage.ids["public"], stage.ids["ann"], 0, 1_330),
    ]


def test_a_shorts_fraction_is_bought_from_the_public() -> None:
    stage = stage_at("2.05", *CHEAP)
    stage.tick("cid BUY 57 @ 2.05\nbob SHORT 57 @ 2.05")
    cash = stage.account("bob").cash
    reprice(stage, "1.90")
    assert stage.account("bob").cash == cash - 7 * 190
    assert stage.holding("bob") == -5
    assert stage.holding("cid") == 5
    assert stage.company().shorted == 5


def test_who_holds_less_than_a_new_share_holds_none() -> None:
    stage = stage_at("2.05", Player("ann", RICH, holds={"APEX": 9}))
    reprice(stage, "1.90")
    assert stage.holding("ann") == 0
    assert "APEX" not in stage.account("ann").holdings
    reported = {h.account: h.quantity for h in stage.outcome.market.holdings if h.symbol == "APEX"}
    assert reported[stage.ids["ann"]] == 0
    assert stage.account("ann").cash == cents(RICH) + 9 * 190


def test_the_public_absorbs_the_residue_and_the_shares_issued_are_restated() -> None:
    stage = stage_at("2.05", *CHEAP, shares=10_003)
    record = Record()
    record.take(stage.founded.market)
    stage.reprice("1.90")
    stage.submit()
    accounts = stage.world.market.accounts.values()
    assert stage.company().shares == sum(a.quantity_of("APEX") for a in accounts)
    assert stage.company().shares in (999, 1_000)


def test_a_holding_keeps_its_cost() -> None:
    stage = stage_at("4,990.00", *DEAR)
    stage.tick("ann SELL 3 @ 4,990.00\nbob BUY 3 @ 4,990.00")
    reprice(stage, "5,010.00")
    holding = stage.account("bob").holdings["APEX"]
    assert (holding.quantity, holding.cost) == (30, 3 * cents("4,990.00"))
    stage.tick("bob SELL 30 @ 501.00\ncid BUY 30 @ 501.00")
    assert stage.account("bob").realised == 3 * cents("20.00")


def test_open_limits_round_away_from_the_market() -> None:
    stage = stage_at("4,990.00", *DEAR)
    stage.tick("""
        bob BUY 7 @ 4,980.05 #b
        cid BUY 7 @ 4,980.00 #c
        ann SELL 7 @ 5,020.01 #a
    """)
    reserved = stage.account("bob").reserved
    reprice(stage, "5,010.00")
    assert stage.resting() == ["bob BUY 70 @ 498.00", "cid BUY 70 @ 498.00", "ann SELL 70 @ 502.01"]
    assert [stage.orders[r].quantity for r in "bca"] == [70, 70, 70]
    assert stage.orders["b"].limit == cents("498.00")
    assert stage.account("bob").reserved == reserved - 35
    assert stage.account("ann").closing == {"APEX": 70}
    stage.tick("cid SELL 1 @ 498.00\nann SELL 80 @ 498.00")
    assert [t.split(" from")[0] for t in stage.trades] == ["bob bought 70", "cid bought 10"]


def test_what_a_partly_filled_order_has_filled_is_restated_too() -> None:
    stage = stage_at("4,990.00", *DEAR)
    record = Record()
    record.take(stage.founded.market)
    keep(record, stage.outcome)
    keep(record, stage.tick("bob BUY 10 @ 4,990.00 #b\nann SELL 4 @ 4,990.00"))
    stage.reprice("5,010.00")
    keep(record, stage.submit())
    order = stage.orders["b"]
    assert (order.quantity, order.filled, order.filled_now) == (100, 40, 0)
    assert (order.value, order.status) == (4 * cents("4,990.00"), "partial")
    assert stage.resting() == ["bob BUY 60 @ 499.00"]
    keep(record, stage.tick("ann SELL 60 @ 499.00"))
    order = stage.orders["b"]
    assert (order.quantity, order.filled, order.filled_now, order.status) == (
        100,
        100,
        60,
        "filled",
    )
    assert order.value == 100 * cents("499.00")


def test_what_an_order_fills_in_the_tick_of_a_split_is_told_in_the_new_shares() -> None:
    stage = stage_at("4,990.00", *DEAR)
    stage.tick("bob BUY 10 @ 4,990.00 #b\nann SELL 1 @ 4,990.00")
    stage.reprice("5,010.00")
    stage.tick("ann SELL 3 @ 4,990.00 #a")
    order = stage.orders["b"]
    assert (order.quantity, order.filled, order.filled_now) == (100, 40, 30)
    sold = stage.orders["a"]
    assert (sold.quantity, sold.filled, sold.status) == (3, 3, "filled"), "it ended before"


def test_a_joined_order_keeps_its_average_price() -> None:
    """14 of 104 shares at 2.05 are one of ten at 20.50; the fraction was paid in cash."""
    stage = stage_at("2.05", *CHEAP)
    record = Record()
    record.take(stage.founded.market)
    keep(record, stage.outcome)
    keep(record, stage.tick("bob BUY 104 @ 2.05 #b\nann SELL 14 @ 2.05"))
    stage.reprice("1.98")
    keep(record, stage.submit())
    order = stage.orders["b"]
    assert (order.quantity, order.filled, order.filled_now) == (10, 1, 0)
    assert (order.value, order.limit) == (cents("20.50"), cents("20.50"))
    keep(record, stage.tick("ann SELL 9 @ 20.50"))
    order = stage.orders["b"]
    assert (order.filled, order.value, order.status) == (10, 10 * cents("20.50"), "filled")


def test_an_order_that_had_filled_less_than_a_new_share_has_filled_nothing() -> None:
    stage = stage_at("2.05", *CHEAP)
    stage.tick("bob BUY 29 @ 2.05 #b\nann SELL 9 @ 2.05")
    reprice(stage, "1.90")
    order = stage.orders["b"]
    assert (order.quantity, order.filled, order.value, order.status) == (2, 0, 0, "open")


def test_a_stop_that_was_partly_filled_is_restated_like_any_other() -> None:
    stage = stage_at("4,990.00", *DEAR)
    stage.tick("ann SELL 10 STOP 4,995.00 @ 4,985.00 #s\nbob BUY 4 @ 4,985.00")
    stage.submit()
    assert (stage.orders["s"].filled, stage.orders["s"].quantity) == (4, 10)
    reprice(stage, "5,010.00")
    order = stage.orders["s"]
    assert (order.quantity, order.filled, order.limit, order.stop) == (100, 40, 49_850, 49_950)


def test_an_order_of_which_nothing_is_left_is_cancelled() -> None:
    stage = stage_at("2.05", *CHEAP)
    stage.tick("bob BUY 9 @ 1.80 #less\nbob BUY 19 @ 1.80 #one\nann SELL 9 STOP 1.50 #stop")
    reprice(stage, "1.90")
    for reference in ("less", "stop"):
        order = stage.orders[reference]
        assert (order.status, order.reason_code) == ("cancelled", "SPLIT")
    assert stage.resting() == ["bob BUY 1 @ 18.00"]
    assert stage.account("bob").reserved == cents("18.00")
    assert stage.account("ann").closing == {}


def test_a_bid_that_would_be_worth_less_than_a_cent_is_cancelled() -> None:
    """Were it kept at a cent, it would meet the ask next to it."""
    stage = stage_at("4,990.00", *DEAR)
    stage.tick("bob BUY 7 @ 0.05 #b\nann SELL 1 @ 0.06 #a")
    reprice(stage, "5,010.00")
    assert stage.orders["b"].status == "cancelled"
    assert stage.resting() == ["ann SELL 10 @ 475.95"], "at the collar"
    assert stage.account("bob").reserved == 0


def test_sales_and_covers_never_close_more_than_is_left() -> None:
    stage = stage_at("2.05", *CHEAP)
    stage.tick("cid BUY 38 @ 2.05\nbob SHORT 38 @ 2.05")
    stage.tick("""
        bob COVER 19 @ 1.50
        bob COVER 19 @ 1.40
        ann SELL 618 @ 3.00
        ann SELL 619 @ 3.00
    """)
    reprice(stage, "1.90")
    assert stage.account("bob").closing == {"APEX": 2}
    assert stage.account("ann").closing == {"APEX": 122}
    assert stage.holding("bob") == -3


def test_stops_are_restated_away_from_the_market() -> None:
    stage = stage_at("4,990.00", *DEAR)
    stage.tick("""
        ann SELL 7 STOP 4,900.05 #sell
        bob BUY 7 STOP 5,100.05 @ 5,100.05 #buy
    """)
    reprice(stage, "5,010.00")
    assert [stage.orders[r].stop for r in ("sell", "buy")] == [49_000, 51_001]
    assert stage.orders["buy"].limit == 51_000
    assert [stage.orders[r].status for r in ("sell", "buy")] == ["pending"] * 2
    stage.tick("cid BUY 80 @ 488.00")
    reprice(stage, "490.00")
    stage.submit()
    assert stage.trades == ["cid bought 70 from ann @ 488.00"]


def test_a_stop_touched_by_the_very_price_that_splits_goes_on_restated() -> None:
    stage = stage_at("4,990.00", *DEAR)
    stage.tick("bob BUY 7 STOP 5,005.00 #s\nann SELL 10 @ 5,015.00")
    reprice(stage, "5,010.00")
    assert (stage.orders["s"].triggered_by, stage.orders["s"].quantity) == ("price", 70)
    stage.submit()
    assert stage.trades == ["bob bought 70 from ann @ 501.50"]


def test_what_waits_in_a_halt_is_restated() -> None:
    """News take its price over the mark while it is halted."""
    stage = stage_at("4,700.00", *DEAR, switches=HALTING)
    stage.operate("HALT", symbol="APEX", ticks=6)
    stage.tick("bob BUY 7 @ 5,000.00 #b\nann SELL 3 @ 4,000.00 #a\nbob BUY 1 MARKET #m")
    stage.operate("INJECT", event="PRODUCT_LAUNCH", symbol="APEX", impact=0.08, duration=9)
    audit(stage.world.market)
    assert stage.outcome.market.splits
    assert [stage.orders[r].quantity for r in "bam"] == [70, 30, 10]
    assert stage.orders["b"].limit == cents("500.00")
    while not stage.trades:
        stage.submit()
        audit(stage.world.market)
    assert stage.company().price == cents("507.60")
    assert sum(t.quantity for t in stage.outcome.market.trades) == 30


def test_the_makers_quotes_are_made_anew() -> None:
    stage = stage_at("4,990.00", switches=Switches(never_closes=True, maker=True, walk=False))
    reprice(stage, "5,010.00")
    company = stage.company()
    assert company.best_bid is not None
    assert company.best_ask is not None
    assert company.best_bid < cents("501.00") < company.best_ask


def test_a_margin_calls_positions_are_restated() -> None:
    """A tick closes a part of what the position was at the call, in shares of today."""
    stage = Stage(
        Player("ann", RICH, holds={"APEX": 10_000}),
        Player("bob", "5,100.00", leverage=2),
        companies=[listing(price="2.50"), BIG],
        switches=FREE,
    )
    stage.tick("bob BUY 4000 @ 2.50\nann SELL 4000 @ 2.50")
    stage.run_to(20)
    reprice(stage, "1.63")
    call = stage.account("bob").call
    assert stage.company().price == 1_630
    assert call is not None
    assert call.positions == {"APEX": 400}


def test_candles_know_how_often_the_shares_were_split() -> None:
    stage = stage_at("4,990.00", *DEAR)
    [before] = [c for c in stage.outcome.market.candles if c.symbol == "APEX" and c.interval == 1]
    reprice(stage, "5,010.00")
    [after] = [c for c in stage.outcome.market.candles if c.symbol == "APEX" and c.interval == 1]
    assert (before.split_power, before.close) == (0, 499_000)
    assert (after.split_power, after.open, after.close) == (1, 49_900, 50_100)
    stage.run_to(4)
    [five] = [c for c in stage.outcome.market.candles if c.symbol == "APEX" and c.interval == 5]
    assert (five.split_power, five.open, five.low, five.high) == (1, 49_900, 49_900, 50_100)


def test_the_days_figures_are_restated() -> None:
    stage = stage_at("4,990.00", *DEAR)
    stage.tick("ann SELL 3 @ 5,001.00\nbob BUY 3 @ 5,001.00")
    reprice(stage, "5,010.00")
    [apex, _] = stage.outcome.market.companies
    assert (apex.last, apex.day_volume, apex.day_ago_volume) == (50_010, 30, 30)
    assert (apex.previous_close, apex.day_open, apex.day_low) == (49_900,) * 3
    assert (apex.day_high, apex.previous_price) == (50_100, 49_900)


def test_the_index_does_not_notice() -> None:
    stage = stage_at("4,990.00", *DEAR)
    stage.reprice("5,000.00")
    before = stage.submit().market.index
    reprice(stage, "5,000.10")
    assert stage.company().split_power == 1
    assert abs(stage.outcome.market.index - before) <= 1


def test_bands_follow_the_split() -> None:
    stage = stage_at("4,990.00", *DEAR, switches=HALTING, shares=10**5)
    reprice(stage, "5,010.00")
    company = stage.company()
    assert company.low_band < company.price < company.high_band
    assert company.is_trading


def test_a_split_in_a_restored_world_goes_as_it_would_have() -> None:
    def digests(reload: bool) -> list[str]:
        stage = stage_at("2.05", *CHEAP)
        stage.tick("bob BUY 25 @ 1.80\nann SELL 37 STOP 1.95\ncid SHORT 33 @ 2.30")
        stage.reprice("1.90")
        told = []
        for _ in range(6):
            told.append(stage.submit().digest)
            if reload:
                stage.reload()
        return told

    assert digests(reload=True) == digests(reload=False)


# Without end


def test_however_often_a_company_is_pumped_its_worth_stays_within_64_bits() -> None:
    """Splits would let it grow for ever; when they end, the price's own bound holds."""
    stage = stage_at("100.00", *DEAR, switches=replace(HALTING, maker=True))
    pump = {"event": "PRODUCT_LAUNCH", "symbol": "APEX", "impact": 1.0, "duration": 3}
    for _ in range(70):
        stage.operate("INJECT", **pump)
        stage.run_to(stage.world.tick + 9)
    company, public = stage.company(), stage.world.market.accounts[PUBLIC]
    assert 10**16 < company.market_cap < 2**62
    assert company.price <= stage.world.rules.market.pricing.highest_cents
    assert public.equity < 2**63
    audit(stage.world.market)
