"""The research desk for people: its signals and what became of them, alerts, squeezes, talk, the
macro calendar, analysts, the narrative and a box to ask it, and how its checkers are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache

from market.common.client_address import address_of
from market.selectors import world
from news.api.research_serializers import LONGEST_QUESTION
from news.api.research_views import ASKING_COSTS
from news.research import answering, selectors, startup, wire
from news.research.companies import CompanyView
from news.research.desk import ResearchDesk
from news.research.events import Item
from news.research.narrative import is_stale
from news.research.rules import RESEARCH_RULES
from news.research.standing import the_copy
from news.research.tracking import Position
from wallstreetsim.api.envelope import only_read
from wallstreetsim.api.limits import LIMITS, spend
from wallstreetsim.terminal.frame import framed, one_of

SECTION = "RESEARCH"
CARDS, ALERTS, SQUEEZES, TALKED = 8, 24, 15, 10
OF_COMPANY = 6  # alerts and signals on its page


class Column(NamedTuple):
    """A column of the squeeze scanner, and by what of a line it sorts."""

    title: str
    sort: str
    kind: str = ""


COLUMNS = (
    Column("Company", "symbol", "text"),
    Column("Score", "score"),
    Column("Short", "shortInterestPercent"),
    Column("Day", "dayChangePercent"),
    Column("Volume", "volumeMultiple", "less"),
    Column("Price", "price", "less"),
)
_SORTS = tuple(f"{sign}{column.sort}" for column in COLUMNS for sign in ("", "-"))


@never_cache
@only_read
def research(request: HttpRequest) -> HttpResponse:
    """Show the desk; a question in the address is answered."""
    question = request.GET.get("question", "").replace("\0", "").strip()[:LONGEST_QUESTION]
    sort = one_of(request.GET.get("sort"), _SORTS, "-score")
    fault = "" if not question or _may_ask(request) else "Too many questions; wait a while."
    asked = "" if fault else question
    return framed(
        request,
        "research/page.html",
        SECTION,
        lambda _: {**_page(sort, asked), "question": question, "fault": fault},
        is_kept=not question,
        version=str(selectors.tick()),
    )


def _may_ask(request: HttpRequest) -> bool:
    """Count a question for as many requests as it costs at the API."""
    allowance = spend("requests", address_of(request), LIMITS["requests"], cost=ASKING_COSTS)
    return allowance is None or allowance.is_granted


def _page(sort: str, question: str) -> Mapping[str, Any]:
    tick = world().tick
    narrative = selectors.narratives().first()
    with the_copy().read() as desk:
        standing = _standing(desk, sort) if desk else {}
    return {
        **standing,
        "behind": tick - standing["tick"] if standing else None,
        "signals": [wire.signal(row) for row in selectors.signals(is_open=True)[:CARDS]],
        "open_signals": selectors.signals(is_open=True).count(),
        "ended": [wire.signal(row) for row in selectors.signals(is_open=False)[:CARDS]],
        "records": selectors.performance(),
        "least_record": RESEARCH_RULES.signals.least_record,
        "alerts": [wire.alert(row) for row in selectors.alerts()[:ALERTS]],
        "narrative": narrative and wire.narrative(narrative),
        "is_stale": narrative and is_stale(narrative.tick, tick, RESEARCH_RULES.opinions),
        "answer": answering.answer_question(question) if question else None,
        "longest": LONGEST_QUESTION,
        "columns": [_column(column, sort) for column in COLUMNS],
        "squeeze": RESEARCH_RULES.squeeze,
    }


def _standing(desk: ResearchDesk, sort: str) -> Mapping[str, Any]:
    """Return what is shown of the desk itself: it may not be kept."""
    lines = [line for line in selectors.squeezes(desk) if line["shortInterestPercent"] is not None]
    key = sort.removeprefix("-")
    lines.sort(key=lambda line: line[key], reverse=sort.startswith("-"))
    return {
        "tick": desk.tick,
        "squeezes": lines[:SQUEEZES],
        "scanned": len(lines),
        "talked": _talked(desk),
        "window": RESEARCH_RULES.social.window_ticks,
        "macro": _macro(desk),
        "health": selectors.health(desk),
        "started_at": startup.started_at(),
        "insights": selectors.newest_insights(),
    }


def _talked(desk: ResearchDesk) -> list[Item]:
    """Return the companies of which public rumors tell lately, those of which most do first."""
    since = desk.tick - RESEARCH_RULES.social.window_ticks

    def line(company: CompanyView) -> Item:
        signs = company.rumors_since(since)
        return {
            "symbol": company.symbol,
            "count": len(signs),
            "praise": sum(sign > 0 for sign in signs),
            "blame": sum(sign < 0 for sign in signs),
            "change": 100 * company.day_change,
            "volume": company.volume_multiple,
        }

    lines = [line(company) for company in desk.companies.values() if company.rumors_since(since)]
    return sorted(lines, key=lambda one: (-one["count"], one["symbol"]))[:TALKED]


def _macro(desk: ResearchDesk) -> Item:
    """Return the calendar, and how the economy stands."""
    market = desk.market
    day, ticks = market.next_fed_meeting()
    return {
        "meeting": {"day": day, "ticks": ticks, "tick": desk.tick + ticks},
        "regime": market.regime,
        "interest": market.interest_bps,
        "inflation": market.inflation_bps,
        "growth": market.growth_bps,
        "events": market.active_events,
        "close": market.ticks_until_close if market.is_open else None,
    }


def _column(column: Column, sort: str) -> tuple[Column, str, str]:
    """Return a column, how it is sorted in ARIA's words, and the address that sorts by it."""
    falling = f"-{column.sort}"
    order = {column.sort: "ascending", falling: "descending"}.get(sort, "none")
    other = column.sort if order == "descending" else falling
    if column.kind.startswith("text") and order == "none":
        other = column.sort
    return column, order, urlencode({"sort": other})


# On a company's page


class CompanyResearch(NamedTuple):
    """What a company's page shows of the desk: what it stands by now, and of late."""

    levels: list[Item]
    signals: list[Position]
    alerts: list[Item]


def of_company(symbol: str) -> CompanyResearch:
    """Return what the desk says of a company: its levels, its open signals and its last alerts,
    which may be older than what the desk remembers. One query.
    """
    alerts = [wire.alert(row) for row in selectors.alerts(symbol=symbol)[:OF_COMPANY]]
    with the_copy().read() as desk:
        company = desk.companies.get(symbol) if desk else None
        if desk is None or company is None:
            return CompanyResearch([], [], alerts)
        signals = [one for one in desk.signals.open if one.symbol == symbol]
        levels = [one.as_item() for one in selectors.levels_of(company)]
        return CompanyResearch(levels, signals[: -OF_COMPANY - 1 : -1], alerts)
