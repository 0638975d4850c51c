"""`POST /actions`, one order a request, against one daphne process."""

from __future__ import annotations

import http.client
import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from itertools import cycle
from time import perf_counter

from django.conf import settings

from wallstreetsim.lab.bench.figures import Baseline, Figure
from wallstreetsim.lab.bench.ticks import fresh_floor
from wallstreetsim.stack.preflight import free_port

REQUESTS = 150  # each
AGENTS = 8  # that a client speaks for in turn: no more actions of one wait than its limit allows
_ORDER = {"type": "BUY", "symbol": "APEX", "quantity": 1, "orderType": "LIMIT", "price": 100.25}
_LENGTH = re.compile(rb"(?i)content-length: *(\d+)")
_BODY = json.dumps({"actions": [_ORDER]})


def actions_post() -> Figure:
    return _actions("actions_post", clients=4)


def actions_post_8() -> Figure:
    return _actions("actions_post_8", clients=8)


def _actions(name: str, *, clients: int) -> Figure:
    """Send orders from a few clients at once, each on a connection of its own."""
    fresh_floor(agents=1)
    with web_process() as port:
        look = [_written("GET", "/api/v1/world/tick")]
        orders = [
            [
                _written("POST", "/actions", body=_BODY, key=_register(port, f"client{n}_{m}"))
                for m in range(AGENTS)
            ]
            for n in range(clients)
        ]
        reads, _ = _load([partial(_ask, port, look)] * clients)
        posts, rate = _load([partial(_ask, port, each) for each in orders])
    return Figure(
        name,
        "ms",
        posts,
        Baseline("GET /world/tick", reads),
        {"requests/s": round(rate), "clients": clients},
    )


@contextmanager
def web_process(**environment: str) -> Iterator[int]:
    """Run daphne on a free port, without rate limits, until the block ends."""
    port = free_port()
    command = [sys.executable, "-m", "daphne", "-b", "127.0.0.1", "-p", str(port), "-v", "0"]
    daphne = subprocess.Popen(
        [*command, "wallstreetsim.asgi:application"],
        cwd=settings.BASE_DIR,
        env={**os.environ, "WSS_RATE_LIMITS": "off", **environment},
        stdout=subprocess.DEVNULL,
    )
    try:
        _wait_for(port)
        yield port
    finally:
        daphne.terminate()
        daphne.wait(timeout=10)


def _wait_for(port: int) -> None:
    for _ in range(300):
        try:
            if _answer(http.client.HTTPConnection("127.0.0.1", port), "GET", "/health")[0] == 200:
                return
        except OSError:
            pass
        time.sleep(0.1)
    raise RuntimeError("the web process did not come up")


def _load(clients: list[partial[list[float]]]) -> tuple[list[float], float]:
    """Run the clients side by side; return every request's milliseconds, and the requests a
    second.
    """
    with ThreadPoolExecutor(len(clients)) as pool:
        started = perf_counter()
        samples = [sample for client in pool.map(lambda send: send(), clients) for sample in client]
    return samples, len(samples) / (perf_counter() - started)


def _ask(port: int, requests: Sequence[bytes]) -> list[float]:
    """Send requests in turn on one connection, and return what each took, in ms.

    They are written beforehand and their answers hardly read: this shares two cores with the
    server, and the standard library's client takes half a millisecond a request.
    """
    samples = []
    with socket.create_connection(("127.0.0.1", port)) as connection:
        for _, request in zip(range(REQUESTS), cycle(requests), strict=False):
            started = perf_counter()
            connection.sendall(request)
            answer = _one_answer(connection)
            samples.append(1000 * (perf_counter() - started))
            assert answer.startswith(b"HTTP/1.1 200 "), answer
    return samples


def _one_answer(connection: socket.socket) -> bytes:
    answer = b""
    while True:
        answer += connection.recv(65_536)
        head, blank, body = answer.partition(b"\r\n\r\n")
        if blank and len(body) == int(_LENGTH.findall(head)[0]):
            return answer


def _written(method: str, path: str, *, body: str = "", key: str = "") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1"]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    if key:
        lines += [f"Authorization: Bearer {key}"]
    return "\r\n".join([*lines, "", body]).encode()


def _answer(
    connection: http.client.HTTPConnection, method: str, path: str, body: str = ""
) -> tuple[int, bytes]:
    headers = {"Content-Type": "application/json"} if body else {}
    connection.request(method, path, body or None, headers)
    response = connection.getresponse()
    return response.status, response.read()


def _register(port: int, name: str) -> str:
    body = json.dumps({"name": name, "role": "quant"})
    status, answer = _answer(
        http.client.HTTPConnection("127.0.0.1", port), "POST", "/auth/register", body
    )
    assert status == 201, answer
    return str(json.loads(answer)["data"]["apiKey"])
