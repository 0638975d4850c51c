"""What a screen on a wall shows: the biggest story of the last ticks, by what the tape has told.

Pure: public events in, shots out. The same tape is cut alike by whoever cuts it.
"""

from __future__ import annotations

import math
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple, TypeAlias

from market.engine.events import SQUEEZE
from market.engine.values import Tick
from market.tape import Event
from market.wire import Wire
from sec.engine.cases import CaseStatus


class Kind(StrEnum):
    """What a story is about."""

    CRASH = "crash"
    CHARGE = "charge"
    ARREST = "arrest"
    SQUEEZE = "squeeze"
    BANKRUPTCY = "bankruptcy"
    QUIET = "quiet"  # there is no story: the market as a whole


SHOT_SECONDS = 8  # at least, of each shot
WINDOW = 10  # ticks, over which a crash or a squeeze is measured
CRASH_PERCENT = 8.0  # a company's fall within a window
MARKET_CRASH_PERCENT = 3.0  # the index's ...
MARKET_CRASH_PART = 0.5  # ... where so many of the companies at least fall too
SQUEEZE_PERCENT = 8.0  # a company's rise within a window ...
SQUEEZE_PART = 0.5  # ... of which so much at least was agents' orders
HALF_LIFE = 20  # ticks: a story is worth half as much after each
TOLD = 0.5  # of its worth is left to a story that has had its shot
GROWTH = 5.0  # of its score, by which a story is told anew
FADED = 8.0  # a story that is worth less is over
LONGEST_SHOT = 240  # ticks, of a story that is over while no other comes
REACH = 300  # ticks that a shot may depend on
MOST = 100.0


class Story(NamedTuple):
    """Something worth a shot. `score` is its worth at its tick, from 0 to 100."""

    kind: Kind
    tick: Tick
    score: float
    reason: str
    symbol: str | None = None  # whose chart and book belong to it
    agent: str | None = None  # who it is about

    @property
    def subject(self) -> str:
        """Who or what it is about: an agent's name, a symbol, or the market."""
        return self.agent or self.symbol or "THE MARKET"

    def worth(self, tick: Tick) -> float:
        """Return what it is worth at a later tick."""
        return self.score * math.exp2((self.tick - tick) / HALF_LIFE)


class Shot(NamedTuple):
    """What is shown, since when, and which stories wait for their turn, the biggest first."""

    story: Story
    since: Tick
    waiting: tuple[Story, ...] = ()


class Quote(NamedTuple):
    """How a company's price moved in a tick, in percent; `flow` is the part of agents' orders."""

    change: float
    flow: float


class Reading(NamedTuple):
    """What of one tick's public events a director goes by."""

    tick: Tick
    index_value: float | None
    companies: int
    quotes: Mapping[str, Quote]  # of those whose prices moved
    told: tuple[Story, ...]


READ_TYPES = ("tick:update", "price:update", "market:event", "sec:update")


def quiet(tick: Tick) -> Story:
    """Return what is shown when there is no story: the market as a whole."""
    reason = "Nothing outshines the rest: this is the market as a whole."
    return Story(Kind.QUIET, tick, 0.0, reason)


def read(tick: Tick, events: Iterable[Event]) -> Reading:
    """Return what a director needs of a tick's public events."""
    index: float | None = None
    companies = 0
    quotes: dict[str, Quote] = {}
    told: list[Story] = []
    for event in events:
        data = event["data"]
        match event["type"]:
            case "tick:update":
                index = data["indices"][0]["value"]
            case "price:update":
                companies = len(data["prices"])
                quotes = _quotes(data["prices"])
            case "market:event":
                told += filter(None, map(_of_event, data))
            case "sec:update":
                told += filter(None, map(_of_law, data))
    return Reading(tick, index, companies, quotes, tuple(told))


def stories_of(readings: Iterable[Reading]) -> Iterator[tuple[Tick, tuple[Story, ...]]]:
    """Yield each tick with its stories, those that its prices tell with those before them too."""
    window: deque[Reading] = deque(maxlen=WINDOW)
    for reading in readings:
        window.append(reading)
        yield reading.tick, (*reading.told, *_measured(window))


def cut(told: Iterable[tuple[Tick, Sequence[Story]]], *, least_ticks: Tick) -> Iterator[Shot]:
    """Yield what is shown after each tick, oldest first; a shot stays at least so many ticks.

    A story bigger than the one shown is cut to. The one shown counts for half once it has had its
    time, so that others have theirs; once it is left it does not come back. A story that is over
    stays while no other comes, for a while: each cut would keep the next story waiting.
    """
    stories: dict[_Key, Story] = {}  # that are not over
    shown: set[_Key] = set()  # of these, now or before
    shot: Shot | None = None
    for tick, fresh in told:
        for story in fresh:
            kept = stories.get(_key(story))
            if kept is None or story.score >= kept.score + GROWTH:
                stories[_key(story)] = story
        stories = {key: one for key, one in stories.items() if one.worth(tick) >= FADED}
        shown &= stories.keys()
        waiting = [one for key, one in stories.items() if key not in shown]
        waiting.sort(key=lambda one: (-one.worth(tick), one.subject, one.kind))
        now = stories.get(_key(shot.story)) if shot else None
        if shot is None or _is_cut(shot, now, waiting, tick, least_ticks):
            shot = Shot(waiting.pop(0) if waiting else quiet(tick), tick)
            shown.add(_key(shot.story))
        elif now is not None:
            shot = shot._replace(story=now)  # which may have grown
        yield shot._replace(waiting=tuple(waiting))


