"""What the desk knows of the market as a whole."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import Any

from market.engine.regimes import meets_today
from market.engine.rules import MarketRules
from market.engine.values import BPS_IN_ONE, Bps, Tick
from news.research.companies import CompanyView
from news.research.public_entry import Item, Session

INDEX_KEPT = 60  # ticks
DAYS_KEPT = 20


@dataclass(slots=True)
class MarketView:
    """The market as of the last entry that was folded. The index is in hundredths of a point, rates
    are basis points. `sectors` are the mean moves since the previous close, fractions.
    """

    rules: MarketRules
    tick: Tick = 0
    trading_day: int = 0
    tick_in_day: Tick = 0
    is_open: bool = False
    ticks_until_close: Tick = 0
    index: int = 0
    index_previous_close: int = 0
    indices: deque[int] = field(default_factory=deque)  # of the last open ticks, the newest last
    closes: deque[int] = field(default_factory=deque)  # of the days that are over
    regime: str = "normal"
    previous_regime: str = "normal"  # before this very tick
    interest_bps: Bps = 0
    previous_interest_bps: Bps = 0
    inflation_bps: Bps = 0
    growth_bps: Bps = 0
    ended_day: int = -1  # the last day that is over
    sectors: dict[str, float] = field(default_factory=dict)
    active_events: list[Item] = field(default_factory=list)

    @property
    def day_change(self) -> float:
        """The index since the previous close, a fraction."""
        before = self.index_previous_close
        return self.index / before - 1.0 if before else 0.0

    def next_fed_meeting(self) -> tuple[int, Tick]:
        """Return the day of the next meeting, and how many ticks it is away."""
        climate, day_ticks = self.rules.climate, self.rules.session.day_ticks
        day = self.trading_day
        while not meets_today(day, climate) or (
            day == self.trading_day and self.tick_in_day >= climate.fed_tick_in_day
        ):
            day += 1
        return day, day * day_ticks + climate.fed_tick_in_day - self.tick

    def session_of(self, update: Item) -> Session:
        """Return where a tick lies, which may be the first that is seen of its day."""
        day = update["tradingDay"]
        opens = update["marketOpen"] and (not self.is_open or day != self.trading_day)
        return Session(update["marketOpen"], day, update["tickInDay"], opens)

    def take(self, tick: Tick, update: Item, session: Session) -> None:
        """Take what a tick says of itself."""
        index = update["indices"][0]
        self.previous_regime, self.previous_interest_bps = self.regime, self.interest_bps
        if not self.tick:  # the first that is seen changes nothing
            self.previous_regime = update["regime"]
            self.previous_interest_bps = _bps(update["interestRate"])
        self.tick, self.trading_day, self.tick_in_day = (
            tick,
            session.trading_day,
            session.tick_in_day,
        )
        self.is_open = session.is_open
        self.ticks_until_close = update["ticksUntilClose"]
        self.index = round(index["value"] * 100)
        self.index_previous_close = round((index["value"] - index["change"]) * 100)
        self.regime = update["regime"]
        self.interest_bps = _bps(update["interestRate"])
        self.inflation_bps = _bps(update["inflationRate"])
        self.growth_bps = _bps(update["gdpGrowth"])
        self.active_events = update["activeEvents"]
        if session.is_open:
            self.indices.append(self.index)
            if len(self.indices) > INDEX_KEPT:
                self.indices.popleft()

    def end_day(self) -> None:
        self.ended_day = self.trading_day
        self.closes.append(self.index)
        if len(self.closes) > DAYS_KEPT:
            self.closes.popleft()

    def weigh_sectors(self, companies: Iterable[CompanyView]) -> None:
        """Take each sector's mean move of the day."""
        moves: dict[str, list[float]] = {}
        for company in companies:
            moves.setdefault(company.sector, []).append(company.day_change)
        self.sectors = {name: sum(its) / len(its) for name, its in sorted(moves.items())}

    def dump(self) -> list[Any]:
        """Return all that it remembers, as plain data."""
        values = (getattr(self, name) for name in _KEPT)
        return [list(value) if isinstance(value, deque) else value for value in values]

    def load(self, plain: list[Any]) -> None:
        """Remember what was dumped."""
        for name, value in zip(_KEPT, plain, strict=True):
            setattr(self, name, deque(value) if name in {"indices", "closes"} else value)


def _bps(fraction: float) -> Bps:
    return round(fraction * BPS_IN_ONE)


_KEPT = tuple(one.name for one in fields(MarketView) if one.name != "rules")
