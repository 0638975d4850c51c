"""What is shown while nothing trades, and how a day's figures begin and end."""

from __future__ import annotations

import pytest

from market.engine.outcome import Candle, CompanyState
from market.engine.rules import Switches
from tests.cast import Player, Stage, cents, listing, rules_with
from wallstreetsim.machine.rules import RULES

OPENING = 630
CLOSING = 390
NIGHTLY = Switches(walk=False)  # the day has an end, and the market maker quotes
WILD = Switches()


def state(stage: Stage, symbol: str = "APEX") -> CompanyState:
    return next(c for c in stage.outcome.market.companies if c.symbol == symbol)


def candle(stage: Stage, interval: int = 1) -> Candle | None:
    return next((c for c in stage.outcome.market.candles if c.interval == interval), None)


# Candles


def test_the_first_candle_of_a_day_opens_where_the_night_put_it() -> None:
    stage = Stage(companies=40, switches=WILD, rules=RULES)
    stage.run_to(OPENING - 1)
    closes = {c.symbol: c.price for c in stage.outcome.market.companies}
    stage.run_to(OPENING)
    opened = [c for c in stage.outcome.market.candles if c.interval == 1]
    assert len(opened) == 40
    assert sum(candle.open != closes[candle.symbol] for candle in opened) > 30
    for one in opened:
        assert one.low <= min(one.open, one.close)
        assert one.high >= max(one.open, one.close)
        assert one.open == next(
            c.day_open for c in stage.outcome.market.companies if c.symbol == one.symbol
        )


def test_the_first_candle_of_a_day_opens_where_the_auction_put_it() -> None:
    stage = Stage(
        Player("ann", holds={"APEX": 100}), "bob", switches=Switches(walk=False, maker=False)
    )
    stage.run_to(OPENING - 1)
    stage.tick("ann SELL 100 @ 10.20\nbob BUY 100 @ 10.20")
    [trade] = stage.outcome.market.trades
    first = candle(stage)
    assert first is not None
    assert (first.open, first.volume) == (trade.price, 100) == (cents("10.20"), 100)
    assert state(stage).day_open == cents("10.20")


def test_a_halt_has_no_candles_and_the_next_opens_at_its_auction() -> None:
    stage = Stage(Player("ann", holds={"APEX": 100}), "bob")
    stage.operate("HALT", symbol="APEX", ticks=4)
    for _ in range(2):
        stage.submit()
        assert candle(stage) is None
    stage.tick("ann SELL 100 @ 10.20\nbob BUY 100 @ 10.20")
    assert candle(stage) is None
    stage.submit()
    resumed = candle(stage)
    assert stage.outcome.market.resumed == ["APEX"]
    assert resumed is not None
    assert (resumed.open, resumed.volume) == (cents("10.20"), 100)


def test_the_night_has_no_candles_and_every_interval_ends_with_the_session() -> None:
    stage = Stage("ann", companies=1, switches=WILD)
    made: list[Candle] = []
    while stage.world.tick < 2 * OPENING:
        stage.submit()
        made += stage.outcome.market.candles
    assert {c.tick for c in made if c.tick % OPENING >= CLOSING} == set()
    last = {c.interval: c.tick for c in made if c.tick < OPENING}
    assert last == dict.fromkeys((1, 5, 15, 60, OPENING), CLOSING - 1)
    for interval in (5, 15, 60):
        ends = [c.tick % OPENING for c in made if c.interval == interval and c.tick > OPENING]
        assert ends == [*range(interval - 1, CLOSING - 1, interval), CLOSING - 1]


