"""What the web processes leave for each other in Redis: where an agent stood when it left, so that
wherever it comes back it is told what it missed; and the figures of each process.

All of it is a convenience. Whoever is not told may ask to resume.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Callable
from typing import NamedTuple

import orjson
from redis.exceptions import RedisError

from market.common.redis_clients import async_redis_client
from wallstreetsim.feed.client import Client
from wallstreetsim.feed.stats import FeedStats, SocketStats

log = logging.getLogger(__name__)

LEFT = "wss:feed:left:"
FIGURES = "wss:feed:figures:"
SOCKETS = "wss:feed:listed:"
AWAY_SECONDS = 300  # for which an agent is remembered
FIGURES_EVERY = 5  # seconds


class Left(NamedTuple):
    """Where an agent stood: the last public seq that it was told, and the tick up to which it was
    told what concerns it.
    """

    epoch: int
    public: int
    private_tick: int


class ResumePoints:
    """One web process's way to what they share."""

    def __init__(self) -> None:
        self._redis = async_redis_client()

    async def note(self, client: Client, epoch: int) -> None:
        """Note where an agent stands that leaves with this socket."""
        assert client.identity is not None
        told = Left(epoch, client.public, max(client.public - 1, client.private))
        key = f"{LEFT}{client.identity.account}"
        try:
            await self._redis.set(key, orjson.dumps(list(told)), ex=AWAY_SECONDS)
        except RedisError as error:
            log.debug("an agent's leaving is not noted: %s", error)

    async def take(self, account: int) -> Left | None:
        """Return where an agent stood that comes back, once; None if it was not here lately."""
        try:
            noted = await self._redis.getdel(f"{LEFT}{account}")
        except RedisError as error:
            log.debug("nobody knows where an agent stood: %s", error)
            return None
        return Left(*orjson.loads(noted)) if noted else None

    async def report(
        self, figures: Callable[[], FeedStats], sockets: Callable[[], list[SocketStats]]
    ) -> None:
        """Leave this process's figures, again and again, where those of all are added up, and its
        sockets beside them.
        """
        key = figures_key()
        listed = f"{SOCKETS}{key.removeprefix(FIGURES)}"
        while True:
            try:
                await self._redis.set(key, orjson.dumps(figures()), ex=3 * FIGURES_EVERY)
                await self._redis.set(listed, orjson.dumps(sockets()), ex=3 * FIGURES_EVERY)
            except RedisError as error:
                log.debug("the feed's figures are not left in Redis: %s", error)
            await asyncio.sleep(FIGURES_EVERY)


def figures_key() -> str:
    """Return the key of this process's figures, which are there for as long as it lives."""
    return f"{FIGURES}{socket.gethostname()}:{os.getpid()}"
