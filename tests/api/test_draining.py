"""A web process that is asked to leave: who is there is served first, and nobody else comes in."""

from __future__ import annotations

import http.client
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import orjson
import pytest
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.sync.client import ClientConnection, connect

from agents.services.keys import create_key
from tests.ports import free_port
from tests.stack.exchange import Exchange
from tests.stack.running import eventually


@pytest.fixture
def exchange(transactional_db: None) -> Iterator[Exchange]:
    with TemporaryDirectory(prefix="wss-drain-", dir="/tmp") as data:
        exchange = Exchange(Path(data), free_port(), WSS_RATE_LIMITS="off")
        try:
            for name in ("redis", "web"):
                exchange.start(name)
            eventually(lambda: listens(exchange.port))
            yield exchange
        finally:
            exchange.stop()


def listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def closing_of(client: ClientConnection, closed: list[tuple[int, float]]) -> None:
    try:
        while True:
            client.recv()
    except ConnectionClosed as end:
        closed.append((end.rcvd.code if end.rcvd else 0, time.monotonic()))


@pytest.fixture
def sockets() -> Iterator[ExitStack]:
    with ExitStack() as sockets:
        yield sockets


def test_requests_are_finished_and_sockets_closed_one_after_the_other(
    exchange: Exchange, sockets: ExitStack
) -> None:
    _, key = create_key(exchange.hall.agents["ann"])
    url = f"ws://127.0.0.1:{exchange.port}/ws"
    clients = [sockets.enter_context(connect(url)) for _ in range(20)]
    closed: list[tuple[int, float]] = []
    listeners = [threading.Thread(target=closing_of, args=(one, closed)) for one in clients]
    for listener in listeners:
        listener.start()
    kept_open = http.client.HTTPConnection("127.0.0.1", exchange.port, timeout=10)
    kept_open.request("GET", "/api/v1/config")
    assert kept_open.getresponse().read()
    waits = http.client.HTTPConnection("127.0.0.1", exchange.port, timeout=10)
    waits.request(  # for a tick that does not come
        "POST",
        "/api/v1/actions?wait=1",
        orjson.dumps({"actions": [{"type": "BUY", "symbol": "NEXUS", "quantity": 1}]}),
        {"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
    )
    time.sleep(0.5)

    [process] = exchange._running["web"]
    process.send_signal(signal.SIGTERM)

    eventually(lambda: not listens(exchange.port), 5)
    kept_open.request("GET", "/api/v1/config")
    answer = kept_open.getresponse()
    assert (answer.status, answer.headers["Connection"]) == (200, "close")
    taken = waits.getresponse()
    body = orjson.loads(taken.read())
    assert taken.status == 200, body
    assert body["data"]["results"][0]["success"]
    for listener in listeners:
        listener.join(timeout=15)
    assert [code for code, _ in closed] == [1012] * len(clients)
    moments = [moment for _, moment in closed]
    assert max(moments) - min(moments) > 0.5  # not all at once: they would all come again at once
    assert process.wait(timeout=15) == 0


def test_who_comes_in_while_it_leaves_is_asked_to_come_again(
    exchange: Exchange, sockets: ExitStack
) -> None:
    closed: list[tuple[int, float]] = []
    is_leaving = threading.Event()

    def come() -> None:
        url = f"ws://127.0.0.1:{exchange.port}/ws"
        while not is_leaving.is_set():
            try:
                client = sockets.enter_context(connect(url))
            except (OSError, InvalidHandshake):  # it has left, or is about to
                return
            closing_of(client, closed)

    comers = [threading.Thread(target=come) for _ in range(40)]
    for comer in comers:
        comer.start()
    time.sleep(0.02)  # so that handshakes are under way
    [process] = exchange._running["web"]
    process.send_signal(signal.SIGTERM)
    is_leaving.set()
    for comer in comers:
        comer.join(timeout=20)
    assert process.wait(timeout=15) == 0
    assert {code for code, _ in closed} <= {1012}
