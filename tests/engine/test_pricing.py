"""The price engine: whose noise moves whom, how far, and what orders have to do with it."""

from __future__ import annotations

import math
from dataclasses import replace
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.engine.companies import Listing, generate_listings
from market.engine.pricing import Factors, PriceState, draw_factors, no_factors, step
from market.engine.rules import PricingRules, SessionRules, Switches
from market.engine.streams import Streams
from tests.cast import Player, Stage, cents, listing
from wallstreetsim.rules import RULES
from wallstreetsim.world import Outcome

RULE = PricingRules()
SECTORS = [sector.name for sector in RULES.market.sectors]
QUIET = no_factors(SECTORS)
WALKING = Switches(never_closes=True, maker=False, walk=True)


def founded(company: Listing) -> PriceState:
    return PriceState.founded(company, RULE, SessionRules())


def move(state: PriceState, *, flow: int = 0, shock: float = 0.0, factors: Factors = QUIET) -> int:
    return step(
        state,
        sector="Technology",
        net_flow=flow,
        volume=abs(flow),
        own_shock=shock,
        factors=factors,
        rules=RULE,
    )


def path(symbol: str, *companies: Listing, seed: str = "a seed", ticks: int = 40) -> list[int]:
    stage = Stage("ann", companies=companies, switches=WALKING, rules=RULES, seed=seed)
    return [_price_of(symbol, stage.submit()) for _ in range(ticks)]


def _price_of(symbol: str, outcome: Outcome) -> int:
    return next(c.price for c in outcome.market.companies if c.symbol == symbol)


# Independence


def test_a_companys_noise_is_its_own_whoever_else_is_listed() -> None:
    alone = path("APEX", listing("APEX"))
    assert len(set(alone)) > 5
    assert path("APEX", listing("NOVA", sector="Meme"), listing("APEX"), listing("OMEGA")) == alone


def test_an_agent_more_moves_no_price() -> None:
    few, many = Stage("ann", switches=WALKING), Stage("ann", "bob", "cid", switches=WALKING)
    for _ in range(30):
        few.submit()
        many.tick("cid BUY 5 @ 0.01")
        assert few.company().price == many.company().price


def test_another_seed_gives_another_history() -> None:
    assert path("APEX", listing(), seed="one") != path("APEX", listing(), seed="two")


def test_companies_of_one_sector_share_more_of_their_noise() -> None:
    companies = [listing(f"T{n}", "500.00") for n in range(2)] + [
        listing(f"M{n}", "500.00", sector="Meme") for n in range(2)
    ]
    stage = Stage(companies=companies, switches=WALKING, rules=RULES)
    returns: dict[str, list[float]] = {company.symbol: [] for company in companies}
    for _ in range(1_500):
        stage.submit()
        for symbol, mine in returns.items():
            company = stage.company(symbol)
            mine.append(math.log(company.price / company.previous_price))
    assert _correlation(returns["T0"], returns["M0"]) > 0.05
    assert _correlation(returns["T0"], returns["M0"]) < _correlation(returns["T0"], returns["T1"])


def _correlation(xs: list[float], ys: list[float]) -> float:
    x, y = fmean(xs), fmean(ys)
    covariance = sum((a - x) * (b - y) for a, b in zip(xs, ys, strict=True))
    return covariance / math.sqrt(sum((a - x) ** 2 for a in xs) * sum((b - y) ** 2 for b in ys))


# Flow


def test_buyers_move_a_price_up_and_sellers_down() -> None:
    assert move(founded(listing(price="100.00")), flow=1_000) > 10_000
    assert move(founded(listing(price="100.00")), flow=-1_000) < 10_000


def test_impact_grows_with_the_root_of_large_flows_and_in_proportion_to_small_ones() -> None:
    def moved(flow: int) -> float:
        state = founded(listing(price="100.00"))
        move(state, flow=flow)
        return math.log(state.value / 10_000)

    usual = round(founded(listing()).usual_volume)
    assert moved(400 * usual) == pytest.approx(2 * moved(100 * usual), rel=0.01)
    assert moved(2) == pytest.approx(2 * moved(1), rel=0.05)
    assert moved(-100) == pytest.approx(-moved(100))


