"""Stochastic volatility: three log-volatilities, each the sine of a phase that diffuses, and the
day's U, E[σ_t²] = 1.

Several time scales together make the slow, power-like decay that one cannot (Andersen and
Bollerslev 1997; Calvet and Fisher 2004). Each is bounded: of a normal one, the wildest hour in
twenty days decides the kurtosis at every time scale, and it does not fall.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

from market.engine.pricing.state import PriceState
from market.engine.random_source import RandomSource
from market.engine.rules import PricingRules, SessionRules
from market.engine.values import Tick

_PHASES = 128  # steps of a table around the circle


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


class _Component(NamedTuple):
    """One log-volatility: `most` times the sine of its phase."""

    step: float  # standard deviation of a tick's step of the phase, in radians
    most: float
    growths: tuple[float, ...]  # of the volatility, expected in a tick, by phase from -π to π


@lru_cache(maxsize=8)
def _components(
    half_lives: tuple[float, ...], sds: tuple[float, ...]
) -> tuple[tuple[_Component, ...], float]:
    """Return the components, and the log that makes E[σ²] = 1.

    The sine of a phase that diffuses by √(2 ln 2 / half-life) a tick loses half of its
    correlation in a half-life, and its variance is a half.
    """
    components = []
    level = 0.0
    for half_life, sd in zip(half_lives, sds, strict=True):
        step, most = math.sqrt(2.0 * math.log(2.0) / half_life), sd * math.sqrt(2.0)
        phases = [math.pi * (2.0 * n / _PHASES - 1.0) for n in range(_PHASES + 1)]
        growths = tuple(_growth(phase, step, most) for phase in phases)
        components.append(_Component(step, most, growths))
        squares = math.fsum(math.exp(2.0 * most * math.sin(phase)) for phase in phases[1:])
        level -= 0.5 * math.log(squares / _PHASES)
    return tuple(components), level


def _growth(phase: float, step: float, most: float) -> float:
    """Return by how much a component at `phase` is expected to multiply the volatility in the next
    tick, by the trapezoidal rule over a normal step.
    """
    nodes = [n / 4.0 for n in range(-24, 25)]
    weights = [math.exp(-0.5 * x * x) for x in nodes]
    grown = [math.exp(most * (math.sin(phase + step * x) - math.sin(phase))) for x in nodes]
    return math.fsum(w * g for w, g in zip(weights, grown, strict=True)) / math.fsum(weights)


def advance(
    state: PriceState, tick: Tick, symbol: str, streams: RandomSource, r: PricingRules
) -> float:
    """Move the company's log-volatilities by one tick and return their multiple of σ0."""
    components, level = _components(r.volatility_half_lives, r.volatility_sds)
    u, v, w, x = streams.uniforms(tick, symbol, "volatility")
    radius, angle = math.sqrt(-2.0 * math.log(u)), 2.0 * math.pi * v
    third = math.sqrt(-2.0 * math.log(w)) * math.cos(2.0 * math.pi * x)
    draws = (radius * math.cos(angle), radius * math.sin(angle), third)
    phases = state.volatility_phases
    for n, component in enumerate(components):
        moved = math.remainder(phases[n] + component.step * draws[n], 2.0 * math.pi)
        phases[n] = moved
        level += component.most * math.sin(moved)
    return math.exp(level)


def expected_multiple(state: PriceState, r: PricingRules) -> float:
    """Return the σ_t that the next tick is expected to have, for its time of day as of this one.

    What quotes for the next tick must ask for: after a calm that cannot last, more than σ_t.
    """
    components, _ = _components(r.volatility_half_lives, r.volatility_sds)
    expected = state.multiple
    for component, phase in zip(components, state.volatility_phases, strict=True):
        place = (phase / math.pi + 1.0) * 0.5 * _PHASES
        before = min(int(place), _PHASES - 1)
        low, high = component.growths[before], component.growths[before + 1]
        expected *= low + (high - low) * (place - before)
    return expected


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
