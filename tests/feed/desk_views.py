"""A research desk that says what a test has it say, and clients of its views who miss nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import orjson
from django.db import connection
from websockets.sync.client import ClientConnection, connect

from market import tape
from market.common.bulk import send
from market.tape import RESEARCH_STREAM
from news.research.alerting import Admission
from news.research.events import Alert, Insight, Narrative, ResearchEvent, Signal, SignalClosed
from news.research.runner import Cursor, Page
from tests.feed.live import LiveHall, Web
from tests.stack.running import PATIENCE_SECONDS, eventually
from wallstreetsim.feed.publishing import publish_research

PATHS = ("unified", "market/APEX", "signals", "agents/macro", "narrative")


class Desk:
    """Says what a test has it say, as the desk does: an entry of the tape, then a notice."""

    def __init__(self, hall: LiveHall) -> None:
        self.hall = hall

    def say(self, *events: ResearchEvent, is_published: bool = True) -> int:
        """Return the seq of the entry in which these things are said."""
        return self.hall.committed(lambda: self._say(events, is_published))

    def _say(self, events: tuple[ResearchEvent, ...], is_published: bool) -> int:
        row = self.hall.row
        extent = tape.extent(epoch=row.epoch, stream=RESEARCH_STREAM)
        seq = extent.last + 1 if extent else 1
        told = [
            {"type": one.type, "channel": "research", "data": [one.as_item()]} for one in events
        ]
        assert row.claimed_at is not None
        at = (row.epoch, RESEARCH_STREAM, seq, row.tick, row.claimed_at)
        entry = tape.Entry(*at, tape.encode(told))
        with connection.cursor() as cursor:
            send(cursor, tape.append([entry]))
        page = Page(1, Admission((), (), 0), [entry], Cursor(row.epoch, row.tick, seq))
        if is_published:
            publish_research(page)
        return seq


def alert(
    title: str = "APEX falls", symbol: str | None = "APEX", side: str | None = "SELL"
) -> Alert:
    return Alert(1, "selloff", "selloff", symbol, title, "Fast.", 1, (("a", "b"),), 1.0, side)


def signal(id: str, symbol: str = "APEX") -> Signal:
    return Signal(
        tick=1,
        id=id,
        symbol=symbol,
        action="SELL",
        entry=10_000,
        target=9_000,
        stop=10_500,
        confidence=61,
        tier="HIGH",
        kind="selloff",
        rationale="It falls.",
        factors=("falls",),
        warnings=(),
        risk_reward=2.0,
        size=10,
        account=10_000_000,
        expires=90,
    )


def closed(id: str, symbol: str = "APEX") -> SignalClosed:
    return SignalClosed(2, id, "selloff", symbol, "TARGET", 10_000, 9_000, 1_000, 400)


def insight(analyst: str, symbol: str | None = None) -> Insight:
    return Insight(1, analyst, f"{analyst} speaks.", 50, (), (), {"ratePercent": 5.0}, symbol)


NARRATIVE = Narrative(1, "All.", {"TECHNOLOGY": "bullish"}, 50, (), ("s1",))


class Listener:
    """A client of one view, which fails when a message is missing, comes twice or out of order:
    each names the one before it, and the first the one that the welcome named.
    """

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.welcome = self.receive()
        assert self.welcome["type"] == "welcome", self.welcome
        self.last = {"research": self.welcome["prev"], "public": self.welcome.get("public")}

    def receive(self) -> dict[str, Any]:
        return dict(orjson.loads(self.socket.recv(timeout=PATIENCE_SECONDS)))

    def hear(self) -> dict[str, Any]:
        """Return the next message."""
        message = self.receive()
        if "prev" in message:
            stream, seq = message["stream"], message["seq"]
            assert message["prev"] == self.last[stream], (message, self.last)
            assert seq >= message["prev"]
            self.last[stream] = seq
        return message

    def hear_until(self, seq: int) -> list[dict[str, Any]]:
        """Return what is said up to an entry of the desk, which the view must show."""
        heard: list[dict[str, Any]] = []
        while not heard or heard[-1].get("seq") != seq or heard[-1]["stream"] != "research":
            heard.append(self.hear())
        return heard

    def say(self, message: object) -> None:
        self.socket.send(json.dumps(message))

    def ask(self, message: object) -> dict[str, Any]:
        """Say something and return what is answered."""
        self.say(message)
        while "prev" in (answer := self.hear()):
            continue
        return answer


def address(web: Web, path: str, prefix: str = "/ws") -> str:
    return web.url.removesuffix("/ws") + f"{prefix}/{path}"


@contextmanager
def listener(web: Web, path: str, prefix: str = "/ws", **options: Any) -> Iterator[Listener]:
    with connect(address(web, path, prefix), **options) as socket:
        yield Listener(socket)


def gist(message: dict[str, Any]) -> tuple[str, str]:
    """Return what a message says, in short."""
    match message["type"]:
        case "alert":
            told = message["embed"]["title"]
        case "signal":
            told = f"{message['signal']['id']} {message['signal']['status']}"
        case "agent_insight":
            told = message["agent"]
        case "narrative":
            told = message["narrative"]["text"]
        case _:
            told = message["symbol"]
    return message["type"], told


def eventually_at(web: Web, seq: int) -> None:
    """Wait until a web process has heard of an entry of the desk."""

    def is_heard_of() -> bool:
        with listener(web, "narrative") as client:
            return bool(client.welcome["seq"] == seq)

    eventually(is_heard_of)
