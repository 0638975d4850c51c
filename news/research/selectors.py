"""Every read of what the research desk has said: one question, a fixed number of queries."""

from __future__ import annotations

from typing import NamedTuple

from django.db.models import QuerySet

from market.engine.values import Cents
from news.models import (
    Insight,
    Narrative,
    ResearchAggregate,
    ResearchAlert,
    ResearchSignal,
    ResearchState,
)
from news.research import tracking, wire
from news.research.checkers import checkers
from news.research.checkers import levels as levels_checker
from news.research.checkers import squeeze as squeeze_checker
from news.research.companies import CompanyView
from news.research.desk import PARTS, ResearchDesk
from news.research.events import Item
from news.research.rules import RESEARCH_RULES
from news.research.tracking import Tally

MEMORY = 10  # narratives


def alerts(
    *, kind: str | None = None, symbol: str | None = None, source: str | None = None
) -> QuerySet[ResearchAlert]:
    """Return the alerts of a kind, a company and a checker, newest first."""
    rows = ResearchAlert.objects.order_by("-number")
    if kind:
        rows = rows.filter(kind=kind)
    if symbol:
        rows = rows.filter(symbol=symbol)
    return rows.filter(source=source) if source else rows


def signals(
    *,
    symbol: str | None = None,
    kind: str | None = None,
    tier: str | None = None,
    action: str | None = None,
    is_open: bool | None = None,
) -> QuerySet[ResearchSignal]:
    """Return the signals of a company, a type, a tier and a side, newest first."""
    rows = ResearchSignal.objects.order_by("-number")
    wanted = {"symbol": symbol, "kind": kind, "tier": tier, "action": action}
    rows = rows.filter(**{name: value for name, value in wanted.items() if value})
    if is_open is None:
        return rows
    return rows.filter(outcome="") if is_open else rows.exclude(outcome="")


def performance() -> list[Item]:
    """Return the record of each type of signal, from sums over all that ever ended. One query."""
    rows = ResearchAggregate.objects.filter(subject="signal")
    tallies = {row.kind: Tally(**row.data) for row in rows}
    records = tracking.performance(tallies, RESEARCH_RULES.signals)
    return [record.as_item() for record in records]


def insights(*, analyst: str | None = None, symbol: str | None = None) -> QuerySet[Insight]:
    """Return what analysts said by themselves, with its prose, newest first."""
    rows = Insight.objects.select_related("prose").order_by("-number")
    if analyst:
        rows = rows.filter(analyst=analyst)
    return rows.filter(symbol=symbol) if symbol else rows


def newest_insights() -> list[Item]:
    """Return the newest insight of each analyst that has spoken, the newest first. One query."""
    rows = Insight.objects.select_related("prose")
    rows = rows.order_by("analyst", "-number").distinct("analyst")
    return [wire.insight(row) for row in sorted(rows, key=lambda row: -row.number)]


def narratives() -> QuerySet[Narrative]:
    """Return the last narratives with their prose, newest first."""
    return Narrative.objects.select_related("prose").order_by("-number")[:MEMORY]


def tick() -> int:
    """Return the tick up to which the desk has read the tape, 0 before any. One query."""
    rows = ResearchState.objects.order_by("-tick").values_list("tick", flat=True)
    return rows.first() or 0


# Of the desk as it stands


class Level(NamedTuple):
    """A price at which much has traded; `stage` says how near the price is to it, if it is."""

    price: Cents
    distance: float
    stage: str | None

    def as_item(self) -> Item:
        return {
            "price": self.price / 100,
            "distancePercent": round(100 * self.distance, 2),
            "stage": self.stage and self.stage.removeprefix("level_"),
        }


def levels_of(company: CompanyView) -> list[Level]:
    """Return a company's levels, the lowest first."""
    rules = RESEARCH_RULES.levels
    return [
        Level(price, company.price / price - 1.0, levels_checker.stage_of(company, price, rules))
        for price in company.levels
    ]


def squeezes(desk: ResearchDesk) -> list[Item]:
    """Return each company's squeeze score with its parts, the highest first."""
    rules = RESEARCH_RULES.squeeze
    lines = []
    for company in desk.companies.values():
        score = squeeze_checker.score_of(company, rules)
        interest = company.short_interest
        lines.append(
            {
                "symbol": company.symbol,
                "name": company.name,
                "sector": company.sector,
                "tick": desk.tick,
                "score": score.total,
                "parts": {name: round(part, 1) for name, part in score._asdict().items()},
                "shortInterestPercent": None if interest is None else interest / 10,
                "price": company.price / 100,
                "dayChangePercent": round(100 * company.day_change, 2),
                "volumeMultiple": round(company.volume_multiple, 2),
            }
        )
    return sorted(lines, key=lambda line: (-line["score"], line["symbol"]))


def health(desk: ResearchDesk) -> Item:
    """Return how the analysts and the checkers are."""
    return {
        "tick": desk.tick,
        "analysts": [one.as_item() for one in desk.analysts.health()],
        "checkers": [
            {
                "checker": checker.name,
                "everyTicks": checker.every_ticks,
                "lastRunTick": its.last_run if (its := desk.health.get(checker.name)) else None,
                "lastFaultTick": its.last_fault if its else None,
                "faults": its.faults if its else 0,
                "alertsToday": its.alerts_today if its else 0,
            }
            for checker in checkers(RESEARCH_RULES)
        ],
        "parts": [
            {
                "part": part,
                "lastFaultTick": its.last_fault if (its := desk.health.get(part)) else None,
                "faults": its.faults if its else 0,
            }
            for part in PARTS
        ],
    }
