"""The feed from outside: web processes, a floor that ticks when a test says so, and clients."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar
from urllib.request import urlopen

import orjson
import psutil
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from agents.models import ApiKey, Session
from agents.services import keys
from market.models import Company, World
from tests.floor.hall import Hall, elsewhere
from tests.ports import free_port
from tests.processes import start_web
from tests.stack.running import PATIENCE_SECONDS, eventually
from wallstreetsim.feed.publishing import publish
from wallstreetsim.floor.founding import found_if_missing
from wallstreetsim.floor.shell import Committed

Frame = dict[str, Any]
T = TypeVar("T")


class LiveHall(Hall):
    """A hall of a hundred companies, whose ticks are published and whose agents have keys.

    A test looks on from a transaction of its own, so all that others are to see happens elsewhere.
    """

    def __init__(self, *cast: str) -> None:
        found_if_missing(seed="live", companies=100)
        super().__init__(*cast)
        given = {name: keys.create_key(agent) for name, agent in self.agents.items()}
        self.keys: dict[str, ApiKey] = {name: key for name, (key, _) in given.items()}
        self.secrets = {name: secret for name, (_, secret) in given.items()}

    def tick(self, script: str = "", *, is_published: bool = True) -> Committed:
        self.floor.publish = publish if is_published else lambda committed: None
        return self.committed(lambda: Hall.tick(self, script))

    def ticks(self, count: int) -> None:
        for _ in range(count):
            self.tick()

    def new_key(self, name: str) -> tuple[ApiKey, str]:
        return self.committed(lambda: keys.add_key(self.agents[name]))

    def ticket(self, name: str) -> str:
        return self.committed(lambda: keys.issue_ticket(self.agents[name]))

    def session(self, name: str) -> tuple[Session, Callable[[], str]]:
        """Open a session, and return it with what gives tickets to it."""
        agent = self.agents[name]

        def opened() -> Session:
            session = keys.session_of(keys.open_session(agent))
            assert session is not None
            return session

        session = self.committed(opened)
        return session, lambda: self.committed(lambda: keys.issue_ticket(agent, session))

    def price(self, symbol: str) -> float:
        return Company.objects.get(symbol=symbol).price / 100

    def channel(self, name: str) -> str:
        return f"agent:{self.agents[name].public_id}"

    def committed(self, act: Callable[[], T]) -> T:
        with elsewhere(act) as done:
            return done.result()


class Web:
    """A web process, as the Procfile has it."""

    def __init__(
        self, log: Path, *, waits: dict[str, float] | None = None, **environment: str
    ) -> None:
        self.port = free_port()
        self.url = f"ws://127.0.0.1:{self.port}/ws"
        options = ("--verbosity", "0", "--application-close-timeout", "1")
        self._process = start_web(self.port, log, *options, waits=waits, **environment)

    @property
    def megabytes(self) -> float:
        return float(psutil.Process(self._process.pid).memory_info().rss) / 1e6

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(timeout=PATIENCE_SECONDS)


class Spectator:
    """A client that has been greeted."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.kept: list[Frame] = []
        self.greeting = self.hear()
        assert self.greeting["type"] == "connected"

    def say(self, type: str, **fields: Any) -> None:
        self.socket.send(orjson.dumps({"type": type, **fields}).decode())

    def hear(self) -> Frame:
        """Return the next frame."""
        return dict(orjson.loads(self.socket.recv(timeout=PATIENCE_SECONDS)))

    def ask(self, type: str, **fields: Any) -> Frame:
        """Say something and return what is answered, whatever else is told meanwhile."""
        self.say(type, **fields)
        while "seq" in (frame := self.hear()):
            continue
        return frame

    def subscribe(self, *channels: str) -> list[Frame]:
        """Subscribe to channels that may be subscribed to and return their snapshots."""
        reply = self.ask("subscribe", channels=channels)
        assert reply["success"], reply
        return [self.hear_type("snapshot") for _ in channels]

    def hear_type(self, type: str) -> Frame:
        while (frame := self.hear())["type"] != type:
            continue
        return frame

    def hear_tick(self, tick: int) -> list[Frame]:
        """Return the public frames of one tick; the next tick's first must be on its way."""
        frames = []
        while (frame := self.hear())["tick"] <= tick:
            frames.append(frame)
        return [frame for frame in frames if frame["tick"] == tick]

    def seqs(self, upto: int) -> list[int]:
        """Return the seqs of the `tick` channel, in order of arrival, up to this one."""
        seqs: list[int] = []
        while not seqs or seqs[-1] < upto:
            seqs.append(self.hear_type("tick:update")["seq"])
        return seqs

    def closing_code(self) -> int | None:
        return closing_code(self.socket)


def closing_code(socket: ClientConnection) -> int | None:
    """Read on until the server closes a socket; return its code, None if the line just broke."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            socket.recv(timeout=0.1)
        except TimeoutError:
            # It has closed, and may leave the line open for what we could have to say yet.
            if socket.protocol.close_rcvd is not None:
                return socket.protocol.close_rcvd.code
            if time.monotonic() > deadline:
                raise
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else None


@contextmanager
def spectator(web: Web, **options: Any) -> Iterator[Spectator]:
    with connect(web.url, **{"close_timeout": 0.5, **options}) as socket:
        yield Spectator(socket)


def narrow_socket(port: int) -> socket.socket:
    """Return a connection that holds little of what its owner does not read."""
    narrow = socket.socket()
    narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    narrow.connect(("127.0.0.1", port))
    return narrow


def wait_until_told(web: Web) -> None:
    """Wait until a web process, which may know an older world, knows where this one stands."""
    tick = World.objects.get().tick

    def is_told() -> bool:
        with spectator(web) as newcomer:
            return bool(newcomer.greeting["tick"] == tick)

    eventually(is_told)


def metrics_of(web: Web) -> dict[str, float]:
    with urlopen(f"http://127.0.0.1:{web.port}/metrics") as response:
        lines = response.read().decode().splitlines()
    figures = (line.rpartition(" ") for line in lines if not line.startswith("#"))
    return {name: float(value) for name, _, value in figures}


def wait_until_left(web: Web) -> None:
    """Wait until the sockets of other tests are gone: a server hears of an end after its client."""
    kinds = [f'wss_feed_sockets{{kind="{kind}"}}' for kind in ("agent", "anonymous")]

    def is_left() -> bool:
        figures = metrics_of(web)
        return not any(figures.get(kind) for kind in kinds)

    eventually(is_left)
