from __future__ import annotations

from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path

import pytest
from django.core.management import call_command
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin

from agents.services import keys
from market.models import TapeEntry
from tests.feed.conftest import SOCKETS_PER_ADDRESS
from tests.feed.live import LiveHall, Web, closing_code, spectator, wait_until_left
from wallstreetsim.api.server.frame_guard import BURST
from wallstreetsim.feed.socket_messages import SessionEnded, send_from_thread

pytestmark = pytest.mark.django_db


def test_a_newcomer_is_greeted_and_told_every_tick_from_then_on(hall: LiveHall, web: Web) -> None:
    with spectator(web) as client:
        assert (client.greeting["epoch"], client.greeting["tick"]) == (1, hall.row.tick)
        assert "market:all" in client.greeting["channels"]
        hall.ticks(3)
        assert client.seqs(hall.row.tick) == [client.greeting["tick"] + n for n in (1, 2, 3)]


def test_a_data_frame_says_what_it_is_where_it_stands_and_when(hall: LiveHall, web: Web) -> None:
    with spectator(web) as client:
        tick = hall.tick().outcome.tick
        frame = client.hear()
    assert list(frame) == ["type", "channel", "stream", "seq", "tick", "timestamp", "data"]
    assert (frame["type"], frame["channel"], frame["stream"]) == ("tick:update", "tick", "public")
    assert frame["seq"] == frame["tick"] == frame["data"]["tick"] == tick


def test_each_channel_is_granted_with_a_snapshot_or_refused_with_a_reason(web: Web) -> None:
    wanted = ["market:all", "market:APEX", "leaderboard", "news"]
    unwanted = ["market:NONE", "market:*", "*", "agent:1", "prices", "", "x" * 300, "book:NONE"]
    with spectator(web) as client:
        reply = client.ask("subscribe", id="s1", channels=wanted + unwanted)
        snapshots = [client.hear_type("snapshot") for _ in wanted[:3]]
    assert (reply["type"], reply["id"], reply["success"]) == ("subscribed", "s1", False)
    assert reply["subscribed"] == wanted
    assert [refused["channel"] for refused in reply["rejected"]] == unwanted
    assert all(refused["reason"] for refused in reply["rejected"])
    assert [snapshot["channel"] for snapshot in snapshots] == wanted[:3]


def test_a_company_s_channel_has_its_price_and_its_trades(hall: LiveHall, web: Web) -> None:
    with spectator(web) as client:
        client.subscribe("market:APEX", "market:NEXUS")
        hall.tick("ann BUY 10 APEX MARKET")
        hall.tick()
        told = client.hear_tick(hall.row.tick - 1)
    trades = [frame for frame in told if frame["type"] == "trade:executed"]
    assert [frame["data"]["symbol"] for frame in told if frame["type"] == "price:update"] == [
        "APEX",
        "NEXUS",
    ]
    assert [frame["channel"] for frame in trades] == ["market:APEX"]
    assert sum(trade["quantity"] for trade in trades[0]["data"]) == 10
    assert trades[0]["totals"]["shares"] == 10


def test_the_tick_itself_is_the_last_of_its_public_frames(hall: LiveHall, web: Web) -> None:
    with spectator(web) as client:
        client.subscribe("market:all", "leaderboard", "book:APEX", "market:APEX")
        client.ask("subscribe", channels=["trades", "events"])
        hall.tick("ann BUY 10 APEX MARKET")
        last = hall.row.tick
        hall.tick()
        types = [frame["type"] for frame in client.hear_tick(last)]
    assert types[-1] == "tick:update"
    assert types.count("tick:update") == 1
    assert {"price:update", "book:update", "trade:executed", "leaderboard:update"} <= {*types}


def test_a_frame_that_holds_only_what_changed_says_so(hall: LiveHall, web: Web) -> None:
    with spectator(web) as client:
        client.ask("authenticate", apiKey=hall.secrets["ann"])
        snapshots = client.subscribe("market:all", "book:APEX", hall.channel("ann"))
        hall.tick("ann BUY 10 APEX MARKET")
        frames = [client.hear()]
        while frames[-1]["type"] != "portfolio:update":
            frames.append(client.hear())
    partial = {frame["type"] for frame in frames if frame.get("partial")}
    assert partial == {"price:update", "book:update", "portfolio:update"}
    assert all(frame["partial"] is True for frame in frames if "partial" in frame)
    assert not any("partial" in snapshot for snapshot in snapshots)


