"""The tape: everything that happened, once, in order.

An entry is what one tick said on one stream.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from threading import local
from typing import Any, NamedTuple, TypeAlias

import orjson
import zstandard
from django.db import connection
from django.db.models import Max, Min, QuerySet
from prometheus_client import Counter

from market.common.bulk import Write, insertion
from market.models import TapeEntry

PUBLIC_STREAM = 0
RESEARCH_STREAM = -1  # the research desk's; every other is an agent's, by its account's number
KEPT_TICKS = 1_000

DAMAGED = Counter("wss_tape_damaged", "Rows of the tape that this process could not read")
MOST_NOTED = 10_000  # damaged rows that are remembered, so that each is logged once

Event: TypeAlias = dict[str, Any]  # {type, channel, data}, as the wire shows it

log = logging.getLogger(__name__)


class Entry(NamedTuple):
    """One entry; `events` is JSON, of the public stream with each event on a line of its own.

    Of a damaged row there are no events, and nobody can know any more what they were.
    """

    epoch: int
    stream: int
    seq: int
    tick: int
    claimed_at: datetime
    events: bytes
    is_damaged: bool = False

    def read(self) -> list[Event]:
        return list(orjson.loads(self.events))


def encode(events: list[Event]) -> bytes:
    return orjson.dumps(events)


def encode_in_lines(events: Iterable[Event]) -> bytes:
    """Return the events so that one can be taken out, or another put in, without reading all."""
    return b"[" + _BETWEEN.join(map(orjson.dumps, events)) + b"]"


def lines(events: bytes) -> list[bytes]:
    """Return each event of what `encode_in_lines` returned, as JSON."""
    within = events[1:-1]
    return within.split(_BETWEEN) if within else []


def select(events: bytes, types: Sequence[str]) -> Iterator[Event]:
    """Yield those events of what `encode_in_lines` returned that are of these types; the others,
    which may be a hundred times as long, are neither read nor copied.
    """
    beginnings = tuple(orjson.dumps({"type": type})[:-1] for type in types)
    start = 1
    while start < len(events):
        end = events.find(b"\n", start)
        end = end - 1 if end > 0 else len(events) - 1
        if events.startswith(beginnings, start):
            yield orjson.loads(events[start:end])
        start = end + len(_BETWEEN)


def decompressed(events: bytes | memoryview) -> bytes:
    """Return what was compressed. Raises zstandard.ZstdError when it is damaged."""
    decompressor = getattr(_thread, "decompressor", None)
    if decompressor is None:  # making one takes longer than most entries do
        decompressor = _thread.decompressor = zstandard.ZstdDecompressor()
    return bytes(decompressor.decompress(events))


_thread = local()


_BETWEEN = b",\n"  # for JSON is written without a newline


def append(entries: Iterable[Entry]) -> Write:
    """Return the write that appends entries, their events compressed, with a checksum: what is
    damaged does not pass for what happened.
    """
    compress = zstandard.ZstdCompressor(level=1, write_checksum=True).compress
    packed = ((*entry[:5], compress(entry.events)) for entry in entries)
    return insertion("market_tapeentry", PACKED_COLUMNS, packed)


class Damaged(ValueError):
    """An entry's row is not what was written."""


class PackedEntry(NamedTuple):
    """One entry as its row has it: its events are compressed, and may turn out to be damaged."""

    epoch: int
    stream: int
    seq: int
    tick: int
    claimed_at: datetime
    packed: bytes | memoryview

    def entry(self) -> Entry:
        """Return the entry; a damaged one without its events, logged and counted once."""
        try:
            return Entry(*self[:5], decompressed(self.packed))
        except zstandard.ZstdError as error:
            _note_damage(self, error)
            return Entry(*self[:5], encode([]), is_damaged=True)

    def select(self, types: Sequence[str]) -> Iterator[Event]:
        """Yield its events of these types. Raises Damaged."""
        try:
            events = decompressed(self.packed)
        except zstandard.ZstdError as error:
            message = f"entry {self.seq} of stream {self.stream} is damaged: {error}"
            raise Damaged(message) from error
        yield from select(events, types)


PACKED_COLUMNS = ("epoch", "stream", "seq", "tick", "claimed_at", "events")


