"""The pages of the agents: all of them, and one's public profile. Nothing on them is private."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache

from agents import selectors, standings
from agents.api.serializers import public_profile
from agents.engine.agent_state import AgentStatus
from agents.models import Agent
from agents.standings import RankedAgent
from market import selectors as market
from market import wire
from market.engine.values import Bps, Cents, Tick
from market.selectors import world
from wallstreetsim.api.envelope import only_read
from wallstreetsim.machine.rules import RULES
from wallstreetsim.terminal.frame import framed, one_of, page_number
from wallstreetsim.terminal.own_actions import agent_links
from wallstreetsim.terminal.shared import LINE_WIDTH
from wallstreetsim.terminal.template_tags import points_between

PAGE_SIZE = 50
HOUSES = (
    (standings.EXCLUDE, "left out"),
    (standings.INCLUDE, "included"),
    (standings.ONLY, "alone"),
)
SORTS = (
    ("netWorth", "net worth"),
    ("return", "return"),
    ("maxDrawdown", "smallest drawdown"),
    ("sharpe", "Sharpe ratio"),
    ("reputation", "reputation"),
)
CURVE_POINTS = 200


class Line(NamedTuple):
    """An agent's figures as the pages show them; money in cents."""

    rank: int | None
    name: str
    role: str
    status: str
    is_house: bool
    net_worth: Cents
    change_percent: float
    return_percent: float
    drawdown_bps: Bps
    sharpe: float | None
    return_days: int  # that the ratio is of
    reputation: str
    trades: int


@never_cache
@only_read
def agents(request: HttpRequest) -> HttpResponse:
    return framed(request, "agents/list.html", "AGENTS", lambda _: _agents(request))


@never_cache
@only_read
def agent(request: HttpRequest, reference: str) -> HttpResponse:
    """Show one agent, by its name however it is written, or its id."""
    try:
        found = standings.agent_like(reference)
    except Agent.DoesNotExist:
        raise Http404 from None
    own = agent_links(found)
    return framed(request, "agents/profile.html", "AGENTS", lambda _: _profile(found), own=own)


def _agents(request: HttpRequest) -> Mapping[str, Any]:
    roles = [role.name for role in RULES.agents.roles]
    statuses = [status.value for status in AgentStatus]
    query = {
        "role": one_of(request.GET.get("role"), roles, ""),
        "status": one_of(request.GET.get("status"), statuses, ""),
        "house": one_of(request.GET.get("house"), standings.HOUSE, standings.EXCLUDE),
        "sort": one_of(request.GET.get("sort"), standings.SORTS, standings.NET_WORTH),
    }
    page = page_number(request.GET.get("page", "1"))
    ranked, total = standings.ranking(
        slice((page - 1) * PAGE_SIZE, page * PAGE_SIZE),
        sort=query["sort"],
        house=query["house"],
        role=query["role"] or None,
        status=query["status"] or None,
    )
    pages = max(1, -(-total // PAGE_SIZE))
    return {
        "query": {**query, "page": page},
        "roles": roles,
        "statuses": statuses,
        "houses": HOUSES,
        "sorts": SORTS,
        "agents": [_line(one) for one in ranked],
        "total": total,
        "pages": pages,
        "previous_page": _address(query, page - 1) if page > 1 else "",
        "next_page": _address(query, page + 1) if page < pages else "",
    }


def _address(query: Mapping[str, str], page: int) -> str:
    return urlencode({**query, "page": str(page)})


def _profile(found: Agent) -> Mapping[str, Any]:
    ranked = standings.ranked_agent(id=found.id)
    rationales = standings.public_rationales(ranked.agent, world().tick)
    profile = public_profile(ranked, rationales)
    samples = list(selectors.equity_points(found)[:CURVE_POINTS])[::-1]
    curve = curve_of([(one.tick, one.equity) for one in samples])
    return {
        "agent": ranked.agent,
        "line": _line(ranked),
        "curve": curve,
        "drawing": drawing_of(curve),
        "alliances": _alliances(ranked),
        "convictions": profile["rapSheet"],
        "history": profile["reputationHistory"],
        "rationales": profile["rationales"],
    }


class Sample(NamedTuple):
    """An agent's net worth at a tick, beside what it would be had it gone as the index since the
    first sample; and how far it is below its highest before, in percent.
    """

    tick: Tick
    equity: Cents
    as_index: Cents
    drawdown: float


def curve_of(samples: Sequence[tuple[Tick, Cents]]) -> list[Sample]:
    """Return the samples, oldest first, beside the index. One query."""
    index = market.index_at([tick for tick, _ in samples])
    curve: list[Sample] = []
    peak = 0
    for (tick, equity), value in zip(samples, index, strict=True):
        peak = max(peak, equity)
        as_index = samples[0][1] * value // index[0] if index[0] else samples[0][1]
        drawdown = 100 * (peak - equity) / peak if peak > 0 else 0.0
        curve.append(Sample(tick, equity, as_index, drawdown))
    return curve


class Drawing(NamedTuple):
    """A curve's lines as points of the drawing space, all of one scale but the drawdown."""

    equity: str
    as_index: str
    drawdown: str
    lowest: Cents
    highest: Cents
    deepest: float


def drawing_of(curve: Sequence[Sample]) -> Drawing | None:
    """Place a curve's lines in the drawing space, None of fewer than two samples."""
    if len(curve) < 2:
        return None
    values = [one.equity for one in curve] + [one.as_index for one in curve]
    lowest, highest = min(values), max(values)
    deepest = max(one.drawdown for one in curve)
    falls = [-one.drawdown for one in curve]
    return Drawing(
        points_between([one.equity for one in curve], lowest, highest),
        points_between([one.as_index for one in curve], lowest, highest),
        f"0,0 {points_between(falls, -deepest, 0.0)} {LINE_WIDTH},0",
        lowest,
        highest,
        deepest,
    )


def _alliances(ranked: RankedAgent) -> Sequence[Mapping[str, Any]]:
    bonds = public_profile(ranked, ())["alliances"]
    return [
        {"name": bond["name"], "percent": bond["profitSharePercent"], "since": one.formed_tick}
        for bond, one in zip(bonds, ranked.alliances, strict=True)
    ]


def _line(ranked: RankedAgent) -> Line:
    one = ranked.agent
    change = ranked.equity - ranked.equity_day_ago
    return Line(
        ranked.rank,
        one.name,
        one.role,
        one.status,
        one.is_house,
        ranked.equity,
        wire.percent(change, abs(ranked.equity_day_ago)),
        wire.percent(ranked.gain, ranked.endowment),
        one.max_drawdown_bps,
        one.sharpe,
        one.return_days,
        f"{one.reputation / 1_000_000:.1f}",
        ranked.trade_count,
    )
