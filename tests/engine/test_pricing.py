"""The price engine: whose noise moves whom, how far, and what orders have to do with it."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from itertools import pairwise
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.engine import pricing
from market.engine.listings import Listing, generate_listings
from market.engine.pricing import Factors, PriceState, Trading, Weather, draw_factors, no_factors
from market.engine.pricing.flow import surprise
from market.engine.pricing.volatility import advance, fade_unrest, intraday_profile, unrest
from market.engine.random_source import RandomSource
from market.engine.rules import PricingRules, SessionRules, Switches
from tests.cast import Player, Stage, cents, listing
from wallstreetsim.machine.rules import RULES
from wallstreetsim.machine.world import Outcome

RULE = PricingRules()
STREAMS = RandomSource("a seed")
SECTORS = [sector.name for sector in RULES.market.sectors]
QUIET = no_factors(SECTORS)
CALM = Weather(1, False, QUIET)
WALKING = Switches(never_closes=True, maker=False, walk=True)


def founded(company: Listing) -> PriceState:
    return PriceState.founded(company, RULE, SessionRules())


def move(
    state: PriceState,
    *,
    flow: int = 0,
    volume: int | None = None,
    weather: Weather = CALM,
    symbol: str = "APEX",
) -> int:
    volume = abs(flow) if volume is None else volume
    trading = Trading(symbol, "Technology", state, flow, volume)
    return pricing.step_all([trading], weather, STREAMS, RULE)[0]


def shocked(tick: int, market: float) -> Weather:
    """Return weather in which the whole market is shocked by so many standard deviations."""
    return Weather(tick, True, QUIET._replace(market_shock=market))


def path(symbol: str, *companies: Listing, seed: str = "a seed", ticks: int = 40) -> list[int]:
    stage = Stage("ann", companies=companies, switches=WALKING, rules=RULES, seed=seed)
    return [_price_of(symbol, stage.submit()) for _ in range(ticks)]


def _price_of(symbol: str, outcome: Outcome) -> int:
    return next(c.price for c in outcome.market.companies if c.symbol == symbol)


# Independence


def test_a_companys_noise_is_its_own_whoever_else_is_listed() -> None:
    apex = listing("APEX", "500.00")
    alone = path("APEX", apex)
    assert len(set(alone)) > 20
    assert path("APEX", listing("NOVA", sector="Meme"), apex, listing("OMEGA")) == alone


def test_an_agent_more_moves_no_price() -> None:
    few, many = Stage("ann", switches=WALKING), Stage("ann", "bob", "cid", switches=WALKING)
    for _ in range(30):
        few.submit()
        many.tick("cid BUY 5 @ 0.01")
        assert few.company().price == many.company().price


def test_another_seed_gives_another_history() -> None:
    assert path("APEX", listing(), seed="one") != path("APEX", listing(), seed="two")


def test_companies_of_one_sector_share_more_of_their_noise() -> None:
    drawn = [draw_factors(tick, SECTORS, STREAMS) for tick in range(1_500)]
    returns = {
        symbol: [_shock_of(symbol, sector, tick, f) for tick, f in enumerate(drawn)]
        for symbol, sector in (("A", "Technology"), ("B", "Technology"), ("C", "Meme"))
    }
    assert _correlation(returns["A"], returns["C"]) > 0.2
    assert _correlation(returns["A"], returns["C"]) < _correlation(returns["A"], returns["B"]) - 0.1


def _shock_of(symbol: str, sector: str, tick: int, factors: Factors) -> float:
    state = founded(listing(symbol))
    trading = Trading(symbol, sector, state, 0, 0)
    pricing.step_all([trading], Weather(tick, True, factors), STREAMS, RULE)
    return state.drivers.shock


def _correlation(xs: list[float], ys: list[float]) -> float:
    x, y = fmean(xs), fmean(ys)
    covariance = sum((a - x) * (b - y) for a, b in zip(xs, ys, strict=True))
    return covariance / math.sqrt(sum((a - x) ** 2 for a in xs) * sum((b - y) ** 2 for b in ys))


# Flow


def test_buyers_move_a_price_up_and_sellers_down() -> None:
    assert move(founded(listing(price="100.00")), flow=1_000) > 10_000
    assert move(founded(listing(price="100.00")), flow=-1_000) < 10_000


def test_impact_grows_with_the_root_of_large_flows_and_in_proportion_to_small_ones() -> None:
    def impact(flow: int) -> float:
        return surprise(founded(listing(price="100.00")), flow, RULE)

    usual = round(founded(listing()).usual_volume)
    assert impact(400 * usual) == pytest.approx(2 * impact(100 * usual), rel=0.01)
    assert impact(2) == pytest.approx(2 * impact(1), rel=0.05)
    assert impact(-100) == pytest.approx(-impact(100))


def test_a_balanced_tick_moves_nothing_however_busy() -> None:
    state = founded(listing(price="100.00"))
    assert move(state, flow=0, volume=1_000_000) == 10_000


def test_to_ask_how_far_a_flow_surprises_changes_nothing() -> None:
    state = founded(listing(price="100.00"))
    move(state, flow=50)
    before = state.dump()
    assert surprise(state, 50, RULE) == surprise(state, 50, RULE) != 0.0
    assert state.dump() == before


def test_flow_that_goes_on_surprises_less_and_less() -> None:
    state = founded(listing(price="100.00"))
    surprises = []
    for _ in range(50):
        move(state, flow=25)
        surprises.append(state.drivers.flow)
    assert surprises == sorted(surprises, reverse=True)
    assert surprises[-1] < surprises[0] / 2


def test_sustained_buying_moves_a_price_concavely_and_part_of_it_reverts() -> None:
    state = founded(listing(price="100.00"))
    logs = []
    for tick in range(1, 401):
        move(state, flow=26 if tick <= 200 else 0, volume=26)
        logs.append(math.log(state.value / 10_000))
    assert 0.0 < logs[199] < 1.8 * logs[99]
    assert 0.2 * logs[199] < logs[-1] < 0.9 * logs[199]


def test_a_one_share_trade_moves_nothing_measurable() -> None:
    """Nothing to the cent in most companies, and in the thinnest 5 % of an ordinary tick's move."""
    moved = []
    for company in generate_listings(100, RandomSource("a seed"), RULES.market):
        state = founded(company)
        moved.append(move(state, flow=1) - company.price)
        assert 0 < math.log(state.value / company.price) < 0.05 * state.sigma
    assert moved.count(0) >= 90


