"""The sockets of the research desk in two web processes: what comes there, and what may be said."""

from __future__ import annotations

import json
from contextlib import ExitStack, suppress

import orjson
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from tests.feed.desk_views import (
    NARRATIVE,
    PATHS,
    Desk,
    address,
    alert,
    closed,
    eventually_at,
    gist,
    insight,
    listener,
    signal,
)
from tests.feed.live import LiveHall, Web, closing_code, spectator
from tests.stack.running import PATIENCE_SECONDS

pytestmark = pytest.mark.django_db


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


@pytest.mark.parametrize("path", PATHS)
def test_rubbish_disturbs_no_view(desk: Desk, web: Web, path: str) -> None:
    with listener(web, path) as client:
        for rubbish in ("{", '{"type": "subscribe", "channels": ["research"]}', "\u0000", b"\xff"):
            client.socket.send(rubbish)
        last = desk.say(alert(), insight("macro"), NARRATIVE)
        heard = [client.hear() for _ in range(5 if path != "unified" else 7)]
    assert [one["code"] for one in heard if one["type"] == "error"] == ["BAD_REQUEST"] * 4
    assert {one["seq"] for one in heard if one["type"] != "error"} == {last}


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
