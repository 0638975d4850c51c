"""What happens to companies, sectors and the market, and what it is worth (market-model,
section 1).

An event is worth its whole impact at once; what is left of it over its duration is unrest, never a
drift. Company events brew for a few open ticks before they are news: an insider may know.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias

from market.engine.pricing import PriceState
from market.engine.random_source import RandomSource
from market.engine.rules import EventKind, EventRules
from market.engine.values import Shares, Tick

SQUEEZE = "SHORT_SQUEEZE"

Menu: TypeAlias = tuple[tuple[str, float], ...]  # kinds and their chances, which sum to 1


class Subject(NamedTuple):
    """A company, as far as events concern it."""

    symbol: str
    sector: str
    shares: Shares
    short_interest: Shares
    state: PriceState
    has_traded: bool = True  # in the last tick


class MarketEvent(NamedTuple):
    """Something that happened. Without symbol and sector it concerns the whole market."""

    number: int
    tick: Tick
    type: str
    symbol: str | None
    sector: str | None
    impact: float  # the simple return it is worth, to a beta of 1 if the whole market's
    duration: Tick
    ticks_remaining: Tick  # that it is active yet, the present one among them


class Brewing(NamedTuple):
    """An event that will be news in so many open ticks."""

    ticks_ahead: Tick
    type: str
    symbol: str
    impact: float
    duration: Tick


class Events:
    """The active events, those that brew, and the generator of new ones."""

    def __init__(self, rules: EventRules, streams: RandomSource) -> None:
        self.rules = rules
        self.streams = streams
        self.kinds = {kind.name: kind for kind in rules.kinds}
        self.active: list[MarketEvent] = []
        self.brewing: list[Brewing] = []
        self.numbered = 0

    def menu_of(self, subject: Subject) -> Menu:
        """Return what may happen to a company: no squeeze where few shares are short."""
        shorted = subject.short_interest >= self.rules.least_short_interest * subject.shares
        return fair_menus(self.rules, shorted)[subject.sector]

    # The tick

    def begin_tick(self, subjects: Sequence[Subject]) -> None:
        """Count a tick off every active event, and forget those that are over.

        An event's clock runs while a company that it concerns trades; it is not over before the
        prices of all of them have taken it in.
        """
        aged = (_aged(event, subjects) for event in self.active)
        self.active = [event for event in aged if event.ticks_remaining]

    def draw(self, tick: Tick, subjects: Sequence[Subject], rate: float) -> list[MarketEvent]:
        """Draw an open tick's events, put them into the prices, and return them.

        `rate` is the regime's multiple of the usual one.
        """
        happened = [self._happen(tick, subjects, *news) for news in self._ripe()]
        for subject in subjects:
            self._brew(tick, subject, rate)
        happened += [self._happen(tick, subjects, *one) for one in self._wide(tick, subjects, rate)]
        return happened

    def inject(
        self,
        tick: Tick,
        subjects: Sequence[Subject],
        type: str,
        *,
        symbol: str | None = None,
        sector: str | None = None,
        impact: float,
        duration: Tick,
    ) -> MarketEvent:
        """Make an event of the given size happen, for an operator; it is like any other."""
        return self._happen(tick, subjects, type, symbol, sector, impact, duration, is_news=False)

    # Keeping

    def dump(self) -> dict[str, Any]:
        return {
            "active": [list(event) for event in self.active],
            "brewing": [list(event) for event in self.brewing],
            "numbered": self.numbered,
        }

    def load(self, plain: dict[str, Any]) -> None:
        self.active = [MarketEvent(*event) for event in plain["active"]]
        self.brewing = [Brewing(*event) for event in plain["brewing"]]
        self.numbered = plain["numbered"]

    # Drawing

    def _ripe(self) -> list[tuple[str, str | None, str | None, float, Tick]]:
        """Count a tick off what is not news yet, and return what becomes news now."""
        waiting = [event._replace(ticks_ahead=event.ticks_ahead - 1) for event in self.brewing]
        self.brewing = [event for event in waiting if event.ticks_ahead > 0]
        return [
            (event.type, event.symbol, None, event.impact, event.duration)
            for event in waiting
            if event.ticks_ahead <= 0
        ]

    def _brew(self, tick: Tick, subject: Subject, rate: float) -> None:
        u, v, w, x = self.streams.uniforms(tick, subject.symbol, "event")
        if u >= self.rules.company_rate * rate:
            return
        kind = self.kinds[pick(self.menu_of(subject), v)]
        if self._is_busy(kind.name, subject.symbol):
            return
        self.brewing.append(
            Brewing(
                self.rules.ticks_ahead,
                kind.name,
                subject.symbol,
                impact_of(kind, w, self.rules.tail),
                duration_of(kind, x),
            )
        )

    def _wide(
        self, tick: Tick, subjects: Sequence[Subject], rate: float
    ) -> Iterator[tuple[str, str | None, str | None, float, Tick]]:
        """Yield what happens to whole sectors and to the whole market."""
        rotation = self.kinds["SECTOR_ROTATION"]
        for sector in dict.fromkeys(subject.sector for subject in subjects):
            u, v, w, _ = self.streams.uniforms(tick, sector, "sector-event")
            if u < self.rules.sector_rate * rate and not self._is_busy(rotation.name, sector):
                impact = impact_of(rotation, v, self.rules.tail)
                yield rotation.name, None, sector, impact, duration_of(rotation, w)
        for name, chance in self.rules.market_rates:
            u, v, w, _ = self.streams.uniforms(tick, name, "market-event")
            if u < chance * rate and not self._is_busy(name, None):
                kind = self.kinds[name]
                impact = impact_of(kind, v, self.rules.tail)
                yield name, None, None, impact, duration_of(kind, w)

    def _is_busy(self, type: str, target: str | None) -> bool:
        """Say whether one of this kind is active, or brews, for the company, sector or market."""
        return any(e.type == type and (e.symbol or e.sector) == target for e in self.active) or any(
            e.type == type and e.symbol == target for e in self.brewing
        )

    def _happen(
        self,
        tick: Tick,
        subjects: Iterable[Subject],
        type: str,
        symbol: str | None,
        sector: str | None,
        impact: float,
        duration: Tick,
        *,
        is_news: bool = True,
    ) -> MarketEvent:
        self.numbered += 1
        event = MarketEvent(
            self.numbered, tick, type, symbol, sector, impact, duration, max(1, duration)
        )
        self.active.append(event)
        for subject in subjects:
            if concerns(event, subject):
                beta = 1.0 if symbol or sector else subject.state.beta
                jump = math.log(max(0.05, 1.0 + impact * beta))
                subject.state.jump_by(jump, duration, is_news=is_news)
        return event


def _aged(event: MarketEvent, subjects: Iterable[Subject]) -> MarketEvent:
    """Return an event as it is a tick later."""
    concerned = [subject for subject in subjects if concerns(event, subject)]
    left = event.ticks_remaining - any(subject.has_traded for subject in concerned)
    if not left and any(subject.state.jump for subject in concerned):
        return event
    return event._replace(ticks_remaining=left)


def concerns(event: MarketEvent, subject: Subject) -> bool:
    """Say whether an event is about this company, its sector or everyone."""
    if event.symbol is not None:
        return event.symbol == subject.symbol
    return event.sector is None or event.sector == subject.sector


def impact_of(kind: EventKind, u: float, tail: float) -> float:
    """Return the impact at quantile `u`: a Pareto law of exponent `tail`, cut to the kind's range,
    so that small ones are common and large ones rare.
    """
    sign = -1.0 if kind.lowest < 0.0 else 1.0
    if kind.both_signs:
        sign, u = (1.0, 2.0 * u) if u < 0.5 else (-1.0, 2.0 * u - 1.0)
    least, most = abs(kind.lowest), abs(kind.highest)
    left = math.pow(least / most, tail)
    return sign * least * math.pow(1.0 - u * (1.0 - left), -1.0 / tail)


def duration_of(kind: EventKind, u: float) -> Tick:
    return kind.shortest + int(u * (kind.longest - kind.shortest + 1))


def pick(menu: Menu, u: float) -> str:
    """Return the name at quantile `u` of a menu of names and chances that sum to 1."""
    for name, chance in menu:
        u -= chance
        if u < 0.0:
            return name
    return menu[-1][0]


@lru_cache(maxsize=4)
def fair_menus(rules: EventRules, shorted: bool) -> dict[str, Menu]:
    """Return each sector's kinds and their chances, the bad news made so much more or less common
    that an event is worth nothing on average: who holds a company does not profit from its news.
    """
    kinds = {kind.name: kind for kind in rules.kinds}
    return {
        sector: _balanced([one for one in menu if shorted or one[0] != SQUEEZE], kinds, rules.tail)
        for sector, menu in rules.menus
    }


def _balanced(menu: Sequence[tuple[str, float]], kinds: dict[str, EventKind], tail: float) -> Menu:
    worths = {name: _mean_log(kinds[name], tail) for name, _ in menu}
    gains = sum(weight * worths[name] for name, weight in menu if worths[name] > 0.0)
    losses = -sum(weight * worths[name] for name, weight in menu if worths[name] < 0.0)
    fair = [
        (name, weight if worths[name] > 0.0 else weight * gains / losses) for name, weight in menu
    ]
    whole = sum(weight for _, weight in fair)
    return tuple((name, weight / whole) for name, weight in fair)


def _mean_log(kind: EventKind, tail: float, points: int = 200) -> float:
    """Return the mean log return of a kind, by the midpoint rule over its quantiles."""
    impacts = (impact_of(kind, (n + 0.5) / points, tail) for n in range(points))
    return sum(math.log(1.0 + impact) for impact in impacts) / points