def _is_cut(
    shot: Shot, now: Story | None, waiting: Sequence[Story], tick: Tick, least_ticks: Tick
) -> bool:
    """Return whether a shot, whose story is now so, ends. `waiting` has the biggest first."""
    if tick - shot.since < least_ticks:
        return False
    if waiting:
        return waiting[0].worth(tick) > (TOLD * now.worth(tick) if now else 0.0)
    is_over = now is None and tick - shot.since >= LONGEST_SHOT
    return is_over and shot.story.kind is not Kind.QUIET


_Key: TypeAlias = tuple[Kind, str]


def _key(story: Story) -> _Key:
    return story.kind, story.subject


def _quotes(prices: Iterable[Wire]) -> dict[str, Quote]:
    return {
        price["symbol"]: Quote(price["changePercent"], price["drivers"]["flow"])
        for price in prices
        if price["change"]
    }


def _of_event(event: Wire) -> Story | None:
    """Return the story in something that happened to companies, the market or an agent."""
    if event["type"] == "BANKRUPTCY":
        peak = event["peakNetWorth"]
        reason = f"{event['name']}, once worth ${peak:,.0f}, is bankrupt: {event['cause']}."
        score = min(MOST, 40 + 5 * math.log10(max(1.0, peak)))
        return Story(Kind.BANKRUPTCY, event["tick"], score, reason, agent=event["name"])
    percent = 100 * event["impact"]
    if event["sector"] is not None and event["symbol"] is None:
        return None
    least = CRASH_PERCENT if event["symbol"] else MARKET_CRASH_PERCENT
    reason = f"{event['headline']}, worth {percent:+.1f} %."
    if percent <= -least:
        score = _score(-percent, event["symbol"], least)
        return Story(Kind.CRASH, event["tick"], score, reason, symbol=event["symbol"])
    if event["type"] == SQUEEZE:
        score = _score(percent, event["symbol"], SQUEEZE_PERCENT)
        return Story(Kind.SQUEEZE, event["tick"], score, reason, symbol=event["symbol"])
    return None


def _of_law(update: Wire) -> Story | None:
    """Return the story in what the SEC tells of an agent: a charge, or prison."""
    name, symbol = update["agentName"], update["symbol"]
    crime = update["crimeType"].replace("_", " ")
    if update["status"] == CaseStatus.CHARGED:
        reason = f"The SEC charges {name} with {crime}."
        return Story(Kind.CHARGE, update["tick"], 40.0, reason, symbol, name)
    if update["status"] == CaseStatus.CONVICTED and update["sentenceTicks"]:
        sentence, fine = update["sentenceTicks"], update["fine"]
        reason = f"{name} goes to prison for {sentence:,} ticks: {crime}, fined ${fine:,.0f}."
        score = min(MOST, 60 + 4 * math.log10(max(1.0, fine)))
        return Story(Kind.ARREST, update["tick"], score, reason, symbol, name)
    return None


def _measured(window: Sequence[Reading]) -> Iterator[Story]:
    """Yield the crashes and squeezes in the prices of these ticks, oldest first."""
    tick = window[-1].tick
    moves: dict[str, list[Quote]] = defaultdict(list)
    for reading in window:
        for symbol, quote in reading.quotes.items():
            moves[symbol].append(quote)
    changes = {symbol: _change(quotes) for symbol, quotes in moves.items()}
    yield from _market_crash(window, changes)
    for symbol in window[-1].quotes:
        change = changes[symbol]
        if change <= -CRASH_PERCENT:
            reason = f"{symbol} falls {-change:.1f} % within {len(window)} ticks."
            score = _score(-change, symbol, CRASH_PERCENT)
            yield Story(Kind.CRASH, tick, score, reason, symbol)
        elif change >= SQUEEZE_PERCENT and _is_bought(moves[symbol], change):
            reason = f"{symbol} rises {change:.1f} % within {len(window)} ticks, on buying."
            score = _score(change, symbol, SQUEEZE_PERCENT)
            yield Story(Kind.SQUEEZE, tick, score, reason, symbol)


def _market_crash(window: Sequence[Reading], changes: Mapping[str, float]) -> Iterator[Story]:
    first, last = window[0].index_value, window[-1].index_value
    fall = 100 * (1 - last / first) if first and last else 0.0
    falling = sum(change < 0 for change in changes.values())
    if fall >= MARKET_CRASH_PERCENT and falling >= MARKET_CRASH_PART * window[-1].companies:
        reason = f"The index falls {fall:.1f} % within {len(window)} ticks."
        score = _score(fall, None, MARKET_CRASH_PERCENT)
        yield Story(Kind.CRASH, window[-1].tick, score, reason)


def _change(moves: Iterable[Quote]) -> float:
    """Return what these moves, one after the other, add up to, in percent."""
    return 100 * (math.prod(1 + move.change / 100 for move in moves) - 1)


def _is_bought(moves: Iterable[Quote], change: float) -> bool:
    """Return whether orders made most of a rise. Flow comes as a part of the log return."""
    flow = sum(move.flow for move in moves)
    return flow >= SQUEEZE_PART * 100 * math.log1p(change / 100)


def _score(percent: float, symbol: str | None, least: float) -> float:
    """Return what a move is worth: of a company 45 if it only just counts, up to four times that
    size; of the whole market more.
    """
    return min(MOST, (45 if symbol else 65) + 55 * (percent / least - 1) / 3)
