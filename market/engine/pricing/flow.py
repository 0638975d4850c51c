"""What orders do to a price: concave, and only so far as they come as a surprise."""

from __future__ import annotations

import math
from functools import lru_cache

from market.engine.pricing.state import PriceState
from market.engine.rules import PricingRules
from market.engine.values import Shares


@lru_cache(maxsize=8)
def decays(half_lives: tuple[float, ...]) -> tuple[float, ...]:
    """Return each half-life's weight of the newest value in an exponential average."""
    return tuple(1.0 - math.pow(0.5, 1.0 / half_life) for half_life in half_lives)


def surprise(state: PriceState, net_flow: Shares, rules: PricingRules) -> float:
    """Return the impact of the flow less its forecast, which knows the past impact, and how the
    quotes leaned: flow comes to their better side. Source of the forecast: Lillo and Farmer, The
    Long Memory of the Efficient Market (2004).
    """
    forecast = rules.lean_weight * state.lean
    for weight, average in zip(rules.impact_weights, state.impact_averages, strict=True):
        forecast += weight * average
    return rules.flow_scale * (_impact(state, net_flow, rules) - forecast)


def remember_impact(state: PriceState, net_flow: Shares, rules: PricingRules) -> None:
    """Add the tick's impact to the averages of past impact."""
    impact, averages = _impact(state, net_flow, rules), state.impact_averages
    for n, decay in enumerate(decays(rules.impact_half_lives)):
        averages[n] += (impact - averages[n]) * decay


def _impact(state: PriceState, net_flow: Shares, rules: PricingRules) -> float:
    """Return the impact of a flow, forecast or not.

    It grows with the square root of a large flow, and in proportion to a small one, so that a
    single share moves nothing. Source: Bucci et al., Crossover from Linear to Square-Root Market
    Impact (2019).
    """
    relative = net_flow / state.usual_volume
    return relative / math.sqrt(rules.impact_crossover + abs(relative))


def remember_volume(state: PriceState, volume: Shares, rules: PricingRules) -> None:
    """Add the tick's volume to the usual one, as far as it counts: a day of wild trading
    must not make the market maker quote for a market that is not there.
    """
    (decay,) = decays((rules.usual_volume_half_life,))
    counted = min(float(volume), rules.most_usual_volumes * state.usual_volume)
    state.usual_volume = max(1.0, state.usual_volume + (counted - state.usual_volume) * decay)
