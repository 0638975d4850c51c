"""Two web processes behind nginx, restarted one by one under 1,000 sockets and 100 orders a second:
no acknowledged order is lost, and nobody is shown anything but 200 and a documented 503.
"""

from __future__ import annotations

import asyncio
import os
import signal
import ssl
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import aiohttp
import orjson
import pytest

from tests.deploy.nginx import HOST, PROGRAM, Nginx
from tests.drill.exchange import Drilled
from tests.ports import free_port
from tests.stack.running import eventually

SOCKETS = int(os.environ.get("DRILL_SOCKETS", "1000"))
REQUESTS_A_SECOND = int(os.environ.get("DRILL_REQUESTS", "100"))
ADDRESSES = 20  # from which they come


class Crowd:
    """Spectators who come again at once, and traders; what they were told, counted."""

    def __init__(self, https: int, context: ssl.SSLContext, keys: list[str]) -> None:
        self.https, self.context, self.keys = https, context, keys
        self.statuses: Counter[int] = Counter()
        self.without_retry_after = 0
        self.codes: Counter[int | None] = Counter()
        self.connected = 0
        self.acknowledged: list[str] = []
        self.is_done = False

    async def run(self, restart: object) -> None:
        sessions = []
        for number in range(ADDRESSES):
            connector = aiohttp.TCPConnector(
                local_addr=(f"127.0.2.{number + 1}", 0), limit=0, ssl=self.context
            )
            sessions.append(aiohttp.ClientSession(connector=connector))
        try:
            spectators = []
            for number in range(SOCKETS):
                spectators.append(asyncio.create_task(self.watch(sessions[number % ADDRESSES])))
                await asyncio.sleep(0.01)
            while self.connected < SOCKETS:
                await asyncio.sleep(0.1)
            trading = asyncio.create_task(self.trade(sessions))
            await asyncio.sleep(3)
            await asyncio.to_thread(restart)  # type: ignore[arg-type]
            await asyncio.sleep(3)
            self.is_done = True
            await asyncio.wait_for(asyncio.gather(trading, *spectators), 60)
        finally:
            for session in sessions:
                await session.close()

    async def watch(self, session: aiohttp.ClientSession) -> None:
        url = f"wss://127.0.0.1:{self.https}/ws"
        while not self.is_done:
            try:
                async with session.ws_connect(url, headers={"Host": HOST}) as feed:
                    self.connected += 1
                    while not self.is_done:
                        try:
                            frame = await feed.receive(1)
                        except TimeoutError:
                            continue
                        if frame.type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED):
                            self.codes[feed.close_code] += 1
                            break
            except aiohttp.WSServerHandshakeError as refused:
                self.statuses[refused.status] += 1
                await asyncio.sleep(0.5)
            except (aiohttp.ClientError, OSError):
                self.codes[None] += 1
                await asyncio.sleep(0.5)

    async def trade(self, sessions: list[aiohttp.ClientSession]) -> None:
        waiting: set[asyncio.Task[None]] = set()
        number = 0
        while not self.is_done:
            session = sessions[number % ADDRESSES]
            task = asyncio.create_task(self.order(session, self.keys[number % len(self.keys)]))
            waiting.add(task)
            task.add_done_callback(waiting.discard)
            number += 1
            await asyncio.sleep(1 / REQUESTS_A_SECOND)
        await asyncio.gather(*waiting)

    async def order(self, session: aiohttp.ClientSession, key: str) -> None:
        url = f"https://127.0.0.1:{self.https}/api/v1/actions"
        body = orjson.dumps({"actions": [{"type": "BUY", "symbol": "APEX", "quantity": 1}]})
        headers = {
            "Host": HOST,
            "Authorization": f"Bearer {key}",
            "Content-Type": "application/json",
        }
        try:
            async with session.post(url, data=body, headers=headers) as answer:
                self.statuses[answer.status] += 1
                read = orjson.loads(await answer.read())
                if answer.status == 503:
                    self.without_retry_after += "Retry-After" not in answer.headers
                elif answer.status == 200 and read["data"]["results"][0]["success"]:
                    self.acknowledged.append(read["data"]["results"][0]["data"]["actionId"])
        except (aiohttp.ClientError, OSError):
            self.statuses[0] += 1


@pytest.fixture
def directory() -> Iterator[Path]:
    with TemporaryDirectory(prefix="wss-drill-", dir="/tmp", ignore_cleanup_errors=True) as name:
        yield Path(name)


@pytest.mark.skipif(PROGRAM is None, reason="nginx is not installed")
def test_a_rolling_restart(directory: Path) -> None:
    ports = [free_port(), free_port()]
    exchange = Drilled(
        directory / "data",
        ports[0],
        ALLOWED_HOSTS=HOST,
        WSS_TRUSTED_PROXIES="1",
        WSS_SOCKETS_PER_ADDRESS="1000",
    )
    (directory / "nginx").mkdir()
    nginx = None
    try:
        exchange.start_stores()
        exchange.found()
        exchange.start("floor", "beat")
        for port in ports:
            exchange.start("web", PORT=str(port))
        nginx = Nginx(directory / "nginx", ports=ports, http=free_port(), https=free_port())
        eventually(lambda: all(exchange.is_healthy(port) for port in ports), 120)
        keys = [exchange.register(f"trader-{number}") for number in range(2)]
        exchange.run_on(2)
        crowd = Crowd(nginx.https, nginx.trusting(), keys)

        def restart() -> None:
            for process, port in zip(list(exchange._running["web"]), ports, strict=True):
                began = time.monotonic()
                process.send_signal(signal.SIGTERM)
                assert process.wait(timeout=30) == 0
                print(f"\n  drained in {time.monotonic() - began:.1f} s")
                exchange._running["web"].remove(process)
                exchange.start("web", PORT=str(port))
                eventually(lambda port=port: exchange.is_healthy(port), 60)  # type: ignore[misc]

        asyncio.run(crowd.run(restart))
        exchange.run_on(2)
        [(known,)] = exchange.asked(
            "SELECT count(*) FROM agents_input WHERE public_id::text = ANY(%s)", crowd.acknowledged
        )
        print(f"  answers {dict(crowd.statuses)}, closes {dict(crowd.codes)}")
        print(f"  acknowledged {len(crowd.acknowledged)}, on the record {known}")
        assert known == len(crowd.acknowledged) > 0
        assert set(crowd.statuses) <= {200, 503}
        assert crowd.without_retry_after == 0
        assert set(crowd.codes) == {1012}
        assert exchange.manage("audit").returncode == 0
    finally:
        if nginx is not None:
            nginx.stop()
        exchange.end_all()
