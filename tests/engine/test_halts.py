"""Limit bands, pauses, news, market-wide halts, and what an operator halts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from market.engine import halts
from market.engine.halts import UNTIL_RESUMED
from market.engine.rules import HaltRules, SessionRules, Switches
from tests.cast import STILL, UNMOVED, Player, Stage, cents, listing, rules_with
from tests.engine.brute_force import audit

SELLER = Player("ann", holds={"APEX": 100_000})
RICH = Player("bob", "1,000,000,000.00")
BIG = listing("BIG", "400.00", shares=10**9)  # so that the index stands still
DAY = Switches(never_closes=False, maker=False, walk=False)
QUOTED = Switches(never_closes=True, maker=True, walk=False)


def stage_of(*cast: str | Player, **more: object) -> Stage:
    return Stage(*cast, companies=[listing(), BIG], **more)  # type: ignore[arg-type]


def inject(stage: Stage, impact: float, symbol: str | None = "APEX") -> None:
    event = "MERGER_RUMOR" if symbol else "RALLY"
    stage.operate("INJECT", event=event, symbol=symbol, impact=impact, duration=9)


def told(stage: Stage) -> list[tuple[str | None, str, int | None]]:
    return [(halt.symbol, halt.reason, halt.until) for halt in stage.outcome.market.halts]


# Bands


@pytest.mark.parametrize(
    ("company", "low", "high"),
    [
        (listing(), 900, 1_100),
        (listing(sector="Meme"), 800, 1_200),
        (listing(sector="Crypto"), 800, 1_200),
        (listing(shares=10**9 - 1), 900, 1_100),  # a cent short of $10 billion
        (listing(shares=10**9), 950, 1_050),
        (listing(price="3.33"), 300, 366),  # 2.997 to 3.663
    ],
)
def test_the_bands_depend_on_the_companys_size_and_sector(
    company: object, low: int, high: int
) -> None:
    stage = Stage(companies=[company])  # type: ignore[list-item]
    assert (stage.company().low_band, stage.company().high_band) == (low, high)


def test_the_bands_lie_around_the_mean_price_of_the_last_five_ticks() -> None:
    stage = stage_of()
    means = []
    for price in ("10.40", "10.20", "10.00", "10.10", "10.30", "10.60"):
        stage.reprice(price)
        stage.submit()
        means.append((stage.company().low_band, stage.company().high_band))
    assert means[-1] == (922, 1_126)  # around 10.24: 9.216 to 11.264
    assert means[-2] == (918, 1_122)  # around 10.20


def test_nothing_trades_outside_the_bands() -> None:
    stage = stage_of(SELLER, RICH)
    stage.operate("SET_BANDS", symbol="APEX", bps=300)
    stage.tick("ann SELL 10 @ 10.31 #far\nann SELL 10 @ 10.30\nbob BUY 30 @ 15.00 #b")
    assert stage.trades == ["bob bought 10 from ann @ 10.30"]
    assert stage.resting() == ["bob BUY 20 @ 10.30", "ann SELL 10 @ 10.31"]
    assert stage.orders["b"].limit == cents("15.00")
    assert stage.account("bob").reserved == 20 * cents("15.00")


def test_a_market_order_is_kept_within_its_collar_where_the_band_lies_beyond_it() -> None:
    """The price has fallen below the band: nobody buys at the band, which is above the collar."""
    stage = stage_of(SELLER, RICH)
    stage.run_to(4)
    stage.reprice("8.20")
    stage.submit()
    assert stage.company().low_band == 868  # around 9.64; the collar ends at 8.61
    stage.tick("ann SELL 10 @ 8.00\nbob BUY 10 MARKET")
    assert stage.trades == []
    assert stage.resting() == ["ann SELL 10 @ 8.36"], "with the band of after the tick"
    assert stage.codes == ["OK", "NO_LIQUIDITY"]


def test_orders_slide_to_a_band_that_moves_over_them_in_their_order() -> None:
    stage = stage_of("bob", "cid", "dee")
    stage.operate("SET_BANDS", symbol="APEX", bps=300)
    stage.tick("dee BUY 1 @ 10.21\nbob BUY 2 @ 10.30\ncid BUY 3 @ 10.25")
    stage.reprice("9.80")
    stage.submit()
    band = stage.company().high_band
    assert band == 1_025  # around 9.96; the collar ends at 10.29
    assert stage.resting() == ["cid BUY 3 @ 10.25", "bob BUY 2 @ 10.25", "dee BUY 1 @ 10.21"]
    assert stage.account("bob").reserved == cents("20.60"), "its limit is as it was"
    audit(stage.world.market)


def test_an_order_held_by_a_band_goes_on_to_its_limit_when_the_band_makes_way() -> None:
    stage = stage_of("bob", SELLER, RICH)
    stage.operate("SET_BANDS", symbol="APEX", bps=100, ticks=2)
    stage.tick("bob BUY 10 @ 10.40\nann SELL 5 @ 10.20\nbob BUY 1 @ 10.10")
    assert stage.resting() == ["bob BUY 10 @ 10.10", "bob BUY 1 @ 10.10", "ann SELL 5 @ 10.20"]
    stage.submit()
    assert stage.trades == ["bob bought 5 from ann @ 10.20"]
    assert stage.resting() == ["bob BUY 5 @ 10.40", "bob BUY 1 @ 10.10"]
    [trade] = stage.outcome.market.trades
    assert (trade.aggressor, trade.fee) == ("BUY", 1), "who comes to the other pays"
    assert stage.account("bob").reserved == 5 * 1_040 + 1_010
    audit(stage.world.market)


def test_of_orders_that_a_band_lets_go_the_best_limit_comes_first() -> None:
    stage = stage_of("bob", "cid", SELLER)
    stage.operate("SET_BANDS", symbol="APEX", bps=100, ticks=2)
    stage.tick("bob BUY 1 @ 10.30\ncid BUY 1 @ 10.40\nann SELL 1 @ 10.20")
    stage.submit()
    assert stage.trades == ["cid bought 1 from ann @ 10.20"]


def test_what_the_bands_move_trades_within_them() -> None:
    """Asks come up to the band before a bid that it lets go can meet them."""
    stage = stage_of("cid", SELLER)
    stage.operate("SET_BANDS", symbol="APEX", bps=100)
    stage.tick("cid BUY 1 @ 11.60\nann SELL 1 @ 10.15\nann SELL 1 @ 10.18")
    stage.reprice("10.80")
    stage.submit()
    assert bands(stage) == (1_006, 1_026)
    assert stage.trades == ["cid bought 1 from ann @ 10.26"], "where the collar has taken the asks"
    assert stage.resting() == ["ann SELL 1 @ 10.26"]
    audit(stage.world.market)


def test_a_band_that_narrows_at_an_auction_and_widens_in_its_tick_holds_nobody() -> None:
    stage = stage_of("bob", "cid")
    stage.operate("SET_BANDS", symbol="APEX", bps=400)
    stage.tick("bob BUY 1 @ 10.38\ncid BUY 1 @ 11.50")
    stage.operate("HALT", symbol="APEX", ticks=2)
    stage.company().price = cents("9.95")  # the band's middle at the auction
    stage.submit()
    stage.reprice("10.20")
    stage.submit()
    assert stage.company().high_band == 1_047
    assert stage.resting() == ["cid BUY 1 @ 10.47", "bob BUY 1 @ 10.38"]


def test_a_short_that_a_band_lets_go_takes_no_bid_while_shorts_are_restricted() -> None:
    stage = stage_of("bob", "cid")
    stage.operate("SET_BANDS", symbol="APEX", bps=100, ticks=2)
    stage.tick("cid SHORT 1 @ 9.60 #s\nbob BUY 1 @ 9.70")
    assert stage.resting() == ["bob BUY 1 @ 9.70", "cid SELL 1 @ 9.90"]
    stage.operate("RESTRICT_SHORTS", symbol="APEX")
    assert stage.trades == []
    order = stage.orders["s"]
    assert (order.status, order.reason_code) == ("cancelled", "INVALID_PRICE")
    assert (stage.company().shorts_offered, stage.account("cid").reserved) == (0, 0)


def test_what_a_band_lets_go_meets_the_makers_new_quotes() -> None:
    stage = Stage("bob", companies=[listing(), BIG], switches=QUOTED)
    stage.operate("SET_BANDS", symbol="APEX", bps=50, ticks=2)
    stage.tick("bob BUY 90000 @ 10.60")
    held = stage.orders[stage.outcome.results[0].id]
    assert held.status == "partial", "at the band, above the asks that were within it"
    stage.submit()
    prices = [trade.price for trade in stage.outcome.market.trades]
    assert prices and max(prices) < 1_030, "the quotes' prices, not the bid's own"


def test_orders_pressed_to_a_band_stand_there_as_they_stood() -> None:
    """Whoever writes the wildest limit passes nobody."""
    stage = stage_of("bob", "cid")
    stage.tick("bob BUY 1 @ 10.50\ncid BUY 1 @ 20.00")
    stage.reprice("9.97")
    stage.submit()
    assert stage.resting() == ["bob BUY 1 @ 10.46", "cid BUY 1 @ 10.46"]


def test_after_an_auction_the_bands_are_shared_by_time() -> None:
    stage = stage_of("bob", "cid")
    stage.operate("SET_BANDS", symbol="APEX", bps=400)
    stage.tick("bob BUY 1 @ 10.20")
    stage.operate("HALT", symbol="APEX", ticks=3)
    stage.tick("cid BUY 1 @ 10.00")
    stage.company().price = cents("8.80")
    stage.company().pricing.value = 880.0
    stage.run_to(stage.company().reopens_tick or 0)
    assert stage.company().is_trading
    assert stage.resting() == ["bob BUY 1 @ 9.15", "cid BUY 1 @ 9.15"]


def test_what_a_band_holds_is_told_of_when_something_becomes_of_it_and_not_each_tick() -> None:
    stage = stage_of("bob", SELLER)
    stage.operate("SET_BANDS", symbol="APEX", bps=100, ticks=3)
    stage.tick("bob BUY 1 @ 10.40")
    stage.reprice("10.05")
    stage.submit()
    assert stage.resting() == ["bob BUY 1 @ 10.11"]
    assert stage.outcome.market.orders == []


def test_a_post_only_order_that_a_band_lets_go_takes_nothing() -> None:
    stage = stage_of("bob", SELLER)
    stage.operate("SET_BANDS", symbol="APEX", bps=100, ticks=2)
    stage.tick("bob BUY 1 @ 10.40 POST #p\nann SELL 5 @ 10.20")
    stage.submit()
    assert stage.trades == []
    order = stage.orders["p"]
    assert (order.status, order.reason_code) == ("cancelled", "WOULD_TAKE")
    assert stage.account("bob").reserved == 0


def test_the_makers_quotes_stay_within_the_bands() -> None:
    stage = Stage(companies=[listing(), BIG], switches=QUOTED)
    stage.reprice("11.20")
    stage.submit()
    company = stage.company()
    assert company.best_bid is not None
    assert company.best_bid <= company.high_band
    asks = [price for price, _, _ in company.book.asks.depth(9)]
    assert min(asks) > cents("11.20"), "an ask above the band is no harm: nobody reaches it"


def test_without_halts_there_are_no_bands() -> None:
    stage = stage_of(SELLER, RICH, switches=replace(STILL, halts=False))
    stage.tick("ann SELL 10 @ 10.50\nbob BUY 10 @ 15.00")
    assert stage.trades == ["bob bought 10 from ann @ 10.50"], "the collar is there without them"
    assert stage.company().high_band == 0


# Pauses


def test_a_book_pinned_at_a_band_for_a_tick_is_paused_for_five() -> None:
    stage = stage_of(SELLER, RICH)
    stage.operate("SET_BANDS", symbol="APEX", bps=400)
    stage.tick("bob BUY 10 @ 11.00")
    assert told(stage) == []
    stage.submit()
    paused_at = stage.world.tick
    assert told(stage) == [("APEX", "limit_band", paused_at + 5)]
    stage.tick("ann SELL 10 @ 10.45 #a")
    assert stage.orders["a"].status == "pending"
    while stage.world.tick < paused_at + 4:
        stage.submit()
        assert stage.trades == []
        assert stage.company().is_halted
    stage.submit()
    assert stage.trades == ["bob bought 10 from ann @ 10.45"]
    assert not stage.company().is_halted
    assert stage.company().is_trading


def test_a_book_pinned_for_less_than_a_tick_goes_on() -> None:
    stage = stage_of(SELLER, RICH)
    stage.tick("bob BUY 10 @ 11.00")
    stage.tick("ann SELL 10 @ 11.00")
    assert told(stage) == []


def test_a_sell_side_pinned_at_the_lower_band_is_paused_too() -> None:
    stage = stage_of(SELLER)
    stage.operate("SET_BANDS", symbol="APEX", bps=400)
    stage.tick("ann SELL 10 @ 8.00")
    stage.submit()
    assert [reason for _, reason, _ in told(stage)] == ["limit_band"]


def test_a_book_pinned_at_the_collar_within_the_bands_is_not_paused() -> None:
    stage = stage_of(SELLER)
    stage.tick("ann SELL 10 @ 8.00")
    stage.submit()
    assert stage.resting() == ["ann SELL 10 @ 9.50"]
    assert told(stage) == []


# While halted


def test_in_a_halt_orders_queue_and_cancels_work() -> None:
    stage = stage_of(SELLER, RICH)
    stage.tick("bob BUY 5 @ 9.00 #rests")
    stage.operate("HALT", symbol="APEX", ticks=4)
    stage.tick("""
        bob BUY 1 @ 10.00 IOC
        bob BUY 1 @ 10.00 FOK
        bob BUY 1 @ 9.00 POST
        bob BUY 1 @ 10.00 #queued
        ann SELL 1 MARKET
        bob CANCEL #rests
        bob CANCEL #queued
    """)
    assert stage.codes == ["MARKET_HALTED"] * 3 + ["OK"] * 4
    assert stage.trades == []
    assert stage.account("bob").reserved == 0


def test_a_halted_company_does_not_keep_another_from_trading() -> None:
    stage = stage_of(replace(SELLER, holds={"BIG": 10}), RICH)
    stage.operate("HALT", symbol="APEX", ticks=4)
    stage.tick("ann SELL 10 BIG @ 400.00\nbob BUY 10 BIG @ 400.00")
    assert stage.trades


# An operator's halts


def test_an_operator_halts_a_company_for_some_ticks_with_a_reason() -> None:
    stage = stage_of(SELLER, RICH)
    stage.operate("HALT", symbol="APEX", ticks=3, reason="a rumor")
    [halt] = stage.outcome.market.halts
    assert (halt.symbol, halt.reason, halt.note) == ("APEX", "operator", "a rumor")
    assert halt.until == stage.world.tick + 3
    [apex, big] = stage.outcome.market.companies
    assert (apex.is_trading, apex.reopens_tick, apex.halt_reason) == (False, halt.until, "operator")
    assert big.is_trading
    stage.run_to(halt.until - 1)
    assert not stage.company().is_trading
    stage.submit()
    assert stage.company().is_trading
    assert stage.outcome.market.companies[0].reopens_tick is None


def test_a_halt_that_would_end_in_the_night_ends_with_the_next_opening_auction() -> None:
    stage = stage_of(SELLER, RICH, switches=replace(STILL, never_closes=False))
    stage.run_to(387)
    stage.operate("HALT", symbol="APEX", ticks=2)
    assert stage.company().reopens_tick == 630
    stage.operate("HALT", ticks=1)
    assert told(stage) == [(None, "operator", 630)]
    stage.run_to(400)
    stage.operate("HALT", symbol="APEX")
    stage.operate("UNHALT", symbol="APEX")
    assert stage.company().reopens_tick == 630


def test_when_the_day_ends_early_nothing_reopens_before_the_next() -> None:
    stage = stage_of(switches=replace(STILL, never_closes=False))
    stage.operate("HALT", symbol="APEX", ticks=20)
    stage.operate("HALT", symbol="BIG")
    halts.end_day(stage.world.market)
    assert (stage.company().reopens_tick, stage.company("BIG").reopens_tick) == (630, 2**53)
    stage.operate("HALT", symbol="APEX", ticks=50)
    assert stage.company().reopens_tick == 630


def test_an_operators_halt_may_last_until_it_is_lifted() -> None:
    stage = stage_of(SELLER, RICH)
    stage.operate("HALT", reason="a drill")
    assert [h.symbol for h in stage.outcome.market.halts] == [None]
    stage.tick("bob BUY 5 @ 10.00\nann SELL 5 @ 10.00")
    stage.run_to(60)
    assert not any(c.is_trading for c in stage.outcome.market.companies)
    stage.operate("UNHALT", symbol="APEX")
    assert stage.trades == ["bob bought 5 from ann @ 10.00"]
    assert not stage.company("BIG").is_trading
    stage.operate("UNHALT")
    assert stage.company("BIG").is_trading


def test_of_two_halts_the_longer_stands() -> None:
    stage = stage_of()
    stage.operate("HALT", symbol="APEX", ticks=9)
    until = stage.company().reopens_tick
    stage.operate("HALT", symbol="APEX", ticks=2)
    assert stage.company().reopens_tick == until
    assert stage.outcome.market.halts == []


def test_a_halt_at_night_outlasts_the_opening() -> None:
    rules = rules_with(session=SessionRules(open_ticks=9, closed_ticks=3))
    stage = stage_of(SELLER, RICH, switches=DAY, rules=rules)
    stage.run_to(10)
    stage.operate("HALT", symbol="APEX", ticks=5)
    stage.tick("bob BUY 5 @ 10.00\nann SELL 5 @ 10.00")
    stage.run_to(15)
    assert stage.company("BIG").is_trading
    assert not stage.company().is_trading
    stage.submit()
    assert stage.trades == ["bob bought 5 from ann @ 10.00"]


# An operator's bands


def bands(stage: Stage, symbol: str = "APEX") -> tuple[int, int]:
    return stage.company(symbol).low_band, stage.company(symbol).high_band


def test_an_operator_sets_the_bands_of_a_company_for_some_ticks_with_a_reason() -> None:
    stage = stage_of(SELLER, RICH)
    usual = bands(stage, "BIG")
    stage.operate("SET_BANDS", symbol="APEX", bps=200, ticks=3, reason="a calm")
    [set_now] = stage.outcome.market.halts
    assert (set_now.symbol, set_now.reason, set_now.note) == ("APEX", "operator_bands", "a calm")
    assert (set_now.until, set_now.band_bps) == (stage.world.tick + 3, 200)
    assert [c.band_override_bps for c in stage.outcome.market.companies] == [200, 0]
    assert bands(stage) == (980, 1_020)
    stage.tick("ann SELL 10 @ 10.21\nann SELL 10 @ 10.20\nbob BUY 30 @ 15.00")
    assert stage.trades == ["bob bought 10 from ann @ 10.20"]
    stage.run_to(set_now.tick + 2)
    assert bands(stage) == (980, 1_020)
    stage.submit()
    assert bands(stage) == (900, 1_100)
    assert told(stage) == [("APEX", "usual_bands", None)]
    assert bands(stage, "BIG") == usual


def test_an_operators_bands_may_be_of_all_and_last_until_they_are_freed() -> None:
    stage = stage_of()
    usual = bands(stage), bands(stage, "BIG")
    stage.operate("SET_BANDS", bps=3_000)
    assert told(stage) == [(None, "operator_bands", UNTIL_RESUMED)]
    stage.run_to(60)
    assert (bands(stage), bands(stage, "BIG")) == ((700, 1_300), (28_000, 52_000))
    stage.operate("FREE_BANDS", symbol="BIG", reason="it is over")
    [freed] = stage.outcome.market.halts
    assert (freed.symbol, freed.reason, freed.note) == ("BIG", "usual_bands", "it is over")
    assert (bands(stage), bands(stage, "BIG")) == ((700, 1_300), usual[1])
    stage.operate("FREE_BANDS")
    assert (bands(stage), bands(stage, "BIG")) == usual


def test_the_later_of_two_orders_for_bands_stands() -> None:
    stage = stage_of()
    stage.operate("SET_BANDS", bps=3_000, ticks=2)
    stage.operate("SET_BANDS", symbol="APEX", bps=100)
    stage.run_to(10)
    assert bands(stage) == (990, 1_010)
    assert bands(stage, "BIG") == (38_000, 42_000)


def test_orders_slide_to_the_bands_that_an_operator_sets() -> None:
    stage = stage_of("bob", SELLER)
    stage.tick("bob BUY 2 @ 10.90\nann SELL 3 @ 10.95")
    stage.operate("SET_BANDS", symbol="APEX", bps=100)
    assert stage.resting() == ["bob BUY 2 @ 10.10", "ann SELL 3 @ 10.95"]
    audit(stage.world.market)


def test_however_narrow_the_bands_the_cents_next_to_their_centre_lie_within() -> None:
    stage = stage_of("bob", SELLER)
    stage.operate("SET_BANDS", bps=1)
    for price in ("10.00", "10.01", "10.01", "10.02"):
        stage.reprice(price)
        stage.tick("bob BUY 1 @ 10.50\nann SELL 1 @ 9.50")
        audit(stage.world.market)
    assert bands(stage) == (1_000, 1_001), "around 10.006 or so"


def test_bands_may_be_ordered_where_the_rules_have_none() -> None:
    stage = stage_of(SELLER, RICH, switches=replace(STILL, halts=False))
    stage.operate("SET_BANDS", symbol="APEX", bps=400)
    stage.tick("ann SELL 10 @ 10.45\nbob BUY 10 @ 10.45")
    assert stage.trades == []
    assert (bands(stage), bands(stage, "BIG")) == ((960, 1_040), (0, 0))
    stage.operate("FREE_BANDS")
    assert bands(stage) == (0, 0)
    stage.tick("ann SELL 10 @ 10.45\nbob BUY 10 @ 10.45")
    assert "bob bought 10 from ann @ 10.45" in stage.trades


def test_a_jump_beyond_an_operators_bands_halts() -> None:
    wide, narrow = stage_of(), stage_of()
    narrow.operate("SET_BANDS", symbol="APEX", bps=300)
    for stage in (wide, narrow):
        inject(stage, 0.05)
    assert told(wide) == []
    assert told(narrow) == [("APEX", "news_pending", narrow.world.tick + 1)]


def test_an_operators_bands_are_kept() -> None:
    stage = stage_of()
    stage.operate("SET_BANDS", symbol="APEX", bps=300, ticks=4)
    stage.reload()
    stage.submit()
    assert bands(stage) == (970, 1_030)
    stage.run_to(6)
    assert bands(stage) == (900, 1_100)


def test_there_are_no_bands_for_a_company_that_is_not_there() -> None:
    stage = stage_of()
    for type, given in (("SET_BANDS", {"bps": 300}), ("FREE_BANDS", {})):
        stage.operate(type, symbol="NOPE", **given)
        assert stage.codes == ["INVALID_SYMBOL"]


# News


def test_a_jump_within_the_band_is_walked_at_once() -> None:
    stage = stage_of()
    inject(stage, 0.05)
    assert stage.company().price == cents("10.50")
    assert told(stage) == []


def test_a_jump_beyond_the_band_halts_until_the_price_is_there() -> None:
    """By a tenth each tick up: 11.00, 12.10, 13.31, 14.64, and the rest to 15.00."""
    stage = stage_of(SELLER, RICH)
    inject(stage, 0.5)
    start = stage.world.tick
    assert told(stage) == [("APEX", "news_pending", start + 5)]
    prices = [stage.company().price]
    stage.tick("bob BUY 5 @ 15.50\nann SELL 5 @ 14.00")
    prices.append(stage.company().price)
    assert told(stage) == [], "it is told once"
    while not stage.company().is_trading:
        assert stage.trades == []
        stage.submit()
        prices.append(stage.company().price)
    assert prices == [1_100, 1_210, 1_331, 1_464, 1_500, 1_500]
    assert stage.world.tick == start + 5
    assert stage.trades == ["bob bought 5 from ann @ 15.00"]
    assert stage.company().low_band == cents("13.50"), "the bands begin anew"


def test_a_fall_is_walked_by_a_tenth_a_tick_too() -> None:
    stage = stage_of()
    inject(stage, -0.3)
    prices = [stage.company().price]
    while not stage.company().is_trading:
        stage.submit()
        prices.append(stage.company().price)
    assert prices == [900, 810, 729, 700, 700]


@pytest.mark.parametrize("impact", [-1.0, -7.0])
def test_a_company_never_loses_all_its_worth(impact: float) -> None:
    stage = stage_of()
    inject(stage, impact)
    stage.run_to(100)
    assert stage.company().price >= 100


def test_a_market_event_reaches_every_company_by_its_beta() -> None:
    companies = [replace(listing("APEX"), beta=0.5), replace(listing("NOVA"), beta=1.0)]
    stage = Stage(companies=companies)
    inject(stage, 0.04, symbol=None)
    assert stage.company("APEX").price == cents("10.20")
    assert stage.company("NOVA").price == cents("10.40")
    [event] = stage.outcome.market.events
    assert (event.symbol, event.impact) == (None, 0.04)


def test_a_sector_event_reaches_its_sector_whole() -> None:
    stage = Stage(companies=[listing("APEX"), listing("NOVA", sector="Energy")])
    stage.operate("INJECT", event="SECTOR_ROTATION", sector="Energy", impact=0.04, duration=9)
    assert (stage.company("APEX").price, stage.company("NOVA").price) == (1_000, 1_040)


# The whole market


def falling(fall: str, *, at: int = 5) -> Stage:
    """Return a stage whose only company, founded at 100.00, falls to this price in tick `at`."""
    stage = Stage(
        Player("ann", holds={"APEX": 1_000}),
        Player("bob", "1,000,000.00"),
        companies=[listing(price="100.00")],
        switches=DAY,
    )
    stage.run_to(at - 1)
    stage.reprice(fall)
    stage.submit()
    return stage


@pytest.mark.parametrize(
    ("price", "reasons"),
    [("93.01", []), ("93.00", ["market_wide"]), ("87.00", ["market_wide"])],
)
def test_the_whole_market_halts_for_fifteen_ticks_at_its_levels(
    price: str, reasons: list[str]
) -> None:
    stage = falling(price)
    wide = [(s, r, u) for s, r, u in told(stage) if s is None]
    assert [reason for _, reason, _ in wide] == reasons
    if reasons:
        assert wide == [(None, "market_wide", 20)]
        stage.run_to(19)
        assert not stage.company().is_trading
        stage.submit()
        assert stage.company().is_trading


def test_each_level_halts_once_a_day() -> None:
    stage = falling("93.00")
    stage.run_to(20)
    stage.reprice("94.00")
    stage.submit()
    stage.reprice("92.00")
    stage.submit()
    assert told(stage) == []
    stage.reprice("86.99")
    stage.submit()
    assert [(s, r) for s, r, _ in told(stage) if s is None] == [(None, "market_wide")]
    stage.run_to(stage.world.tick + 15)
    stage.reprice("84.00")
    stage.submit()
    assert [r for s, r, _ in told(stage) if s is None] == []
    stage.run_to(635)
    price = stage.company().price
    stage.reprice(f"{price * 0.93 // 1 / 100:.2f}")
    stage.submit()
    assert (None, "market_wide", 651) in told(stage), "another day, from another close"


@pytest.mark.parametrize(("at", "halts"), [(355, 1), (356, 0)])
def test_late_in_the_day_the_market_is_not_halted(at: int, halts: int) -> None:
    stage = falling("93.00", at=at)
    assert len([1 for symbol, _, _ in told(stage) if symbol is None]) == halts


def test_a_fall_by_a_fifth_ends_the_day_even_late() -> None:
    stage = falling("80.00", at=380)
    assert (None, "market_wide", 630) in told(stage)
    assert not stage.outcome.market.is_open
    stage.tick("bob BUY 5 @ 80.00\nann SELL 5 @ 80.00")
    stage.run_to(629)
    assert stage.company().last is None
    stage.submit()
    assert stage.trades == ["bob bought 5 from ann @ 80.00"]
    assert stage.outcome.market.is_open


def test_the_day_that_ended_early_keeps_its_close() -> None:
    stage = falling("80.00", at=100)
    stage.tick("bob BUY 5 @ 70.00 DAY #day")
    stage.run_to(389)
    assert stage.orders["day"].status == "pending"
    stage.submit()
    assert stage.orders["day"].status == "expired"


def test_halts_survive_a_checkpoint() -> None:
    def digests(reload: bool) -> list[str]:
        stage = falling("93.00")
        stage.operate("HALT", symbol="APEX", ticks=40)
        told = []
        for _ in range(50):
            told.append(stage.tick("bob BUY 1 @ 92.00\nann SELL 1 @ 93.00").digest)
            if reload:
                stage.reload()
        return told

    assert digests(reload=True) == digests(reload=False)


def test_halts_are_rules_like_any_other() -> None:
    rules = rules_with(halts=HaltRules(band_bps=100, pause_ticks=2), pricing=UNMOVED.market.pricing)
    stage = stage_of(RICH, rules=rules)
    stage.tick("bob BUY 1 @ 11.00")
    assert stage.resting() == ["bob BUY 1 @ 10.10"]
    stage.submit()
    assert told(stage) == [("APEX", "limit_band", stage.world.tick + 2)]


def test_a_bid_that_the_band_holds_pins_it_while_the_band_drifts() -> None:
    """The band of the next tick lies a little higher; the bid's limit lies beyond it all the
    same.
    """
    stage = stage_of(SELLER, RICH)
    stage.operate("SET_BANDS", symbol="APEX", bps=400)
    stage.tick("bob BUY 500 @ 15.00 #b")
    held = stage.company().book.bids.best()
    stage.reprice("10.10")
    stage.submit()
    assert stage.company().high_band > (held or 0)
    stage.submit()
    assert not stage.company().is_trading
    assert stage.company().halt_reason == "limit_band"
