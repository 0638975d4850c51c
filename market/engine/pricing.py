"""The price engine: state and random streams in, a new price and its drivers out (market-model,
section 1).

Log return per open tick: σ·(√w_flow·flow + √w_shock·shock + √w_drift·drift), each part of about
unit variance, and a weak pull to the fundamental. The price is kept unrounded inside and published
to the cent.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from market.engine.rules import PricingRules, SessionRules
from market.engine.streams import Streams
from market.engine.values import Cents, Shares, Tick

if TYPE_CHECKING:
    from market.engine.companies import Listing


class Drivers(NamedTuple):
    """What moved a price this tick, each as its part of the log return."""

    flow: float
    shock: float
    drift: float


NO_DRIVERS = Drivers(0.0, 0.0, 0.0)


class Factors(NamedTuple):
    """The draws that companies share: one for the market and one for each sector, for shock and
    drift.
    """

    market: float
    sector_shock: Mapping[str, float]
    sector_drift: Mapping[str, float]


@dataclass(slots=True)
class PriceState:
    """What the engine remembers of one company between ticks."""

    value: float  # the unrounded price, in cents
    fundamental: float  # in cents
    sigma: float  # of the log return of one open tick
    beta: float
    usual_volume: float  # shares per open tick
    impact_averages: list[float]  # one exponential average of past impact per half-life
    drivers: Drivers = NO_DRIVERS

    @classmethod
    def founded(cls, listing: Listing, rules: PricingRules, session: SessionRules) -> PriceState:
        return cls(
            value=float(listing.price),
            fundamental=float(listing.price),
            sigma=listing.volatility / math.sqrt(session.open_ticks),
            beta=listing.beta,
            usual_volume=max(1.0, listing.shares * rules.founding_turnover / session.open_ticks),
            impact_averages=[0.0] * len(rules.impact_half_lives),
        )

    def rescale(self, factor: float) -> None:
        """Restate the state after a split, which multiplies prices by `factor`."""
        self.value *= factor
        self.fundamental *= factor
        self.usual_volume = max(1.0, self.usual_volume / factor)


def no_factors(sectors: list[str]) -> Factors:
    """Return the factors of a world whose prices do not walk."""
    still = dict.fromkeys(sectors, 0.0)
    return Factors(0.0, still, still)


def draw_factors(tick: Tick, sectors: list[str], streams: Streams) -> Factors:
    """Draw what all companies share this tick."""
    return Factors(
        market=streams.student_t4(tick, "market", "shock"),
        sector_shock={name: streams.student_t4(tick, name, "sector-shock") for name in sectors},
        sector_drift={name: streams.normal(tick, name, "sector-drift") for name in sectors},
    )


def step(
    state: PriceState,
    *,
    sector: str,
    net_flow: Shares,
    volume: Shares,
    own_shock: float,
    factors: Factors,
    rules: PricingRules,
) -> Cents:
    """Move one price by one open tick and return it to the cent, rounded half to even.

    `net_flow` is the signed volume of the tick's takers, the market maker's own aggression left
    out.
    """
    flow = _surprise(state, net_flow, rules)
    shock = _shock(state, sector, own_shock, factors, rules)
    state.drivers = Drivers(
        flow=state.sigma * math.sqrt(rules.flow_weight) * flow,
        shock=state.sigma * math.sqrt(rules.shock_weight) * shock,
        drift=state.sigma * math.sqrt(rules.drift_weight) * factors.sector_drift[sector]
        + _pull(state, rules),
    )
    noise_cap = min(rules.noise_cap_sigmas * state.sigma, rules.tick_cap)
    price = jump(state, max(-noise_cap, min(noise_cap, sum(state.drivers))), rules)
    state.usual_volume += (volume - state.usual_volume) * _decay(rules.usual_volume_half_life)
    state.usual_volume = max(1.0, state.usual_volume)
    return price


def jump(state: PriceState, log_return: float, rules: PricingRules) -> Cents:
    """Move one price by a known log return, within the bounds, and return it to the cent."""
    moved = state.value * math.exp(log_return)
    state.value = max(float(rules.lowest_cents), min(float(rules.highest_cents), moved))
    return round(state.value)


def _surprise(state: PriceState, net_flow: Shares, rules: PricingRules) -> float:
    """Return the impact of the flow less its own forecast, and remember the impact.

    Impact grows with the square root of a large flow, and in proportion to a small one, so that a
    single share moves nothing. Source: Bucci et al., Crossover from Linear to Square-Root Market
    Impact (2019).
    """
    relative = net_flow / state.usual_volume
    impact = relative / math.sqrt(1.0 + abs(relative))
    forecast = sum(state.impact_averages) / len(state.impact_averages)
    state.impact_averages = [
        average + (impact - average) * _decay(half_life)
        for average, half_life in zip(state.impact_averages, rules.impact_half_lives, strict=True)
    ]
    return impact - forecast


def _shock(
    state: PriceState, sector: str, own: float, factors: Factors, rules: PricingRules
) -> float:
    """Mix the market's, the sector's and the own draw into one of unit variance."""
    market_variance = rules.market_share * state.beta**2
    scale = math.sqrt(market_variance + rules.sector_share + rules.own_share)
    return (
        math.sqrt(market_variance) * factors.market
        + math.sqrt(rules.sector_share) * factors.sector_shock[sector]
        + math.sqrt(rules.own_share) * own
    ) / scale


def _pull(state: PriceState, rules: PricingRules) -> float:
    """Return the weak, convex pull towards the fundamental, x the log gap in units of 5 %."""
    x = math.log(state.value / state.fundamental) / 0.05
    return -rules.pull_linear * x - rules.pull_cubic * x**3


def _decay(half_life: float) -> float:
    return 1.0 - math.pow(0.5, 1.0 / half_life)
