"""What a run of the machine leaves for the report: one row per open tick of each company."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

Series: TypeAlias = npt.NDArray[np.float64]


class Headline(NamedTuple):
    """A company's event, as it was told: the open tick, the company, and what it was worth."""

    at: int
    symbol: str
    impact: float


class Metaorder(NamedTuple):
    """A large order worked in pieces, when it was done: side ±1, from one open tick to another."""

    symbol: str
    side: int
    first: int
    last: int
    shares: int


class Report(NamedTuple):
    """An article about one company: the open tick, the company, and how good or bad it is."""

    at: int
    symbol: str
    sentiment: float


class Attempt(NamedTuple):
    """What an author of rumors made of one: bought before it, sold after, in parts of the stake.

    `gross` is at the prices, `net` what its account was left with, fines included.
    """

    gross: float
    net: float


@dataclass(frozen=True, slots=True)
class CompanyHistory:
    """One company's open ticks. Returns that halts and nights made are NaN."""

    symbol: str
    sector: str
    volatility: float  # its own daily parameter
    prices: Series
    returns: Series
    volumes: Series
    flows: Series  # signed volume of the takers
    spreads: Series  # in basis points; NaN where a side is empty


@dataclass(frozen=True, slots=True)
class History:
    """One run: `days` whole days of `open_ticks` each, the first of which is short of tick 0."""

    seed: str
    open_ticks: int
    companies: list[CompanyHistory]
    ticks_in_day: Series  # of each open tick
    days: Series
    index: Series
    headlines: list[Headline] = field(default_factory=list)
    metaorders: list[Metaorder] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    depth: Series = field(default_factory=lambda: np.zeros(0))  # mean shares by level of the book
    driver_shares: tuple[float, float, float] = (0.0, 0.0, 0.0)
    notes: dict[str, float] = field(default_factory=dict)
