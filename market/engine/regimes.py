"""The market's regime, a Markov chain by the day, and the economy's daily step."""

from __future__ import annotations

from market.engine.random_source import RandomSource
from market.engine.rules import ClimateRules, Macro, Regime
from market.engine.values import Bps


def next_regime(current: str, day: int, rules: ClimateRules, streams: RandomSource) -> str:
    """Return the regime of a day, drawn by the chances of leaving the last day's."""
    u = streams.uniform(day, "market", "regime")
    for name, chance in regime_of(current, rules).onward:
        u -= chance
        if u < 0.0:
            return name
    return current


def regime_of(name: str, rules: ClimateRules) -> Regime:
    """Return a regime by its name. Raises KeyError."""
    for regime in rules.regimes:
        if regime.name == name:
            return regime
    raise KeyError(name)


def next_macro(macro: Macro, day: int, rules: ClimateRules, streams: RandomSource) -> Macro:
    """Return a day's inflation and growth, each drawn back to its neutral level; the interest is
    the Fed's to move.
    """

    def step(bps: Bps, neutral: Bps, name: str) -> Bps:
        drawn_back = rules.macro_reversion * (neutral - bps)
        noise = rules.macro_step_bps * streams.normal(day, name, "macro")
        return round(bps + drawn_back + noise)

    return Macro(
        interest_bps=macro.interest_bps,
        inflation_bps=step(macro.inflation_bps, rules.neutral_inflation_bps, "inflation"),
        gdp_growth_bps=step(macro.gdp_growth_bps, rules.neutral_growth_bps, "growth"),
    )


def meets_today(day: int, rules: ClimateRules) -> bool:
    """Say whether the Fed meets: every 20 days, never on the first."""
    return day > 0 and day % rules.fed_days == 0


def fed_decision(macro: Macro, day: int, rules: ClimateRules, streams: RandomSource) -> Bps:
    """Return by how much the Fed moves the interest, in quarters of a percent.

    Half of what inflation lies above its neutral level, drawn to the neutral rate, and some of its
    own mind. Source: the shape of Taylor's rule (1993).
    """
    wanted = 0.5 * (macro.inflation_bps - rules.neutral_inflation_bps)
    wanted += 0.25 * (rules.neutral_interest_bps - macro.interest_bps)
    wanted += 20.0 * streams.normal(day, "fed", "decision")
    step = 25 * round(wanted / 25.0)
    most = rules.largest_fed_step_bps
    return max(-macro.interest_bps, max(-most, min(most, step)))
