"""Does the research desk's newsletter earn? Every type of its signals, on seeds that no number of
its rules was fitted to.

Returns of one day are no independent draws, so that a day counts as one; and of so many types some
look good by luck, so that each is judged beside the others (Holm's correction). None may earn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import exp, lgamma, log, pi, sqrt
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from market.engine.rules import Switches
from news.research.events import Signal, SignalClosed
from news.research.rules import RESEARCH_RULES
from news.research.tracking import UNFILLED
from wallstreetsim.lab.research_desk import DeskInMemory
from wallstreetsim.machine.rules import RULES
from wallstreetsim.machine.world import World

SEEDS = ("newsletter-1", "newsletter-2", "newsletter-3", "newsletter-4")
DAYS, COMPANIES = 20, 40
LEAST_DAYS = 10  # with signals of a type, from which it is judged
LEVEL = 0.05  # of all types together
_INTERVALS = 2_000  # of the integral below

Closed: TypeAlias = tuple[int, float]  # the day on which a signal was published, its return in bp


class Tried(NamedTuple):
    """What a type of signal earned, after fees: its mean in basis points, by days. `p` is the
    chance of a mean so large from nothing, `p_holm` the same among all types; None of too few days.
    """

    kind: str
    signals: int
    days: int
    mean_bp: float
    t: float
    p: float | None
    p_holm: float | None

    @property
    def earns(self) -> bool:
        return self.p_holm is not None and self.p_holm < LEVEL

    @property
    def verdict(self) -> str:
        if self.p is None:
            return "not enough"
        return "EARNS" if self.earns else "no lunch"


def jobs(house: int, days: int = DAYS, companies: int = COMPANIES) -> list[dict[str, Any]]:
    """Return the jobs of the trial, one a seed."""
    return [{"seed": s, "days": days, "companies": companies, "house": house} for s in SEEDS]


def run_job(job: Mapping[str, Any]) -> dict[str, list[Closed]]:
    """Run a world with a desk beside it, and return what became of its signals, by type."""
    world = World(RULES, job["seed"], Switches(events=True, house=job["house"]))
    world.found(job["companies"])
    desk, session = DeskInMemory(world), RULES.market.session
    published: dict[str, int] = {}
    closed: dict[str, list[Closed]] = {}
    for _ in range(job["days"] * session.day_ticks):
        for event in desk.fold(world.advance([])):
            if isinstance(event, Signal):
                published[event.id] = event.tick // session.day_ticks
            elif isinstance(event, SignalClosed) and event.outcome != UNFILLED:
                end = (published[event.id], float(event.return_bps))
                closed.setdefault(event.kind, []).append(end)
    return closed


def judge(runs: Sequence[Mapping[str, Sequence[Closed]]]) -> list[Tried]:
    """Return what each type earned over all runs, one run a seed."""
    kinds = [type.kind for type in RESEARCH_RULES.signals.types]
    tried = [_tried(kind, [run.get(kind, ()) for run in runs]) for kind in kinds]
    corrected = holm({one.kind: one.p for one in tried if one.p is not None})
    return [one._replace(p_holm=corrected.get(one.kind)) for one in tried]


def _tried(kind: str, runs: Sequence[Sequence[Closed]]) -> Tried:
    """Return the mean of a type's returns with a standard error by clusters: the days of a seed."""
    clusters: dict[tuple[int, int], list[float]] = {}
    for seed, run in enumerate(runs):
        for day, earned in run:
            clusters.setdefault((seed, day), []).append(earned)
    returns = [earned for its in clusters.values() for earned in its]
    if not returns:
        return Tried(kind, 0, 0, 0.0, 0.0, None, None)
    mean = float(np.mean(returns))
    sums = np.array([sum(its) - len(its) * mean for its in clusters.values()])
    days = len(clusters)
    error = sqrt(float((sums**2).sum()) * days / max(1, days - 1)) / len(returns)
    t = mean / error if error else 0.0
    p = students_tail(t, days - 1) if days >= LEAST_DAYS else None
    return Tried(kind, len(returns), days, mean, t, p, None)


def holm(chances: Mapping[str, float]) -> dict[str, float]:
    """Return these chances corrected for their number.

    Source: Holm, A simple sequentially rejective multiple test procedure (1979).
    """
    corrected, largest = {}, 0.0
    ordered = sorted(chances.items(), key=lambda one: one[1])
    for rank, (name, chance) in enumerate(ordered):
        largest = max(largest, min(1.0, (len(ordered) - rank) * chance))
        corrected[name] = largest
    return corrected


def students_tail(t: float, freedom: int) -> float:
    """Return the chance of a value above `t`, of Student's distribution."""
    half = (freedom + 1) / 2
    scale = exp(lgamma(half) - lgamma(freedom / 2) - log(pi * freedom) / 2)
    angles = np.linspace(0.0, np.arctan(abs(t) / sqrt(freedom)), _INTERVALS)
    # With t = √ν·tan φ the density is a power of a cosine, on a bounded range.
    density = scale * sqrt(freedom) * np.cos(angles) ** (freedom - 1)
    upper = 0.5 - float(np.trapezoid(density, angles))
    return upper if t >= 0 else 1.0 - upper