def test_frames_are_deflated_for_who_takes_it_and_plain_for_who_does_not(
    hall: LiveHall, web: Web
) -> None:
    with spectator(web) as deflated, spectator(web, compression=None) as plain:
        assert deflated.socket.response and plain.socket.response
        agreed = deflated.socket.response.headers["Sec-WebSocket-Extensions"]
        assert {part.strip() for part in agreed.split(";")} >= {
            "permessage-deflate",
            "server_no_context_takeover",
            "client_no_context_takeover",
        }
        assert "Sec-WebSocket-Extensions" not in plain.socket.response.headers
        snapshots = [client.subscribe("market:all") for client in (deflated, plain)]
        assert snapshots[0] == snapshots[1]
        hall.ticks(3)
        told = [client.hear_tick(hall.row.tick - 1) for client in (deflated, plain)]
        assert told[0] == told[1] != []


def test_unsubscribed_channels_are_silent_but_the_tick_stays(hall: LiveHall, web: Web) -> None:
    with spectator(web) as client:
        client.subscribe("market:all", "leaderboard")
        reply = client.ask("unsubscribe", channels=["market:all", "tick", "never had"])
        assert reply["channels"] == ["market:all"]
        hall.ticks(2)
        told = client.hear_tick(hall.row.tick - 1)
    assert [frame["channel"] for frame in told] == ["leaderboard", "tick"]


def test_what_cannot_be_understood_is_answered_in_our_json(web: Web) -> None:
    nonsense: list[str | bytes] = [
        "nonsense",
        "[]",
        "{}",
        '{"type": 1}',
        '{"type": "dance"}',
        '{"type": "ping", "id": []}',
        '{"type": "ping", "more": 1}',
        '{"type": "subscribe"}',
        '{"type": "subscribe", "channels": "tick"}',
        '{"type": "subscribe", "channels": [1]}',
        '{"type": "subscribe", "channels": []}',
        '{"type": "authenticate"}',
        '{"type": "authenticate", "apiKey": 1}',
        '{"type": "authenticate", "apiKey": "a", "token": "b"}',
        '{"type": "resume"}',
        '{"type": "resume", "epoch": 1, "since": 3}',
        '{"type": "resume", "epoch": 1, "since": {}}',
        '{"type": "resume", "since": {"public": 3}}',
        '{"type": "resume", "epoch": 1, "since": {"public": -1}}',
        '{"type": "resume", "epoch": 1, "since": {"public": true}}',
        '{"type": "resume", "epoch": 1, "since": {"public": 3, "other": 1}}',
        '{"type": "resume", "epoch": 1, "since": {"public": 3, "agent": 1}}',
        "[" * 5_000,
        b"\x00\xff",
    ]
    with spectator(web) as client:
        for frame in nonsense:
            client.socket.send(frame)
            reply = client.hear()
            assert (reply["type"], reply["code"]) == ("error", "BAD_REQUEST"), frame
            assert reply["message"]
        assert client.ask("ping", id=7)["id"] == 7


def test_a_refusal_names_what_may_be_sent(web: Web) -> None:
    with spectator(web) as client:
        said = client.ask("dance")["message"]
        assert said.endswith("There are: authenticate, subscribe, unsubscribe, resume, ping.")
        said = client.ask("authenticate", sessionToken="x")["message"]
        assert said == "`authenticate` has no field `sessionToken`. There are: apiKey, token."
        said = client.ask("authenticate")["message"]
        assert "`apiKey`" in said and "`token`" in said
        assert "send it as `token`" in client.ask("authenticate", apiKey="wticket_x")["error"]
        assert "send it as `apiKey`" in client.ask("authenticate", token="wss_x")["error"]


