"""What all companies share in a tick: the market's and the sectors' draws, the hour, the regime."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from market.engine.random_source import RandomSource
from market.engine.values import Tick


class Factors(NamedTuple):
    """The draws that companies share, for shock and drift, each of unit variance."""

    market_shock: float
    market_world: float
    sector_shock: Mapping[str, float]
    sector_world: Mapping[str, float]


class Weather(NamedTuple):
    """One tick as every company meets it."""

    tick: Tick
    walks: bool  # noise is drawn
    factors: Factors
    volatility: float = 1.0  # the hour's multiple and the regime's
    tilt: float = 0.0  # the regime's log drift per tick, for a beta of 1
    sector_drift: Mapping[str, float] = {}  # per tick, in a company's σ0


def no_factors(sectors: Iterable[str]) -> Factors:
    """Return the factors of a world whose prices do not walk."""
    still = dict.fromkeys(sectors, 0.0)
    return Factors(0.0, 0.0, still, still)


def draw_factors(
    tick: Tick, sectors: Iterable[str], streams: RandomSource, purpose: str = ""
) -> Factors:
    """Draw what all companies share this tick."""
    sectors = list(sectors)
    return Factors(
        market_shock=streams.student_t4(tick, "market", f"{purpose}shock"),
        market_world=streams.normal(tick, "market", f"{purpose}world"),
        sector_shock={s: streams.student_t4(tick, s, f"{purpose}sector-shock") for s in sectors},
        sector_world={s: streams.normal(tick, s, f"{purpose}sector-world") for s in sectors},
    )
