"""The feed: from a committed tick to the frames in every client's hands, on one web process."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from time import monotonic

import psutil
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.conf import settings

from market.wire import Wire
from wallstreetsim.feed.publishing import publish
from wallstreetsim.floor.shell import Committed
from wallstreetsim.lab.bench.ticks import fresh_floor
from wallstreetsim.stack.preflight import free_port

TICKS = 20
WARM_UP = 1  # tick that does not count
START_SECONDS = 30

GROUP = "prices"  # of the plain feed

Publish = Callable[[Committed], None]


@dataclass(frozen=True, slots=True)
class FeedMeasurement:
    """How long after its commit each client had each tick, and what a socket takes of memory."""

    delays_ms: list[float]
    kilobytes_each: float
    missed: int  # times that a client did not receive a tick


def measure_feed(clients: int, *, processes: int = 1) -> FeedMeasurement:
    """Measure our feed, a tick a second: each client has the tick and all prices, in two frames."""
    return _measure(
        clients, "wallstreetsim.asgi", publish, ticks=WARM_UP + TICKS, processes=processes
    )


def measure_plain_feed(clients: int) -> FeedMeasurement:
    """Measure a consumer with a `group_send` a price, on a single tick: it may take a minute."""
    return _measure(clients, "wallstreetsim.lab.bench.plain_feed", _send_price_by_price, ticks=1)


def _measure(
    clients: int, application: str, publish: Publish, *, ticks: int, processes: int = 1
) -> FeedMeasurement:
    committed_at: dict[int, float] = {}

    def note_and_publish(committed: Committed) -> None:
        committed_at[committed.outcome.tick] = monotonic()
        publish(committed)

    floor = fresh_floor(agents=0)
    floor.publish = note_and_publish
    with ExitStack() as started:
        webs = [started.enter_context(web_process(application)) for _ in range(processes)]
        for port, _ in webs:
            with spectators(port, 1):  # the first costs what the process needs once
                pass
        before = sum(web.memory_info().rss for _, web in webs)
        crowds = [started.enter_context(spectators(port, clients // processes)) for port, _ in webs]
        for _ in range(ticks):
            assert floor.tick(), "the floor runs no tick"
            time.sleep(1)
        memory = sum(web.memory_info().rss for _, web in webs) - before
        receipts: dict[int, list[float]] = defaultdict(list)
        for crowd in crowds:
            for tick, times in _receipts_of(crowd).items():
                receipts[tick] += times
    counted = sorted(committed_at)[-TICKS:]
    delays = [1000 * (at - committed_at[tick]) for tick in counted for at in receipts[tick]]
    missed = clients * len(counted) - len(delays)
    return FeedMeasurement(delays, memory / clients / 1024, missed)


@contextmanager
def web_process(application: str) -> Iterator[tuple[int, psutil.Process]]:
    """Run daphne on a free port; yield that and the process."""
    port = free_port()
    command = [sys.executable, "-m", "daphne", "-v", "0", "-b", "127.0.0.1", "-p", str(port)]
    daphne = subprocess.Popen(
        [*command, f"{application}:application"],
        cwd=settings.BASE_DIR,
        env={**os.environ, "WSS_SOCKETS_PER_ADDRESS": "100000"},
        stdout=subprocess.DEVNULL,
    )
    try:
        _wait_for(port)
        yield port, psutil.Process(daphne.pid)
    finally:
        daphne.terminate()
        daphne.wait(timeout=10)


def _wait_for(port: int) -> None:
    deadline = monotonic() + START_SECONDS
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert monotonic() < deadline, "the web process did not come up"
        time.sleep(0.1)


@contextmanager
def spectators(port: int, count: int) -> Iterator[subprocess.Popen[str]]:
    """Run so many spectators, connected and subscribed, in a process of their own."""
    command = [sys.executable, "-m", "wallstreetsim.lab.bench.spectators", str(port), str(count)]
    process = subprocess.Popen(
        command,
        cwd=settings.BASE_DIR,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n", "the spectators did not get in"
        yield process
    finally:
        process.kill()
        process.wait()


def _receipts_of(spectators: subprocess.Popen[str]) -> dict[int, list[float]]:
    """Let the spectators go; return, by tick, when each had it."""
    noted, _ = spectators.communicate()
    return defaultdict(list, {int(tick): times for tick, times in json.loads(noted).items()})


def _send_price_by_price(committed: Committed) -> None:
    (prices,) = [e["data"] for e in committed.public.read() if e["channel"] == "market:all"]
    async_to_sync(_send_all)(prices["tick"], prices["prices"])


async def _send_all(tick: int, prices: list[Wire]) -> None:
    layer = get_channel_layer()
    assert layer is not None
    for price in prices:
        await layer.group_send(GROUP, {"type": "price.update", "tick": tick, "data": price})
