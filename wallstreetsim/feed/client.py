"""One socket: what it listens to, who it is, and what it is still owed."""

from __future__ import annotations

import asyncio
import logging
from typing import NamedTuple
from uuid import UUID

from asgiref.typing import ASGISendCallable

from wallstreetsim.feed import channels, stats
from wallstreetsim.feed.batches import Batch
from wallstreetsim.feed.codes import Close
from wallstreetsim.feed.outlet import Outlet

log = logging.getLogger(__name__)

MOST_OWED = 64  # batches: who reads nothing for about so many ticks is dropped


class Identity(NamedTuple):
    """Who a client has proved to be, and by which key, if it was not by a ticket."""

    account: int
    public_id: str
    name: str
    key: UUID | None


class Client:
    """A socket's end of the feed. All that is sent to it goes through one bounded queue."""

    def __init__(self, send: ASGISendCallable, address: str) -> None:
        self.address = address
        self.channels = frozenset({channels.TICK})
        self.identity: Identity | None = None
        self.is_closed = False
        self._outlet = Outlet(send)
        self._owed: asyncio.Queue[Batch] = asyncio.Queue(MOST_OWED)
        self._writer = asyncio.create_task(self._write())
        self._farewell: asyncio.Task[None] | None = None

    @property
    def agent_id(self) -> str | None:
        return self.identity.public_id if self.identity else None

    def become(self, identity: Identity) -> None:
        """Take an agent's identity, and listen to its channel."""
        self.identity = identity
        self.channels |= {channels.of_agent(identity.public_id)}

    def offer(self, batch: Batch) -> None:
        """Queue these frames; a client that is too far behind is closed instead."""
        if self.is_closed or not batch:
            return
        try:
            self._owed.put_nowait(batch)
        except asyncio.QueueFull:
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

    async def _write(self) -> None:
        try:
            while True:
                await self._outlet.write(await self._owed.get())
        except Exception as error:
            self._note_broken(error)

    async def _part(self, code: Close, last_words: Batch) -> None:
        try:
            await self._outlet.write(last_words)
            await self._outlet.close(code)
        except Exception as error:
            self._note_broken(error)

    def _note_broken(self, error: Exception) -> None:
        """The other end has gone: the server is about to tell us so."""
        log.debug("a socket broke: %s", error)
        self._stop()

    def _stop(self) -> None:
        """Send nothing more of what is owed."""
        self.is_closed = True
        self._writer.cancel()
        self._outlet.release()
