"""An exchange of a drill's own: its stores, its processes, its clients, and what destroys them."""

from __future__ import annotations

import http.client
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import defaultdict
from pathlib import Path
from typing import Any, NamedTuple

import orjson
import psycopg
from django.conf import settings
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from tests.stack.running import environment, eventually
from wallstreetsim.environment.places import Places
from wallstreetsim.stack import postgres, preflight, probes
from wallstreetsim.stack.children import stop_signal

JSON = {"Content-Type": "application/json"}
STOP_SECONDS = 60  # until a process that was asked to end is killed
PATIENCE = 240  # seconds, of a machine that does other things too
EXCHANGE = ("floor", "beat", "courier", "web")


class Answer(NamedTuple):
    status: int
    headers: http.client.HTTPMessage
    body: dict[str, Any]


class Drilled:
    """Processes over stores of their own; whatever it started ends with it."""

    def __init__(self, directory: Path, port: int, **variables: str) -> None:
        self.port = port
        self.code = settings.BASE_DIR  # of what is started from now on
        self.places = Places(directory)
        preflight.make_directories(self.places)
        preflight.make_keys(self.places)
        self.environment = (
            environment(directory, port)
            | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
            | {"WSS_RATE_LIMITS": "off", "COMPANIES": "20"}
            | variables
        )
        self._running: dict[str, list[subprocess.Popen[bytes]]] = defaultdict(list)

    # Processes

    def start(self, *names: str, **variables: str) -> None:
        for name in names:
            with self.places.log(name).open("a") as log:
                process = subprocess.Popen(
                    [sys.executable, "-m", "wallstreetsim.stack.child", name],
                    cwd=self.code,
                    env=self.environment | variables,
                    stdout=log,
                    stderr=log,
                )
            self._running[name].append(process)

    def end(self, *names: str, how: signal.Signals | None = None) -> None:
        """End all the processes of these names: as the launcher would, or by this signal."""
        ended = [(name, process) for name in names for process in self._running.pop(name, [])]
        for name, process in ended:
            process.send_signal(how or stop_signal(name))
        for name, process in ended:
            try:
                process.wait(timeout=STOP_SECONDS)
            except subprocess.TimeoutExpired:  # as systemd would
                print(f"\n  {name} had to be killed")
                process.kill()
                process.wait()

    def end_all(self) -> None:
        self.end(*EXCHANGE)
        self.end("redis", "postgres")

    def start_stores(self) -> None:
        """Start PostgreSQL and Redis; what is not there yet is made, empty."""
        postgres.prepare(self.places, "--no-sync")
        self.start("postgres", "redis")
        eventually(lambda: probes.postgres_answers(self.places), PATIENCE)
        eventually(lambda: probes.redis_answers(self.places), PATIENCE)

    def found(self) -> None:
        for words in (("migrate", "--no-input"), ("found",)):
            done = self.manage(*words)
            assert done.returncode == 0, done.stderr

    def open(self) -> float:
        """Start the exchange; return the seconds until its next tick."""
        began, before = time.monotonic(), self.stands()
        self.start(*EXCHANGE)
        eventually(lambda: self.stands() > before, PATIENCE)
        seconds = time.monotonic() - began
        eventually(lambda: self.is_healthy(), PATIENCE)
        return seconds

    def lose_database(self) -> None:
        """Kill PostgreSQL and remove all that it had."""
        self.end("postgres", how=signal.SIGKILL)
        time.sleep(1)  # its own processes notice
        shutil.rmtree(self.places.postgres)
        for file in self.places.postgres_socket_dir.glob(".s.*"):
            file.unlink()

    def manage(self, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=self.code,
            env=self.environment | variables,
            capture_output=True,
            text=True,
        )

    # The record

    def asked(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        host = str(self.places.postgres_socket_dir)
        with psycopg.connect(host=host, user=postgres.NAME, dbname=postgres.NAME) as record:
            return record.execute(statement, values).fetchall()

    def stands(self) -> tuple[int, int]:
        """Return the world's epoch and tick."""
        [(epoch, tick)] = self.asked("SELECT epoch, tick FROM market_world")
        return epoch, tick

    def run_on(self, ticks: int) -> None:
        epoch, tick = self.stands()
        eventually(lambda: self.stands() >= (epoch, tick + ticks), PATIENCE)

    # Asking

    def ask(self, path: str, body: object = None, key: str = "", port: int = 0) -> Answer:
        line = http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=20)
        headers = JSON | ({"Authorization": f"Bearer {key}"} if key else {})
        method = "GET" if body is None else "POST"
        try:
            line.request(
                method, f"/api/v1{path}", None if body is None else orjson.dumps(body), headers
            )
            answer = line.getresponse()
            return Answer(answer.status, answer.headers, orjson.loads(answer.read()))
        finally:
            line.close()

    def is_healthy(self, port: int = 0) -> bool:
        try:
            return self.ask("/health", port=port).status == 200
        except OSError:
            return False

    def register(self, name: str) -> str:
        """Register an agent and return its key."""
        answer = self.ask("/auth/register", {"name": name, "role": "quant"})
        assert answer.status == 201, answer.body
        return str(answer.body["data"]["apiKey"])


class Trader(threading.Thread):
    """Sends orders until it is stopped; `acknowledged` are their ids, `statuses` all answers."""

    def __init__(self, exchange: Drilled, key: str, pause: float = 0.05) -> None:
        super().__init__(daemon=True)
        self.exchange, self.key, self.pause = exchange, key, pause
        self.acknowledged: list[str] = []
        self.statuses: list[int] = []
        self._is_done = threading.Event()
        self.start()

    def run(self) -> None:
        order = {"actions": [{"type": "BUY", "symbol": "APEX", "quantity": 1}]}
        while not self._is_done.wait(self.pause):
            try:
                answer = self.exchange.ask("/actions", order, self.key)
            except (OSError, http.client.HTTPException):
                continue
            self.statuses.append(answer.status)
            if answer.status == 200 and answer.body["data"]["results"][0]["success"]:
                self.acknowledged.append(answer.body["data"]["results"][0]["data"]["actionId"])

    def stop(self) -> None:
        self._is_done.set()
        self.join()


class Spectator(threading.Thread):
    """Listens to the feed, and comes again with its position. `told` are (epoch, tick), in order;
    `gaps` counts the times it was told that it has missed what nobody can tell it any more.
    """

    def __init__(self, url: str) -> None:
        super().__init__(daemon=True)
        self.url = url
        self.told: list[tuple[int, int]] = []
        self.gaps = 0
        self._is_done = threading.Event()
        self.start()

    def run(self) -> None:
        while not self._is_done.is_set():
            try:
                self._listen()
            except (OSError, WebSocketException, EOFError):
                time.sleep(0.2)

    def _listen(self) -> None:
        with connect(self.url) as socket:
            epoch = 0
            while not self._is_done.is_set():
                try:
                    frame = orjson.loads(socket.recv(timeout=0.5))
                except TimeoutError:
                    continue
                if frame["type"] == "connected":
                    epoch = frame["epoch"]
                    if self.told:
                        known, seq = self.told[-1]
                        since = {"public": seq}
                        socket.send(
                            orjson.dumps(
                                {"type": "resume", "epoch": known, "since": since}
                            ).decode()
                        )
                elif frame["type"] == "recovery:start":
                    self.gaps += bool(frame["gap"])
                elif frame["type"] == "tick:update" and (epoch, frame["seq"]) not in self.told[-1:]:
                    self.told.append((epoch, frame["seq"]))

    def stop(self) -> None:
        self._is_done.set()
        self.join()
