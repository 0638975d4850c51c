"""What the floor tells the web processes over Redis: a tick was committed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import orjson
from django.conf import settings

from market import tape
from market.engine.outcome import Trade
from wallstreetsim.feed import trades
from wallstreetsim.feed.frames import PublicEntry


class TickNotice(NamedTuple):
    """A tick was committed. `told` are the accounts to which it has something to say."""

    entry: PublicEntry
    told: list[int]


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


def read(notice: bytes) -> TickNotice:
    content = orjson.loads(notice)
    return TickNotice(PublicEntry(**content["entry"]), content["told"])
