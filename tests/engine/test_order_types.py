"""Order types: times in force, post only, self-trade modes, replacements, cancels of all."""

from __future__ import annotations

import pytest

from tests.cast import Player, Stage, cents, listing
from tests.engine.brute_force import audit

SELLER = Player("ann", holds={"APEX": 10_000})


def status_of(stage: Stage, reference: str) -> tuple[str, int]:
    order = stage.orders[reference]
    return order.status, order.filled


def reason_of(stage: Stage, reference: str) -> str:
    return stage.orders[reference].reason_code


# Immediate or cancel, fill or kill


def test_what_an_ioc_order_does_not_get_at_once_is_cancelled() -> None:
    stage = Stage(SELLER, "bob")
    stage.tick("""
        ann SELL 30 @ 10.00
        bob BUY 50 @ 10.00 IOC #b
    """)
    assert status_of(stage, "b") == ("cancelled", 30)
    assert reason_of(stage, "b") == "NO_LIQUIDITY"
    assert stage.resting() == []
    assert stage.account("bob").reserved == 0


def test_a_fok_order_is_filled_whole_or_not_at_all() -> None:
    stage = Stage(SELLER, "bob")
    stage.tick("""
        ann SELL 30 @ 10.00
        ann SELL 30 @ 10.01
        bob BUY 61 @ 10.01 FOK #more
        bob BUY 31 @ 10.00 FOK #dearer
        bob BUY 60 @ 10.01 FOK #whole
    """)
    assert status_of(stage, "more") == status_of(stage, "dearer") == ("cancelled", 0)
    assert reason_of(stage, "more") == "NO_LIQUIDITY"
    assert status_of(stage, "whole") == ("filled", 60)


def test_a_fok_market_order_counts_what_lies_within_its_collar() -> None:
    stage = Stage(SELLER, "bob")
    stage.tick("""
        ann SELL 30 @ 10.50
        ann SELL 30 @ 10.51
        bob BUY 31 MARKET FOK #b
    """)
    assert status_of(stage, "b") == ("cancelled", 0)
    assert len(stage.resting()) == 2


@pytest.mark.parametrize(
    ("mode", "status"),
    [
        ("allow", "filled"),
        ("cancel_newest", "cancelled"),
        ("cancel_oldest", "filled"),
        ("cancel_both", "cancelled"),
        ("decrement", "cancelled"),
    ],
)
def test_a_fok_order_in_whose_way_an_own_order_lies(mode: str, status: str) -> None:
    """It is filled whole by others if its own order may go; else nothing at all happens."""
    stage = Stage(SELLER, Player("bob", holds={"APEX": 50}))
    stage.tick(f"""
        bob SELL 50 @ 10.00 #own
        ann SELL 50 @ 10.01
        bob BUY 50 @ 10.01 FOK {mode} #b
    """)
    assert status_of(stage, "b")[0] == status
    filled = {"allow": ("filled", 50), "cancel_oldest": ("cancelled", 0)}
    assert status_of(stage, "own") == filled.get(mode, ("open", 0))


def test_a_fok_order_that_is_filled_before_its_own_order_is_reached_does_not_mind_it() -> None:
    stage = Stage(SELLER, Player("bob", holds={"APEX": 50}))
    stage.tick("""
        ann SELL 50 @ 10.00
        bob SELL 50 @ 10.01 #own
        bob BUY 50 @ 10.01 FOK cancel_both #b
    """)
    assert status_of(stage, "b") == ("filled", 50)
    assert status_of(stage, "own") == ("open", 0)


def test_a_fok_order_that_may_cancel_its_own_does_not_count_it() -> None:
    stage = Stage(SELLER, Player("bob", holds={"APEX": 50}))
    stage.tick("""
        bob SELL 50 @ 10.00 #own
        ann SELL 49 @ 10.01
        bob BUY 50 @ 10.01 FOK cancel_oldest #b
    """)
    assert status_of(stage, "b") == ("cancelled", 0)
    assert status_of(stage, "own") == ("open", 0)


# Post only


