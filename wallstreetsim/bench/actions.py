"""`POST /actions`, one order a request, against one daphne process."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from time import perf_counter

from django.conf import settings

from wallstreetsim.bench.figures import Baseline, Figure
from wallstreetsim.bench.ticks import fresh_floor
from wallstreetsim.stack.preflight import free_port

REQUESTS = 150  # each
_ORDER = {"type": "BUY", "symbol": "APEX", "quantity": 1, "orderType": "LIMIT", "price": 100.25}


def actions_post() -> Figure:
    return _actions("actions_post", clients=4)


def actions_post_8() -> Figure:
    return _actions("actions_post_8", clients=8)


def _actions(name: str, *, clients: int) -> Figure:
    """Send orders from a few clients at once, each on a connection of its own."""
    fresh_floor(agents=1)
    with web_process() as port:
        keys = [_register(port, f"client{n}") for n in range(clients)]
        body = json.dumps({"actions": [_ORDER]})
        reads, _ = _load([partial(_request, port, "GET", "/api/v1/world/tick")] * clients)
        posts, rate = _load(
            [partial(_request, port, "POST", "/actions", body, key) for key in keys]
        )
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


def _request(port: int, method: str, path: str, body: str = "", key: str = "") -> list[float]:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    samples = []
    for _ in range(REQUESTS):
        started = perf_counter()
        status, answer = _answer(connection, method, path, body, key)
        samples.append(1000 * (perf_counter() - started))
        assert status == 200, answer
    return samples


def _answer(
    connection: http.client.HTTPConnection, method: str, path: str, body: str = "", key: str = ""
) -> tuple[int, bytes]:
    headers = {"Content-Type": "application/json"} if body else {}
    if key:
        headers["Authorization"] = f"Bearer {key}"
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
