"""What a run of the machine leaves for the report: one row per open tick of each company."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple, TypeAlias

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

    def as_plain(self) -> dict[str, Any]:
        """Return it as plain data: lists and numbers, None where a series has no number."""
        plain = asdict(self)
        for name in (*_SERIES, "depth"):
            plain[name] = _plain(plain[name])
        for company in plain["companies"]:
            for name in _OF_COMPANY:
                company[name] = _plain(company[name])
        for name in _LISTED:
            plain[name] = [list(row) for row in plain[name]]
        return plain

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> History:
        """Return the history that `as_plain` described."""
        companies = [
            CompanyHistory(**{**one, **{name: _series(one[name]) for name in _OF_COMPANY}})
            for one in plain["companies"]
        ]
        rest: dict[str, Any] = {name: _series(plain[name]) for name in (*_SERIES, "depth")}
        rest["driver_shares"] = tuple(plain["driver_shares"])
        for name, of in _LISTED.items():
            rest[name] = [of(*row) for row in plain[name]]
        return cls(**{**plain, **rest, "companies": companies})


_SERIES = ("ticks_in_day", "days", "index")
_OF_COMPANY = ("prices", "returns", "volumes", "flows", "spreads")
_LISTED: Mapping[str, Any] = {
    "headlines": Headline,
    "metaorders": Metaorder,
    "reports": Report,
    "attempts": Attempt,
}


def _plain(series: Series) -> list[float | None]:
    return [None if math.isnan(value) else value for value in series.tolist()]


def _series(values: Sequence[float | None]) -> Series:
    return np.array([math.nan if value is None else value for value in values], dtype=np.float64)