def test_a_post_only_order_rests_or_is_rejected() -> None:
    stage = Stage(SELLER, "bob")
    stage.tick("""
        ann SELL 10 @ 10.00
        bob BUY 10 @ 10.00 POST #takes
        bob BUY 10 @ 9.99 POST #rests
    """)
    assert status_of(stage, "takes") == ("rejected", 0)
    assert reason_of(stage, "takes") == "WOULD_TAKE"
    assert stage.codes[1] == "WOULD_TAKE"
    assert status_of(stage, "rests") == ("open", 0)
    assert stage.trades == []
    assert stage.account("bob").reserved == cents("99.90")


def test_a_post_only_order_would_take_from_its_own_account_too() -> None:
    stage = Stage(SELLER)
    stage.tick("""
        ann SELL 10 @ 10.00
        ann BUY 10 @ 10.00 POST cancel_oldest #b
    """)
    assert reason_of(stage, "b") == "WOULD_TAKE"


# Self-trade


BOTH = Player("bob", holds={"APEX": 1_000})


def test_a_wash_trade_is_possible_for_who_asks_for_it() -> None:
    stage = Stage(BOTH)
    stage.tick("""
        bob SELL 10 @ 10.00
        bob BUY 10 @ 10.00 allow
    """)
    assert stage.trades == ["bob bought 10 from bob @ 10.00"]


def test_without_a_mode_the_newest_of_two_own_orders_is_cancelled() -> None:
    stage = Stage(BOTH)
    stage.tick("""
        bob SELL 10 @ 10.00
        bob BUY 10 @ 10.00 #newest
    """)
    assert stage.trades == []
    assert status_of(stage, "newest")[0] == "cancelled"
    assert stage.resting() == ["bob SELL 10 @ 10.00"]


@pytest.mark.parametrize(
    ("mode", "own", "mine", "left"),
    [
        ("cancel_newest", ("open", 0), ("cancelled", 20), ["bob SELL 30 @ 10.00", "ann SELL 20"]),
        ("cancel_oldest", ("cancelled", 0), ("filled", 40), []),
        ("cancel_both", ("cancelled", 0), ("cancelled", 20), ["ann SELL 20"]),
    ],
)
def test_an_order_meets_its_own_between_two_others(
    mode: str, own: tuple[str, int], mine: tuple[str, int], left: list[str]
) -> None:
    """What comes before its own order in the queue it gets in every mode."""
    stage = Stage(SELLER, BOTH)
    stage.tick(f"""
        ann SELL 20 @ 10.00
        bob SELL 30 @ 10.00 #own
        ann SELL 20 @ 10.00
        bob BUY 40 @ 10.00 {mode} #mine
    """)
    assert status_of(stage, "own") == own
    assert status_of(stage, "mine") == mine
    assert [line[: len(want)] for line, want in zip(stage.resting(), left, strict=True)] == left
    assert {trade.split()[4] for trade in stage.trades} == {"ann"}


@pytest.mark.parametrize(
    ("quantity", "own", "mine"),
    [
        (20, ("open", 10, 0), ("cancelled", 20, 0)),  # the larger is cut by the smaller's size
        (30, ("cancelled", 30, 0), ("cancelled", 30, 0)),
        (50, ("cancelled", 30, 0), ("filled", 20, 20)),
        (90, ("cancelled", 30, 0), ("partial", 60, 20)),
    ],
)
def test_decrement_cuts_the_larger_by_the_smaller_and_cancels_the_smaller(
    quantity: int, own: tuple[str, int, int], mine: tuple[str, int, int]
) -> None:
    stage = Stage(SELLER, BOTH)
    stage.tick(f"""
        bob SELL 30 @ 10.00 #own
        ann SELL 20 @ 10.00
        bob BUY {quantity} @ 10.00 decrement #mine
    """)
    for reference, expected in (("own", own), ("mine", mine)):
        order = stage.orders[reference]
        assert (order.status, order.quantity, order.filled) == expected
    assert stage.account("bob").closing.get("APEX", 0) == own[1] * (own[0] == "open")


