"""What the web processes are told over Redis: a tick was committed, or the research desk has read
one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import orjson
from django.conf import settings

from market import tape
from market.engine.outcome import Trade
from news.research.runner import Page
from wallstreetsim.feed import trades
from wallstreetsim.feed.frames import PublicEntry
from wallstreetsim.feed.research_frames import ResearchEntry


class TickNotice(NamedTuple):
    """A tick was committed. `told` are the accounts to which it has something to say."""

    entry: PublicEntry
    told: list[int]


class ResearchNotice(NamedTuple):
    """The research desk has read the tape; `seq` is the last of its stream since, and `entries` are
    the new ones, if they are few.
    """

    epoch: int
    seq: int
    entries: list[ResearchEntry]


MOST_ENTRIES = 5  # in a notice of the research desk: who must catch up reads the tape


def channel() -> str:
    """Return the name of the channel on which this exchange's processes hear each other.

    Whoever publishes to a Redis is heard in all of its databases, and each may be an exchange's.
    """
    return f"wallstreetsim:feed/{settings.REDIS_DATABASE}"


def of_tick(public: tape.Entry, *, told: Sequence[int], happened: Sequence[Trade]) -> bytes:
    """Return the notice of a tick: its public entry, abridged if its trades are many, and whom it
    concerns.
    """
    timestamp = public.claimed_at.isoformat()
    events = public.events
    if len(happened) > trades.SHOWN:
        events = _with_trades(events, orjson.dumps(trades.abridged(happened, timestamp)))
    entry = {
        "epoch": public.epoch,
        "seq": public.seq,
        "tick": public.tick,
        "timestamp": timestamp,
        "events": orjson.Fragment(events),
    }
    return orjson.dumps({"entry": entry, "told": told})


def _with_trades(events: bytes, abridged: bytes) -> bytes:
    """Return the events with these trades in the place of all."""
    beginning = orjson.dumps({"type": trades.TYPE})[:-1]
    lines = (abridged if e.startswith(beginning) else e for e in tape.lines(events))
    return b"[" + b",".join(lines) + b"]"


def of_research(page: Page) -> bytes:
    """Return the notice of what the research desk said of some ticks, or that it said nothing."""
    entries = [
        {
            "epoch": entry.epoch,
            "seq": entry.seq,
            "tick": entry.tick,
            "timestamp": entry.claimed_at.isoformat(),
            "events": orjson.Fragment(entry.events),
        }
        for entry in page.entries
    ]
    told = entries if len(entries) <= MOST_ENTRIES else []
    cursor = page.cursor
    return orjson.dumps({"research": {"epoch": cursor.epoch, "seq": cursor.seq, "entries": told}})


def read(notice: bytes) -> TickNotice | ResearchNotice:
    content = orjson.loads(notice)
    if research := content.get("research"):
        entries = [ResearchEntry(**entry) for entry in research["entries"]]
        return ResearchNotice(research["epoch"], research["seq"], entries)
    return TickNotice(PublicEntry(**content["entry"]), content["told"])
