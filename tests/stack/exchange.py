"""The processes of an exchange, without a supervisor: what is killed stays dead until started."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import orjson
import psycopg
from django.conf import settings
from redis import Redis
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from market.models import TapeEntry
from tests.floor.hall import Hall
from tests.processes import database_url
from tests.stack.running import PATIENCE_SECONDS, eventually
from wallstreetsim.celery import app
from wallstreetsim.environment.places import Places
from wallstreetsim.floor.founding import schedule
from wallstreetsim.stack import preflight


class Exchange:
    """Processes over the test database and a Redis of their own; the cast is ann's."""

    def __init__(self, data: Path, port: int, **variables: str) -> None:
        self.port = port
        self.places = Places(data)
        preflight.make_directories(self.places)
        self.hall = Hall("ann")
        schedule()
        self._environment = (
            os.environ
            | {
                "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
                "WSS_DATA_DIR": str(data),
                "DATABASE_URL": database_url(),
                "PORT": str(port),
            }
            | variables
        )
        self._running: dict[str, list[subprocess.Popen[bytes]]] = defaultdict(list)
        self.redis = Redis(unix_socket_path=str(self.places.redis_socket))

    # Processes

    def start(self, name: str, *prefix: str, **variables: str) -> None:
        """Start one more process of this name, as the launcher would; `prefix` is a command that
        runs it elsewhere.
        """
        with self.places.log(name).open("a") as log:
            process = subprocess.Popen(
                [*prefix, sys.executable, "-m", "wallstreetsim.stack.child", name],
                cwd=settings.BASE_DIR,
                env=self._environment | variables,
                stdout=log,
                stderr=log,
            )
        self._running[name].append(process)

    def kill(self, name: str, with_signal: signal.Signals = signal.SIGKILL) -> list[int]:
        """End all the processes of this name, wait until they have ended, and return with what
        status each did.
        """
        processes = self._running.pop(name)
        for process in processes:
            process.send_signal(with_signal)
        return [process.wait(timeout=PATIENCE_SECONDS) for process in processes]

    def running(self, name: str) -> list[int]:
        """Return the pids of the processes of this name."""
        return [process.pid for process in self._running[name]]

    def stop(self) -> None:
        for name in reversed(list(self._running)):
            self.kill(name)

    def send_tick(self, expires: datetime | None = None) -> None:
        """Send what beat sends, out of turn."""
        with app.connection_for_write(f"redis+socket://{self.places.redis_socket}") as broker:
            app.send_task("wallstreetsim.tick", queue="floor", expires=expires, connection=broker)

    # The world

    @property
    def tick(self) -> int:
        return self.hall.row.tick

    def run_on(self, ticks: int = 2) -> None:
        """Wait until the world has gone on by so many ticks."""
        target = self.tick + ticks
        eventually(lambda: self.tick >= target)

    def intervals(self, since: int) -> list[float]:
        """Return the seconds between the claims of the ticks from `since` on."""
        entries = TapeEntry.objects.filter(stream=0, tick__gte=since).order_by("tick")
        claims = list(entries.values_list("claimed_at", flat=True))
        return [(b - a).total_seconds() for a, b in pairwise(claims)]

    @contextmanager
    def tick_held_up(self) -> Iterator[None]:
        """Hold up a tick in the middle of its writing."""
        with self.held("market_company", "SHARE"):
            yield

    @contextmanager
    def held(self, table: str, mode: str) -> Iterator[None]:
        """Hold a table until somebody waits for it, and then as long as the block lasts."""
        with psycopg.connect(database_url()) as holder:
            holder.execute(f"LOCK TABLE {table} IN {mode} MODE")
            eventually(lambda: _is_waited_for(holder, table))
            yield
            holder.rollback()


def _is_waited_for(holder: psycopg.Connection, table: str) -> bool:
    waiting = holder.execute(
        "SELECT 1 FROM pg_locks WHERE relation = %s::regclass AND NOT granted", [table]
    )
    return waiting.fetchone() is not None


class Listener(threading.Thread):
    """A spectator who comes again when turned away; `seqs` are the ticks it was told, in order."""

    def __init__(self, port: int) -> None:
        super().__init__(daemon=True)
        self.seqs: list[int] = []
        self.times_connected = 0
        self._url = f"ws://127.0.0.1:{port}/ws"
        self._is_done = threading.Event()
        self.start()

    def run(self) -> None:
        while not self._is_done.is_set():
            try:
                self._listen()
            except (OSError, WebSocketException):
                time.sleep(0.1)

    def stop(self) -> None:
        self._is_done.set()
        self.join()

    def _listen(self) -> None:
        with connect(self._url) as socket:
            self.times_connected += 1
            while not self._is_done.is_set():
                try:
                    frame = orjson.loads(socket.recv(timeout=0.5))
                except TimeoutError:
                    continue
                if frame["type"] == "tick:update":
                    self.seqs.append(frame["seq"])