@pytest.mark.parametrize(
    ("mode", "statuses"),
    [
        ("cancel_oldest", ["cancelled", "cancelled", "filled"]),
        ("cancel_newest", ["open", "open", "cancelled"]),
        ("cancel_both", ["cancelled", "open", "cancelled"]),
        ("decrement", ["cancelled", "cancelled", "filled"]),
    ],
)
def test_an_order_may_meet_several_of_its_own(mode: str, statuses: list[str]) -> None:
    stage = Stage(SELLER, BOTH)
    stage.tick(f"""
        bob SELL 10 @ 10.00 #first
        bob SELL 10 @ 10.01 #second
        ann SELL 40 @ 10.02
        bob BUY 40 @ 10.02 {mode} #mine
    """)
    assert [status_of(stage, r)[0] for r in ("first", "second", "mine")] == statuses


def test_the_mode_is_the_incoming_orders() -> None:
    stage = Stage(BOTH)
    stage.tick("""
        bob SELL 10 @ 10.00 cancel_both
        bob BUY 10 @ 10.00 allow
    """)
    assert stage.trades == ["bob bought 10 from bob @ 10.00"]


def test_what_a_mode_cancels_gives_back_what_it_held() -> None:
    stage = Stage(SELLER, BOTH)
    stage.tick("""
        bob BUY 100 @ 10.00 #own
        bob SELL 100 @ 10.00 cancel_oldest
    """)
    bob = stage.account("bob")
    assert (bob.reserved, bob.opening, bob.closing) == (0, {}, {"APEX": 100})
    assert reason_of(stage, "own") == "SELF_TRADE"


# Replacements


def replaced_stage(change: str) -> Stage:
    """Bob's order of 100 is the older of two at a price; then he replaces it."""
    stage = Stage(SELLER, "bob", "cid")
    stage.tick("""
        bob BUY 100 @ 10.00 #b
        cid BUY 100 @ 10.00 #c
    """)
    stage.tick(f"bob REPLACE #b {change}")
    return stage


@pytest.mark.parametrize(
    ("change", "book"),
    [
        ("60", ["bob BUY 60 @ 10.00", "cid BUY 100 @ 10.00"]),
        ("100", ["bob BUY 100 @ 10.00", "cid BUY 100 @ 10.00"]),
        ("60 @ 10.00", ["bob BUY 60 @ 10.00", "cid BUY 100 @ 10.00"]),
        ("101", ["cid BUY 100 @ 10.00", "bob BUY 101 @ 10.00"]),
        ("@ 10.01", ["bob BUY 100 @ 10.01", "cid BUY 100 @ 10.00"]),
        ("60 @ 9.99", ["cid BUY 100 @ 10.00", "bob BUY 60 @ 9.99"]),
    ],
)
def test_only_a_smaller_size_keeps_an_orders_place(change: str, book: list[str]) -> None:
    stage = replaced_stage(change)
    assert stage.codes == ["OK"]
    assert stage.resting() == book
    audit(stage.world.market)
    quantity, price = stage.orders["b"].quantity, stage.orders["b"].limit or 0
    assert stage.account("bob").reserved == quantity * price
    stage.tick("ann SELL 300 @ 9.99")
    expected = [f"{line.split()[0]} bought {line.split()[2]}" for line in book]
    assert [trade.split(" from")[0] for trade in stage.trades] == expected


def test_an_order_that_left_a_price_and_came_back_stands_there_once() -> None:
    stage = Stage(SELLER, "bob", "cid")
    stage.tick("""
        bob BUY 10 @ 10.00 #b
        cid BUY 10 @ 10.00
        bob REPLACE #b @ 9.90
        bob REPLACE #b @ 10.00
    """)
    assert stage.company().book.bids.depth(9) == [(1_000, 20, 2)]
    stage.tick("ann SELL 30 @ 9.90")
    assert stage.trades == ["cid bought 10 from ann @ 10.00", "bob bought 10 from ann @ 10.00"]


