"""One tick of every price."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

from market.engine.pricing.flow import remember_impact, remember_volume, surprise
from market.engine.pricing.state import Drivers, PriceState
from market.engine.pricing.volatility import advance, fade_unrest, unrest
from market.engine.pricing.weather import Factors, Weather
from market.engine.random_source import RandomSource, student_t4_quantile
from market.engine.rules import PricingRules
from market.engine.values import BPS_IN_ONE, Bps, Cents, Shares

_ROOT_TWO = math.sqrt(2.0)


class Roots(NamedTuple):
    """The square roots of the rules' shares of variance."""

    flow: float
    shock: float
    drift: float
    sector: float
    own: float
    world_market: float
    world_sector: float

    @classmethod
    def of(cls, rules: PricingRules) -> Roots:
        return cls(
            math.sqrt(rules.flow_weight),
            math.sqrt(rules.shock_weight),
            math.sqrt(rules.drift_weight),
            math.sqrt(rules.sector_share),
            math.sqrt(rules.own_share),
            math.sqrt(rules.world_market_share),
            math.sqrt(1.0 - rules.world_market_share),
        )


class Trading(NamedTuple):
    """One company and what its trading was this tick.

    `volume` is what takers traded with the market maker, `net_flow` what they bought of it less
    what they sold to it.
    """

    symbol: str
    sector: str
    state: PriceState
    net_flow: Shares
    volume: Shares


def step_all(
    companies: Iterable[Trading], weather: Weather, streams: RandomSource, rules: PricingRules
) -> list[Cents]:
    """Move every price by one open tick; return them to the cent, rounded half to even, in the
    order of `companies`.
    """
    roots = Roots.of(rules)
    return [_step(trading, weather, streams, rules, roots) for trading in companies]


def largest_noise(state: PriceState, rules: PricingRules) -> float:
    """Return the most that flow and chance together may move a price in one tick, in logs."""
    return min(rules.noise_cap_sigmas * state.sigma, rules.tick_cap)


def largest_noise_bps(state: PriceState, rules: PricingRules) -> Bps:
    """Return the most that a price may rise or fall in a tick without news, rounded up."""
    return math.ceil(math.expm1(largest_noise(state, rules)) * BPS_IN_ONE)


def needs_halt(state: PriceState, band_bps: Bps, rules: PricingRules) -> bool:
    """Say whether a company must be halted for what happened: a jump beyond the company's band or
    beyond what one tick may move, or news that is material to it.
    """
    jump = abs(math.expm1(state.jump))
    if jump * BPS_IN_ONE > band_bps or _capped(state.jump, rules.tick_cap) != state.jump:
        return True
    return state.is_news_due and abs(state.jump) > rules.material_sigmas * state.sigma


def walk(state: PriceState, rules: PricingRules) -> Cents:
    """Move a halted company's price towards what happened, at most the tick's cap, and return
    it.
    """
    jump = _take_jump(state, rules.tick_cap)
    state.drivers = Drivers(0.0, 0.0, jump)
    _move(state, jump, rules)
    return round(state.value)


def open_day(
    state: PriceState,
    symbol: str,
    sector: str,
    weather: Weather,
    streams: RandomSource,
    rules: PricingRules,
    *,
    open_ticks: int,
) -> Cents:
    """Move a price by what the night brought, all at once, and return it.

    `weather` holds the night's own draws.
    """
    own = streams.student_t4(weather.tick, symbol, "night")
    daily = state.sigma * math.sqrt(open_ticks) * weather.volatility
    move = (
        daily
        * rules.night_volatility
        * _mixed(state, sector, own, weather.factors, rules, Roots.of(rules))
    )
    move = _capped(move, rules.tick_cap)
    state.fundamental *= math.exp(move)
    _move(state, move, rules)
    return round(state.value)