class Extent(NamedTuple):
    """The first and the last seq that are kept of a stream."""

    first: int
    last: int


def read(
    *, epoch: int, stream: int, since: int, limit: int, upto: int | None = None
) -> list[Entry]:
    """Return up to `limit` entries of a stream after the seq `since`, oldest first, none of them
    after the tick `upto`. One query.
    """
    return [_entry(row) for row in _after(epoch, stream, since, upto)[:limit]]


def read_packed(
    *, epoch: int, stream: int, since: int, limit: int, upto: int | None = None
) -> list[PackedEntry]:
    """Return what `read` does, nothing of it decompressed yet. One query."""
    rows = _after(epoch, stream, since, upto).values_list(*PACKED_COLUMNS)
    return [PackedEntry(*row) for row in rows[:limit]]


def _after(epoch: int, stream: int, since: int, upto: int | None) -> QuerySet[TapeEntry]:
    rows = TapeEntry.objects.filter(epoch=epoch, stream=stream, seq__gt=since)
    if upto is not None:
        rows = rows.filter(tick__lte=upto)
    return rows.order_by("seq")


def read_public(*, epoch: int, ticks: Iterable[int]) -> list[Entry]:
    """Return what these ticks said in public, oldest first. One query."""
    rows = TapeEntry.objects.filter(epoch=epoch, stream=PUBLIC_STREAM, tick__in=list(ticks))
    return [_entry(row) for row in rows.order_by("seq")]


def read_last(*, epoch: int, stream: int, limit: int) -> list[Entry]:
    """Return the last entries of a stream, the newest first. One query."""
    rows = TapeEntry.objects.filter(epoch=epoch, stream=stream).order_by("-seq")
    return [_entry(row) for row in rows[:limit]]


def extent(*, epoch: int, stream: int) -> Extent | None:
    """Return what is kept of a stream, None if it never said anything. One query."""
    kept = TapeEntry.objects.filter(epoch=epoch, stream=stream)
    ends = kept.aggregate(first=Min("seq"), last=Max("seq"))
    return Extent(**ends) if ends["first"] is not None else None


def last_seq_at(*, epoch: int, stream: int, tick: int) -> int:
    """Return the last seq that a stream had after a tick, as far as the tape goes back."""
    rows = TapeEntry.objects.filter(epoch=epoch, stream=stream)
    first_after = rows.filter(tick__gt=tick).aggregate(seq=Min("seq"))["seq"]
    if first_after is not None:
        return int(first_after) - 1
    return int(rows.aggregate(seq=Max("seq"))["seq"] or 0)


def read_tick(*, epoch: int, tick: int, streams: Iterable[int]) -> list[Entry]:
    """Return what one tick said on these streams. One query."""
    rows = TapeEntry.objects.filter(epoch=epoch, tick=tick, stream__in=list(streams))
    return [_entry(row) for row in rows]


def prune(*, epoch: int, tick: int) -> int:
    """Drop what is older than the ticks that are kept, and every older epoch; return how many
    entries went.

    The newest entry of a stream stays, however old: it says where a quiet stream stands.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM market_tapeentry AS old WHERE epoch < %s OR tick <= %s AND EXISTS ("
            "  SELECT FROM market_tapeentry AS next WHERE next.stream = old.stream"
            "  AND next.epoch = old.epoch AND next.seq = old.seq + 1)",
            [epoch, tick - KEPT_TICKS],
        )
        return int(cursor.rowcount)


def damaged_rows() -> int:
    """Return how many rows this process has found damaged."""
    return len(_noted)


def _entry(row: TapeEntry) -> Entry:
    place = (row.epoch, row.stream, row.seq, row.tick, row.claimed_at)
    return PackedEntry(*place, row.events).entry()


_noted: set[tuple[int, int, int]] = set()  # epoch, stream and seq of damaged rows


def _note_damage(row: PackedEntry, error: zstandard.ZstdError) -> None:
    if row[:3] in _noted or len(_noted) >= MOST_NOTED:
        return
    _noted.add(row[:3])
    DAMAGED.inc()
    log.error(
        "entry %d of stream %d, of tick %d, is damaged: %s", row.seq, row.stream, row.tick, error
    )
