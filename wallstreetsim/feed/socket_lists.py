"""Which sockets an agent has open, in all web processes together: a list in Redis, by age."""

from __future__ import annotations

import logging
from time import time

from redis.exceptions import RedisError

from market.common.redis_clients import async_redis_client
from wallstreetsim.feed.resume_points import figures_key

log = logging.getLogger(__name__)

OPEN = "wss:feed:sockets:"
KEPT_SECONDS = 86_400  # since the last one was opened


class SocketLists:
    """One web process's way to the lists. A socket is named by its process and a number in it."""

    def __init__(self) -> None:
        self._redis = async_redis_client()
        self._process = figures_key()

    def name_of(self, number: int) -> str:
        """Return the name by which every process knows one of this process's sockets."""
        return f"{self._process}/{number}"

    def number_of(self, name: str) -> int | None:
        """Return the number of a named socket, None if it is another process's."""
        process, _, number = name.rpartition("/")
        return int(number) if process == self._process else None

    async def add(self, account: int, number: int, *, most: int) -> list[str] | None:
        """List a socket that an agent has opened, and return the names of its oldest ones beyond
        `most`, which are listed no more; None while Redis is away.
        """
        key = f"{OPEN}{account}"
        try:
            async with self._redis.pipeline(transaction=True) as pipeline:
                pipeline.zadd(key, {self.name_of(number): time()})
                pipeline.expire(key, KEPT_SECONDS)
                pipeline.zrange(key, 0, -1)
                *_, listed = await pipeline.execute()
            names = [name.decode() for name in listed]
            if len(names) <= most:
                return []
            gone = await self._of_dead_processes(names)
            open = [name for name in names if name not in gone]
            replaced = open[: max(0, len(open) - most)]
            if gone or replaced:
                await self._redis.zrem(key, *gone, *replaced)
        except RedisError as error:
            log.debug("nobody knows an agent's other sockets: %s", error)
            return None
        return replaced

    async def remove(self, account: int, number: int) -> None:
        """List a socket no more."""
        try:
            await self._redis.zrem(f"{OPEN}{account}", self.name_of(number))
        except RedisError as error:
            log.debug("a socket stays listed: %s", error)

    async def _of_dead_processes(self, names: list[str]) -> set[str]:
        """Return the sockets of processes that were killed: they leave no figures any more."""
        processes = list(dict.fromkeys(name.rpartition("/")[0] for name in names))
        figures = await self._redis.mget(processes)
        dead = {
            process
            for process, known in zip(processes, figures, strict=True)
            if known is None and process != self._process
        }
        return {name for name in names if name.rpartition("/")[0] in dead}
