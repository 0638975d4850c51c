"""Webhooks to 1,000 endpoints: from a tick's commit until the last of them has its briefing."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import NamedTuple

import requests
from django.conf import settings
from django.db import connection
from redis import Redis

from agents.models import Agent
from agents.services.encryption import encrypt
from agents.services.registration import new_webhook_secret
from wallstreetsim.celery import app
from wallstreetsim.lab.bench.figures import Baseline, Figure, seconds
from wallstreetsim.lab.bench.ticks import fresh_floor
from webhooks.models import Delivery, Endpoint, EndpointState

ENDPOINTS = 1_000
HANGING = 200
COURIERS = 2
TICKS = 15
WARM_UP = 4  # ticks, in which connections are made
PLAIN_THREADS = 50
PLAIN_PART = 10  # the baseline with hanging endpoints is taken of one in so many
PATIENCE_SECONDS = 30.0


class _Delivered(NamedTuple):
    """Of each tick, in ms: until the last of those that answer was reached; the tick's own part."""

    samples: list[float]
    parts: list[float]
    body_bytes: int


def webhooks_1000() -> Figure:
    with _receiver() as address:
        delivered = _measure(address, hanging=0)
        url, body = f"{address}/hook", b"x" * delivered.body_bytes
        plain = 1000 * seconds(lambda: [requests.post(url, body) for _ in range(ENDPOINTS)])
    return _figure("webhooks_1000", delivered, Baseline("a loop of requests.post", [plain]))


def webhooks_hanging() -> Figure:
    """Of 1,000 endpoints 200 hang; the baseline posts from 50 threads, waiting up to 5 s."""
    with _receiver() as address:
        delivered = _measure(address, hanging=HANGING)
        body = b"x" * delivered.body_bytes
        urls = [f"{address}/{_path(n, HANGING)}" for n in range(ENDPOINTS // PLAIN_PART)]
        with ThreadPoolExecutor(PLAIN_THREADS) as pool:
            plain = 1000 * seconds(lambda: list(pool.map(partial(_post, body), urls)))
    name = f"requests.post in {PLAIN_THREADS} threads"
    return _figure("webhooks_hanging", delivered, Baseline(name, [plain * PLAIN_PART]))


def _figure(name: str, delivered: _Delivered, baseline: Baseline) -> Figure:
    extra = {
        "body": f"{delivered.body_bytes / 1000:.1f} kB",
        "couriers": COURIERS,
        "the tick's part": f"{statistics.median(delivered.parts):.1f}",
    }
    return Figure(name, "ms", delivered.samples, baseline, extra)


def _measure(address: str, *, hanging: int) -> _Delivered:
    from wallstreetsim.tasks import notify_couriers

    floor = fresh_floor(agents=ENDPOINTS)
    _connect(address, hanging)
    answering = ENDPOINTS - hanging
    samples, parts = [], []
    with _couriers():
        for number in range(WARM_UP + TICKS):
            began = time.monotonic()
            committed = floor.tick()
            committed_at = time.time()
            assert committed is not None
            notify_couriers(committed.outcome.tick)
            arrivals = _arrivals(address, answering)
            if number >= WARM_UP:
                samples.append(1000 * (max(arrivals) - committed_at))
                parts.append(1000 * committed.seconds["write webhooks"])
            floor.rest()
            time.sleep(max(0.0, 1 - (time.monotonic() - began)))
    largest = Delivery.objects.order_by("-body_bytes").values_list("body_bytes", flat=True)[0]
    return _Delivered(samples, parts, largest)


def _connect(address: str, hanging: int) -> None:
    """Give every agent an endpoint that has answered its ping; let so many hang."""
    secret = encrypt(new_webhook_secret())
    agents = list(Agent.objects.order_by("id"))
    for number, agent in enumerate(agents):
        agent.callback_url = f"{address}/{_path(number, hanging)}"
        agent.webhook_secret = secret
    Agent.objects.bulk_update(agents, ["callback_url", "webhook_secret"], batch_size=500)
    Endpoint.objects.bulk_create(
        Endpoint(agent=agent, state=EndpointState.ACTIVE) for agent in agents
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _path(number: int, hanging: int) -> str:
    return "hang" if hanging and number % (ENDPOINTS // hanging) == 0 else "hook"


def _arrivals(address: str, number: int) -> list[float]:
    """Wait for so many briefings to arrive, and return when they did."""
    arrivals: list[float] = []
    deadline = time.monotonic() + PATIENCE_SECONDS
    with requests.Session() as session:
        while len(arrivals) < number:
            assert time.monotonic() < deadline, f"{len(arrivals)} of {number} briefings arrived"
            time.sleep(0.05)
            arrivals += session.get(f"{address}/arrivals", timeout=5).json()
    return arrivals


def _post(body: bytes, url: str) -> None:
    try:
        requests.post(url, body, timeout=5)
    except requests.RequestException:
        return


@contextmanager
def _receiver() -> Iterator[str]:
    command = [sys.executable, "-m", "wallstreetsim.lab.bench.receiver"]
    process = subprocess.Popen(command, cwd=settings.BASE_DIR, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.kill()
        process.wait()


@contextmanager
def _couriers() -> Iterator[None]:
    """Run couriers as the Procfile does."""
    Redis.from_url(settings.REDIS_URL).flushdb()
    with ExitStack() as stack:
        for number in range(COURIERS):
            process = _courier(number)
            stack.callback(process.wait)
            stack.callback(process.kill)
        deadline = time.monotonic() + 4 * PATIENCE_SECONDS
        while len(app.control.ping(timeout=1.0) or []) < COURIERS:
            assert time.monotonic() < deadline, "the couriers do not start"
        yield


def _courier(number: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "celery", "--app", "wallstreetsim", "--quiet", "worker"]
    options = ["--queues", "courier", "--pool", "threads", "--concurrency", "16"]
    name = ["--hostname", f"courier{number}@bench", "--without-gossip", "--without-mingle"]
    return subprocess.Popen(
        [*command, *options, *name],
        cwd=settings.BASE_DIR,
        env={**os.environ, "WSS_WEBHOOK_ALLOW_PRIVATE": "loopback"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
