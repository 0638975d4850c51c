"""Figures beside the facts, without a pass mark: impact, depth, what is left after volatility, and
how large moves come in bursts.
"""

from __future__ import annotations

import numpy as np

from wallstreetsim.lab.realism.facts import excess_kurtosis
from wallstreetsim.lab.realism.history import History, Series

_EWMA = 0.94
_FANO_WINDOW = 100


def figures(histories: list[History]) -> dict[str, float | list[float]]:
    """Return the figures over all companies of all runs."""
    companies = [company for history in histories for company in history.companies]
    shares = np.mean([history.driver_shares for history in histories], axis=0)
    return {
        "impact exponent of metaorders (real: 0.4–0.7)": impact_exponent(histories),
        "metaorders measured": float(sum(len(history.metaorders) for history in histories)),
        "book's depth by level (mean 1)": [float(x) for x in _mean_depth(histories)],
        "kurtosis after an exponentially weighted volatility": _median(
            [whitened_kurtosis(company.returns) for company in companies]
        ),
        "Fano factor of the largest 1 % of moves in 100 ticks": _median(
            [fano_factor(company.returns) for company in companies]
        ),
        "variance shares of flow, shock, world": [float(share) for share in shares],
        "share of ticks left out (halts and nights)": _median(
            [float(np.mean(~np.isfinite(company.returns))) for company in companies]
        ),
    }


def impact_exponent(histories: list[History], bins: int = 10) -> float:
    """Return δ of impact ~ (size / usual daily volume)^δ: least squares through the means of equal
    bins, impact being the signed move over the metaorder in daily volatilities.
    """
    sizes, moves = [], []
    for history in histories:
        by_symbol = {company.symbol: company for company in history.companies}
        for order in history.metaorders:
            company = by_symbol[order.symbol]
            inside = company.returns[order.first : order.last + 1]
            daily_volume = float(np.mean(company.volumes)) * history.open_ticks
            sizes.append(order.shares / daily_volume)
            moves.append(order.side * float(np.nansum(inside)) / company.volatility)
    if len(sizes) < 10 * bins:
        return float("nan")
    by_size = np.array_split(np.argsort(sizes), bins)
    x = np.array([np.mean(np.log(np.array(sizes)[part])) for part in by_size])
    y = np.array([np.mean(np.array(moves)[part]) for part in by_size])
    known = y > 0.0
    return float(np.polyfit(x[known], np.log(y[known]), 1)[0]) if known.sum() >= 3 else float("nan")


def whitened_kurtosis(returns: Series) -> float:
    """Return the excess kurtosis of returns over their exponentially weighted volatility."""
    kept = returns[np.isfinite(returns)]
    variance, scaled = float(np.var(kept)), np.empty(len(kept))
    for n, value in enumerate(kept):
        scaled[n] = value / np.sqrt(variance)
        variance = _EWMA * variance + (1.0 - _EWMA) * float(value) ** 2
    return excess_kurtosis(scaled)


def fano_factor(returns: Series) -> float:
    """Return variance over mean of the number of large moves in a window; 1 if they came by lot."""
    sizes = np.abs(np.nan_to_num(returns))
    large = sizes > np.quantile(sizes, 0.99)
    windows = len(large) // _FANO_WINDOW
    counts = large[: windows * _FANO_WINDOW].reshape(windows, _FANO_WINDOW).sum(axis=1)
    return float(counts.var() / counts.mean()) if counts.sum() else 0.0


def _mean_depth(histories: list[History]) -> Series:
    known = [history.depth for history in histories if len(history.depth)]
    shortest = min((len(depth) for depth in known), default=0)
    return np.mean([depth[:shortest] for depth in known], axis=0) if known else np.zeros(0)


def _median(values: list[float]) -> float:
    return float(np.median(values))
