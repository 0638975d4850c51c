"""The pages of the SEC: its public cases, who is wanted and who is in prison; and one case file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any
from uuid import UUID

import orjson
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache

from market.selectors import world
from sec import selectors
from sec.api import serializers
from sec.engine.rules import CRIME_NAMES
from wallstreetsim.api.envelope import only_read
from wallstreetsim.terminal.frame import framed, one_of, page_number
from wallstreetsim.terminal.guards import refusal_of
from wallstreetsim.terminal.reader import agent_of

PAGE_SIZE = 50
SHOWN = 10  # of those wanted and in prison
SCORECARD = settings.BASE_DIR / "sec" / "scorecard.json"


@never_cache
@only_read
def sec(request: HttpRequest) -> HttpResponse:
    return framed(request, "sec/page.html", "SEC", lambda _: _sec(request))


@never_cache
@only_read
def case(request: HttpRequest, id: UUID) -> HttpResponse:
    """Show a public case with its evidence; one's own, and one's cases as an investigator, as the
    API shows them to the agent that is logged in.
    """
    agent = agent_of(request)
    refused = refusal_of(request, agent) if agent else None
    if refused is not None:
        return refused
    file = selectors.case_file(id, reader=agent)
    if file is None:
        raise Http404
    is_kept = agent is None
    return framed(request, "sec/case.html", "SEC", lambda _: {"case": _case(file)}, is_kept=is_kept)


@never_cache
@only_read
def scorecard(request: HttpRequest) -> HttpResponse:
    """Show how good surveillance is, as it was last measured."""
    return framed(request, "sec/scorecard.html", "SEC", lambda _: {"card": _published()})


@cache
def _published() -> Mapping[str, Any] | None:
    """Return the published scorecard, which comes with the code; None if there is none."""
    if not SCORECARD.is_file():
        return None
    card: Mapping[str, Any] = orjson.loads(SCORECARD.read_bytes())
    return card


def _sec(request: HttpRequest) -> Mapping[str, Any]:
    crime = one_of(request.GET.get("crime"), CRIME_NAMES, "")
    status = one_of(request.GET.get("status"), serializers.STATUSES, "")
    page = page_number(request.GET.get("page", "1"))
    rows = slice((page - 1) * PAGE_SIZE, page * PAGE_SIZE)
    lines, total = selectors.investigations(rows, status=status or None, crime=crime or None)
    wanted, _ = selectors.most_wanted(slice(0, SHOWN))
    inmates, _ = selectors.inmates(slice(0, SHOWN))
    tick, pages = world().tick, max(1, -(-total // PAGE_SIZE))

    def address(page: int) -> str:
        return urlencode({"crime": crime, "status": status, "page": str(page)})

    return {
        "query": {"crime": crime, "status": status},
        "crimes": CRIME_NAMES,
        "statuses": serializers.STATUSES,
        "cases": [serializers.investigation_line(line) for line in lines],
        "total": total,
        "pages": pages,
        "previous_page": address(page - 1) if page > 1 else "",
        "next_page": address(page + 1) if page < pages else "",
        "wanted": [serializers.wanted_line(one) for one in wanted],
        "inmates": [serializers.inmate_line(one, tick) for one in inmates],
    }


def _case(file: selectors.CaseFile) -> Mapping[str, Any]:
    """Return the file as the API gives it, the accused by their names in its evidence too."""
    detail = serializers.case_detail(file)
    names = {one["agentId"]: one["agentName"] for one in detail["accused"]}

    def named(rows: Iterable[Mapping[str, Any]], **fields: str) -> list[Mapping[str, Any]]:
        return [
            {**row, **{name: names.get(row[field] or "") for name, field in fields.items()}}
            for row in rows
        ]

    evidence = detail["evidence"]
    return {
        **detail,
        "evidence": {
            **evidence,
            "trades": named(evidence["trades"], buyerName="buyer", sellerName="seller"),
            "orders": named(evidence["orders"], agentName="agentId"),
            "links": named(evidence["links"], agentName="agentId", otherName="otherId"),
            "events": [{**one, "percent": 100 * one["impact"]} for one in evidence["events"]],
        },
        "has_evidence": any(evidence.values()),
    }
