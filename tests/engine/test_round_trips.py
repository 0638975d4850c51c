"""No purchase outruns its own cost: what a ladder of quotes takes is more than what the purchase
then moves the price, so a round trip through it loses, whole or in pieces, in every company, at
every volatility, at every time of day.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market.engine import maker
from market.engine.pricing.flow import remember_impact, surprise
from market.engine.pricing.state import PriceState
from market.engine.pricing.volatility import advance, expected_multiple, intraday_profile
from market.engine.random_source import RandomSource
from market.engine.rules import MarketRules
from market.engine.values import Side
from tests.cast import listing

RULES = MarketRules()
SHARES, USUAL = 390 * 10**9, 10.0**7
PRICE = 1_000_000  # dear, so that cents hide nothing
LEAST = min(sector.daily_volatility for sector in RULES.sectors) * 0.75  # of any company
MOST = max(sector.daily_volatility for sector in RULES.sectors) * 1.25
VOLATILITIES = [LEAST * (MOST / LEAST) ** (n / 8) for n in range(9)]


def state_of(volatility: float) -> PriceState:
    company = listing(price="10,000.00", shares=SHARES, volatility=volatility)
    state = PriceState.founded(company, RULES.pricing, RULES.session)
    assert state.usual_volume == USUAL
    return state


@cache
def ladder(volatility: float, multiple: float, inventory: int) -> list[tuple[float, float]]:
    """Return what each ask of the market maker costs above the price, as a return, and its size in
    usual volumes, best first.
    """
    made = maker.quotes(
        price=PRICE,
        volatility=volatility,
        volatility_multiple=multiple,
        usual_volume=USUAL,
        inventory=inventory,
        shares=SHARES,
        rules=RULES.maker,
    )
    asks = [quote for quote in made if quote.side is Side.SELL]
    return [(ask.price / PRICE - 1.0, ask.quantity / USUAL) for ask in asks]


def cost_of(quantity: float, asks: Sequence[tuple[float, float]]) -> float:
    """Return what so many usual volumes cost above the price, all together."""
    cost, left = 0.0, quantity
    for above, size in asks:
        taken = min(size, left)
        cost += taken * above
        left -= taken
    assert left < 1e-9, "the ladder has no more"
    return cost


def moved_by(quantity: float, state: PriceState) -> float:
    """Return the log return that the flow of a tick makes at σ0."""
    root = math.sqrt(RULES.pricing.flow_weight)
    return state.sigma * root * surprise(state, round(quantity * USUAL), RULES.pricing)


def growth_of_the_hour() -> float:
    """Return the most by which the time of day raises σ_t from the quotes to the next price; what
    its phases are expected to do is in the quotes.
    """
    profile = intraday_profile(RULES.pricing, RULES.session.open_ticks)
    return max(later / earlier for earlier, later in pairwise(profile))


def mean_growth(most: float) -> float:
    """Return the mean of exp(most·sin) around the circle."""
    return math.fsum(math.exp(most * math.sin(n / 1_000)) for n in range(6_283)) / 6_283


@pytest.mark.parametrize("fast", [-math.pi / 2, -0.6, 0.0, 1.1, math.pi / 2])
@pytest.mark.parametrize("slow", [-1.4, 0.3])
def test_the_quotes_expect_the_volatility_of_the_next_tick(fast: float, slow: float) -> None:
    state, streams = state_of(0.02), RandomSource("round-trips")
    phases = [fast, 0.0, slow]
    state.volatility_phases, state.multiple = list(phases), 1.0
    expected = expected_multiple(state, RULES.pricing)
    last = 0.0
    for sd, phase in zip(RULES.pricing.volatility_sds, phases, strict=True):
        most = sd * math.sqrt(2.0)
        last += most * math.sin(phase) - 0.5 * math.log(mean_growth(2.0 * most))  # E[σ²] = 1
    drawn = []
    for tick in range(20_000):
        state.volatility_phases = list(phases)
        drawn.append(advance(state, tick, "APEX", streams, RULES.pricing) / math.exp(last))
    assert math.fsum(drawn) / len(drawn) == pytest.approx(expected, rel=0.01)


@pytest.mark.parametrize("volatility", VOLATILITIES)
@pytest.mark.parametrize("multiple", [0.1, 0.5, 1.0, 1.3, 2.0, 4.0, 8.0])
@pytest.mark.parametrize("inventory", [SHARES * 3 // 10, SHARES, SHARES // 10])
def test_a_purchase_costs_more_than_it_moves_the_price(
    volatility: float, multiple: float, inventory: int
) -> None:
    """Whichever way the quotes lean. So it is worth less than it cost, even at the price."""
    asks = ladder(volatility, multiple, inventory)
    whole = sum(size for _, size in asks)
    sigma_t = max(1.0, multiple) * growth_of_the_hour()  # of the price step that follows
    for n in range(1, 101):
        quantity = whole * n / 100
        moves = math.expm1(sigma_t * moved_by(quantity, state_of(volatility)))
        assert cost_of(quantity, asks) > quantity * moves


def gain(trades: Sequence[float], volatility: float) -> float:
    """Return what trades through the ladder gain, one a tick, in usual volumes, bought or
    (negative) sold, as a return on the first price; what is left of them is worth the last one.
    """
    state = state_of(volatility)
    asks = ladder(volatility, 1.0, SHARES * 3 // 10)
    price = cash = held = 0.0  # log price since the first trade
    for traded in trades:
        cash -= traded * price + cost_of(abs(traded), asks)
        held += traded
        price += moved_by(traded, state)
        remember_impact(state, round(traded * USUAL), RULES.pricing)
    return cash + held * price


@pytest.mark.parametrize("volatility", [LEAST, 0.02, MOST])
def test_a_round_trip_in_equal_pieces_loses(volatility: float) -> None:
    """In and out, at any speed, with any pause: slowly in and at once out, and the reverse."""
    whole = sum(size for _, size in ladder(volatility, 1.0, SHARES * 3 // 10))
    first = ladder(volatility, 1.0, SHARES * 3 // 10)[0][1]
    for piece in (0.01, 0.1, first, 2 * first, whole / 2, whole):
        for pieces_in in (1, 2, 5, 20, 100, 400):
            held = piece * pieces_in
            for pieces_out in (1, 2, 5, 20, 100, 400):
                if held / pieces_out <= whole:
                    for pause in (0, 3, 30):
                        trades = [piece] * pieces_in + [0.0] * pause
                        trades += [-held / pieces_out] * pieces_out
                        assert gain(trades, volatility) < 0.0


@given(
    trades=st.lists(st.floats(-1.0, 1.0), min_size=1, max_size=30),
    volatility=st.sampled_from(VOLATILITIES),
)
@settings(max_examples=300)
def test_a_round_trip_in_any_pieces_loses(trades: list[float], volatility: float) -> None:
    """Source: Huberman and Stanzl, Price Manipulation and Quasi-Arbitrage (2004)."""
    whole = sum(size for _, size in ladder(volatility, 1.0, SHARES * 3 // 10))
    held = sum(trades)
    ways = [whole * one for one in trades] + [-whole * held / 30] * 30
    assert gain(ways, volatility) <= 0.0


def test_what_was_bought_is_not_sold_dearer_by_an_order_that_the_new_quotes_meet() -> None:
    """A quote takes what rests at or below its bid, and that bid lies below what the purchase that
    raised it has cost.
    """
    for volatility in VOLATILITIES:
        asks = ladder(volatility, 1.0, SHARES * 3 // 10)
        whole = sum(size for _, size in asks)
        for n in range(1, 101):
            quantity = whole * n / 100
            bid = moved_by(quantity, state_of(volatility)) * growth_of_the_hour() - asks[0][0]
            assert bid < cost_of(quantity, asks) / quantity
