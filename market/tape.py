"""The tape: everything that happened, once, in order.

An entry is what one tick said on one stream.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple, TypeAlias

import orjson
import zstandard

from market.bulk import Write, insertion
from market.models import TapeEntry

PUBLIC_STREAM = 0  # every other stream is an agent's and bears its account's number
KEPT_TICKS = 1_000

Event: TypeAlias = dict[str, Any]  # {type, channel, data}, as the wire shows it


class Entry(NamedTuple):
    """One entry; `events` is JSON."""

    epoch: int
    stream: int
    seq: int
    tick: int
    claimed_at: datetime
    events: bytes

    def read(self) -> list[Event]:
        return list(orjson.loads(self.events))


def encode(events: list[Event]) -> bytes:
    return orjson.dumps(events)


def append(entries: Iterable[Entry]) -> Write:
    """Return the write that appends entries, their events compressed."""
    compress = zstandard.ZstdCompressor(level=1).compress
    columns = ("epoch", "stream", "seq", "tick", "claimed_at", "events")
    packed = ((*entry[:5], compress(entry.events)) for entry in entries)
    return insertion("market_tapeentry", columns, packed)


def read(*, epoch: int, stream: int, since: int, limit: int) -> list[Entry]:
    """Return up to `limit` entries of a stream after the seq `since`, oldest first. One query."""
    rows = TapeEntry.objects.filter(epoch=epoch, stream=stream, seq__gt=since).order_by("seq")
    return [_entry(row) for row in rows[:limit]]


def read_tick(*, epoch: int, tick: int, streams: Iterable[int]) -> list[Entry]:
    """Return what one tick said on these streams. One query."""
    rows = TapeEntry.objects.filter(epoch=epoch, tick=tick, stream__in=list(streams))
    return [_entry(row) for row in rows]


def prune(*, epoch: int, tick: int) -> int:
    """Drop what is older than the ticks that are kept, and every older epoch; return how many
    entries went.
    """
    old = TapeEntry.objects.filter(tick__lte=tick - KEPT_TICKS) | TapeEntry.objects.filter(
        epoch__lt=epoch
    )
    return int(old.delete()[0])


def _entry(row: TapeEntry) -> Entry:
    return Entry(
        row.epoch, row.stream, row.seq, row.tick, row.claimed_at, zstandard.decompress(row.events)
    )
