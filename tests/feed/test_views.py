"""The sockets of the research desk in two web processes: a client that knows what it must hear."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import orjson
import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client as Browser
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from market import tape
from market.common.bulk import send
from market.tape import RESEARCH_STREAM
from news.research.alerting import Admission
from news.research.events import Alert, Insight, Narrative, ResearchEvent, Signal, SignalClosed
from news.research.runner import Cursor, Page
from tests.feed.conftest import SOCKETS_PER_ADDRESS
from tests.feed.live import (
    LiveHall,
    Web,
    closing_code,
    metrics_of,
    narrow_socket,
    spectator,
    wait_until_left,
)
from tests.feed.test_stats import eventually_showing
from tests.stack.running import PATIENCE_SECONDS, eventually
from wallstreetsim.api import limits
from wallstreetsim.api.limits import Limit
from wallstreetsim.feed.publishing import publish_research

pytestmark = pytest.mark.django_db

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


@pytest.fixture
def desk(hall: LiveHall) -> Desk:
    return Desk(hall)


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


# What comes


@pytest.mark.parametrize("prefix", ["/ws", "/api/v1/ws"])
def test_each_socket_hears_all_of_its_view_and_nothing_else(
    desk: Desk, web: Web, prefix: str
) -> None:
    with ExitStack() as stack:
        heard = {path: stack.enter_context(listener(web, path, prefix)) for path in PATHS}
        desk.say(alert(), signal("s1"), insight("macro"))
        desk.say(insight("market"), alert("NEXUS talk", "NEXUS", None))
        desk.say(signal("s2", "NEXUS"), NARRATIVE, insight("macro", "APEX"), closed("s1"))
        last = desk.say(alert("end"), insight("macro"), NARRATIVE)
        told = {
            path: [gist(message) for message in client.hear_until(last)]
            for path, client in heard.items()
            if path != "unified"
        }
        unified: list[tuple[str, str]] = []
        while len(unified) < 12:
            unified.append(gist(heard["unified"].hear()))
    a_macro, a_signal, a_story = (
        ("agent_insight", "MacroAgent"),
        ("signal", "s1 OPEN"),
        ("narrative", "All."),
    )
    assert unified == [
        *[("alert", "APEX falls"), a_signal, a_macro],
        *[("agent_insight", "MarketAgent"), ("alert", "NEXUS talk")],
        *[("signal", "s2 OPEN"), a_story, a_macro, ("signal", "s1 CLOSED")],
        *[("alert", "end"), a_macro, a_story],
    ]
    assert told == {
        "market/APEX": [
            *[("alert", "APEX falls"), a_signal, a_macro, ("signal", "s1 CLOSED")],
            ("alert", "end"),
        ],
        "signals": [
            *[("alert", "APEX falls"), a_signal, ("signal", "s2 OPEN"), ("signal", "s1 CLOSED")],
            ("alert", "end"),
        ],
        "agents/macro": [a_macro, a_macro, a_macro],
        "narrative": [a_story, a_story],
    }


def test_a_welcome_says_where_one_is(desk: Desk, hall: LiveHall, web: Web) -> None:
    seq = desk.say(NARRATIVE)
    wanted = {
        "unified": ("unified", {}),
        "market/aPeX": ("market_APEX", {"symbol": "APEX"}),
        "signals": ("signals", {}),
        "agents/MACROagent": ("agent_macro", {"agent": "MacroAgent"}),
        "narrative": ("narrative", {}),
    }
    eventually_at(web, seq)
    for path, (channel, more) in wanted.items():
        with listener(web, path) as client:
            welcome = client.welcome
        assert welcome["channel"] == channel
        assert {name: welcome.get(name) for name in more} == more
        assert "T" in welcome["timestamp"] and channel in welcome["message"]
        assert (welcome["stream"], welcome["seq"], welcome["tick"]) == (
            *("research", seq),
            hall.row.tick,
        )


def eventually_at(web: Web, seq: int) -> None:
    """Wait until a web process has heard of an entry of the desk."""

    def is_heard_of() -> bool:
        with listener(web, "narrative") as client:
            return bool(client.welcome["seq"] == seq)

    eventually(is_heard_of)


def test_a_company_s_prices_are_the_price_update_in_the_terminal_s_form(
    hall: LiveHall, web: Web
) -> None:
    with listener(web, "market/apex") as client, spectator(web) as contract:
        contract.subscribe("market:APEX")
        hall.tick("ann BUY 10 MARKET")
        hall.tick("ann SELL 10 MARKET")
        for _ in range(2):
            told = client.hear()
            frame = contract.hear_type("price:update")
            assert (told["type"], told["stream"]) == ("market_data", "public")
            assert (told["seq"], told["tick"]) == (frame["seq"], frame["tick"])
            assert told["timestamp"] == frame["timestamp"]
            assert told["symbol"] == told["data"]["symbol"] == "APEX"
            assert told["data"]["previous_price"] == frame["data"]["previousPrice"]
            assert told["data"]["change_percent"] == frame["data"]["changePercent"]
            assert len(told["data"]) == len(frame["data"])
    assert told["data"]["price"] == hall.price("APEX")


def test_both_web_processes_say_the_same(desk: Desk, hall: LiveHall, webs: list[Web]) -> None:
    with ExitStack() as stack:
        clients = [stack.enter_context(listener(web, "market/APEX")) for web in webs]
        hall.ticks(2)
        desk.say(alert())
        hall.ticks(1)
        last = desk.say(signal("s1"))
        one, other = (
            [{**message, "prev": None} for message in client.hear_until(last)] for client in clients
        )
    assert sorted(map(json.dumps, one)) == sorted(map(json.dumps, other))
    assert {message["type"] for message in one} == {"market_data", "alert", "signal"}


def test_what_nobody_published_is_told_from_the_tape(desk: Desk, hall: LiveHall, web: Web) -> None:
    with listener(web, "unified") as client:
        desk.say(alert("silent"), is_published=False)
        last = desk.say(alert("loud"))
        assert [gist(one)[1] for one in client.hear_until(last)] == ["silent", "loud"]
        quiet = desk.say(alert("quiet"), is_published=False)  # the next quiet while finds it
        assert [gist(one)[1] for one in client.hear_until(quiet)] == ["quiet"]


def test_who_did_not_ask_for_research_hears_no_more_than_before(
    desk: Desk, hall: LiveHall, web: Web
) -> None:
    with spectator(web) as client, listener(web, "unified") as sign:
        last = desk.say(alert(), signal("s1"), NARRATIVE)
        sign.hear_until(last)
        hall.tick()
        assert client.hear()["type"] == "tick:update"


# Names


@pytest.mark.parametrize(
    ("path", "says"),
    [("market/ENRON", "no such company"), ("agents/madoff", "There are: market, signal")],
)
def test_what_is_unknown_is_refused_with_what_there_is(web: Web, path: str, says: str) -> None:
    with connect(address(web, path)) as socket:
        answer = orjson.loads(socket.recv(timeout=PATIENCE_SECONDS))
        assert (answer["type"], answer["code"]) == ("error", "NOT_FOUND")
        assert says in answer["message"]
        assert closing_code(socket) == 4404


@pytest.mark.parametrize("path", ["nowhere", "market", "agents", "unified/APEX", "market/APEX/x"])
def test_there_are_no_other_sockets(web: Web, path: str) -> None:
    with pytest.raises(InvalidStatus), connect(address(web, path)):
        pass


@pytest.mark.parametrize("analyst", ["darkpool", "GammaAgent", "OPTIONS"])
def test_an_analyst_whose_venue_is_not_open_says_so(web: Web, analyst: str) -> None:
    with listener(web, f"agents/{analyst}") as client:
        assert " yet" in client.welcome["message"]
        assert client.ask({"type": "ping"})["type"] == "pong"


# What a client may say


def test_a_ping_is_answered_with_its_id(web: Web) -> None:
    for path in PATHS:
        with listener(web, path) as client:
            answer = client.ask({"type": "ping", "id": "a"})
            assert (answer["type"], answer["id"]) == ("pong", "a")
            assert "T" in answer["timestamp"]


@pytest.mark.parametrize(
    "rubbish",
    [
        *["", "ping", "{", "[]", "null", "{}", '{"type": 1}', '{"type": "subscribe"}'],
        *['{"type": "authenticate", "apiKey": "x"}', '{"type": "ping", "x": 1}', "\u0000"],
        *['{"type": "resume"}', '{"type": "resume", "epoch": 1, "since": {}}'],
        '{"type": "resume", "epoch": 1, "since": {"research": -1}}',
        '{"type": "resume", "epoch": 1, "since": {"research": 1, "agent": 1}}',
        "[" * 4_000,
    ],
)
def test_rubbish_is_answered_with_what_is_understood(web: Web, rubbish: str) -> None:
    with listener(web, "unified") as client:
        client.socket.send(rubbish)
        answer = client.hear()
        assert (answer["type"], answer["code"]) == ("error", "BAD_REQUEST")
        assert answer["understood"] == ["ping", "resume"] and "`ping`" in answer["message"]
        assert client.ask({"type": "ping"})["type"] == "pong"


def test_binary_is_answered_and_what_is_too_fast_is_closed(web: Web) -> None:
    with listener(web, "signals") as client:
        client.socket.send(b"\x00")
        assert client.hear()["code"] == "BAD_REQUEST"
        with suppress(ConnectionClosed):
            for _ in range(60):
                client.say({"type": "ping"})
        assert closing_code(client.socket) == 4429


def test_a_foreign_page_is_refused_in_the_handshake(web: Web) -> None:
    for path in PATHS:
        with (
            pytest.raises(InvalidStatus),
            connect(address(web, path), additional_headers={"Origin": "https://evil.example"}),
        ):
            pass


# Coming back


@pytest.mark.parametrize("path", PATHS)
def test_who_comes_back_at_another_process_is_told_what_it_missed_once(
    desk: Desk, hall: LiveHall, webs: list[Web], path: str
) -> None:
    with listener(webs[0], path) as before:
        last = desk.say(alert("first"), insight("macro"), NARRATIVE)
        before.hear_until(last)
        has = {"research": last}
        if path.startswith("market"):
            hall.tick("ann BUY 10 MARKET")
            has["public"] = before.hear()["seq"]
    desk.say(alert("missed 1"), insight("macro"), NARRATIVE)
    hall.tick("ann BUY 5 MARKET")
    missed = desk.say(alert("missed 2"), insight("macro"), NARRATIVE)
    eventually_at(webs[1], missed)
    with listener(webs[1], path) as client:
        epoch = client.welcome["epoch"]
        client.say({"type": "resume", "id": 7, "epoch": epoch, "since": has})
        live = desk.say(alert("live"), insight("macro"), NARRATIVE)
        heard: list[dict[str, Any]] = []
        while not heard or heard[-1].get("seq") != live:
            heard.append(client.receive())
        start = heard.index(next(one for one in heard if one["type"] == "recovery_start"))
        end = heard.index(next(one for one in heard if one["type"] == "recovery_complete"))
        assert heard[start]["gap"] is False and heard[start]["id"] == heard[end]["id"] == 7
        told = heard[start + 1 : end]
        assert heard[end]["messages"] == len(told)
        seqs = [one["seq"] for one in told if one["stream"] == "research"]
        assert sorted(set(seqs)) == [missed - 1, missed]
        prev = dict(has)
        for one in told:
            assert one["prev"] == prev[one["stream"]]
            prev[one["stream"]] = one["seq"]
        if path.startswith("market"):
            assert [gist(one)[0] for one in told] == ["alert", "market_data", "alert"]
        assert heard[-1]["seq"] == live and heard[-1]["prev"] in (missed, live)


def test_a_client_that_was_there_all_the_time_has_missed_nothing(desk: Desk, web: Web) -> None:
    with listener(web, "unified") as client:
        last = desk.say(NARRATIVE)
        client.hear_until(last)
        since = {"research": client.welcome["seq"]}
        client.say({"type": "resume", "epoch": client.welcome["epoch"], "since": since})
        assert client.hear()["type"] == "recovery_start"
        end = client.hear()
        assert (end["type"], end["messages"]) == ("recovery_complete", 0)


@pytest.mark.parametrize(
    ("epoch", "since"), [(99, 1), (1, 1_000_000)], ids=["another world", "the future"]
)
def test_a_position_that_the_tape_does_not_know_is_a_gap(
    desk: Desk, web: Web, epoch: int, since: int
) -> None:
    desk.say(NARRATIVE)
    with listener(web, "unified") as client:
        client.say({"type": "resume", "epoch": epoch, "since": {"research": since}})
        assert client.hear()["gap"] is True
        end = client.hear()
        assert (end["type"], end["gap"], end["messages"]) == ("recovery_complete", True, 0)
        last = desk.say(alert("live"))
        assert gist(client.hear_until(last)[-1]) == ("alert", "live")


# Limits


def test_all_sockets_of_an_address_share_one_limit(web: Web, hall: LiveHall) -> None:
    wait_until_left(web)
    with ExitStack() as stack:
        for number in range(SOCKETS_PER_ADDRESS - 1):
            stack.enter_context(listener(web, PATHS[number % len(PATHS)]))
        stack.enter_context(spectator(web))
        with connect(address(web, "unified")) as socket:
            assert closing_code(socket) == 4430


def test_who_never_reads_is_closed_and_holds_nobody_up(
    desk: Desk, hall: LiveHall, web: Web
) -> None:
    slow = 'wss_feed_closed_total{reason="slow_consumer"}'
    before = metrics_of(web)[slow]
    sockets = [narrow_socket(web.port) for _ in range(2)]
    long = Narrative(1, "x" * 60_000, {}, 50, (), ())
    with ExitStack() as stack:
        silent = [
            stack.enter_context(
                connect(address(web, path), sock=socket, max_queue=1, compression=None)
            )
            for socket, path in zip(sockets, ("unified", "narrative"), strict=True)
        ]
        reader = stack.enter_context(listener(web, "narrative", max_size=None))
        for _ in range(400):
            seq = desk.say(*[long] * 4)
            assert {gist(one)[0] for one in reader.hear_until(seq)} == {"narrative"}
            for _ in range(3):  # the others of the entry
                reader.hear()
            if metrics_of(web)[slow] >= before + 2:
                break
        else:
            raise AssertionError("who reads nothing is still served")
        for socket in silent:
            socket.socket.close()


# Statistics


def test_everybody_sees_how_many_listen_where_and_staff_each_socket(
    desk: Desk, hall: LiveHall, webs: list[Web], client: Browser
) -> None:
    def figures() -> dict[str, Any]:
        return dict(client.get("/api/v1/ws/stats").json()["data"])

    channels = {"unified": 2, "market_APEX": 1}
    with (
        listener(webs[0], "unified") as one,
        listener(webs[1], "unified"),
        listener(webs[1], "market/APEX"),
        spectator(webs[0]),
    ):
        last = desk.say(alert(), alert("again", "NEXUS"))
        one.hear_until(last)
        found = eventually_showing(figures, connections=4, channels=channels)
        assert "sockets" not in found and "each" not in found
        client.force_login(User.objects.create(username="op", is_staff=True))
        sockets = eventually_showing(figures, connections=4, channels=channels)["sockets"]
        listed = [(socket["channel"], socket["messagesSent"]) for socket in sockets]
        assert ("unified", 3) in listed and len(listed) == 4  # the welcome and two alerts
        assert {channel for channel, _ in listed} == {"unified", "market_APEX", "feed"}
        assert all("T" in socket["since"] for socket in sockets)


def test_the_statistics_count_against_an_address(
    db: None, client: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert client.get("/ws/stats?x=1").status_code == 400
    monkeypatch.setitem(limits.LIMITS, "requests", (Limit(10, 600),))
    elsewhere = "192.0.2.77"  # nobody else's
    answers = [client.get("/ws/stats", REMOTE_ADDR=elsewhere).status_code for _ in range(11)]
    assert answers == [200] * 10 + [429]


def test_a_socket_without_a_word_is_served_for_as_long_as_it_reads(desk: Desk, web: Web) -> None:
    with listener(web, "signals") as client:
        for number in range(5):
            desk.say(signal(f"s{number}"))
        last = desk.say(signal("last"))
        assert len(client.hear_until(last)) == 6
