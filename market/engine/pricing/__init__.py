"""The price engine: state and random streams in, new prices and their drivers out (market-model,
section 1).

Log return per open tick: σ0·σ_t·(√w_flow·flow + √w_shock·shock + √w_drift·drift) + jump, each part
of about unit variance. The price is kept unrounded inside and published to the cent.

An exchange calls `step_all` once a tick for the companies that trade, `walk` for each that is
halted, `open_day` when a day opens, and `PriceState.jump_by` when something happens.
"""

from market.engine.pricing.state import NO_DRIVERS, Drivers, PriceState
from market.engine.pricing.step import (
    Trading,
    largest_noise_bps,
    needs_halt,
    open_day,
    step_all,
    take_impact,
    walk,
)
from market.engine.pricing.volatility import expected_multiple, intraday_volatility, sigma_of
from market.engine.pricing.weather import Factors, Weather, draw_factors, no_factors

__all__ = [
    "NO_DRIVERS",
    "Drivers",
    "Factors",
    "PriceState",
    "Trading",
    "Weather",
    "draw_factors",
    "expected_multiple",
    "intraday_volatility",
    "largest_noise_bps",
    "needs_halt",
    "no_factors",
    "open_day",
    "sigma_of",
    "step_all",
    "take_impact",
    "walk",
]