@pytest.mark.parametrize(
    "frame",
    [
        '{"id": "a1"}',
        '{"id": "a1", "type": 5}',
        '{"id": "a1", "type": "dance"}',
        '{"id": "a1", "type": "ping", "type": "ping"}',
        '{"id": "a1", "type": "subscribe", "channels": ["tick"], "channels": ["news"]}',
        '{"id": "a1", "type": "resume", "epoch": 1, "since": {"public": 1, "public": 2}}',
        '{"id": "a1", "type": "ping", "more": 1}',
    ],
)
def test_a_refusal_bears_the_id_of_what_it_refuses(web: Web, frame: str) -> None:
    with spectator(web) as client:
        client.socket.send(frame)
        reply = client.hear()
    assert (reply["type"], reply["code"], reply["id"]) == ("error", "BAD_REQUEST", "a1")


def test_an_agent_hears_of_its_own_orders_and_nobody_else_does(hall: LiveHall, web: Web) -> None:
    with spectator(web) as ann, spectator(web) as bob:
        for client, name in ((ann, "ann"), (bob, "bob")):
            reply = client.ask("authenticate", apiKey=hall.secrets[name])
            assert (reply["success"], reply["agentName"]) == (True, name)
        reply = ann.ask("subscribe", channels=[hall.channel("ann"), hall.channel("bob")])
        assert reply["subscribed"] == [hall.channel("ann")]
        hall.tick("ann BUY 5 MARKET #a1")
        filled = ann.hear_type("order:filled")
        assert (filled["channel"], filled["stream"]) == (hall.channel("ann"),) * 2
        assert filled["seq"] == TapeEntry.objects.filter(stream=hall.agents["ann"].id).count()
        assert filled["data"][0]["clientOrderId"] == "a1"
        hall.tick()
        assert [frame["type"] for frame in bob.hear_tick(hall.row.tick - 1)] == ["tick:update"]


def test_a_ticket_opens_one_socket(hall: LiveHall, web: Web) -> None:
    ticket = hall.ticket("ann")
    with spectator(web) as first, spectator(web) as second:
        assert first.ask("authenticate", token=ticket)["success"]
        assert not second.ask("authenticate", token=ticket)["success"]
        assert not first.ask("authenticate", apiKey=hall.secrets["bob"])["success"]


def test_the_third_wrong_key_closes_the_socket(web: Web) -> None:
    with spectator(web) as client:
        for _ in range(3):
            assert not client.ask("authenticate", apiKey="wss_wrong")["success"]
        assert client.closing_code() == 4401


def test_a_revoked_key_closes_what_it_opened_and_nothing_else(hall: LiveHall, web: Web) -> None:
    key, secret = hall.new_key("ann")
    with spectator(web) as one, spectator(web) as other:
        one.ask("authenticate", apiKey=secret)
        other.ask("authenticate", apiKey=hall.secrets["ann"])
        key.revoked_at = key.created_at
        hall.committed(key.save)
        assert one.closing_code() == 4401
        assert other.ask("ping")["type"] == "pong"


def test_a_key_revoked_without_a_word_closes_its_socket_all_the_same(
    hall: LiveHall, web: Web
) -> None:
    key, secret = hall.new_key("ann")
    with spectator(web) as client:
        client.ask("authenticate", apiKey=secret)
        hall.committed(
            lambda: type(key).objects.filter(id=key.id).update(revoked_at=key.created_at)
        )
        assert client.closing_code() == 4401


def test_who_talks_too_fast_is_shown_the_door(web: Web) -> None:
    with spectator(web) as client:
        with suppress(ConnectionClosed):
            for _ in range(BURST - 10):  # fewer than the guard of all frames lets pass
                client.say("ping")
        assert client.closing_code() == 4429


def test_who_talks_too_long_is_shown_the_door(web: Web) -> None:
    with spectator(web) as client:
        client.say("subscribe", channels=["é" * 9_000])
        assert client.closing_code() == 1009


def test_a_foreign_page_is_refused_in_the_handshake(web: Web) -> None:
    for origin in ("https://evil.example", "null", f"http://localhost:{web.port + 1}"):
        with pytest.raises(InvalidStatus) as refused, connect(web.url, origin=Origin(origin)):
            pass
        assert refused.value.response.status_code == 403
    with spectator(web, origin=Origin(f"http://127.0.0.1:{web.port}")):
        pass


