"""Turns at what takes long: nobody's many keep anybody else from the next one."""

from __future__ import annotations

import asyncio
from threading import Event

import pytest

from wallstreetsim.api.server import turns
from wallstreetsim.api.server.turns import Crowded, Turns


def test_who_asks_a_hundred_times_waits_behind_who_asks_once() -> None:
    done: list[str] = []

    async def story() -> None:
        line = Turns(1, "test")
        gate = Event()
        first = asyncio.create_task(line.take("ann", gate.wait))
        await asyncio.sleep(0)
        many = [asyncio.create_task(line.take("ann", lambda: done.append("ann"))) for _ in range(9)]
        await asyncio.sleep(0)
        one = asyncio.create_task(line.take("bob", lambda: done.append("bob")))
        await asyncio.sleep(0)
        gate.set()
        await asyncio.gather(first, one, *many)

    asyncio.run(story())
    assert done.index("bob") <= 1
    assert done.count("ann") == 9


def test_so_many_may_wait_and_who_gives_up_makes_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "MOST_WAITING_EACH", 2)

    async def story() -> None:
        line, gate = Turns(1, "test"), Event()
        first = asyncio.create_task(line.take("ann", gate.wait))
        await asyncio.sleep(0)
        waiting = [asyncio.create_task(line.take("ann", int)) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(Crowded):
            await line.take("ann", int)
        bob = asyncio.create_task(line.take("bob", int))
        await asyncio.sleep(0)
        waiting[0].cancel()
        await asyncio.sleep(0)
        gate.set()
        await asyncio.gather(first, waiting[1], bob)
        assert await line.take("cid", lambda: 7) == 7, "every turn has come back"
        assert not line._waiting

    asyncio.run(story())


def test_work_that_fails_gives_its_turn_back() -> None:
    async def story() -> None:
        line = Turns(1, "test")
        for _ in range(3):
            with pytest.raises(ZeroDivisionError):
                await line.take("ann", lambda: 1 // 0)

    asyncio.run(story())
