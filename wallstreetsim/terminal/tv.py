"""The page for a screen on a wall: it follows the biggest story by itself, and says why."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from threading import Lock
from typing import Any, NamedTuple

import orjson
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache

from agents import selectors as agents
from agents import standings
from agents.engine.agent_state import AgentStatus
from agents.models import Agent
from agents.standings import RankedAgent
from market import selectors, tape
from market.engine.values import Cents, Tick
from market.models import Company, World
from news import selectors as news
from news.models import Article
from wallstreetsim.api.envelope import only_read
from wallstreetsim.terminal import director
from wallstreetsim.terminal.agents import CURVE_POINTS, curve_of, drawing_of
from wallstreetsim.terminal.director import Reading, Shot, Story
from wallstreetsim.terminal.frame import framed
from wallstreetsim.terminal.markets import chart_of, end_of_halt, with_percent
from wallstreetsim.terminal.state import Scheduled, scheduled

CANDLES = 60
LEVELS = 6
HEADLINES = 4
SEARCHED = 60  # articles, for those that tell of an agent
WAITING = 3
MOVERS = 6
_READ = tuple(b'{"type":"%s"' % type.encode() for type in director.READ_TYPES)


@never_cache
@only_read
def tv(request: HttpRequest) -> HttpResponse:
    return framed(request, "tv/page.html", "TV", _screen)


def shot_at(world: World) -> Shot:
    """Return what is shown as of the world's tick. One query."""
    least_ticks = math.ceil(director.SHOT_SECONDS / settings.TICK_SECONDS)
    shots = list(director.cut(_reel.told_until(world), least_ticks=least_ticks))
    return shots[-1] if shots else Shot(director.quiet(world.tick), world.tick)


class _Reel:
    """The stories of the last ticks, each tick of the tape read once."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.readings: OrderedDict[tuple[int, Tick], Reading] = OrderedDict()
        self.told: OrderedDict[tuple[int, Tick], Sequence[Story]] = OrderedDict()

    def told_until(self, world: World) -> list[tuple[Tick, Sequence[Story]]]:
        """Return the last ticks, oldest first, with what each tells. One query."""
        ticks = range(max(1, world.tick - director.REACH + 1), world.tick + 1)
        with self.lock:
            unknown = [tick for tick in ticks if (world.epoch, tick) not in self.told]
            if unknown:
                self._learn(world, unknown)
            found = ((tick, self.told.get((world.epoch, tick))) for tick in ticks)
            return [(tick, stories) for tick, stories in found if stories is not None]

    def _learn(self, world: World, unknown: Sequence[Tick]) -> None:
        first = max(1, unknown[0] - director.WINDOW + 1)
        needed = [(world.epoch, tick) for tick in range(first, world.tick + 1)]
        missing = [tick for epoch, tick in needed if (epoch, tick) not in self.readings]
        for entry in tape.read_public(epoch=world.epoch, ticks=missing or [0]):
            self.readings[world.epoch, entry.tick] = _read(entry)
        known = [self.readings[key] for key in needed if key in self.readings]
        for tick, stories in director.stories_of(known):
            if tick >= unknown[0]:
                self.told[world.epoch, tick] = stories
        for kept, most in ((self.readings, 2 * director.WINDOW), (self.told, 2 * director.REACH)):
            while len(kept) > most:
                kept.popitem(last=False)

    def forget(self) -> None:
        with self.lock:
            self.readings.clear()
            self.told.clear()


_reel = _Reel()


def _read(entry: tape.Entry) -> Reading:
    lines = (line for line in tape.lines(entry.events) if line.startswith(_READ))
    return director.read(entry.tick, map(orjson.loads, lines))


class Next(NamedTuple):
    """Something that is known to come, or a story that waits."""

    when: str
    what: str


def _screen(world: World) -> Mapping[str, Any]:
    shot = shot_at(world)
    story = shot.story
    found = Agent.objects.filter(name=story.agent).first() if story.agent else None
    agent = standings.ranked_agent(id=found.id) if found else None
    company = _company(story.symbol)
    calendar = scheduled(world.tick, selectors.moment(world))
    return {
        "shot": shot,
        "story": story,
        "agent": agent,
        "next": list(_next(shot, company, agent, calendar)),
        "articles": _articles(story),
        **(_of_company(company) if company else _of_agent(agent.agent) if agent else _of_market()),
    }


def _company(symbol: str | None) -> Company | None:
    rows = Company.objects.filter(symbol=symbol) if symbol else Company.objects.none()
    return rows.first()


def _of_company(company: Company) -> Mapping[str, Any]:
    candles = selectors.candles(company, interval=1, limit=CANDLES)
    return {
        "company": with_percent(company),
        "chart": chart_of(candles) if candles else None,
        "levels": list(zip_longest(company.bids[:LEVELS], company.asks[:LEVELS])),
    }


def _of_agent(agent: Agent) -> Mapping[str, Any]:
    samples = list(agents.equity_points(agent)[:CURVE_POINTS])[::-1]
    curve: list[tuple[Tick, Cents]] = [(one.tick, one.equity) for one in samples]
    return {"drawing": drawing_of(curve_of(curve))}


def _of_market() -> Mapping[str, Any]:
    candles = selectors.index_candles(interval=1, limit=CANDLES)
    movers = [with_percent(row) for row in selectors.companies(sort="symbol")]
    movers.sort(key=lambda row: -abs(row.change_percent))
    return {"chart": chart_of(candles) if candles else None, "movers": movers[:MOVERS]}


def _articles(story: Story) -> list[Article]:
    """Return what was last written of a story's subject, newest first. One query."""
    if story.agent:
        rows = news.articles()[:SEARCHED]
        return [row for row in rows if story.agent in row.headline][:HEADLINES]
    return list(news.articles(symbol=story.symbol)[:HEADLINES])


def _next(
    shot: Shot, company: Company | None, agent: RankedAgent | None, calendar: Sequence[Scheduled]
) -> Iterator[Next]:
    """Yield what comes next: for the subject, of the stories that wait, in the calendar."""
    if company and company.is_halted:
        yield Next(end_of_halt(company), f"{company.symbol} trades again, by an auction")
    if agent and agent.agent.status == AgentStatus.IMPRISONED:
        yield Next(f"until tick {agent.agent.status_until:,}", f"{agent.agent.name} is in prison")
    for story in shot.waiting[:WAITING]:
        yield Next(story.kind, story.reason)
    for entry in calendar:
        yield Next(f"in {entry.ticks_left:,} ticks", entry.what)