def test_a_one_share_trade_leaves_a_still_world_still() -> None:
    stage = Stage("ann", "bob", companies=[listing(price="100.00", volatility=0.025)], rules=RULES)
    stage.give("ann", 1)
    stage.tick("""
        ann SELL 1 @ 100.00
        bob BUY 1 MARKET
    """)
    assert stage.trades
    assert stage.company().price == cents("100.00")


@pytest.mark.parametrize(
    "wash",
    [
        "ann SELL 1000 @ 100.00\nbob BUY 1000 MARKET",
        "bob BUY 1000 @ 100.00\nann SELL 1000 MARKET",
        "ann SELL 900 @ 100.00\nann BUY 900 @ 100.00 allow",
        "ann SELL 9 @ 100.00\nbob BUY 9 MARKET\nbob SELL 9 @ 100.01\ncid BUY 9 @ 100.01\n"
        "cid SELL 9 @ 100.01\nann BUY 9 @ 100.01",
    ],
)
def test_what_agents_trade_among_themselves_moves_no_price(wash: str) -> None:
    cast = (Player("ann", holds={"APEX": 100_000}), Player("bob", "9,000,000.00"), "cid")
    switches = replace(WALKING, maker=True, walk=False)
    washed, quiet = (
        Stage(*cast, companies=[listing(price="100.00")], rules=RULES, switches=switches)
        for _ in range(2)
    )
    for _ in range(10):
        washed.tick(wash)
        quiet.tick()
        assert "market_maker" not in " ".join(washed.trades)
        assert washed.trades
        assert washed.company().pricing == quiet.company().pricing