def test_a_day_has_its_daily_candle() -> None:
    stage = Stage("ann", companies=1, switches=WILD)
    stage.run_to(OPENING - 1)
    ticks: list[Candle] = []
    days: list[Candle] = []
    while stage.world.tick < 2 * OPENING - 1:
        stage.submit()
        ticks += [c for c in stage.outcome.market.candles if c.interval == 1]
        days += [c for c in stage.outcome.market.candles if c.interval == OPENING]
    [day] = days
    assert (day.tick, day.open, day.close) == (
        OPENING + CLOSING - 1,
        ticks[0].open,
        ticks[-1].close,
    )
    assert (day.high, day.low) == (max(c.high for c in ticks), min(c.low for c in ticks))
    assert day.volume == sum(c.volume for c in ticks)
    figures = state(stage)
    assert (figures.day_open, figures.day_high) == (day.open, day.high)
    assert (figures.day_low, figures.day_volume) == (day.low, day.volume)


def test_a_day_that_ends_before_its_time_has_its_candles_too() -> None:
    stage = Stage("ann", companies=[listing(), listing("NEXUS")], switches=WILD, rules=RULES)
    stage.operate("INJECT", event="BLACK_SWAN", impact=-0.3, duration=10)
    days: list[Candle] = []
    while stage.world.market.is_open:
        stage.submit()
        days += [c for c in stage.outcome.market.candles if c.interval == OPENING]
    assert stage.world.tick < CLOSING
    assert [c.tick for c in days] == [stage.world.tick] * 2
    stage.run_to(OPENING - 1)
    assert stage.outcome.market.candles == []


# What is quoted


def test_in_a_halt_nobody_bids_or_asks_and_the_book_says_what_is_queued() -> None:
    stage = Stage(Player("ann", holds={"APEX": 100}), "bob", switches=NIGHTLY)
    stage.tick("ann SELL 40 @ 10.40")
    assert state(stage).bid is not None
    stage.operate("HALT", symbol="APEX", ticks=30)
    assert (state(stage).bid, state(stage).ask) == (None, None)
    assert state(stage).asks == [(1_040, 40, 1)], "the market maker has withdrawn"
    stage.tick("ann SELL 60 @ 10.40\nbob BUY 10 @ 10.50\nbob BUY 5 MARKET")
    assert (state(stage).bid, state(stage).ask) == (None, None)
    assert state(stage).asks == [(1_040, 100, 2)]
    assert state(stage).bids == [(1_050, 15, 2)], "a market order counts at its collar"
    stage.run_to(32)
    assert stage.outcome.market.trades == []
    stage.submit()
    assert [t.quantity for t in stage.outcome.market.trades if t.buyer == stage.ids["bob"]]
    assert state(stage).bid is not None


def test_at_night_nobody_bids_or_asks() -> None:
    stage = Stage("ann", switches=NIGHTLY)
    stage.run_to(CLOSING - 1)
    assert state(stage).bid is not None
    stage.submit()
    assert (state(stage).bid, state(stage).ask) == (None, None)
    stage.tick("ann BUY 5 @ 9.00")
    assert (state(stage).bid, state(stage).bids) == (None, [(900, 5, 1)])
    stage.run_to(OPENING)
    assert state(stage).bid is not None


def test_a_split_in_a_halt_does_not_change_what_is_shown() -> None:
    stage = Stage(
        "ann",
        companies=[listing(price="4,840.00")],
        switches=Switches(never_closes=True, walk=False),
    )
    stage.operate("INJECT", event="PRODUCT_LAUNCH", symbol="APEX", impact=0.3, duration=5)
    seen = set()
    while not stage.outcome.market.resumed:
        stage.submit()
        if not state(stage).is_trading:
            seen.add((state(stage).bid, state(stage).ask))
        assert stage.world.tick < 50
    assert state(stage).split_power == 1
    assert seen == {(None, None)}


# A short in a halt


@pytest.mark.parametrize(("price", "code"), [("8.90", "INVALID_PRICE"), ("9.20", "OK")])
def test_a_restricted_short_in_a_halt_is_held_to_the_last_bid(price: str, code: str) -> None:
    stage = Stage("ann", "bob", "cid", rules=rules_with())
    stage.tick("bob BUY 10 @ 9.10")
    stage.operate("RESTRICT_SHORTS", symbol="APEX")
    stage.operate("HALT", symbol="APEX", ticks=5)
    stage.tick(f"bob CANCEL ALL\nann SHORT 10 @ {price}")
    assert stage.codes == ["OK", code]


