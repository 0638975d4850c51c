"""Figures: candles, the day's and the 24h volume, the index, the leaderboard, equity a day ago."""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from math import floor
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market import wire
from market.engine.candles import INDEX
from market.engine.outcome import Candle
from market.engine.rules import SessionRules, Switches
from tests.cast import Player, Stage, cents, listing, rules_with
from wallstreetsim.machine.rules import RULES

WALKING = Switches(never_closes=False, maker=True, walk=True)

# Candles


def test_a_candle_is_what_its_ticks_were() -> None:
    """Against brute force: of every interval, from each tick's prices, trades and volume."""
    stage = Stage(
        Player("ann", holds={"APEX": 10_000}),
        switches=WALKING,
        rules=rules_with(candle_intervals=(1, 5, 15, 60)),
    )
    random = Random(1)
    ticks = {1: ([cents("10.00"), stage.company().price], 0)}  # prices in order, shares traded
    candles: dict[int, list[Candle]] = defaultdict(list)
    _collect(candles, stage)
    for tick in range(2, 121):
        before = stage.company().price
        side = random.choice(["BUY", "SELL"])
        stage.tick(f"ann {side} {random.randrange(1, 300)} MARKET")
        trades = stage.outcome.market.trades
        seen = [before, *(trade.price for trade in trades), stage.company().price]
        ticks[tick] = seen, sum(trade.quantity for trade in trades)
        _collect(candles, stage)
    assert sum(volume for _, volume in ticks.values()) > 1_000
    assert set(candles) == {1, 5, 15, 60}
    for interval, made in candles.items():
        assert made == [
            _brute_force(ticks, interval, last)
            for last in range(interval - 1, 121, interval)
            if last
        ]


def _collect(candles: dict[int, list[Candle]], stage: Stage) -> None:
    for candle in stage.outcome.market.candles:
        candles[candle.interval].append(candle)


def _brute_force(ticks: dict[int, tuple[list[int], int]], interval: int, last: int) -> Candle:
    within = [ticks[tick] for tick in range(max(1, last - interval + 1), last + 1)]
    prices = [price for seen, _ in within for price in seen]
    volume = sum(shares for _, shares in within)
    return Candle(
        "APEX", interval, last, 0, prices[0], max(prices), min(prices), prices[-1], volume
    )


def test_a_candle_opens_where_the_last_one_closed() -> None:
    stage = Stage(switches=WALKING)
    previous = stage.company().price
    for _ in range(50):
        stage.submit()
        candle = next(c for c in stage.outcome.market.candles if c.interval == 1)
        assert candle.open == previous
        assert candle.low <= min(candle.open, candle.close)
        assert candle.high >= max(candle.open, candle.close)
        previous = candle.close


def test_candles_of_the_index_are_what_it_was_tick_by_tick() -> None:
    stage = Stage(
        "ann",
        companies=[listing(), listing("NEXUS")],
        switches=WALKING,
        rules=rules_with(candle_intervals=(1, 5)),
    )
    values = {0: 100_000, stage.world.tick: stage.outcome.market.index}
    volumes = {stage.world.tick: 0}
    made = list(stage.outcome.market.index_candles)
    while stage.world.tick < 20:
        stage.tick("ann BUY 10 MARKET\nann BUY 5 NEXUS MARKET")
        values[stage.world.tick] = stage.outcome.market.index
        volumes[stage.world.tick] = sum(trade.quantity for trade in stage.outcome.market.trades)
        made += stage.outcome.market.index_candles
    assert sum(volumes.values()) > 100
    fives = [candle for candle in made if candle.interval == 5]
    assert [candle.tick for candle in fives] == [4, 9, 14, 19]
    for candle in made:
        first = max(1, candle.tick - candle.interval + 1)
        within = [values[tick] for tick in range(first - 1, candle.tick + 1)]
        assert candle == Candle(
            INDEX,
            candle.interval,
            candle.tick,
            0,
            within[0],
            max(within),
            min(within),
            within[-1],
            sum(volumes[tick] for tick in range(first, candle.tick + 1)),
        )


# Volumes


