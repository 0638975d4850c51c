"""The page of the world: its economy, what happens in it, who fell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any, NamedTuple

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache

from agents import selectors as agents
from market import selectors, wire
from market.engine.regimes import meets_today
from market.engine.rules import Sector
from market.engine.sessions import Moment
from market.engine.values import Cents, Tick
from market.models import Company, World
from wallstreetsim.api.envelope import only_read
from wallstreetsim.machine.rules import RULES
from wallstreetsim.terminal.frame import framed

SHOWN = 20


class Scheduled(NamedTuple):
    """What is known to come."""

    tick: Tick
    ticks_left: Tick
    what: str


def scheduled(tick: Tick, moment: Moment) -> list[Scheduled]:
    """Return what the calendar holds, the next first."""
    session, climate = RULES.market.session, RULES.market.climate
    midnight = tick - tick % session.day_ticks
    fed_day = next(
        day
        for day in count(moment.trading_day)
        if meets_today(day, climate) and day * session.day_ticks + climate.fed_tick_in_day > tick
    )
    calendar = [
        (midnight + session.day_ticks, "The market opens"),
        (fed_day * session.day_ticks + climate.fed_tick_in_day, "The Fed decides on interest"),
    ]
    if moment.is_open:
        closing = tick + moment.ticks_until_close
        calendar.append((closing, "The market closes; profits of alliances are shared"))
    return sorted(Scheduled(then, then - tick, what) for then, what in calendar)


class SectorLine(NamedTuple):
    """A sector as it stands; money in cents."""

    name: str
    companies: int
    change_percent: float
    market_cap: Cents
    halted: int
    beta: float
    daily_volatility: float


def _sector(sector: Sector, companies: Sequence[Company]) -> SectorLine | None:
    if not companies:
        return None
    worth = sum(one.price * one.shares_issued for one in companies)
    before = sum(one.previous_close * one.shares_issued for one in companies)
    return SectorLine(
        sector.name,
        len(companies),
        wire.percent(worth - before, before),
        worth,
        sum(one.is_halted for one in companies),
        sector.beta,
        sector.daily_volatility,
    )


@never_cache
@only_read
def world(request: HttpRequest) -> HttpResponse:
    return framed(request, "world/page.html", "WORLD", _world)


def _world(row: World) -> Mapping[str, Any]:
    happened, _ = selectors.happenings(slice(0, SHOWN), row)
    fallen, bankruptcies = agents.bankruptcies(slice(0, SHOWN))
    companies = list(selectors.companies(sort="symbol"))
    return {
        "scheduled": scheduled(row.tick, selectors.moment(row)),
        "sectors": [
            line
            for sector in RULES.market.sectors
            if (line := _sector(sector, [one for one in companies if one.sector == sector.name]))
        ],
        "row": row,
        "moment": selectors.moment(row),
        "session": RULES.market.session,
        "active_events": selectors.active_events(row),
        "happenings": happened,
        "fallen": fallen,
        "bankruptcies": bankruptcies,
    }
