"""Starting: from `make run` in an empty directory, the environment made, to the first tick."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import requests
from django.conf import settings

from wallstreetsim.lab.bench.figures import Baseline, Figure, seconds
from wallstreetsim.stack.preflight import free_port

RUNS = 3
PATIENCE = 120.0  # seconds
STORES = ("DATABASE_URL", "REDIS_URL")  # the run brings its own


def cold_start() -> Figure:
    """Found a world and run its first tick; the baseline goes on with one that was stopped."""
    cold, warm = [], []
    for _ in range(RUNS):
        with tempfile.TemporaryDirectory(prefix="wss-cold-", dir="/tmp") as parent:
            data = Path(parent) / "data"
            cold.append(_start(data))
            warm.append(_start(data))
    return Figure("cold_start", "s", cold, Baseline("the same world again", warm))


def _start(data: Path) -> float:
    """Return the seconds from starting to the first tick that is claimed and committed then."""
    port = free_port()
    environment = {name: value for name, value in os.environ.items() if name not in STORES}
    environment |= {"WSS_DATA_DIR": str(data), "PORT": str(port)}
    started_at = datetime.now(UTC)
    with _launcher(environment) as launcher:
        url = f"http://127.0.0.1:{port}/api/v1/world/tick"
        return seconds(lambda: _await_tick(launcher, url, since=started_at))


@contextmanager
def _launcher(environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """Run the whole stack, and stop it as Ctrl-C does."""
    launcher = subprocess.Popen(
        [sys.executable, "-m", "wallstreetsim.stack"],
        cwd=settings.BASE_DIR,
        env=environment,
        stdout=subprocess.DEVNULL,
    )
    try:
        yield launcher
    finally:
        launcher.send_signal(signal.SIGINT)
        launcher.wait(timeout=30)


def _await_tick(launcher: subprocess.Popen[bytes], url: str, *, since: datetime) -> None:
    deadline = time.monotonic() + PATIENCE
    while not (claimed_at := _last_claim(url)) or claimed_at < since:
        if time.monotonic() > deadline or launcher.poll() is not None:
            raise RuntimeError("the stack did not come to a tick")
        time.sleep(0.05)


def _last_claim(url: str) -> datetime | None:
    """Return when the last tick was claimed; None while nobody answers, or there is none."""
    try:
        timestamp = requests.get(url, timeout=5).json()["data"]["timestamp"]
    except requests.ConnectionError:
        return None
    return datetime.fromisoformat(timestamp) if timestamp else None
