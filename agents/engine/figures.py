"""Figures of performance."""

from __future__ import annotations

import math

LEAST_DAYS = 2  # of which a deviation can be told


def sharpe(days: int, total: int, squares: int) -> float | None:
    """Return the mean of daily returns over their sample deviation, not made yearly; None where
    too few days, or all the same, say nothing. The sums are of returns and of their squares.

    Source: Sharpe, The Sharpe Ratio (1994), with no rate of reference.
    """
    if days < LEAST_DAYS:
        return None
    spread = squares * days - total * total  # exact: days · (days - 1) times the variance
    if spread <= 0:
        return None
    return total / days / math.sqrt(spread / (days * (days - 1)))