def test_the_last_bid_follows_a_split() -> None:
    stage = Stage("ann", "bob", companies=[listing(price="1.50")])
    stage.tick("bob BUY 10 @ 1.49")
    stage.operate("RESTRICT_SHORTS", symbol="APEX")
    stage.operate("HALT", symbol="APEX")
    stage.reprice("1.50")
    stage.tick("bob CANCEL ALL\nann SHORT 10 @ 1.45")
    assert stage.codes[-1] == "INVALID_PRICE"


def test_a_short_queued_before_the_restriction_is_held_to_it_too() -> None:
    stage = Stage("ann", "bob", "cid")
    stage.tick("bob BUY 10 @ 9.10")
    stage.operate("HALT", symbol="APEX", ticks=3)
    stage.tick("ann SHORT 10 @ 9.00 #low\nann SHORT 10 @ 9.50 #high")
    assert stage.codes == ["OK", "OK"]
    stage.operate("RESTRICT_SHORTS", symbol="APEX")
    stage.run_to(6)
    assert stage.orders["low"].status == "cancelled"
    assert stage.orders["low"].reason_code == "INVALID_PRICE"
    assert stage.orders["high"].status == "open"
    assert stage.holding("ann") == 0


# The day's profit


def test_what_a_day_brought_stands_until_the_open() -> None:
    stage = Stage(Player("ann", holds={"APEX": 1_000}), companies=1, switches=WILD, rules=RULES)
    stage.run_to(CLOSING - 1)
    ann = stage.account("ann")

    def day() -> tuple[int, int]:
        return ann.equity - ann.close_equity, state(stage).price - state(stage).previous_close

    gain, change = day()
    assert gain == 1_000 * change != 0
    while stage.world.tick < OPENING - 1:
        stage.submit()
        assert day() == (gain, change)
    stage.submit()
    night, change = day()
    assert night == 1_000 * change != gain


# Events


def test_an_events_clock_stands_while_nothing_trades_and_it_explains_the_jump() -> None:
    stage = Stage("ann", companies=1, switches=NIGHTLY, rules=RULES)
    stage.run_to(600)
    stage.operate("INJECT", event="PRODUCT_LAUNCH", symbol="APEX", impact=0.05, duration=3)
    while stage.world.tick < OPENING:
        [active] = stage.outcome.market.active_events
        assert active.ticks_remaining == 3
        before = state(stage).price
        stage.submit()
    assert state(stage).price > 1.04 * before, "it jumps at the open"
    seen = []
    while stage.outcome.market.active_events:
        seen.append(stage.outcome.market.active_events[0].ticks_remaining)
        stage.submit()
    assert seen == [3, 3, 2, 1], "it opens once its price is there, a tick later"


def test_an_event_is_active_while_any_company_has_not_taken_it_in() -> None:
    companies = [listing("APEX", "100.00"), listing("NEXUS", "100.00")]
    switches = Switches(never_closes=True, walk=False, halts=False)
    stage = Stage("ann", companies=companies, switches=switches)
    stage.operate("INJECT", event="BLACK_SWAN", impact=-0.6, duration=2)
    moved = 0
    while any(c.price != c.previous_price for c in stage.outcome.market.companies):
        assert stage.outcome.market.active_events, "a jump that nothing explains"
        moved += 1
        stage.submit()
    assert moved > 5


def test_a_halted_companys_event_waits_for_it() -> None:
    stage = Stage("ann", companies=[listing(), listing("NEXUS")])
    stage.operate("HALT", symbol="APEX", ticks=5)
    stage.operate("INJECT", event="PRODUCT_LAUNCH", symbol="APEX", impact=0.02, duration=4)
    stage.operate("INJECT", event="PRODUCT_LAUNCH", symbol="NEXUS", impact=0.02, duration=4)
    stage.run_to(6)
    assert {e.ticks_remaining for e in stage.outcome.market.active_events} == {4, 2}