def test_of_an_agents_sockets_the_sixth_replaces_the_oldest(hall: LiveHall, web: Web) -> None:
    wait_until_left(web)
    with ExitStack() as stack:
        clients = []
        for _ in range(6):
            clients.append(stack.enter_context(spectator(web)))
            assert clients[-1].ask("authenticate", apiKey=hall.secrets["cid"])["success"]
        assert clients[0].closing_code() == 4409
        hall.tick("cid BUY 1 MARKET")
        for client in clients[1:]:
            assert client.hear_type("order:filled")


def test_an_address_has_so_many_anonymous_sockets_at_most(hall: LiveHall, web: Web) -> None:
    wait_until_left(web)
    with ExitStack() as stack:
        first = stack.enter_context(spectator(web))
        for _ in range(SOCKETS_PER_ADDRESS - 1):
            stack.enter_context(spectator(web))
        with connect(web.url) as one_too_many:
            assert closing_code(one_too_many) == 4430
        first.ask("authenticate", apiKey=hall.secrets["ann"])  # and is anonymous no more
        stack.enter_context(spectator(web))


def test_a_web_process_that_stops_bids_its_clients_come_again(
    hall: LiveHall, tmp_path: Path
) -> None:
    web = Web(tmp_path / "web.log")
    with spectator(web) as client:
        web.stop()
        assert client.closing_code() == 1012


# Across processes


def test_a_key_revoked_anywhere_closes_its_sockets_in_every_process(
    hall: LiveHall, webs: list[Web]
) -> None:
    key, secret = hall.new_key("ann")
    with ExitStack() as stack:
        clients = [stack.enter_context(spectator(web)) for web in webs]
        for client in clients:
            assert client.ask("authenticate", apiKey=secret)["success"]
        key.revoked_at = key.created_at
        hall.committed(key.save)
        assert [client.closing_code() for client in clients] == [4401, 4401]


def test_a_session_that_ends_closes_the_sockets_of_its_tickets_in_every_process(
    hall: LiveHall, webs: list[Web]
) -> None:
    session, by_session = hall.session("ann")
    with ExitStack() as stack:
        other = stack.enter_context(spectator(webs[0]))
        assert other.ask("authenticate", token=hall.ticket("ann"))["success"]
        clients = [stack.enter_context(spectator(web)) for web in webs]
        for client in clients:
            assert client.ask("authenticate", token=by_session())["success"]
        left = by_session()
        hall.committed(lambda: keys.close_session(session))
        assert send_from_thread(SessionEnded(session.id))
        assert [client.closing_code() for client in clients] == [4401, 4401]
        assert other.ask("ping")["type"] == "pong"
        with spectator(webs[0]) as late:
            assert not late.ask("authenticate", token=left)["success"]


def test_a_session_that_ends_without_a_word_closes_its_sockets_all_the_same(
    hall: LiveHall, web: Web
) -> None:
    session, by_session = hall.session("ann")
    with spectator(web) as client:
        assert client.ask("authenticate", token=by_session())["success"]
        hall.committed(lambda: keys.close_session(session))
        assert client.closing_code() == 4401


def test_an_agents_sixth_socket_replaces_the_oldest_in_whichever_process_it_is(
    hall: LiveHall, webs: list[Web]
) -> None:
    for web in webs:
        wait_until_left(web)
    with ExitStack() as stack:
        clients = []
        for place in (0, 0, 0, 1, 1, 1):
            clients.append(stack.enter_context(spectator(webs[place])))
            assert clients[-1].ask("authenticate", apiKey=hall.secrets["cid"])["success"]
        assert clients[0].closing_code() == 4409
        assert all(client.ask("ping")["type"] == "pong" for client in clients[1:])


def test_an_operators_notice_is_heard_in_every_process(hall: LiveHall, webs: list[Web]) -> None:
    with ExitStack() as stack:
        clients = [stack.enter_context(spectator(web)) for web in webs]
        for text in ("The server restarts at noon.", ""):
            hall.committed(partial(call_command, "site", "notice", text))
            assert [client.hear_type("notice")["text"] for client in clients] == [text] * 2