def test_what_the_market_maker_absorbs_reaches_the_price_and_its_own_aggression_does_not() -> None:
    requoting = Stage("ann", switches=replace(WALKING, maker=True, walk=False), rules=RULES)
    requoting.tick(
        "ann BUY 10000 @ 11.00"
    )  # takes the maker's asks; the rest is taken by its quotes
    taken = [t.quantity for t in requoting.outcome.market.trades if t.aggressor == "SELL"]
    flow = sum(t.quantity for t in requoting.outcome.market.trades if t.aggressor == "BUY")
    assert sum(taken) > 0
    assert requoting.company().pricing.drivers.flow == flow_of(flow)


def flow_of(shares: int) -> float:
    """Return what takers' flow of so many shares adds to a return in a company's second tick."""
    state = founded(listing())
    move(state)
    move(state, flow=shares)
    return state.drivers.flow


# Volatility


def test_the_days_u_is_highest_at_the_open_lowest_at_noon_and_averages_one() -> None:
    profile = intraday_profile(RULE, 390)
    assert profile[0] == max(profile)
    assert profile[-1] > profile[195]
    assert fmean(u * u for u in profile) == pytest.approx(1.0)


def test_volatility_wanders_in_clusters_and_its_square_averages_one() -> None:
    drawn = []
    for name in range(30):
        state = founded(listing())
        drawn.append([advance(state, tick, f"S{name}", STREAMS, RULE) for tick in range(1_500)])
    late = [series[500:] for series in drawn]
    assert fmean(s * s for series in late for s in series) == pytest.approx(1.0, rel=0.2)
    assert all(max(series) > 2 * min(series) for series in late)
    steps = [abs(math.log(b / a)) for series in late for a, b in pairwise(series)]
    ranges = [abs(math.log(series[0] / series[500])) for series in late]
    assert fmean(steps) < fmean(ranges) / 1.5


def test_an_events_unrest_fades_over_its_duration() -> None:
    state = founded(listing())
    state.jump_by(0.05, 10, is_news=True)
    multiples = []
    for _ in range(12):
        multiples.append(unrest(state, RULE))
        assert unrest(state, RULE) == multiples[-1]  # to ask changes nothing
        fade_unrest(state)
    assert multiples[0] == 1.5
    assert multiples == sorted(multiples, reverse=True)
    assert multiples[10:] == [1.0, 1.0]


# What happens


def test_what_happens_moves_price_and_fundamental_at_once_and_for_good() -> None:
    state = founded(listing(price="100.00"))
    state.jump_by(math.log(1.05), 10, is_news=False)
    assert move(state) == 10_500
    assert state.fundamental == pytest.approx(10_500)
    assert [move(state) for _ in range(30)] == [10_500] * 30
    assert state.drivers.world == 0.0


@pytest.mark.parametrize(
    ("impact", "is_news", "halts"),
    [(0.11, False, True), (0.09, False, False), (0.09, True, True), (0.01, True, False)],
)
def test_a_company_halts_when_the_jump_exceeds_its_band_or_when_its_news_is_material(
    impact: float, is_news: bool, halts: bool
) -> None:
    state = founded(listing(volatility=0.02))
    state.jump_by(math.log(1 + impact), 10, is_news=is_news)
    assert pricing.needs_halt(state, 1_000, RULE) is halts


def test_a_halted_price_walks_to_what_happened_at_most_ten_percent_a_tick() -> None:
    state = founded(listing(price="100.00"))
    state.jump_by(math.log(1.5), 10, is_news=True)
    walked = [pricing.walk(state, RULE) for _ in range(6)]
    assert walked[-2:] == [15_000, 15_000]
    logs = [math.log(price / 10_000) for price in [10_000, *walked]]
    assert max(b - a for a, b in pairwise(logs)) <= 0.1 + 1e-4
    assert not pricing.needs_halt(state, 1_000, RULE)


def test_the_night_is_one_increment_that_the_fundamental_follows() -> None:
    state = founded(listing(price="100.00"))
    night = Weather(630, True, draw_factors(630, SECTORS, STREAMS, "night-"))
    opened = pricing.open_day(state, "APEX", "Technology", night, STREAMS, RULE, open_ticks=390)
    assert opened != 10_000
    assert state.fundamental == pytest.approx(state.value)


def test_a_world_that_does_not_walk_has_quiet_nights() -> None:
    stage = Stage("ann", switches=replace(WALKING, never_closes=False, walk=False))
    stage.run_to(640)
    assert stage.company().price == stage.company().listing.price


