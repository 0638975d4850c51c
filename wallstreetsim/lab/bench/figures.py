"""A measured figure, and the table of them."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any


@dataclass(frozen=True, slots=True)
class Baseline:
    """What the figure is held against: the plainest way of doing the same work."""

    name: str
    samples: list[float]


@dataclass(frozen=True, slots=True)
class Figure:
    """Samples of one measurement, in `unit`; `extra` holds what helps to read them, such as
    steps.
    """

    name: str
    unit: str
    samples: list[float]
    baseline: Baseline
    extra: dict[str, Any] = field(default_factory=dict)

    def quantile(self, part: float) -> float:
        """Return the sample below which `part` of them lie (nearest rank)."""
        ordered = sorted(self.samples)
        return ordered[min(len(ordered) - 1, int(part * len(ordered)))]

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "unit": self.unit,
            "p50": round(statistics.median(self.samples), 3),
            "p95": round(self.quantile(0.95), 3),
            "p99": round(self.quantile(0.99), 3),
            "n": len(self.samples),
            "extra": self.extra,
            "baseline": {
                "name": self.baseline.name,
                "p50": round(statistics.median(self.baseline.samples), 3),
            },
        }


def ratio_of_pairs(pairs: Iterable[tuple[float, float]]) -> str:
    """Return the median of the ratios of paired samples, and between what it lies, 95 in 100.

    Source: Conover, Practical Nonparametric Statistics (1999), 3.2: an interval for a quantile from
    the order of the samples alone.
    """
    ratios = sorted(one / other for one, other in pairs)
    count = len(ratios)
    rank = max(0, int((count - 1.96 * count**0.5) / 2))
    low, high = ratios[rank], ratios[count - 1 - rank]
    return f"×{statistics.median(ratios):.3f} ({low:.3f} to {high:.3f}), {count} pairs"


def seconds(work: Callable[[], object]) -> float:
    started = perf_counter()
    work()
    return perf_counter() - started


def table(figures: Iterable[dict[str, Any]]) -> str:
    """Lay the figures out, one a line, the baseline and its ratio behind."""
    head = f"{'figure':<16} {'p50':>12} {'p95':>12} {'p99':>12} {'n':>4}  {'unit':<11} baseline"
    return "\n".join([head, "-" * len(head), *map(_line, figures)])


def _line(figure: dict[str, Any]) -> str:
    baseline = figure["baseline"]
    ratio = f" (×{figure['p50'] / baseline['p50']:.3g})" if baseline["p50"] else ""
    line = (
        f"{figure['name']:<16} {figure['p50']:>12,.1f} {figure['p95']:>12,.1f}"
        f" {figure['p99']:>12,.1f} {figure['n']:>4}  {figure['unit']:<11}"
        f" {baseline['name']}: {baseline['p50']:,.1f}{ratio}"
    )
    extra = "  ".join(f"{name} {value}" for name, value in figure["extra"].items())
    return f"{line}\n    {extra}" if extra else line
