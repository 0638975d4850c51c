"""The engine that any exercise begins with: a Gaussian walk of fixed volatility, and orders drawn
by lot. The report must find it out, else the report is blind.
"""

from __future__ import annotations

import numpy as np

from wallstreetsim.lab.realism.history import CompanyHistory, History


def naive_history(like: History) -> History:
    """Return a naive run of the same companies over the same ticks."""
    draw = np.random.default_rng(list(like.seed.encode()) or [0])
    return History(
        like.seed,
        like.open_ticks,
        [_naive(company, like.open_ticks, draw) for company in like.companies],
        like.ticks_in_day,
        like.days,
        like.index,
    )


def _naive(like: CompanyHistory, open_ticks: int, draw: np.random.Generator) -> CompanyHistory:
    count = len(like.prices)
    walk = np.cumsum(draw.normal(0.0, like.volatility / np.sqrt(open_ticks), count))
    prices = np.maximum(1.0, np.round(like.prices[0] * np.exp(walk)))
    volumes = draw.lognormal(7.0, 1.0, count)
    return CompanyHistory(
        like.symbol,
        like.sector,
        like.volatility,
        prices,
        np.where(np.isfinite(like.returns), np.diff(np.log(prices), prepend=np.nan), np.nan),
        volumes,
        volumes * draw.choice([-1.0, 1.0], count),
        np.full(count, 10.0),
    )
