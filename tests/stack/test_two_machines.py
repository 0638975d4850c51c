"""Web and courier on a machine of their own: in a network namespace, with an address and an
environment of their own, over one PostgreSQL and one Redis.
"""

from __future__ import annotations

import http.client
import http.server
import os
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import orjson
import pytest
from websockets.sync.client import connect

from agents.models import Agent
from tests.ports import WORKER, free_port
from tests.processes import database_url
from tests.stack.exchange import Exchange
from tests.stack.running import PATIENCE_SECONDS, eventually

# Of the namespace, and of the line to it: another run of the tests may have its own.
NAME = f"wss{os.getpid()}"
HERE, THERE = (f"10.213.{os.getpid() % 256}.{WORKER % 64 * 4 + end}" for end in (1, 2))


def run(*words: str) -> bool:
    return subprocess.run(words, capture_output=True).returncode == 0


def why_not() -> str:
    """Return why there can be no second machine here, "" where there can."""
    if os.geteuid() != 0:
        return "only root may make a network namespace"
    made = run("ip", "netns", "add", f"{NAME}try")
    run("ip", "netns", "delete", f"{NAME}try")
    return "" if made else "no network namespace can be made here"


pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not())


class Relay(threading.Thread):
    """Takes connections at an address of this machine on to a socket of a store."""

    def __init__(self, to: Path) -> None:
        super().__init__(daemon=True)
        self.to, self.port = to, free_port()
        self._listener = socket.create_server((HERE, self.port))
        self.start()

    def run(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            far = socket.socket(socket.AF_UNIX)
            far.connect(str(self.to))
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=self._copy, args=(one, other), daemon=True).start()

    @staticmethod
    def _copy(source: socket.socket, target: socket.socket) -> None:
        try:
            while data := source.recv(65_536):
                target.sendall(data)
        except OSError:
            pass
        finally:
            for end in (source, target):
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    end.close()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


class Receiver(http.server.ThreadingHTTPServer):
    """An agent's endpoint on this machine; `bodies` are the briefings it was sent."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.callers: set[str] = set()
        super().__init__((HERE, free_port()), Answering)
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Answering(http.server.BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = orjson.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.bodies.append(body)
        self.server.callers.add(str(self.client_address[0]))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *words: object) -> None:
        pass


@pytest.fixture
def line() -> Iterator[None]:
    """A second machine, and a line between it and this one."""
    run("ip", "netns", "delete", NAME)
    try:
        for words in (
            f"netns add {NAME}",
            f"link add {NAME}here type veth peer name {NAME}there netns {NAME}",
            f"addr add {HERE}/30 dev {NAME}here",
            f"link set {NAME}here up",
            f"-n {NAME} addr add {THERE}/30 dev {NAME}there",
            f"-n {NAME} link set {NAME}there up",
            f"-n {NAME} link set lo up",
        ):
            subprocess.run(["ip", *words.split()], check=True)
        yield
    finally:
        run("ip", "link", "delete", f"{NAME}here")
        run("ip", "netns", "delete", NAME)


class Site:
    """An exchange whose floor and beat are here, and whose web and courier are there."""

    def __init__(self, directory: Path, cleanup: ExitStack) -> None:
        self.exchange = Exchange(directory / "here", port=free_port())
        cleanup.callback(self.exchange.stop)
        self.exchange.start("redis")
        redis = self.exchange.places.redis_socket
        eventually(redis.exists)
        postgres = _socket_of_postgres()
        relays = [Relay(postgres), Relay(redis)]
        for relay in relays:
            cleanup.callback(relay.close)
        self.port = free_port()
        database = database_url().partition("@")[2].partition("/")[2]
        there = {
            "WSS_DATA_DIR": str(directory / "there"),
            "DATABASE_URL": f"postgres://wallstreetsim@{HERE}:{relays[0].port}/{database}",
            "REDIS_URL": f"redis://{HERE}:{relays[1].port}/0",
            "WSS_BIND": THERE,
            "PORT": str(self.port),
            "ALLOWED_HOSTS": THERE,
            "WSS_WEBHOOK_ALLOW_PRIVATE": "on",
        }
        for folder in ("pids", "logs"):
            (directory / "there" / folder).mkdir(parents=True)
        for name in ("floor", "beat"):
            self.exchange.start(name)
        for name in ("web", "courier"):
            self.exchange.start(name, "ip", "netns", "exec", NAME, **there)
        eventually(self.is_healthy)

    def ask(self, path: str, body: object = None, key: str = "") -> Any:
        line = http.client.HTTPConnection(THERE, self.port, timeout=30)
        headers = {"Content-Type": "application/json"}
        if key:
            headers["Authorization"] = f"Bearer {key}"
        method = "GET" if body is None else "POST"
        line.request(
            method, f"/api/v1{path}", None if body is None else orjson.dumps(body), headers
        )
        answer = line.getresponse()
        read = orjson.loads(answer.read())
        line.close()
        return read

    def is_healthy(self) -> bool:
        try:
            return bool(self.ask("/health")["success"])
        except OSError:
            return False

    def has_heard_of(self, tick: int) -> bool:
        try:
            answer = self.ask("/world/tick")
        except OSError:
            return False
        return bool(answer["success"] and answer["data"]["tick"] >= tick)


def _socket_of_postgres() -> Path:
    from django.db import connection

    port = connection.settings_dict["PORT"] or 5432
    return Path(connection.settings_dict["HOST"]) / f".s.PGSQL.{port}"


@pytest.fixture
def site(line: None, transactional_db: None) -> Iterator[Site]:
    with (
        TemporaryDirectory(prefix="wss-two-", dir="/tmp") as directory,
        ExitStack() as cleanup,
    ):
        yield Site(Path(directory), cleanup)


def test_web_and_courier_serve_from_elsewhere(site: Site) -> None:
    [web] = site.exchange.running("web")
    assert Path(f"/proc/{web}/ns/net").readlink() != Path("/proc/self/ns/net").readlink()
    receiver = Receiver()
    url = f"http://{HERE}:{receiver.server_port}/"
    given = site.ask("/auth/register", {"name": "zoe", "role": "quant", "callbackUrl": url})["data"]
    site.exchange.run_on()
    order = {"actions": [{"type": "BUY", "symbol": "APEX", "quantity": 7}]}
    answer = site.ask("/actions", order, given["apiKey"])
    assert answer["data"]["results"][0]["success"], answer
    site.exchange.run_on()
    portfolio = site.ask("/agents/me/portfolio", key=given["apiKey"])["data"]
    assert [(one["symbol"], one["quantity"]) for one in portfolio["positions"]] == [("APEX", 7)]
    with connect(f"ws://{THERE}:{site.port}/ws", open_timeout=PATIENCE_SECONDS) as feed:
        while orjson.loads(feed.recv(timeout=PATIENCE_SECONDS))["type"] != "tick:update":
            continue
    eventually(lambda: any(body["type"] == "tick" for body in receiver.bodies))
    assert receiver.callers == {THERE}
    receiver.shutdown()
    receiver.server_close()

    # The line is cut: the world goes on without them, and they with it once it is back.
    before = site.exchange.tick
    run("ip", "link", "set", f"{NAME}here", "down")
    site.exchange.run_on(3)
    run("ip", "link", "set", f"{NAME}here", "up")
    eventually(site.is_healthy)
    eventually(lambda: site.has_heard_of(before + 3))
    assert site.exchange.hall.audit() == []
    assert Agent.objects.filter(name="zoe").exists()
