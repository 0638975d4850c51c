"""Turns at what takes long: so many at once, and each caller's next after everybody else's."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")

MOST_WAITING_EACH = 16
MOST_WAITING = 256


class Crowded(Exception):
    """So many wait already that nobody else may."""


class Turns:
    """Threads that work for one caller after the other."""

    def __init__(self, threads: int, name: str) -> None:
        self._free = threads
        self._threads = ThreadPoolExecutor(threads, name)
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()

    async def take(self, who: str, work: Callable[[], T]) -> T:
        """Do the work in a thread when it is the caller's turn. Raises Crowded."""
        await self._wait(who)
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._pass_on()

    async def _wait(self, who: str) -> None:
        if self._free:
            self._free -= 1
            return
        theirs = self._waiting.get(who, ())
        if (
            len(theirs) >= MOST_WAITING_EACH
            or sum(map(len, self._waiting.values())) >= MOST_WAITING
        ):
            raise Crowded
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(who, deque()).append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._pass_on()
            raise

    def _pass_on(self) -> None:
        """Give the turn to the caller that has waited longest since its last one."""
        while self._waiting:
            who, theirs = self._waiting.popitem(last=False)
            turn = theirs.popleft()
            if theirs:
                self._waiting[who] = theirs
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1
