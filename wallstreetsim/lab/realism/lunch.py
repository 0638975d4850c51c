"""Is there a free lunch? Simple strategies on a run's prices, and what they earn a day, as a
t-statistic: before costs, and net of half the quoted spread and the taker's fee at each trade.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from wallstreetsim.lab.realism.history import CompanyHistory, History, Series

MOST_T = 3.0
FEE = 1e-4
_LOOK_BACK = 60
_HOLD = 30
_AFTER_HEADLINE = 60


class Lunch(NamedTuple):
    """What a strategy earned: mean returns in basis points, and their t-statistics."""

    strategy: str
    observations: int
    gross_bp: float
    gross_t: float
    net_bp: float
    net_t: float

    @property
    def is_free(self) -> bool:
        return self.net_t >= MOST_T


def lunches(histories: list[History]) -> list[Lunch]:
    """Return what each strategy earned over all runs."""
    return [
        _lunch("buy and hold, a day", *_gather(histories, _hold)),
        _lunch("momentum, an hour, a day", *_gather(histories, lambda h: _follow(h, 1.0))),
        _lunch("reversal, an hour, a day", *_gather(histories, lambda h: _follow(h, -1.0))),
        _lunch("after the headline, a trade", *_gather(histories, _chase)),
        _lunch("buy the headline, a trade", *_gather(histories, lambda h: _report(h, 1.0))),
        _lunch("fade the headline, a trade", *_gather(histories, lambda h: _report(h, -1.0))),
        _lunch("buy, spread a rumor, sell", *_gather(histories, _spread_and_sell)),
    ]


def _gather(
    histories: list[History], earn: Callable[[History], tuple[Series, Series]]
) -> tuple[Series, Series]:
    earned = [earn(history) for history in histories]
    return np.concatenate([e[0] for e in earned]), np.concatenate([e[1] for e in earned])


def _lunch(name: str, gross: Series, costs: Series) -> Lunch:
    net = gross - costs
    return Lunch(name, len(gross), _bp(gross), t_statistic(gross), _bp(net), t_statistic(net))


def t_statistic(values: Series) -> float:
    if len(values) < 3 or not values.std():
        return 0.0
    return float(values.mean() / (values.std(ddof=1) / np.sqrt(len(values))))


def _bp(values: Series) -> float:
    return float(1e4 * values.mean()) if len(values) else 0.0


def _hold(history: History) -> tuple[Series, Series]:
    """Hold the index from close to close: nothing to pay but the first purchase."""
    closes = np.array([history.index[history.days == day][-1] for day in np.unique(history.days)])
    returns = np.diff(closes) / closes[:-1]
    return returns, np.zeros(len(returns))


def _follow(history: History, sign: float) -> tuple[Series, Series]:
    """Hold each company for half an hour in the direction (or against it) of the last hour's move,
    every trade at the price and half the spread; a day's mean over all companies.
    """
    gross: dict[float, list[float]] = {}
    costs: dict[float, list[float]] = {}
    for company in history.companies:
        for at in range(_LOOK_BACK, len(company.prices) - _HOLD, _HOLD):
            if history.days[at - _LOOK_BACK] != history.days[at + _HOLD]:
                continue
            side = sign * np.sign(company.prices[at] - company.prices[at - _LOOK_BACK])
            move = company.prices[at + _HOLD] / company.prices[at] - 1.0
            gross.setdefault(history.days[at], []).append(float(side * move))
            costs.setdefault(history.days[at], []).append(abs(side) * _round_trip(company, at))
    days = sorted(gross)
    return (
        np.array([np.mean(gross[day]) for day in days]),
        np.array([np.mean(costs[day]) for day in days]),
    )


def _chase(history: History) -> tuple[Series, Series]:
    """Trade in a headline's direction once it is out and the company trades, and hold an hour."""
    by_symbol = {company.symbol: company for company in history.companies}
    gross, costs = [], []
    for headline in history.headlines:
        company = by_symbol[headline.symbol]
        after = np.flatnonzero(np.isfinite(company.returns[headline.at + 1 :]))
        if not len(after):
            continue
        start = headline.at + 1 + int(after[0])
        end = min(start + _AFTER_HEADLINE, len(company.prices) - 1)
        gross.append(np.sign(headline.impact) * (company.prices[end] / company.prices[start] - 1))
        costs.append(_round_trip(company, start))
    return np.array(gross), np.array(costs)


def _report(history: History, sign: float) -> tuple[Series, Series]:
    """Trade in the direction of every article about one company (or against it), whatever it tells
    of, once it is out and the company trades, and hold an hour.
    """
    by_symbol = {company.symbol: company for company in history.companies}
    gross, costs = [], []
    for report in history.reports:
        company = by_symbol[report.symbol]
        after = np.flatnonzero(np.isfinite(company.returns[report.at + 1 :]))
        if not len(after):
            continue
        start = report.at + 1 + int(after[0])
        end = min(start + _AFTER_HEADLINE, len(company.prices) - 1)
        move = company.prices[end] / company.prices[start] - 1.0
        gross.append(float(sign * np.sign(report.sentiment) * move))
        costs.append(_round_trip(company, start))
    return np.array(gross), np.array(costs)


def _spread_and_sell(history: History) -> tuple[Series, Series]:
    """Buy a company, spread good words of it, and sell: traded through the book."""
    gross = np.array([attempt.gross for attempt in history.attempts])
    net = np.array([attempt.net for attempt in history.attempts])
    return gross, gross - net


def _round_trip(company: CompanyHistory, at: int) -> float:
    spread = company.spreads[at]
    return (float(spread) if np.isfinite(spread) else 0.0) * 1e-4 + 2 * FEE
