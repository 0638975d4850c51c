"""The twelve facts (market-model, section 2): what each measures, and the range it must lie in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from wallstreetsim.lab.realism.history import CompanyHistory, History, Series

Verdicts: TypeAlias = npt.NDArray[np.bool_]

LEAST_SHARE = 0.8  # of the companies must be in range
LAGS = 100


class Bounds(NamedTuple):
    name: str
    lowest: float
    highest: float

    @property
    def as_text(self) -> str:
        if self.highest == np.inf:
            return f"{self.name} ≥ {self.lowest:g}"
        if self.lowest == -np.inf:
            return f"{self.name} < {self.highest:g}"
        return f"{self.name} {self.lowest:g}–{self.highest:g}".strip()


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact: figures per company with their bounds, and what must hold besides."""

    name: str
    bounds: tuple[Bounds, ...]
    measure: Callable[[History], dict[str, Series]]
    besides: Callable[[History, dict[str, Series]], Verdicts] | None = None
    besides_text: str = ""

    @property
    def range_text(self) -> str:
        texts = [bounds.as_text for bounds in self.bounds]
        return ", ".join([*texts, self.besides_text] if self.besides_text else texts)


class Result(NamedTuple):
    """A fact's verdict over all companies of all runs."""

    name: str
    range: str
    medians: dict[str, float]
    share_in_range: float
    passes: bool


def judge(fact: Fact, histories: list[History]) -> Result:
    """Measure a fact on every company of every run, and judge the medians and the share in
    range.
    """
    measured: list[dict[str, Series]] = []
    good: list[Verdicts] = []
    for history in histories:
        figures = fact.measure(history)
        within = np.ones(len(history.companies), dtype=np.bool_)
        for bounds in fact.bounds:
            values = figures[bounds.name]
            within &= (values >= bounds.lowest) & (values <= bounds.highest)
        if fact.besides:
            within &= fact.besides(history, figures)
        measured.append(figures)
        good.append(within)
    medians = {
        name: _median(np.concatenate([figures[name] for figures in measured]))
        for name in measured[0]
    }
    share = float(np.mean(np.concatenate(good)))
    fits = all(b.lowest <= medians[b.name] <= b.highest for b in fact.bounds)
    return Result(fact.name, fact.range_text, medians, share, fits and share >= LEAST_SHARE)


# Measures of one series


def excess_kurtosis(values: Series) -> float:
    kept = values[np.isfinite(values)]
    centred = kept - kept.mean()
    variance = float(np.mean(centred**2))
    return float(np.mean(centred**4)) / variance**2 - 3.0 if variance else 0.0


def hill_index(values: Series, tail: float = 0.01) -> float:
    """Return Hill's estimate of the tail index of |values| from its largest 1 % (Hill 1975)."""
    sizes = np.sort(np.abs(values[np.isfinite(values)]))
    count = max(10, int(len(sizes) * tail))
    threshold = sizes[-count - 1]
    if threshold <= 0.0:
        return float("inf")
    return float(1.0 / np.mean(np.log(sizes[-count:] / threshold)))


def autocorrelation(values: Series, lags: int) -> Series:
    """Return the autocorrelation at lags 1…`lags`, over the pairs that have both values."""
    known = np.isfinite(values)
    centred = np.where(known, values - np.nanmean(values), 0.0)
    variance = float(np.sum(centred**2)) / max(1, int(known.sum()))
    if not variance:
        return np.zeros(lags)
    ones = known.astype(float)
    return np.array(
        [
            np.dot(centred[lag:], centred[:-lag]) / max(1.0, np.dot(ones[lag:], ones[:-lag]))
            for lag in range(1, lags + 1)
        ]
    ) / float(variance)


def decay_exponent(correlations: Series, bins: int = 10) -> float:
    """Return β of a decay like lag^−β: least squares through the logs of the autocorrelation's
    log-spaced means, each weighted by how well its log is known (mean · √number of lags).
    """
    lags = np.arange(1, len(correlations) + 1)
    edges = np.unique(np.round(np.geomspace(1, len(correlations) + 1, bins + 1)).astype(int))
    x, y, weights = [], [], []
    for low, high in pairwise(edges):
        mean = float(np.mean(correlations[low - 1 : high - 1]))
        if mean > 0.0:
            x.append(float(np.mean(np.log(lags[low - 1 : high - 1]))))
            y.append(float(np.log(mean)))
            weights.append(mean * float(np.sqrt(high - low)))
    return float(-np.polyfit(x, y, 1, w=weights)[0]) if len(x) >= 3 else float("inf")


