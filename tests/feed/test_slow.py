"""Who reads nothing for long is closed, however little it is owed."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from wallstreetsim.api.server.socket_writer import SocketWriter
from wallstreetsim.feed import client as clients
from wallstreetsim.feed.batches import Batch
from wallstreetsim.feed.client import MOST_BEHIND_SECONDS, Client


@pytest.mark.parametrize(("seconds", "is_closed"), [(1, False), (MOST_BEHIND_SECONDS + 1, True)])
def test_who_reads_nothing_while_something_waits_is_closed(
    seconds: float, is_closed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1_000.0]
    monkeypatch.setattr(clients, "monotonic", lambda: now[0])

    async def story() -> bool:
        async def never(event: Any) -> None:
            await asyncio.Event().wait()

        client = Client(SocketWriter(never), "192.0.2.1", 1)
        client.tell(Batch("one", public=2))
        await asyncio.sleep(0)
        now[0] += seconds
        client.tell(Batch("other", public=3))
        closed = client.is_closed
        client._stop()
        if client._farewell:
            client._farewell.cancel()
        return closed

    assert asyncio.run(story()) is is_closed


def test_who_reads_all_is_never_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1_000.0]
    monkeypatch.setattr(clients, "monotonic", lambda: now[0])

    async def story() -> list[str]:
        heard = []

        async def hear(event: Any) -> None:
            heard.append(event["text"])

        client = Client(SocketWriter(hear), "192.0.2.1", 1)
        for tick in range(5):
            client.tell(Batch(str(tick), public=tick))
            await asyncio.sleep(0.01)
            now[0] += 2 * MOST_BEHIND_SECONDS
        assert not client.is_closed
        client._stop()
        return heard

    assert asyncio.run(story()) == ["0", "1", "2", "3", "4"]