def _step(
    trading: Trading, weather: Weather, streams: RandomSource, rules: PricingRules, roots: Roots
) -> Cents:
    symbol, sector, state, net_flow, volume = trading
    shock = world = 0.0
    if weather.walks:
        multiple = advance(state, weather.tick, symbol, streams, rules)
        state.multiple = multiple * weather.volatility * unrest(state, rules)
        fade_unrest(state)
        own = student_t4_quantile(streams.uniform(weather.tick, symbol, "shock")) / _ROOT_TWO
        shock = _mixed(state, sector, own, weather.factors, rules, roots)
        world = roots.world_market * weather.factors.market_world
        world += roots.world_sector * weather.factors.sector_world[sector]
    sigma = state.sigma * state.multiple
    flow = sigma * roots.flow * surprise(state, net_flow, rules)
    shock *= sigma * roots.shock
    world *= sigma * roots.drift
    noise = flow + shock + world
    cap = largest_noise(state, rules)
    if abs(noise) > cap:
        kept = cap / abs(noise)
        flow, shock, world = flow * kept, shock * kept, world * kept
    drift = weather.tilt * state.beta + weather.sector_drift.get(sector, 0.0) * state.sigma
    pull = _pull(state, rules) + _push(state, rules)
    jump = _take_jump(state, rules.tick_cap)
    state.drivers = Drivers(flow, shock, world + drift + pull + jump)
    state.fundamental *= math.exp(shock + world + drift + rules.permanent_flow * flow)
    move = flow + shock + world + drift + pull + jump
    _move(state, _capped(move, rules.tick_cap), rules)
    remember_impact(state, net_flow, rules)
    remember_volume(state, volume, rules)
    return round(state.value)


def _mixed(
    state: PriceState,
    sector: str,
    own: float,
    factors: Factors,
    rules: PricingRules,
    roots: Roots,
) -> float:
    """Mix the market's, the sector's and the own draw into one of unit variance."""
    market_variance = rules.market_share * state.beta * state.beta
    mixed = (
        math.sqrt(market_variance) * factors.market_shock
        + roots.sector * factors.sector_shock[sector]
        + roots.own * own
    )
    return mixed / math.sqrt(market_variance + rules.sector_share + rules.own_share)


def _pull(state: PriceState, rules: PricingRules) -> float:
    """Return the weak, convex pull towards the fundamental, x the log gap in units of 5 %.

    What has happened and is not in the price yet is not a gap.
    """
    x = (math.log(state.value / state.fundamental) + state.jump) / 0.05
    return -rules.pull_linear * x - rules.pull_cubic * x * x * x


def _push(state: PriceState, rules: PricingRules) -> float:
    """Return the push away from a bound: nothing at a distance, more and more near it."""
    width = rules.bound_width
    above = math.log(state.value / rules.lowest_cents)
    below = math.log(rules.highest_cents / state.value)
    push = 0.0
    if above < width:
        push += width / max(above, 0.001 * width) - 1.0
    if below < width:
        push -= width / max(below, 0.001 * width) - 1.0
    return max(-5.0, min(5.0, push)) * state.sigma


def _capped(move: float, cap: float) -> float:
    """Keep a log return within what moves a price by at most `cap`, a fraction, either way."""
    return max(math.log1p(-cap), min(math.log1p(cap), move))


def take_impact(state: PriceState, log_return: float, rules: PricingRules) -> None:
    """Move the price alone, at most by what a tick may move it; the fundamental stays, so that the
    pull towards it undoes the move in time.
    """
    _move(state, _capped(log_return, rules.tick_cap), rules)


def _take_jump(state: PriceState, cap: float) -> float:
    """Return what of the jump fits into this tick, and leave the rest for the next."""
    jump = _capped(state.jump, cap)
    state.jump -= jump
    if not state.jump:
        state.is_news_due = False
    return jump


def _move(state: PriceState, move: float, rules: PricingRules) -> None:
    """Move a price, reflected at its bounds so that it never sticks to one."""
    lowest, highest = float(rules.lowest_cents), float(rules.highest_cents)
    value = state.value * math.exp(move)
    if value > highest:
        value = max(lowest, highest * highest / value)
    elif value < lowest:
        value = min(highest, lowest * lowest / value)
    state.value = value
    state.fundamental = max(1.1 * lowest, min(highest / 1.1, state.fundamental))
