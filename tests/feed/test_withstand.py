"""What the feed withstands: clients that mean harm, crowds, and the loss of what it stands on."""

from __future__ import annotations

import asyncio
import itertools
import os
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import orjson
import pytest
from redis import Redis, RedisError
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from market import tape
from tests.feed.live import LiveHall, Spectator, Web, spectator, wait_until_told
from tests.feed.test_recovery import hear_until, ticking, told_in
from tests.stack.running import PATIENCE_SECONDS
from wallstreetsim.feed import publishing
from wallstreetsim.stack.binaries import redis_program

pytestmark = pytest.mark.django_db

CROWD = 1_000
REDIS_AWAY_SECONDS = float(os.environ.get("WSS_TEST_REDIS_AWAY", 4))
MANY = {"WSS_SOCKETS_PER_ADDRESS": "5000"}


# Who sends and does not read is cut off sooner than it would be.
SHORT = {"wallstreetsim.api.server.websockets.CLOSING_SECONDS": 2.0}


@pytest.fixture(scope="module")
def own_web(hall: LiveHall, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """A web process of this module's own; whose test kills it is the last to have it."""
    web = Web(tmp_path_factory.mktemp("own") / "web.log", waits=SHORT, **MANY)
    wait_until_told(web)
    yield web
    web.kill()


def still_serves(hall: LiveHall, web: Web) -> None:
    with spectator(web) as client:
        hall.tick()
        assert client.hear_type("tick:update")["seq"] == hall.row.tick


# Clients that mean harm


def test_a_megabyte_in_one_frame_is_refused_before_it_is_gathered(hall: LiveHall, web: Web) -> None:
    with spectator(web) as client:
        with pytest.raises(ConnectionClosed):
            for _ in range(100):
                client.socket.send("x" * (1 << 20))
        assert client.closing_code() in (1009, None)
    still_serves(hall, web)


def test_a_message_without_end_is_ended(hall: LiveHall, web: Web) -> None:
    with spectator(web) as client:
        with pytest.raises(ConnectionClosed):
            client.socket.send(itertools.repeat("x" * 1_000))
        assert client.closing_code() in (1009, None)
    still_serves(hall, web)


TEXT, BINARY, CONTINUATION, PING, PONG = 0x1, 0x2, 0x0, 0x9, 0xA
FINAL = 0x80


def frame(opcode: int, payload: bytes = b"", *, length: int | None = None) -> bytes:
    """Return a frame as a client sends one, masked with noughts; it may claim another length."""
    size = len(payload) if length is None else length
    lengths = ((125, bytes([0x80 | size % 128])), (0xFFFF, b"\xfe" + size.to_bytes(8)[6:]))
    told = next((told for most, told in lengths if size <= most), b"\xff" + size.to_bytes(8))
    head = bytes([opcode]) + told
    return head + bytes(4) + payload


def push(client: Spectator, data: bytes) -> None:
    client.socket.socket.sendall(data)


def push_without_end(client: Spectator, data: bytes) -> None:
    """Send the same again and again, until there is nobody to send it to."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    with pytest.raises(OSError):
        while time.monotonic() < deadline:
            push(client, data)


ENDLESS = {
    "empty fragments": (frame(TEXT, b"x"), frame(CONTINUATION) * 100),
    "nothing but empty fragments": (frame(TEXT), frame(CONTINUATION) * 10_000),
    "fragments of a byte": (frame(BINARY, b"x"), frame(CONTINUATION, b"x") * 100),
    "large fragments": (frame(TEXT, b"x"), frame(CONTINUATION, b"x" * 5_000)),
    "pings within a message": (frame(TEXT, b"x"), frame(FINAL | PING, b"x" * 125) * 100),
    "pongs within a message": (frame(TEXT, b"x"), frame(FINAL | PONG) * 100),
    "pings and fragments": (frame(TEXT), (frame(CONTINUATION) + frame(FINAL | PING)) * 100),
    "pings": (b"", frame(FINAL | PING, b"x" * 125) * 100),
}


def test_endless_frames_are_ended_and_not_kept(hall: LiveHall, own_web: Web) -> None:
    """All kinds at once, for each is cut off only when it has had its time to answer."""
    with spectator(own_web) as witness, ExitStack() as stack:
        clients = {
            kind: stack.enter_context(spectator(own_web, close_timeout=0.1)) for kind in ENDLESS
        }
        before = own_web.megabytes

        def attack(kind: str) -> None:
            first, again = ENDLESS[kind]
            push(clients[kind], first)
            push_without_end(clients[kind], again)

        with ThreadPoolExecutor(len(ENDLESS)) as attackers:
            list(attackers.map(attack, ENDLESS))
        for kind, client in clients.items():
            assert client.closing_code() in (1009, 4429, None), kind
        assert own_web.megabytes < before + 5
        hall.tick()
        assert witness.hear_type("tick:update")["seq"] == hall.row.tick


def test_a_message_of_too_many_fragments_is_refused_though_they_come_slowly(web: Web) -> None:
    with spectator(web) as client:
        push(client, frame(TEXT, b"{"))
        for _ in range(70):
            push(client, frame(CONTINUATION))
            time.sleep(0.02)
        assert client.closing_code() == 1009


def test_a_length_alone_is_enough_to_be_refused(web: Web) -> None:
    for opcode in (FINAL | TEXT, BINARY):
        with spectator(web) as client:
            push(client, frame(opcode, length=1 << 30))
            assert client.closing_code() == 1009


def test_a_message_may_come_in_fragments_with_pings_between_them(web: Web) -> None:
    text = b'{"type": "ping", "id": "in pieces"}'
    with spectator(web) as client:
        for _ in range(3):
            push(client, frame(TEXT))
            for letter in text:
                push(client, frame(CONTINUATION, bytes([letter])))
                if letter == ord(":"):
                    push(client, frame(FINAL | PING, b"are you there?"))
            push(client, frame(FINAL | CONTINUATION))
            assert client.hear_type("pong")["id"] == "in pieces"


@pytest.mark.parametrize(
    "payload", [b"\xff\xfe", b'{"type": "ping", "id": "\xc3"}', b"\xed\xa0\x80"]
)
def test_what_is_not_utf_8_closes_its_own_socket_only(
    hall: LiveHall, web: Web, payload: bytes
) -> None:
    with spectator(web) as witness, spectator(web) as client:
        client.socket.protocol.send_text(payload)
        for data in client.socket.protocol.data_to_send():
            client.socket.socket.sendall(data)
        assert client.closing_code() == 1007
        assert witness.ask("ping")["type"] == "pong"


def test_ten_thousand_subscribes_hold_nobody_up(hall: LiveHall, web: Web) -> None:
    with spectator(web) as witness, spectator(web) as client:
        try:
            for _ in range(10_000):
                client.say("subscribe", channels=["market:all"])
        except ConnectionClosed:
            pass
        assert client.closing_code() in (4429, None)
        hall.tick()
        assert witness.hear_type("tick:update")["seq"] == hall.row.tick


# Crowds


class Follower:
    """A spectator that keeps what it was told, wherever it is connected."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.seqs: list[int] = []
        self.socket: ClientConnection | None = None

    async def connect(self, turn: asyncio.Semaphore) -> None:
        async with turn:
            self.socket = await connect(self.url, open_timeout=60, compression=None)
        greeting = orjson.loads(await self.socket.recv())
        if not self.seqs:
            self.seqs = [greeting["tick"]]

    async def resume(self) -> None:
        assert self.socket
        frame = {"type": "resume", "epoch": 1, "since": {"public": self.seqs[-1]}}
        await self.socket.send(orjson.dumps(frame).decode())

    async def follow(self, upto: int) -> None:
        """Read until this seq has been told, live or as something missed."""
        assert self.socket
        while self.seqs[-1] < upto:
            frame = orjson.loads(await asyncio.wait_for(self.socket.recv(), 60))
            if frame["type"] == "tick:update":
                self.seqs.append(frame["seq"])
            elif frame["type"] == "recovery:batch":
                self.seqs += [entry["seq"] for entry in frame["entries"]]

    def break_off(self) -> None:
        assert self.socket
        self.socket.transport.abort()


def test_a_thousand_come_back_at_once_and_miss_nothing(hall: LiveHall, own_web: Web) -> None:
    followers = [Follower(own_web.url) for _ in range(CROWD)]
    witness = Follower(own_web.url)

    async def run() -> None:
        turn = asyncio.Semaphore(100)
        await witness.connect(turn)
        await asyncio.gather(*(one.connect(turn) for one in followers))
        last = await tick(3)
        await asyncio.gather(*(one.follow(last) for one in followers))
        for one in followers:
            one.break_off()
        await witness.follow(await tick(3))  # else one may be told live before it resumes
        at_once = asyncio.Semaphore(CROWD)
        await asyncio.gather(*(come_back(one, at_once) for one in followers))
        last = await tick(2)
        await asyncio.gather(*(one.follow(last) for one in followers))
        for one in [witness, *followers]:
            one.break_off()

    async def come_back(one: Follower, turn: asyncio.Semaphore) -> None:
        await one.connect(turn)
        await one.resume()

    async def tick(count: int) -> int:
        ticks = [await asyncio.to_thread(hall.tick) for _ in range(count)]
        return ticks[-1].outcome.tick

    begun = hall.row.tick
    asyncio.run(run())
    expected = list(range(begun, hall.row.tick + 1))
    wrong = [one.seqs for one in followers if one.seqs != expected]
    assert not wrong, (len(wrong), wrong[0])
    still_serves(hall, own_web)


# The loss of what it stands on


class Resuming:
    """A client that notes all that it is told and, elsewhere, resumes from there: from the last
    tick of which it has all.
    """

    def __init__(self, channels: list[str], secret: str | None) -> None:
        self.channels = channels
        self.secret = secret
        self.frames: list[dict[str, Any]] = []
        self.public = self.agent = 0

    def begin(self, client: Spectator) -> None:
        self.public = client.greeting["tick"]
        self._introduce(client)

    def resume(self, client: Spectator) -> None:
        self.frames = [f for f in self.frames if not self._is_of_a_torn_tick(f)]
        self._introduce(client)
        since = {"public": self.public} | ({"agent": self.agent} if self.secret else {})
        client.say("resume", epoch=1, since=since)

    def _introduce(self, client: Spectator) -> None:
        if self.secret:
            client.say("authenticate", apiKey=self.secret)
        client.say("subscribe", channels=self.channels)

    def listen(self, client: Spectator, upto: int | None) -> None:
        """Note what is told, until a tick has been told, or the line breaks."""
        try:
            while upto is None or self.public < upto:
                self.note(client.hear())
        except ConnectionClosed:
            assert upto is None

    def note(self, frame: dict[str, Any]) -> None:
        self.frames.append(frame)
        for stream, seq, _, type in told_in([frame]):
            if stream != "public":
                self.agent = max(self.agent, seq)
            elif type == "tick:update":
                self.public = max(self.public, seq)

    def _is_of_a_torn_tick(self, frame: dict[str, Any]) -> bool:
        return frame.get("stream") == "public" and frame["seq"] > self.public


def test_a_killed_web_process_loses_nobody_a_frame(
    hall: LiveHall, webs: list[Web], own_web: Web
) -> None:
    plans = [
        (["market:APEX", "trades"], None),
        (["market:all"], None),
        (["leaderboard", "book:APEX"], hall.secrets["ann"]),
        ([], hall.secrets["bob"]),
    ]
    clients = [Resuming(*plan) for plan in plans]
    script = "ann BUY 1 MARKET\nbob BUY 2 MARKET"
    begun = hall.row.tick
    own = {name: _head(hall, name) for name in ("ann", "bob")}
    for client, name in zip(clients[2:], ("ann", "bob"), strict=True):
        client.agent = own[name]
    with ticking(hall, script), ExitStack() as stack:
        sockets = [stack.enter_context(spectator(own_web, close_timeout=0.1)) for _ in clients]
        for client, socket in zip(clients, sockets, strict=True):
            client.begin(socket)
        for client, socket in zip(clients, sockets, strict=True):
            client.listen(socket, client.public + 5)
        own_web.kill()
        for client, socket in zip(clients, sockets, strict=True):
            client.listen(socket, None)
        elsewhere = [stack.enter_context(spectator(webs[1], close_timeout=0.1)) for _ in clients]
        for client, socket in zip(clients, elsewhere, strict=True):
            client.resume(socket)
        enough = hall.row.tick + 5
        for client, socket in zip(clients, elsewhere, strict=True):
            client.listen(socket, enough)
    for client in clients:
        told = told_in(client.frames)
        assert len(told) == len(set(told)), "nothing twice"
        ticks = sorted(seq for _, seq, channel, _ in told if channel == "tick")
        assert ticks == list(range(ticks[0], ticks[-1] + 1))
        assert ticks[0] > begun and ticks[-1] >= enough
        for channel in client.channels:
            seqs = {seq for _, seq, name, _ in told if name == channel}
            assert seqs == set(range(min(seqs), max(seqs) + 1)), channel
    for client, name in zip(clients[2:], ("ann", "bob"), strict=True):
        filled = {
            seq
            for stream, seq, _, type in told_in(client.frames)
            if stream == hall.channel(name) and type == "order:filled"
        }
        assert filled == set(range(min(filled), max(filled) + 1))
        assert len(filled) >= 8


def _head(hall: LiveHall, name: str) -> int:
    return tape.last_seq_at(epoch=1, stream=hall.agents[name].id, tick=hall.row.tick)


class Outage(NamedTuple):
    """A web process over a Redis that a test starts and kills; floors publish there, too."""

    web: Web
    socket: Path
    redis: Redis


@pytest.fixture(scope="module")
def outage(hall: LiveHall, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outage]:
    with TemporaryDirectory(prefix="wss-redis-", dir="/tmp") as directory:
        socket = Path(directory) / "redis.sock"
        url = f"unix://{socket}"
        web = Web(tmp_path_factory.mktemp("outage") / "web.log", REDIS_URL=url)
        with pytest.MonkeyPatch.context() as patch, Redis.from_url(url) as redis:
            patch.setattr(publishing, "_redis", lambda: redis)
            yield Outage(web, socket, redis)
        web.kill()


def test_redis_may_go_and_come_back(hall: LiveHall, outage: Outage) -> None:
    web = outage.web
    first = ExitStack()
    first.enter_context(redis_at(outage.socket))
    with ExitStack() as stack:
        stack.callback(first.close)
        wait_until_told(web)
        lone, own = (stack.enter_context(spectator(web, close_timeout=0.1)) for _ in range(2))
        own.ask("authenticate", apiKey=hall.secrets["cid"])
        begun = hall.row.tick
        hall.ticks(2)
        lone.seqs(hall.row.tick)
        first.close()
        for number in range(4):  # nobody is there to be told
            hall.tick(f"cid BUY 1 MARKET #away{number}")
        with pytest.raises(RedisError):
            outage.redis.ping()
        told = lone.seqs(hall.row.tick)
        assert told == list(range(begun + 3, begun + 7))
        filled = [hear_until(own, "order:filled")[-1]["data"][0] for _ in range(4)]
        assert [order["clientOrderId"] for order in filled] == [f"away{n}" for n in range(4)]
        with spectator(web) as newcomer:  # who is let in all the same
            assert newcomer.greeting["tick"] == hall.row.tick
            newcomer.subscribe("market:all")
        stack.enter_context(redis_at(outage.socket))
        hall.ticks(3)
        assert lone.seqs(hall.row.tick) == list(range(begun + 7, begun + 10))


def test_clients_that_listen_while_redis_is_away_end_complete(
    hall: LiveHall, outage: Outage
) -> None:
    """Redis is killed in the midst of things and comes back much later, empty."""
    plans = [
        (["market:all"], None),
        (["trades", "book:APEX"], None),
        (["leaderboard", "market:APEX"], hall.secrets["ann"]),
        ([], hall.secrets["bob"]),
    ]
    web, clients = outage.web, [Resuming(*plan) for plan in plans]
    with ExitStack() as stack:
        redis = stack.enter_context(ExitStack())
        redis.enter_context(redis_at(outage.socket))
        wait_until_told(web)
        sockets = [stack.enter_context(spectator(web, close_timeout=0.1)) for _ in clients]
        for client, socket in zip(clients, sockets, strict=True):
            client.begin(socket)
            socket.ask("ping")  # all that it listens to from here on is live
        begun = hall.row.tick

        def tick_for(seconds: float) -> None:
            until = time.monotonic() + seconds
            while time.monotonic() < until:
                hall.tick("ann BUY 1 MARKET\nbob BUY 2 MARKET")
                time.sleep(0.5)

        tick_for(1)
        redis.close()
        gone = hall.row.tick
        tick_for(REDIS_AWAY_SECONDS)
        back = hall.row.tick
        redis.enter_context(redis_at(outage.socket))
        tick_for(1)
        last = hall.row.tick
        hall.tick()
        for client, socket in zip(clients, sockets, strict=True):
            client.listen(socket, last + 1)
    for client in clients:
        told = told_in(client.frames)
        assert len(told) == len(set(told)), "nothing twice"
        for channel in ["tick", *client.channels]:
            seqs = dict.fromkeys(seq for _, seq, name, _ in told if name == channel)
            assert list(seqs)[: last - begun] == list(range(begun + 1, last + 1)), channel
    for client, name in zip(clients[2:], ("ann", "bob"), strict=True):
        own = [seq for stream, seq, _, _ in told_in(client.frames) if stream == hall.channel(name)]
        assert list(dict.fromkeys(own)) == list(range(own[0], own[0] + last - begun))
    print(
        f"ticks {begun + 1} to {last}, {back - gone} of them without Redis: {len(clients)} complete"
    )


@contextmanager
def redis_at(socket: Path) -> Iterator[None]:
    """Run a Redis that nobody else uses; it is killed in the end."""
    options = ["--port", "0", "--save", "", "--unixsocket", str(socket)]
    program = str(redis_program("redis-server"))
    server = subprocess.Popen(
        [program, *options, "--dir", str(socket.parent)], stdout=subprocess.DEVNULL
    )
    try:
        while not socket.exists():
            assert server.poll() is None
            time.sleep(0.01)
        yield
    finally:
        server.kill()
        server.wait()
        socket.unlink(missing_ok=True)