def test_a_replaced_order_may_trade_at_once() -> None:
    stage = Stage(SELLER, "bob")
    stage.tick("""
        bob BUY 100 @ 9.90 #b
        ann SELL 40 @ 10.00
    """)
    stage.tick("bob REPLACE #b @ 10.00")
    assert stage.trades == ["bob bought 40 from ann @ 10.00"]
    assert stage.outcome.market.trades[0].aggressor == "BUY"
    assert status_of(stage, "b") == ("partial", 40)
    assert stage.account("bob").reserved == cents("600.00")


def test_a_replacements_quantity_counts_what_is_filled() -> None:
    stage = Stage(SELLER, "bob")
    stage.tick("""
        bob BUY 100 @ 10.00 #b
        ann SELL 40 MARKET
        bob REPLACE #b 40
        bob REPLACE #b 41
    """)
    assert stage.codes[-2:] == ["BAD_REQUEST", "OK"]
    assert stage.resting() == ["bob BUY 1 @ 10.00"]
    assert stage.account("bob").reserved == cents("10.00")


def test_a_refused_replacement_leaves_the_order_as_it_was() -> None:
    stage = Stage(SELLER, Player("bob", "1,000.00"), "cid")
    stage.tick("""
        bob BUY 100 @ 10.00 #b
        cid BUY 100 @ 10.00
        bob REPLACE #b 101
        bob REPLACE #b @ 10.01
    """)
    assert stage.codes[-2:] == ["INSUFFICIENT_FUNDS"] * 2
    assert stage.resting() == ["bob BUY 100 @ 10.00", "cid BUY 100 @ 10.00"]
    assert stage.account("bob").reserved == cents("1,000.00")
    stage.tick("bob CANCEL #b")
    assert stage.account("bob").reserved == 0


def test_a_replaced_sale_may_not_offer_more_than_is_held() -> None:
    stage = Stage(Player("ann", holds={"APEX": 100}))
    stage.tick("""
        ann SELL 60 @ 11.00
        ann SELL 40 @ 11.00 #a
        ann REPLACE #a 41
        ann REPLACE #a 40 @ 11.01
    """)
    assert stage.codes[-2:] == ["INSUFFICIENT_SHARES", "OK"]
    assert stage.account("ann").closing == {"APEX": 100}


def test_a_post_only_order_is_not_replaced_by_one_that_would_take() -> None:
    stage = Stage(SELLER, "bob")
    stage.tick("""
        ann SELL 10 @ 10.00
        bob BUY 10 @ 9.90 POST #b
        bob REPLACE #b @ 10.00
        bob REPLACE #b @ 9.99
    """)
    assert stage.codes[-2:] == ["WOULD_TAKE", "OK"]
    assert stage.resting() == ["bob BUY 10 @ 9.99", "ann SELL 10 @ 10.00"]


def test_an_untriggered_stop_may_be_replaced() -> None:
    stage = Stage(SELLER, "bob")
    stage.tick("bob BUY 10 STOP 10.40 @ 10.45 #b")
    stage.tick("bob REPLACE #b 20 @ 10.42")
    assert (status_of(stage, "b"), stage.orders["b"].limit) == (("pending", 0), 1_042)
    assert stage.account("bob").reserved == cents("208.40")
    stage.tick("ann SELL 5 @ 10.40\nann SELL 50 @ 10.41\nbob BUY 5 @ 10.40")
    stage.submit()
    assert stage.trades == ["bob bought 20 from ann @ 10.41"]


def test_an_order_without_a_limit_gets_none_by_replacement() -> None:
    stage = Stage("bob")
    stage.tick("bob BUY 10 STOP 10.40 #b")
    stage.tick("bob REPLACE #b @ 10.50")
    assert stage.codes == ["INVALID_PRICE"]
    stage.tick("bob REPLACE #b 5")
    assert stage.codes == ["OK"]
    assert stage.orders["b"].quantity == 5