def test_flow_that_goes_on_surprises_less_and_less() -> None:
    state = founded(listing(price="100.00"))
    surprises = []
    for _ in range(50):
        move(state, flow=25)
        surprises.append(state.drivers.flow)
    assert surprises == sorted(surprises, reverse=True)
    assert surprises[-1] < surprises[0] / 3


def test_a_one_share_trade_moves_nothing_measurable() -> None:
    """Nothing to the cent in most companies, and in the thinnest 3 % of an ordinary tick's move."""
    moved = []
    for company in generate_listings(100, Streams("a seed"), RULES.market):
        state = founded(company)
        moved.append(move(state, flow=1) - company.price)
        assert 0 < math.log(state.value / company.price) < 0.03 * state.sigma
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


def test_the_takers_flow_reaches_the_price_and_the_market_makers_does_not() -> None:
    stage = Stage(Player("ann", holds={"APEX": 500_000}), "bob", rules=RULES)
    stage.tick("""
        ann SELL 1000 @ 10.00
        bob BUY 1000 MARKET
    """)
    assert stage.company().pricing.drivers.flow == flow_of(1_000)
    assert stage.company().price > 1_000
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


# Bounds and rounding


def test_a_price_is_kept_unrounded_and_published_to_the_nearest_cent() -> None:
    state = founded(listing(price="100.00"))
    price = move(state, shock=0.01)
    assert state.value != price
    assert abs(state.value - price) <= 0.5
    values = {founded(listing(price="100.00")).value}
    for _ in range(100):  # moves far below a cent add up
        move(state, shock=0.02)
        values.add(state.value)
    assert len(values) == 101


@given(st.floats(-1e6, 1e6), st.integers(-(10**9), 10**9), st.integers(100, 1_000_000))
def test_a_price_moves_at_most_ten_percent_a_tick_and_stays_within_its_bounds(
    shock: float, flow: int, price: int
) -> None:
    state = founded(replace(listing(volatility=0.5), price=price))
    price_after = move(state, shock=shock, flow=flow)
    assert abs(math.log(state.value / price)) <= 0.10 + 1e-12
    assert RULE.lowest_cents <= price_after <= RULE.highest_cents


def test_noise_is_capped_at_twenty_ordinary_ticks() -> None:
    state = founded(listing(price="100.00", volatility=0.01))
    move(state, shock=1e9)
    assert math.log(state.value / 10_000) == pytest.approx(20 * state.sigma)


@pytest.mark.parametrize(
    ("price", "direction", "bound"), [("1.50", -1, "1.00"), ("9,000.00", 1, "10,000.00")]
)
def test_a_price_driven_to_its_bound_does_not_stick_there(
    price: str, direction: int, bound: str
) -> None:
    state = founded(listing(price=price, volatility=0.5))
    for _ in range(50):
        at_bound = move(state, shock=direction * 100.0)
    assert at_bound == cents(bound)
    for _ in range(60):
        back = move(state, shock=-direction * 3.0)
    assert (back - at_bound) * -direction > 0.05 * at_bound


def test_the_pull_is_weak_near_the_fundamental_and_convex_away_from_it() -> None:
    def pull_at(gap: float) -> float:
        state = founded(listing(price="100.00"))
        state.value = state.fundamental * math.exp(gap)
        move(state)
        return state.drivers.drift

    assert pull_at(0.0) == 0.0
    assert pull_at(0.05) == pytest.approx(-0.00065)
    assert pull_at(-0.05) == pytest.approx(0.00065)
    assert -pull_at(0.50) > 10 * -pull_at(0.05)


def test_a_world_that_does_not_walk_stands_still() -> None:
    stage = Stage("ann", rules=RULES)
    stage.run_to(50)
    assert stage.company().price == stage.company().listing.price


def test_the_shock_has_about_unit_variance_whatever_the_beta() -> None:
    for beta in (0.2, 1.0, 2.0):
        state = founded(replace(listing(price="100.00"), beta=beta))
        streams, shocks = Streams("a seed"), []
        for tick in range(4_000):
            state.value = state.fundamental
            own = streams.student_t4(tick, "APEX", "shock")
            move(state, shock=own, factors=draw_factors(tick, ["Technology"], streams))
            shocks.append(state.drivers.shock / (state.sigma * math.sqrt(RULE.shock_weight)))
        assert fmean(shock**2 for shock in shocks) == pytest.approx(1, rel=0.25)
