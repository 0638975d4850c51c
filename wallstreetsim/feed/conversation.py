"""What all conversations with clients have in common: how frames are read, limited and refused."""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from typing import TypeAlias

import django.db

from wallstreetsim.feed import messages
from wallstreetsim.feed.allowance import Allowance
from wallstreetsim.feed.batches import Batch
from wallstreetsim.feed.client import Client
from wallstreetsim.feed.codes import Close
from wallstreetsim.feed.hub import Hub
from wallstreetsim.feed.messages import Malformed, Message

log = logging.getLogger(__name__)

MESSAGES_PER_SECOND = 20
BURST = 40

Handler: TypeAlias = Callable[[Message], Awaitable[None]]


class Conversation(ABC):
    """One client's talk with the feed. Every answer goes through the client's queue, in order."""

    def __init__(self, hub: Hub, client: Client) -> None:
        self.hub = hub
        self.client = client
        self.allowance = Allowance(per_second=MESSAGES_PER_SECOND, burst=BURST)
        self.recovery: asyncio.Task[None] | None = None

    @property
    @abstractmethod
    def handlers(self) -> dict[str, Handler]:
        """What a client may say, by its type."""

    @abstractmethod
    def greet(self) -> None:
        """Say the first words to a client that has been admitted."""

    @abstractmethod
    def complain(self, about: Message | str | int | None, code: str, complaint: str) -> None:
        """Say what is wrong with a message, or with one of which no more than its id was read."""

    def end(self) -> None:
        """Stop whatever the client is still being told."""
        if self.recovery:
            self.recovery.cancel()

    async def hear(self, text: str | None) -> None:
        """Answer a frame; None stands for a binary one."""
        if not self.allowance.take():
            self.client.close(Close.TOO_FAST)
        elif text is None:
            self.complain(None, "BAD_REQUEST", "Frames are text, not binary.")
        elif len(text.encode()) > messages.MOST_BYTES:
            self.client.close(Close.TOO_BIG)
        else:
            await self._answer(text)

    async def _answer(self, text: str) -> None:
        message = None
        try:
            message = messages.read(text)
            handler = self.handlers.get(message.type)
            if handler is None:
                raise Malformed(f"There is no such `type`. There are: {', '.join(self.handlers)}.")
            await handler(message)
        except Malformed as error:
            self.complain(message or error.id, "BAD_REQUEST", str(error))
        except django.db.Error as error:
            log.warning("a client could not be served: %s", error)
            self.complain(message, "UNAVAILABLE", "The exchange is unavailable for a moment.")

    def recover(self, tell: Callable[[], Awaitable[None]]) -> None:
        """Tell what was missed; this replaces whatever is being told of the kind."""
        self.end()
        self.recovery = asyncio.create_task(self._run(tell))

    async def _run(self, tell: Callable[[], Awaitable[None]]) -> None:
        try:
            await tell()
        except Exception:
            log.exception("a recovery failed")
            self.client.close(Close.RESTART)

    def say(self, *frames: str) -> None:
        self.client.offer(Batch(*frames))
