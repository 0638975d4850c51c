"""One socket: its subscriptions, its identity, and what is queued for it."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Collection
from itertools import count
from time import monotonic
from typing import NamedTuple
from uuid import UUID

from django.utils import timezone

from wallstreetsim.feed import channels, stats
from wallstreetsim.feed.batches import Batch
from wallstreetsim.feed.codes import Close
from wallstreetsim.feed.server import Writer

log = logging.getLogger(__name__)

MOST_OWED = 64  # batches: who is so far behind is dropped
MOST_BEHIND_SECONDS = 15  # and who has read nothing for so long while something waits
DELIVERY_SECONDS = 60  # for a client to read one page of what it missed


_numbers = count(1)


class Identity(NamedTuple):
    """Who a client has proved to be, and by which key, or by a ticket given to which session."""

    account: int
    public_id: str
    name: str
    key: UUID | None
    session: UUID | None = None

    @property
    def credentials(self) -> set[UUID]:
        """What must stay good for it."""
        return {id for id in (self.key, self.session) if id}


class Client:
    """A socket's end of the feed. All that is sent to it goes through one bounded queue.

    `joined` says after which seq of its stream it began to hear each of its channels live. While it
    is held, since the public seq `held_at` and the research desk's `held_research`, it is being
    told what it missed, and what is told live waits. `public` and `private` are what was written to
    it: the last public seq, and the last tick that said something to its agent.
    `shown` is the tick after which a snapshot has shown it its agent's own figures.
    """

    def __init__(self, writer: Writer, address: str, seq: int) -> None:
        self.address = address
        self.number = next(_numbers)  # of this process's sockets
        self.since = timezone.now()
        self.view: str | None = None  # of the research desk, for a socket on one
        self.messages = 0  # that were written to it
        self.channels: frozenset[str] = frozenset()
        self.joined: dict[str, int] = {}
        self.held_at: int | None = None
        self.held_research = 0
        self._waiting: deque[Batch] = deque()
        self.shown = 0
        self.public = self.private = seq
        self.identity: Identity | None = None
        self.is_closed = False
        self._socket_writer = writer
        self._owed: asyncio.Queue[Batch] = asyncio.Queue(MOST_OWED)
        self._is_writing = False
        self._written_at = monotonic()
        self._writer = asyncio.create_task(self._write())
        self._farewell: asyncio.Task[None] | None = None

    @property
    def agent_id(self) -> str | None:
        return self.identity.public_id if self.identity else None

    @property
    def own_channel(self) -> str | None:
        return channels.of_agent(self.identity.public_id) if self.identity else None

    def become(self, identity: Identity, seq: int) -> None:
        """Take an agent's identity, and subscribe to its channel."""
        self.identity = identity
        self.join([channels.of_agent(identity.public_id)], seq)

    # Listening

    def join(self, names: Collection[str], seq: int) -> None:
        """Listen to channels: live from after this seq of their stream, if it does not already."""
        for name in names:
            self.joined.setdefault(name, seq)
        self.channels |= set(names)

    def leave(self, names: Collection[str]) -> None:
        self.channels -= set(names)
        for name in names:
            self.joined.pop(name, None)

    # Telling

    def hold(self, seq: int, research: int = 0) -> int:
        """Let what is told live wait from here on, where the public stream and the research desk's
        stand; return since which public seq it does.
        """
        if self.held_at is None:
            self.held_at, self.held_research = seq, research
        return self.held_at

    async def release(self, *, public: int, agent: int | None, research: int | None = None) -> None:
        """Tell what has waited, but for what was told up to these seqs; from then on tell live."""
        while self._waiting and not self.is_closed:
            batch = self._waiting.popleft()
            self.held_at = batch.public or self.held_at
            self.held_research = batch.research or self.held_research
            if not batch.is_within(public, agent, research):
                await self.deliver(batch)
        self.held_at = None

    def forget_public(self) -> None:
        """Drop what waits of the public stream: a snapshot stands for it."""
        self._waiting = deque(batch for batch in self._waiting if batch.public is None)

    def tell(self, batch: Batch) -> None:
        """Tell live, now or later; a client that is too far behind is closed instead."""
        if self.held_at is None:
            self.offer(batch)
        elif len(self._waiting) < MOST_OWED:
            self._waiting.append(batch)
        else:
            self.close(Close.SLOW_CONSUMER)

    def offer(self, batch: Batch) -> None:
        """Write these frames at once if the client keeps up, else queue them; one that is too far
        behind is closed instead.
        """
        if self.is_closed or not batch or self._has_written(batch):
            return
        if self._owed.full() or self._is_behind:
            stats.sent.dropped += len(batch.frames)
            self.close(Close.SLOW_CONSUMER)
        else:
            self._owed.put_nowait(batch)

    @property
    def _is_behind(self) -> bool:
        """Say whether something has waited for the client to read for too long."""
        return self._is_writing and monotonic() - self._written_at > MOST_BEHIND_SECONDS

    async def deliver(self, batch: Batch) -> None:
        """Queue these frames and wait until nothing is owed; who takes too long is closed."""
        self.offer(batch)
        try:
            await asyncio.wait_for(self._owed.join(), DELIVERY_SECONDS)
        except TimeoutError:
            self.close(Close.SLOW_CONSUMER)

    def close(self, code: Close, *last_words: str) -> None:
        """Close at once. Of what is owed, only these last frames are still sent."""
        if not self.is_closed:
            self._stop()
            stats.CLOSED.labels(code.name.lower()).inc()
            self._farewell = asyncio.create_task(self._part(code, Batch(*last_words)))

    async def end(self) -> None:
        """Settle what is left to do when the socket is done with."""
        self._stop()
        if self._farewell:
            await self._farewell
        self._socket_writer.end()

    def _has_written(self, batch: Batch) -> bool:
        """Write a batch if nothing is owed before it and the line is free: to wake the writer
        costs more than to write.
        """
        if self._is_writing or not self._owed.empty():
            return False
        try:
            has_written = self._socket_writer.write_now(batch)
        except Exception as error:
            self._note_broken(error)
            return True
        if has_written:
            self._note_written(batch)
        return has_written

    async def _write(self) -> None:
        try:
            while True:
                await self._write_next(await self._owed.get())
        except Exception as error:
            self._note_broken(error)

    async def _write_next(self, batch: Batch) -> None:
        self._is_writing = True
        self._written_at = monotonic()
        try:
            await self._socket_writer.write(batch)
            self._note_written(batch)
        finally:
            self._is_writing = False
            self._owed.task_done()

    def _note_written(self, batch: Batch) -> None:
        self.messages += len(batch.frames)
        self.public = batch.public or self.public
        self.private = batch.private or self.private

    async def _part(self, code: Close, last_words: Batch) -> None:
        try:
            await self._socket_writer.write(last_words)
            await self._socket_writer.close(code)
        except Exception as error:
            self._note_broken(error)

    def _note_broken(self, error: Exception) -> None:
        """The client has gone: the server is about to report it."""
        log.debug("a socket broke: %s", error)
        self._stop()

    def _stop(self) -> None:
        """Send nothing more of what is owed."""
        self.is_closed = True
        self._writer.cancel()
        self._socket_writer.release()
        stats.sent.dropped += sum(len(batch.frames) for batch in self._waiting)
        self._waiting.clear()
        while not self._owed.empty():
            stats.sent.dropped += len(self._owed.get_nowait().frames)
            self._owed.task_done()