def summed(returns: Series, window: int, stride: int | None = None) -> Series:
    """Return sums over windows, one after another or every `stride`; what is left out counts
    nothing.
    """
    total = np.concatenate([[0.0], np.cumsum(np.nan_to_num(returns))])
    starts = np.arange(0, len(returns) - window + 1, stride or window)
    return np.asarray(total[starts + window] - total[starts], dtype=np.float64)


def intraday_profile(history: History, smooth: int = 15) -> Series:
    """Return the mean |r| of each tick of the day, 1 on average over the day, over all companies;
    tick 0, the night's, has none.
    """
    sums, counts = np.zeros(history.open_ticks), np.zeros(history.open_ticks)
    minutes = history.ticks_in_day.astype(int)
    for company in history.companies:
        size = np.abs(company.returns) / np.nanmean(np.abs(company.returns))
        known = np.isfinite(size)
        sums += np.bincount(minutes[known], size[known], history.open_ticks)
        counts += np.bincount(minutes[known], minlength=history.open_ticks)
    raw = sums[1:] / np.maximum(1.0, counts[1:])
    padded = np.pad(raw, smooth // 2, mode="edge")
    smoothed = np.convolve(padded, np.ones(smooth) / smooth, mode="valid")
    return np.asarray(np.concatenate([smoothed[:1], smoothed]) / smoothed.mean())


def flat_sizes(history: History) -> list[Series]:
    """Return each company's A: |r| over its average intraday profile."""
    profile = intraday_profile(history)[history.ticks_in_day.astype(int)]
    return [np.abs(company.returns) / profile for company in history.companies]


def signs(company: CompanyHistory) -> Series:
    """Return the signs of the ticks' order flow, those without any left out."""
    return np.asarray(np.sign(company.flows[company.flows != 0.0]))


# The facts


def _kurtosis(history: History) -> dict[str, Series]:
    return {"": _by_company(history, lambda c: excess_kurtosis(c.returns))}


def _hill(history: History) -> dict[str, Series]:
    return {"": _by_company(history, lambda c: hill_index(c.returns))}


def _aggregation(history: History) -> dict[str, Series]:
    def at(window: int, stride: int) -> Series:
        return _by_company(history, lambda c: excess_kurtosis(summed(c.returns, window, stride)))

    return {
        "at 1": _kurtosis(history)[""],
        "at 5": at(5, 5),
        "at 30": at(30, 5),
        "at 390": at(390, 30),
    }


def _falling(history: History, k: dict[str, Series]) -> Verdicts:
    return (k["at 1"] > k["at 5"]) & (k["at 5"] > k["at 30"]) & (k["at 30"] > k["at 390"])


def _first_return_acf(history: History) -> dict[str, Series]:
    return {"": _by_company(history, lambda c: float(autocorrelation(c.returns, 1)[0]))}


def _size_acf(history: History) -> dict[str, Series]:
    acfs = np.array([autocorrelation(sizes, LAGS) for sizes in flat_sizes(history)])
    return {"at 1": acfs[:, 0], "at 10": acfs[:, 9], "at 100": acfs[:, 99]}


def _size_decay(history: History) -> dict[str, Series]:
    decays = [decay_exponent(autocorrelation(sizes, LAGS)) for sizes in flat_sizes(history)]
    return {"": np.array(decays)}


def _volume_volatility(history: History) -> dict[str, Series]:
    def correlation(company: CompanyHistory) -> float:
        known = np.isfinite(company.returns)
        sizes, volumes = np.abs(company.returns[known]), company.volumes[known]
        return float(np.corrcoef(sizes, volumes)[0, 1]) if volumes.std() else 0.0

    return {"": _by_company(history, correlation)}


def _u_shape(history: History) -> dict[str, Series]:
    minutes, half = history.ticks_in_day, history.open_ticks // 2
    early, noon = minutes < 30, (minutes >= half - 30) & (minutes < half + 30)

    def ratio(company: CompanyHistory) -> float:
        sizes = np.abs(company.returns)
        return float(np.nanmean(sizes[early]) / np.nanmean(sizes[noon]))

    return {"": _by_company(history, ratio)}


def _sign_memory(history: History) -> dict[str, Series]:
    acfs = [autocorrelation(signs(company), LAGS) for company in history.companies]
    return {
        "first lag": np.array([acf[0] for acf in acfs]),
        "exponent": np.array([decay_exponent(acf) for acf in acfs]),
    }


def _pairs(history: History) -> dict[str, Series]:
    """Measure each company's mean correlation with the others, and with those of its sector."""
    filled = np.array([np.nan_to_num(company.returns) for company in history.companies])
    matrix = np.atleast_2d(np.corrcoef(filled))
    sectors = np.array([company.sector for company in history.companies])
    others = ~np.eye(len(sectors), dtype=np.bool_)
    same = (sectors[:, None] == sectors[None, :]) & others

    def mean_over(pairs: Verdicts) -> Series:
        means = [row[m].mean() if m.any() else np.nan for row, m in zip(matrix, pairs, strict=True)]
        return np.array(means)

    return {
        "": mean_over(others),
        "in its sector": mean_over(same),
        "outside it": mean_over(others & ~same),
    }


def _sectors_agree(history: History, pairs: dict[str, Series]) -> Verdicts:
    unknown = np.isnan(pairs["in its sector"]) | np.isnan(pairs["outside it"])
    return np.asarray(unknown | (pairs["in its sector"] > pairs["outside it"]), dtype=np.bool_)


def _daily_volatility(history: History) -> dict[str, Series]:
    def ratio(company: CompanyHistory) -> float:
        daily = np.sqrt(np.nanmean(company.returns**2) * history.open_ticks)
        return float(daily / company.volatility)

    return {"": _by_company(history, ratio)}


def _spread(history: History) -> dict[str, Series]:
    minutes, half = history.ticks_in_day, history.open_ticks // 2
    early, noon = minutes < 30, (minutes >= half - 30) & (minutes < half + 30)
    return {
        "bp": _by_company(history, lambda c: float(np.nanmedian(c.spreads))),
        "open/noon": _by_company(
            history, lambda c: float(np.nanmean(c.spreads[early]) / np.nanmean(c.spreads[noon]))
        ),
    }


_ANY = np.inf

FACTS = (
    Fact("excess kurtosis of r", (Bounds("", 8, 60),), _kurtosis),
    Fact("Hill tail index, top 1 %", (Bounds("", 2.5, 4.5),), _hill),
    Fact(
        "kurtosis at 1 > 5 > 30 > 390 ticks",
        (Bounds("at 5", 4, 20), Bounds("at 30", 1.5, 8), Bounds("at 390", -_ANY, 4)),
        _aggregation,
        _falling,
        "falling",
    ),
    Fact("acf(r, 1)", (Bounds("", -0.06, 0.06),), _first_return_acf),
    Fact(
        "acf(A) at lags 1, 10, 100",
        (Bounds("at 1", 0.15, _ANY), Bounds("at 10", 0.10, _ANY), Bounds("at 100", 0.03, _ANY)),
        _size_acf,
    ),
    Fact("decay exponent of acf(A)", (Bounds("", 0.15, 0.5),), _size_decay),
    Fact("volume–volatility correlation", (Bounds("", 0.2, 0.7),), _volume_volatility),
    Fact("|r| first 30 ticks / middle 60", (Bounds("", 1.4, 3),), _u_shape),
    Fact(
        "acf of s: first lag, decay exponent",
        (Bounds("first lag", 0.1, _ANY), Bounds("exponent", 0.4, 0.9)),
        _sign_memory,
    ),
    Fact(
        "pairwise correlation of r",
        (Bounds("", 0.05, 0.35),),
        _pairs,
        _sectors_agree,
        "higher within a sector",
    ),
    Fact("daily volatility / the company's own", (Bounds("", 0.75, 1.25),), _daily_volatility),
    Fact("median quoted spread", (Bounds("bp", 2, 25), Bounds("open/noon", 1.0, _ANY)), _spread),
)


def _by_company(history: History, measure: Callable[[CompanyHistory], float]) -> Series:
    return np.array([measure(company) for company in history.companies])


def _median(values: Series) -> float:
    known = values[~np.isnan(values)]
    return float(np.median(known)) if len(known) else float("nan")
