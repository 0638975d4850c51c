"""What the tape said lately, for those who missed it: each entry read and encoded once, however
many ask for it.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from enum import IntEnum
from heapq import merge
from itertools import chain, islice, takewhile
from typing import NamedTuple

from market import tape
from wallstreetsim.feed import selectors
from wallstreetsim.feed.batches import Batch
from wallstreetsim.feed.frames import PublicEntry, agent_missed
from wallstreetsim.feed.research_frames import ResearchEntry
from wallstreetsim.feed.selectors import LARGEST_SEQ, PAGE, Gap, Position
from wallstreetsim.feed.threads import persistently

MOST_ENTRIES = PAGE  # of one batch
MOST_BYTES = 256 * 1024  # so much at most is held for each client that is told what it missed
KEPT_BYTES = 16 * 1024 * 1024

Wanted = Callable[[str, int], bool]  # whether a channel's part of a tick's entry was missed


class Reader(NamedTuple):
    """Who reads: the channels it listens to, and whose stream is its own."""

    channels: frozenset[str]
    account: int | None
    public_id: str


class Stream(IntEnum):
    """The streams that somebody is told, in the order in which a tick's entries come."""

    PUBLIC = 0
    AGENT = 1
    RESEARCH = 2


class Line(NamedTuple):
    """One entry as it goes into a batch; `text` is None when it says nothing that was missed."""

    tick: int
    stream: Stream
    seq: int
    text: bytes | None


class Page(NamedTuple):
    """The next of what somebody missed, and where that leaves it."""

    batch: Batch
    entries: int
    position: Position


class Lost(Exception):
    """What comes next of these streams cannot be read: its rows were pruned, or are damaged."""

    def __init__(self, *streams: Stream) -> None:
        super().__init__(*streams)
        self.gap = Gap(
            Stream.PUBLIC in streams, Stream.AGENT in streams, Stream.RESEARCH in streams
        )


class RecoveryCache:
    """The entries that were asked for last. One reader is served at a time."""

    def __init__(self) -> None:
        self._texts: OrderedDict[tuple[int, int, frozenset[str]], bytes | None] = OrderedDict()
        self._bytes = 0
        self._turn = asyncio.Lock()

    async def page(
        self, position: Position, reader: Reader, wanted: Wanted, *, upto: int, upto_research: int
    ) -> Page | None:
        """Return the next page after a position, up to the tick `upto` and that seq of the research
        desk's stream; None when there is none. Raises Lost.
        """
        async with self._turn:
            lines = await persistently(self._lines, position, reader, wanted, upto, upto_research)
        return page_of(lines, position) if lines else None

    def _lines(
        self, position: Position, reader: Reader, wanted: Wanted, upto: int, upto_research: int
    ) -> list[Line]:
        """Return the next lines, in order, of all streams."""
        public = self._public_lines(position, reader, wanted, upto)
        research = _research_lines(position, reader, wanted, upto_research)
        return list(merge(public, _private_lines(position, reader, wanted, upto), research))

    def _public_lines(
        self, position: Position, reader: Reader, wanted: Wanted, upto: int
    ) -> list[Line]:
        seqs = range(position.public + 1, min(position.public + PAGE, upto) + 1)
        keys = [
            (position.epoch, seq, frozenset(c for c in reader.channels if wanted(c, seq)))
            for seq in seqs
        ]
        # A page holds its own texts: what it adds may push out what it has found.
        texts = {key: self._texts[key] for key in keys if key in self._texts}
        unknown = [seq for key, seq in zip(keys, seqs, strict=True) if key not in texts]
        if unknown:
            entries = selectors.public_entries(
                epoch=position.epoch, since=unknown[0] - 1, upto=unknown[-1]
            )
            by_seq = {entry.seq: entry for entry in entries if not entry.is_damaged}
            for key in keys:
                if key not in texts and key[1] in by_seq:
                    texts[key] = PublicEntry.of(by_seq[key[1]]).missed(key[2])
                    self._keep(key, texts[key])
        readable = list(takewhile(texts.__contains__, keys))
        if keys and not readable:
            raise Lost(Stream.PUBLIC)
        return [Line(key[1], Stream.PUBLIC, key[1], texts[key]) for key in readable]

    def _keep(self, key: tuple[int, int, frozenset[str]], text: bytes | None) -> None:
        self._texts[key] = text
        self._bytes += len(text or b"")
        while self._bytes > KEPT_BYTES and len(self._texts) > PAGE:
            self._bytes -= len(self._texts.popitem(last=False)[1] or b"")


