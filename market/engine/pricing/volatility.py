"""Stochastic volatility: three mean-reverting log-volatilities and the day's U, E[σ_t²] = 1.

Several time scales together make the slow, power-like decay that one cannot (Andersen and
Bollerslev 1997; Calvet and Fisher 2004).
"""

from __future__ import annotations

import math
from functools import lru_cache

from market.engine.pricing.state import PriceState
from market.engine.random_source import RandomSource
from market.engine.rules import PricingRules, SessionRules
from market.engine.values import Tick


@lru_cache(maxsize=8)
def intraday_profile(rules: PricingRules, open_ticks: Tick) -> tuple[float, ...]:
    """Return the U of the trading day, one multiple per open tick, whose squares average 1."""
    raw = [
        1.0
        + rules.open_swell * math.exp(-tick / rules.open_swell_ticks)
        + rules.close_swell * math.exp(-(open_ticks - 1 - tick) / rules.close_swell_ticks)
        for tick in range(open_ticks)
    ]
    scale = math.sqrt(sum(u * u for u in raw) / open_ticks)
    return tuple(u / scale for u in raw)


def intraday_volatility(
    tick_in_day: Tick, rules: PricingRules, session: SessionRules, *, never_closes: bool
) -> float:
    """Return the U's multiple at a tick; a market that never closes has no U."""
    if never_closes or tick_in_day >= session.open_ticks:
        return 1.0
    return intraday_profile(rules, session.open_ticks)[tick_in_day]


@lru_cache(maxsize=8)
def _constants(
    half_lives: tuple[float, ...], sds: tuple[float, ...]
) -> tuple[tuple[tuple[float, float], ...], float]:
    """Return (memory, sd of a step) per component, and the log that makes E[σ²] = 1."""
    memories = [math.pow(0.5, 1.0 / half_life) for half_life in half_lives]
    steps = tuple(
        (memory, sd * math.sqrt(1.0 - memory * memory))
        for memory, sd in zip(memories, sds, strict=True)
    )
    return steps, -sum(sd * sd for sd in sds)


def advance(
    state: PriceState, tick: Tick, symbol: str, streams: RandomSource, r: PricingRules
) -> float:
    """Move the company's log-volatilities by one tick and return their multiple of σ0."""
    steps, level = _constants(r.volatility_half_lives, r.volatility_sds)
    u, v, w, x = streams.uniforms(tick, symbol, "volatility")
    radius, angle = math.sqrt(-2.0 * math.log(u)), 2.0 * math.pi * v
    third = math.sqrt(-2.0 * math.log(w)) * math.cos(2.0 * math.pi * x)
    draws = (radius * math.cos(angle), radius * math.sin(angle), third)
    volatilities = state.log_volatilities
    for n, (memory, sd) in enumerate(steps):
        volatilities[n] = moved = volatilities[n] * memory + sd * draws[n]
        level += moved
    return math.exp(level)


def unrest(state: PriceState, rules: PricingRules) -> float:
    """Return how much an active event multiplies the volatility."""
    left, whole = state.unrest
    return 1.0 + rules.unrest * left / whole if left else 1.0


def fade_unrest(state: PriceState) -> None:
    """Lower by a tick's part what an event adds to the volatility."""
    if state.unrest[0]:
        state.unrest[0] -= 1


def sigma_of(state: PriceState) -> float:
    """Return σ0·σ_t: the standard deviation of a log return as of the last tick."""
    return state.sigma * state.multiple
