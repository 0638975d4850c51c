"""A page of plots: a price path, returns, tails, autocorrelations, the U. Needs matplotlib."""

from __future__ import annotations

from pathlib import Path

import matplotlib
import numpy as np

matplotlib.use("Agg")

from matplotlib import pyplot
from matplotlib.axes import Axes

from wallstreetsim.lab.realism.facts import (
    LAGS,
    autocorrelation,
    flat_sizes,
    intraday_profile,
    signs,
)
from wallstreetsim.lab.realism.history import History, Series
from wallstreetsim.lab.realism.naive import naive_history


def draw_page(histories: list[History], path: Path) -> None:
    """Draw the first run's page, the naive engine's curves in grey; the file's ending says which
    format.
    """
    history = histories[0]
    naive = naive_history(history)
    figure, axes = pyplot.subplots(3, 2, figsize=(12, 14))
    _price_path(axes[0, 0], history)
    _returns(axes[0, 1], history)
    _tails(axes[1, 0], history, naive)
    _size_acf(axes[1, 1], history, naive)
    _profile(axes[2, 0], history, naive)
    _sign_acf(axes[2, 1], history, naive)
    figure.suptitle(f"{len(history.companies)} companies, seed {history.seed}")
    figure.tight_layout()
    figure.savefig(path)
    pyplot.close(figure)


def _price_path(axes: Axes, history: History) -> None:
    company = history.companies[0]
    axes.plot(company.prices / 100.0, linewidth=0.6)
    axes.set(title=f"price of {company.symbol}, open ticks", ylabel="$")


def _returns(axes: Axes, history: History) -> None:
    company = history.companies[0]
    axes.plot(1e4 * company.returns, linewidth=0.3)
    axes.set(title=f"log returns of {company.symbol}", ylabel="basis points")


def _tails(axes: Axes, history: History, naive: History) -> None:
    for run, colour in ((naive, "grey"), (history, "tab:blue")):
        pooled = np.concatenate([_standardised(company.returns) for company in run.companies])
        sizes = np.sort(np.abs(pooled))[::-1]
        axes.loglog(sizes, np.arange(1, len(sizes) + 1) / len(sizes), color=colour)
    axes.set(title="P(|r| > x), x in standard deviations", xlim=(0.5, 60), ylim=(1e-6, 1))


def _size_acf(axes: Axes, history: History, naive: History) -> None:
    for run, colour in ((naive, "grey"), (history, "tab:blue")):
        acfs = np.mean([autocorrelation(sizes, LAGS) for sizes in flat_sizes(run)], axis=0)
        axes.loglog(np.arange(1, LAGS + 1), np.maximum(acfs, 1e-4), color=colour)
    raw = np.mean([autocorrelation(c.returns, LAGS) for c in history.companies], axis=0)
    axes.loglog(np.arange(1, LAGS + 1), np.maximum(np.abs(raw), 1e-4), ":", color="tab:orange")
    axes.set(title="acf of |r| without its U (dotted: |acf| of r)", xlabel="ticks", ylim=(1e-3, 1))


def _profile(axes: Axes, history: History, naive: History) -> None:
    for run, colour in ((naive, "grey"), (history, "tab:blue")):
        axes.plot(intraday_profile(run), color=colour)
    axes.set(title="mean |r| by tick of the day", xlabel="tick in day")


def _sign_acf(axes: Axes, history: History, naive: History) -> None:
    for run, colour in ((naive, "grey"), (history, "tab:blue")):
        acfs = np.mean([autocorrelation(signs(c), LAGS) for c in run.companies], axis=0)
        axes.loglog(np.arange(1, LAGS + 1), np.maximum(acfs, 1e-4), color=colour)
    axes.set(title="acf of the sign of order flow", xlabel="ticks with trades", ylim=(1e-3, 1))


def _standardised(returns: Series) -> Series:
    kept = returns[np.isfinite(returns)]
    return np.asarray(kept / kept.std())