def test_volume_24h_is_that_of_exactly_the_last_630_ticks() -> None:
    stage = Stage(Player("ann", holds={"APEX": 100}), "bob")
    stage.tick("""
        ann SELL 100 @ 10.00
        bob BUY 7 MARKET
    """)
    traded_at = stage.world.tick
    stage.tick("bob BUY 5 MARKET")
    assert _volumes(stage) == (12, cents("120.00"))
    stage.run_to(traded_at + 629)
    assert _volumes(stage) == (12, cents("120.00"))
    stage.submit()
    assert _volumes(stage) == (5, cents("50.00"))
    stage.submit()
    assert _volumes(stage) == (0, 0)


def _volumes(stage: Stage) -> tuple[int, int]:
    market = stage.outcome.market
    return market.companies[0].day_ago_volume, market.dollar_volume_day


def test_the_days_high_low_and_volume_take_in_every_trade() -> None:
    stage = Stage(Player("ann", holds={"APEX": 100}), "bob")
    stage.tick("""
        ann SELL 10 @ 10.40
        bob BUY 10 @ 9.60
        bob BUY 10 @ 10.40
        ann SELL 10 @ 9.60
    """)
    state = stage.outcome.market.companies[0]
    assert (state.day_high, state.day_low, state.day_volume) == (1_040, 960, 20)
    assert (state.last, state.price) == (960, 1_000)


# Index


@pytest.mark.parametrize("count", [1, 8, 100])
def test_the_index_is_1000_points_at_founding(count: int) -> None:
    stage = Stage(companies=count)
    assert stage.outcome.market.index == 100_000


def test_the_index_is_weighted_by_capitalisation() -> None:
    stage = Stage(companies=[listing("APEX", shares=3_000_000), listing("NOVA", shares=1_000_000)])
    stage.reprice("11.00", "APEX")
    assert stage.submit().market.index == 107_500
    stage.reprice("6.00", "NOVA")
    assert stage.submit().market.index == 97_500


def test_an_empty_market_has_an_index_of_nought() -> None:
    assert Stage("ann", companies=[]).outcome.market.index == 0


# Leaderboard


def test_the_leaderboard_ranks_by_equity_and_the_elder_first_among_equals() -> None:
    stage = Stage(
        Player("ann", "5.00"),
        Player("bob", "9.00"),
        Player("cid", "0.00", holds={"APEX": 1}),
        Player("dee", "9.00"),
    )
    stage.submit()
    assert [(s.rank, stage.names[s.account], s.equity) for s in stage.outcome.standings] == [
        (1, "cid", 1_000),
        (2, "bob", 900),
        (3, "dee", 900),
        (4, "ann", 500),
    ]


def test_the_exchanges_own_accounts_stand_on_no_leaderboard() -> None:
    stage = Stage("ann")
    assert [stage.names[s.account] for s in stage.outcome.standings] == ["ann"]


def test_equity_a_day_ago_is_the_endowment_until_the_account_is_a_day_old() -> None:
    stage = Stage(Player("ann", "100.00"))
    stage.run_to(300)
    stage.give("ann", 1)
    stage.run_to(639)
    assert stage.outcome.standings[0].equity_day_ago == cents("100.00")
    stage.run_to(920)
    assert stage.outcome.standings[0].equity_day_ago == cents("100.00")
    stage.run_to(940)
    assert stage.outcome.standings[0].equity_day_ago == cents("110.00")


def test_equity_a_day_ago_follows_the_rules_day() -> None:
    rules = rules_with(session=SessionRules(30, 20))
    stage = Stage(Player("ann", "100.00"), rules=rules)
    stage.run_to(20)
    stage.give("ann", 1)
    stage.run_to(80)
    assert stage.outcome.standings[0].equity_day_ago == cents("110.00")


def test_the_founding_rules_are_those_that_are_published() -> None:
    assert RULES.market.session == SessionRules(390, 240)
    assert RULES.market.candle_intervals == (1, 5, 15, 60)
    assert (RULES.market.taker_fee_bps, RULES.market.collar_bps) == (1, 500)
    assert RULES.market.max_open_orders == 200


# As the wire shows them


@given(st.integers(-(10**13), 10**13), st.integers(-(10**6), 10**6))
def test_averages_and_percentages_are_rounded_half_up_from_the_exact_quotient(
    dividend: int, divisor: int
) -> None:
    exact = Fraction(dividend, divisor) if divisor else Fraction(0)
    assert wire.average(dividend, divisor) == _half_up(exact * 100) / 10_000
    assert wire.percent(dividend, divisor) == _half_up(exact * 1_000_000) / 10_000


def _half_up(number: Fraction) -> int:
    return floor(number + Fraction(1, 2))
