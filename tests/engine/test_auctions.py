"""The call auction: one price for everyone, at the opening and after a halt."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.engine import auction
from market.engine.auction import Cross
from market.engine.orders import Order
from market.engine.rules import HaltRules, SessionRules, Switches
from tests.cast import CAST, UNMOVED, Player, Stage, cents, listing, order_of, rules_with
from tests.engine.brute_force import audit
from tests.engine.naive import cross_of
from wallstreetsim.machine.rules import Rules

SELLER = Player("ann", holds={"APEX": 10_000})
RICH = "100,000,000.00"
DAY = Switches(never_closes=False, maker=False, walk=False)
QUOTED_DAY = Switches(never_closes=False, maker=True, walk=False)
SHORT_DAYS = rules_with(
    session=SessionRules(open_ticks=10, closed_ticks=5), pricing=UNMOVED.market.pricing
)
NIGHT, OPENING = 11, 15


def at_night(
    *cast: str | Player, price: str = "100.00", maker: bool = False, rules: Rules = SHORT_DAYS
) -> Stage:
    stage = Stage(
        *cast,
        companies=[listing(price=price)],
        switches=QUOTED_DAY if maker else DAY,
        rules=rules,
    )
    stage.run_to(NIGHT)
    return stage


def opened(
    script: str, *cast: str | Player, price: str = "100.00", rules: Rules = SHORT_DAYS
) -> Stage:
    """Return a stage that has just opened with what a script sent at night."""
    stage = at_night(*cast, price=price, rules=rules)
    stage.tick(script)
    assert set(stage.codes) == {"OK"}
    stage.run_to(OPENING)
    audit(stage.world.market)
    return stage


# The price


def crossed(script: str, reference: str) -> Cross | None:
    buys, sells = _orders(script)
    return auction.find_cross(buys, sells, cents(reference))


def _orders(script: str) -> tuple[list[Order], list[Order]]:
    orders = [order_of(line) for line in script.splitlines() if line.strip()]
    return [o for o in orders if o.side > 0], [o for o in orders if o.side < 0]


def test_the_example_of_the_book() -> None:
    script = """
        ann BUY 500 @ 101.00
        ann BUY 300 @ 100.00
        ann BUY 200 @ 99.00
        bob SELL 400 @ 98.00
        bob SELL 300 @ 100.00
        bob SELL 400 @ 102.00
    """
    assert crossed(script, "100.00") == Cross(cents("100.00"), 700)


def test_the_example_of_the_book_through_the_machine() -> None:
    stage = opened(
        """
        bob BUY 500 @ 101.00 #high
        bob BUY 300 @ 100.00 #even
        bob BUY 200 @ 99.00 #low
        ann SELL 400 @ 98.00
        ann SELL 300 @ 100.00
        ann SELL 400 @ 102.00 #far
        """,
        SELLER,
        Player("bob", RICH),
    )
    trades = stage.outcome.market.trades
    assert {trade.price for trade in trades} == {cents("100.00")}
    assert sum(trade.quantity for trade in trades) == 700
    assert {(trade.aggressor, trade.fee) for trade in trades} == {(None, 0)}
    assert stage.account("treasury").cash == 0
    assert [stage.orders[r].filled for r in ("high", "even", "low", "far")] == [500, 200, 0, 0]
    assert stage.resting() == [
        "bob BUY 100 @ 100.00",
        "bob BUY 200 @ 99.00",
        "ann SELL 400 @ 102.00",
    ]


@pytest.mark.parametrize(
    ("script", "reference", "price"),
    [
        # most shares
        ("ann BUY 5 @ 10.00\nann BUY 5 @ 12.00\nbob SELL 9 @ 10.00", "12.00", "10.00"),
        # least imbalance: 10 against 10 at 10.01 to 10.05, more elsewhere
        ("ann BUY 10 @ 10.05\nann BUY 5 @ 10.00\nbob SELL 10 @ 10.00", "9.00", "10.01"),
        # nearest the reference
        ("ann BUY 10 @ 10.05\nbob SELL 10 @ 9.95", "10.02", "10.02"),
        ("ann BUY 10 @ 10.05\nbob SELL 10 @ 9.95", "11.00", "10.05"),
        ("ann BUY 10 @ 10.05\nbob SELL 10 @ 9.95", "9.00", "9.95"),
    ],
)
def test_the_price_is_the_first_by_volume_then_imbalance_then_nearness(
    script: str, reference: str, price: str
) -> None:
    cross = crossed(script, reference)
    assert cross is not None
    assert cross.price == cents(price)


def test_nothing_trades_where_no_bid_reaches_an_ask() -> None:
    assert crossed("ann BUY 5 @ 9.99\nbob SELL 5 @ 10.00", "10.00") is None
    assert crossed("ann BUY 5 @ 9.99", "10.00") is None
    assert crossed("", "10.00") is None


def book_of(random: Random) -> tuple[list[tuple[int, int]], list[tuple[int, int]], int]:
    """Draw a crowded book of few prices: ties are what the rules are about."""
    low, width = random.randrange(1, 60), random.choice([2, 6, 20])

    def side() -> list[tuple[int, int]]:
        size = random.choice([1, 3, 50])
        return [
            (low + random.randrange(width), random.randrange(1, 1 + size))
            for _ in range(random.randrange(0, 9))
        ]

    return side(), side(), low + random.randrange(-3, width + 4)


def test_trying_every_price_agrees_on_ten_thousand_random_books() -> None:
    random, crosses = Random(3), 0
    for _ in range(10_000):
        bids, asks, reference = book_of(random)
        reference = max(1, reference)
        buys, sells = _as_orders("BUY", bids), _as_orders("SELL", asks)
        cross = auction.find_cross(buys, sells, reference)
        assert cross == cross_of(bids, asks, reference, range(1, 100))
        if cross is not None:
            crosses += 1
            check_allotment(buys, sells, cross)
    assert crosses > 5_000


ORDERS = {
    verb: [order_of(f"{n} {verb} 1 @ 1.00") for n in (*CAST, *CAST)] for verb in ("BUY", "SELL")
}


def _as_orders(verb: str, sizes: list[tuple[int, int]]) -> list[Order]:
    orders = ORDERS[verb][: len(sizes)]
    for order, (price, quantity) in zip(orders, sizes, strict=True):
        order.price, order.quantity = price, quantity
    return orders


def check_allotment(buys: list[Order], sells: list[Order], cross: Cross) -> None:
    """Assert that the shares go to the best prices, then the oldest, and nobody gets more than he
    asked for, nor a price worse than his.
    """
    pairs = list(auction.allot(buys, sells, cross))
    assert sum(pair.quantity for pair in pairs) == cross.quantity
    assert all(pair.quantity > 0 for pair in pairs)
    for side, orders in ((1, buys), (-1, sells)):
        got = dict.fromkeys((order.number for order in orders), 0)
        for pair in pairs:
            got[(pair.buy if side > 0 else pair.sell).number] += pair.quantity
        left = cross.quantity
        for order in sorted(orders, key=lambda order: (-side * order.price, order.priority)):
            due = min(left, order.quantity) if (order.price - cross.price) * side >= 0 else 0
            assert got[order.number] == due
            left -= due


sizes = st.lists(st.tuples(st.integers(1, 30), st.integers(1, 50)), max_size=14)


@given(bids=sizes, asks=sizes, reference=st.integers(1, 35))
def test_trying_every_price_agrees_on_any_book(
    bids: list[tuple[int, int]], asks: list[tuple[int, int]], reference: int
) -> None:
    buys, sells = _as_orders("BUY", bids), _as_orders("SELL", asks)
    cross = auction.find_cross(buys, sells, reference)
    assert cross == cross_of(bids, asks, reference, range(1, 40))
    if cross is not None:
        check_allotment(buys, sells, cross)


# Who takes part


def test_time_decides_at_the_margin() -> None:
    stage = opened(
        """
        cid BUY 100 @ 100.00 #first
        bob BUY 100 @ 100.00 #second
        ann SELL 150 @ 100.00
        """,
        SELLER,
        "bob",
        "cid",
    )
    assert [stage.orders[r].filled for r in ("first", "second")] == [100, 50]
    assert stage.resting() == ["bob BUY 50 @ 100.00"]


def test_an_order_that_rested_before_the_close_comes_before_those_of_the_night() -> None:
    stage = Stage(
        SELLER, "bob", "cid", companies=[listing(price="100.00")], switches=DAY, rules=SHORT_DAYS
    )
    stage.run_to(8)
    stage.tick("bob BUY 100 @ 100.00 #rests")
    stage.run_to(NIGHT)
    stage.tick("cid BUY 100 @ 100.00 #waits\nann SELL 120 @ 100.00")
    stage.run_to(OPENING)
    assert [stage.orders[r].filled for r in ("rests", "waits")] == [100, 20]


def test_what_a_market_order_does_not_get_is_cancelled() -> None:
    stage = opened("bob BUY 100 MARKET #b\nann SELL 60 @ 100.00", SELLER, Player("bob", RICH))
    order = stage.orders["b"]
    assert (order.status, order.filled, order.reason_code) == ("cancelled", 60, "NO_LIQUIDITY")
    assert stage.account("bob").reserved == 0


def test_a_market_order_counts_at_its_collar() -> None:
    assert opened("bob BUY 9 MARKET\nann SELL 9 @ 105.00", SELLER, "bob").trades
    assert not opened("bob BUY 9 MARKET\nann SELL 9 @ 105.01", SELLER, "bob").trades


def test_market_orders_of_both_sides_meet_at_the_price() -> None:
    stage = opened("bob BUY 9 MARKET\nann SELL 9 MARKET", SELLER, "bob")
    assert stage.trades == ["bob bought 9 from ann @ 100.00"]


def test_bands_do_not_apply() -> None:
    narrow = replace(SHORT_DAYS, market=replace(SHORT_DAYS.market, halts=HaltRules(band_bps=100)))
    stage = opened("bob BUY 9 @ 105.00\nann SELL 9 @ 104.00", SELLER, "bob", rules=narrow)
    assert stage.trades == ["bob bought 9 from ann @ 104.00"]


def test_no_auction_prints_a_price_beyond_the_collar() -> None:
    """Not by limits, nor by what closes a position: the two might be one."""
    lines = "bob BUY 9 @ 1,000,000.00\nann SELL 9 @ 1,000,000.00"
    stage = opened(lines, SELLER, Player("bob", RICH))
    assert stage.trades == []
    assert stage.resting() == ["bob BUY 9 @ 105.00", "ann SELL 9 @ 1000000.00"]
    stage = opened("bob BUY 9 @ 0.01\nann SELL 9 @ 0.01", SELLER, "bob")
    assert stage.trades == []
    assert stage.resting() == ["bob BUY 9 @ 0.01", "ann SELL 9 @ 95.00"]


def test_orders_of_one_account_do_not_meet_in_an_auction_unless_it_asks_for_that() -> None:
    both = Player("ann", RICH, holds={"APEX": 100})
    lines = "ann SELL 9 @ 100.00 #s\nann BUY 9 @ 100.00 {} #b"
    outcomes = {
        mode: opened(lines.format(mode), both)
        for mode in ("", "allow", "cancel_oldest", "cancel_both", "decrement")
    }
    assert {mode: stage.trades for mode, stage in outcomes.items() if stage.trades} == {
        "allow": ["ann bought 9 from ann @ 100.00"]
    }
    assert {mode: stage.resting() for mode, stage in outcomes.items()} == {
        "": ["ann SELL 9 @ 100.00"],
        "allow": [],
        "cancel_oldest": ["ann BUY 9 @ 100.00"],
        "cancel_both": [],
        "decrement": [],
    }
    for stage in outcomes.values():
        audit(stage.world.market)


def test_an_order_cut_by_another_of_its_account_takes_part_with_the_rest() -> None:
    both = Player("ann", RICH, holds={"APEX": 100})
    lines = "ann SELL 4 @ 100.00\nann BUY 9 @ 100.00 decrement #b\nbob SELL 9 @ 100.00"
    stage = opened(lines, both, Player("bob", RICH, holds={"APEX": 100}))
    assert stage.trades == ["ann bought 5 from bob @ 100.00"]


def test_the_market_makers_quotes_take_part_free_of_fees() -> None:
    stage = at_night(SELLER, Player("bob", RICH), maker=True)
    stage.tick("bob BUY 50 @ 101.00 #b")
    stage.run_to(OPENING)
    [trade] = stage.outcome.market.trades
    assert stage.names[trade.seller] == "market_maker"
    assert (trade.aggressor, trade.fee) == (None, 0)
    assert stage.orders["b"].status == "filled"
    assert trade.price < cents("101.00")
    audit(stage.world.market)


def test_shorts_and_covers_take_part() -> None:
    stage = Stage("bob", "cid", companies=[listing(price="100.00")], switches=DAY, rules=SHORT_DAYS)
    stage.tick("bob SHORT 10 @ 100.00\ncid BUY 10 @ 100.00")
    stage.run_to(NIGHT)
    stage.tick("bob COVER 10 MARKET\ncid SELL 10 @ 100.00")
    stage.run_to(OPENING)
    assert stage.trades == ["bob bought 10 from cid @ 100.00"]
    assert stage.holding("bob") == 0


def test_the_book_does_not_cross_and_the_price_moves_on_from_the_auctions() -> None:
    stage = opened("bob BUY 9 @ 101.00\nann SELL 5 @ 99.00", SELLER, "bob")
    company = stage.company()
    assert company.last == cents("100.00")
    assert stage.resting() == ["bob BUY 4 @ 101.00"]


def test_the_first_day_starts_without_an_auction() -> None:
    stage = Stage(
        SELLER, "bob", companies=[listing(price="100.00")], switches=DAY, rules=SHORT_DAYS
    )
    stage.tick("ann SELL 9 @ 99.00\nbob BUY 9 @ 101.00")
    assert [trade.aggressor for trade in stage.outcome.market.trades] == ["BUY"]


# What waits


@pytest.mark.parametrize(
    "line",
    [
        "bob BUY 1 @ 99.00 IOC",
        "bob BUY 1 @ 99.00 FOK",
        "bob BUY 1 @ 99.00 POST",
        "bob BUY 1 MARKET IOC",
    ],
)
def test_what_cannot_wait_is_refused_while_closed(line: str) -> None:
    stage = at_night("bob")
    stage.tick(f"{line} #b")
    assert stage.codes == ["MARKET_HALTED"]
    assert stage.orders["b"].status == "rejected"


def test_a_day_order_expires_at_the_close_and_one_of_the_night_at_the_next() -> None:
    stage = Stage(SELLER, "bob", switches=DAY, rules=SHORT_DAYS)
    stage.tick("""
        bob BUY 5 @ 9.60 DAY #day
        bob BUY 5 @ 9.60 #good
        ann SELL 5 STOP 8.50 DAY #stop
        ann SELL 2 @ 9.60
    """)
    stage.run_to(9)
    assert stage.orders["day"].status == "partial"
    stage.submit()
    assert {stage.orders[r].status for r in ("day", "stop")} == {"expired"}
    assert stage.orders["day"].reason_code == "DAY_ENDED"
    assert stage.orders["day"].filled == 2
    assert stage.orders["good"].status == "open"
    assert stage.account("bob").reserved == cents("48.00")
    assert stage.account("ann").closing == {}
    stage.tick("bob BUY 5 @ 9.10 DAY #night")
    stage.run_to(OPENING)
    assert stage.orders["night"].status == "open"
    stage.run_to(25)
    assert stage.orders["night"].status == "expired"


def test_a_day_order_expires_where_trading_never_closes_too() -> None:
    stage = Stage("bob", rules=SHORT_DAYS)
    stage.tick("bob BUY 5 @ 9.00 DAY #day")
    stage.run_to(10)
    assert stage.orders["day"].status == "expired"


def test_what_waits_survives_a_checkpoint() -> None:
    def told(reload: bool) -> list[str]:
        stage = at_night(SELLER, "bob", "cid", maker=True)
        stage.tick(
            "bob BUY 50 @ 100.10\ncid BUY 50 MARKET\nann SELL 70 @ 99.90\nbob BUY 5 @ 90.00 DAY"
        )
        if reload:
            stage.reload()
        return [stage.submit().digest for _ in range(12)]

    assert told(reload=True) == told(reload=False)