def test_a_queued_order_may_be_replaced_and_keeps_its_place_if_it_shrinks() -> None:
    stage = Stage(SELLER, "bob", "cid")
    stage.operate("HALT", symbol="APEX", ticks=5)
    stage.tick("""
        bob BUY 100 @ 10.00 #b
        cid BUY 100 @ 10.00 #c
        bob REPLACE #b 50
    """)
    assert [order.account.name for order in stage.company().queue] == ["bob", "cid"]
    stage.tick("bob REPLACE #b 60")
    assert [order.account.name for order in stage.company().queue] == ["cid", "bob"]
    assert stage.account("bob").reserved == cents("600.00")
    stage.tick("ann SELL 120 @ 10.00")
    stage.run_to(stage.company().reopens_tick or 0)
    assert stage.trades == ["cid bought 100 from ann @ 10.00", "bob bought 20 from ann @ 10.00"]


def test_a_resting_order_replaced_in_a_halt_waits_for_the_auction() -> None:
    stage = Stage(SELLER, "bob", "cid")
    stage.tick("bob BUY 10 @ 10.00 #b\ncid BUY 10 @ 10.00")
    stage.operate("HALT", symbol="APEX", ticks=3)
    stage.tick("bob REPLACE #b @ 10.10")
    assert stage.resting() == ["cid BUY 10 @ 10.00"]
    assert status_of(stage, "b") == ("pending", 0)
    stage.tick("ann SELL 10 @ 9.00")
    stage.submit()
    assert [trade.split(" @")[0] for trade in stage.trades] == ["bob bought 10 from ann"]


# Cancels of all


def test_cancel_all_cancels_whatever_is_open_wherever_it_waits() -> None:
    stage = Stage(Player("ann", holds={"APEX": 100}), "bob")
    stage.tick("""
        ann BUY 1 @ 9.00 #rests
        ann SELL 5 STOP 9.00 #stop
        bob BUY 1 @ 9.00 #other
    """)
    stage.operate("HALT", symbol="APEX", ticks=5)
    stage.tick("ann BUY 1 MARKET #queued\nann CANCEL ALL")
    assert {status_of(stage, r)[0] for r in ("rests", "stop", "queued")} == {"cancelled"}
    assert status_of(stage, "other") == ("open", 0)
    ann = stage.account("ann")
    assert (ann.orders, ann.reserved, ann.closing, ann.opening) == ({}, 0, {}, {})
    assert stage.outcome.results[-1].verdict.data["orderIds"] == [
        stage.orders[r].id for r in ("rests", "stop", "queued")
    ]


def test_cancel_all_may_be_kept_to_one_company() -> None:
    stage = Stage("ann", companies=[listing("APEX"), listing("NOVA")])
    stage.tick("""
        ann BUY 1 APEX @ 9.00 #a
        ann BUY 1 NOVA @ 9.00 #n
        ann CANCEL ALL NOVA
        ann CANCEL ALL NOWHERE
    """)
    assert (status_of(stage, "a")[0], status_of(stage, "n")[0]) == ("open", "cancelled")
    assert stage.codes[-1] == "INVALID_SYMBOL"


# Open orders are counted, whatever they wait for


def test_stops_and_queued_orders_count_among_the_two_hundred() -> None:
    stage = Stage("bob")
    stage.tick("bob BUY 1 @ 1.00\n" * 99 + "bob BUY 1 STOP 12.00\n" * 99)
    stage.operate("HALT", symbol="APEX", ticks=9)
    stage.tick("bob BUY 1 @ 1.00 #first\nbob BUY 1 MARKET\nbob BUY 1 @ 1.00")
    assert stage.codes == ["OK", "OK", "TOO_MANY_ORDERS"]
    stage.tick("bob REPLACE #first 2")
    assert stage.codes == ["OK"]


# Bands do not follow an order's limit


def test_an_order_rests_at_the_collar_that_its_limit_lies_beyond() -> None:
    stage = Stage(SELLER, "bob")
    stage.tick("bob BUY 10 @ 12.00 #b\nann SELL 10 @ 8.00 #a")
    assert stage.trades == ["bob bought 10 from ann @ 10.50"]
    stage.tick("ann SELL 10 @ 8.00 #a")
    assert stage.resting() == ["ann SELL 10 @ 9.50"]
    assert stage.orders["a"].limit == 800