def page_of(lines: list[Line], position: Position) -> Page:
    """Put as many lines as fit into one batch, at least one."""
    taken = list(_fitting(lines, entries=MOST_ENTRIES, size=MOST_BYTES))
    texts = [line.text for line in taken if line.text is not None]
    after = position_after(taken, position)
    private = max((line.tick for line in taken if line.stream is Stream.AGENT), default=None)
    frame = b'{"type":"recovery:batch","entries":[' + b",".join(texts) + b"]}"
    batch = Batch(*([frame.decode()] if texts else []), public=after.public, private=private)
    return Page(batch, len(texts), after)


def position_after(lines: Iterable[Line], position: Position) -> Position:
    """Return where these lines, read from a position on, leave their reader."""
    for line in lines:
        position = position._replace(**{_FIELDS[line.stream]: line.seq})
    return position


_FIELDS = {Stream.PUBLIC: "public", Stream.AGENT: "agent", Stream.RESEARCH: "research"}


def lines_after(
    position: Position,
    reader: Reader,
    *,
    upto: int,
    entries: int,
    size: int,
    first_is_whole: bool = False,
) -> list[Line]:
    """Return the next lines after a position: so many, of so many bytes, but one at least. Raises
    Lost when there are none of a stream because its next entry is damaged.

    The first may show all prices, for whoever has none yet.
    """
    taken: list[Line] = []
    while True:
        here = position_after(taken, position)
        whole = position.public + 1 if first_is_whole else None
        public = _public_lines(here, reader, upto, whole)
        private = _private_lines(here, reader, _everything, upto)
        research = _research_lines(here, reader, _everything, LARGEST_SEQ)
        more = islice(merge(public, private, research), PAGE)
        before = len(taken)
        try:
            taken = list(_fitting(chain(taken, more), entries=entries, size=size))
        except Lost:
            if not taken:
                raise
            return taken
        if len(taken) < before + PAGE:  # there are no more, or no more fit
            return taken


def _public_lines(
    position: Position, reader: Reader, upto: int, whole: int | None
) -> Iterator[Line]:
    """Yield what was said in public, all prices in that of the seq `whole`."""
    entries = selectors.public_entries(epoch=position.epoch, since=position.public, upto=upto)
    for entry in _readable(entries, Stream.PUBLIC):
        text = PublicEntry.of(entry).missed(reader.channels, is_first=entry.seq == whole)
        yield Line(entry.tick, Stream.PUBLIC, entry.seq, text)


def _readable(entries: Iterable[tape.Entry], stream: Stream) -> Iterator[tape.Entry]:
    """Yield the entries before the first that is damaged. Raises Lost if that is the first."""
    for count, entry in enumerate(entries):
        if entry.is_damaged and not count:
            raise Lost(stream)
        if entry.is_damaged:
            return
        yield entry


def _everything(channel: str, seq: int) -> bool:
    return True


def _fitting(lines: Iterable[Line], *, entries: int, size: int) -> Iterator[Line]:
    """Yield the first lines, not so many nor so large, but one at least."""
    for count, line in enumerate(lines):
        size -= len(line.text or b"") + 1
        if count and (count >= entries or size < 0):
            return
        yield line


def _private_lines(position: Position, reader: Reader, wanted: Wanted, upto: int) -> Iterator[Line]:
    if position.agent is None or reader.account is None:
        return
    entries = selectors.entries_after(position, reader.account, upto=upto)
    for entry in _readable(entries, Stream.AGENT):
        is_wanted = wanted(f"agent:{reader.public_id}", entry.tick)
        text = agent_missed(entry, reader.public_id) if is_wanted else None
        yield Line(entry.tick, Stream.AGENT, entry.seq, text)


def _research_lines(
    position: Position, reader: Reader, wanted: Wanted, upto: int
) -> Iterator[Line]:
    """Yield what the research desk said, up to a seq, on those of its channels that were missed."""
    if position.research is None:
        return
    entries = selectors.research_entries(epoch=position.epoch, since=position.research)
    for entry in _readable((one for one in entries if one.seq <= upto), Stream.RESEARCH):
        missed = frozenset(name for name in reader.channels if wanted(name, entry.seq))
        text = ResearchEntry.of(entry).missed(missed)
        yield Line(entry.tick, Stream.RESEARCH, entry.seq, text)