def test_a_split_rescales_what_is_remembered() -> None:
    state = founded(listing(price="100.00"))
    before = state.usual_volume
    state.rescale(0.1)
    assert (state.value, state.fundamental) == (1_000.0, 1_000.0)
    assert state.usual_volume == pytest.approx(10 * before)


def test_a_state_survives_being_kept() -> None:
    state = founded(listing(price="100.00"))
    state.jump_by(0.2, 10, is_news=True)
    move(state, flow=100, weather=shocked(1, 1.0))
    kept = json.loads(json.dumps(state.dump()))
    restored = PriceState.load(kept)
    assert restored == state
    move(restored, flow=50, weather=shocked(2, 1.0))
    assert PriceState.load(kept) == state


# Bounds and rounding


def test_a_price_is_kept_unrounded_and_published_to_the_nearest_cent() -> None:
    state = founded(listing(price="100.00"))
    price = move(state, weather=shocked(1, 0.01))
    assert state.value != price
    assert abs(state.value - price) <= 0.5
    values = {state.value}
    for tick in range(2, 100):
        move(state, weather=shocked(tick, 0.02))
        values.add(state.value)
    assert len(values) == 99


@given(st.floats(-1e6, 1e6), st.integers(-(10**9), 10**9), st.integers(100, 1_000_000))
def test_a_price_moves_at_most_ten_percent_a_tick_and_stays_within_its_bounds(
    shock: float, flow: int, price: int
) -> None:
    state = founded(replace(listing(volatility=0.5), price=price))
    price_after = move(state, flow=flow, weather=shocked(1, shock))
    assert 0.9 - 1e-12 <= state.value / price <= 1.1 + 1e-12
    assert RULE.lowest_cents <= price_after <= RULE.highest_cents


def test_noise_is_capped_at_twenty_ordinary_ticks() -> None:
    state = founded(listing(price="100.00", volatility=0.01))
    move(state, weather=shocked(1, 1e9))
    assert math.log(state.value / 10_000) == pytest.approx(20 * state.sigma)


@pytest.mark.parametrize(
    ("price", "direction", "bound"), [("1.50", -1, "1.00"), ("9,000.00", 1, "10,000.00")]
)
def test_a_price_driven_to_its_bound_does_not_stick_there(
    price: str, direction: int, bound: str
) -> None:
    state = founded(listing(price=price, volatility=0.02))
    driven = []
    for tick in range(200):
        move(state, weather=shocked(tick, direction * 20.0))
        driven.append(state.value)
    assert abs(driven[-1] / cents(bound) - 1.0) < 0.1
    assert len(set(driven[-50:])) == 50
    for tick in range(200, 400):
        move(state, weather=shocked(tick, 0.0))
    assert (state.value - driven[-1]) * -direction > 0


def test_the_pull_is_weak_near_the_fundamental_and_convex_away_from_it() -> None:
    def pull_at(gap: float) -> float:
        state = founded(listing(price="100.00"))
        state.value = state.fundamental * math.exp(gap)
        move(state)
        return state.drivers.world

    assert pull_at(0.0) == 0.0
    assert pull_at(0.05) == pytest.approx(-0.0001)
    assert pull_at(-0.05) == pytest.approx(0.0001)
    assert -pull_at(0.50) > 100 * -pull_at(0.05)


def test_a_world_that_does_not_walk_stands_still() -> None:
    stage = Stage("ann", rules=RULES)
    stage.run_to(50)
    assert stage.company().price == stage.company().listing.price


def test_the_shock_has_about_unit_variance_whatever_the_beta() -> None:
    for beta in (0.2, 1.0, 2.0):
        state, shocks = founded(replace(listing(price="100.00"), beta=beta)), []
        for tick in range(4_000):
            state.value = state.fundamental = 10_000.0
            move(state, weather=Weather(tick, True, draw_factors(tick, ["Technology"], STREAMS)))
            shocks.append(state.drivers.shock / (pricing.sigma_of(state) * RULE.shock_weight**0.5))
        assert fmean(shock**2 for shock in shocks) == pytest.approx(1, rel=0.25)
