"""The sockets of the research desk: coming back, limits, who never reads, and the statistics."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client as Browser
from websockets.sync.client import connect

from tests.feed.conftest import SOCKETS_PER_ADDRESS
from tests.feed.desk_views import (
    NARRATIVE,
    PATHS,
    Desk,
    address,
    alert,
    eventually_at,
    gist,
    insight,
    listener,
    signal,
)
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
from wallstreetsim.api import limits
from wallstreetsim.api.limits import Limit

pytestmark = pytest.mark.django_db


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


@pytest.mark.parametrize("is_followed", [True, False])
def test_who_missed_nothing_of_its_view_sees_no_gap_in_what_follows(
    desk: Desk, webs: list[Web], is_followed: bool
) -> None:
    """Whether or not somebody has followed the view at the other process all along."""
    with ExitStack() as stack:
        if is_followed:
            stack.enter_context(listener(webs[1], "narrative"))
        last = desk.say(NARRATIVE)
        other = desk.say(alert("of no narrative"))
        eventually_at(webs[1], other)
        client = stack.enter_context(listener(webs[1], "narrative"))
        epoch = client.welcome["epoch"]
        client.say({"type": "resume", "epoch": epoch, "since": {"research": last}})
        assert client.receive()["type"] == "recovery_start"
        complete = client.receive()
        assert (complete["messages"], complete["upto"]["research"]) == (0, other)
        live = desk.say(NARRATIVE)
        assert last <= client.receive()["prev"] <= max(last, complete["upto"]["research"]) < live


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
    """On each of the five sockets, and on the channel `research` of /ws."""
    wait_until_left(web)
    slow = 'wss_feed_closed_total{reason="slow_consumer"}'
    before = metrics_of(web)[slow]
    long = "x" * 60_000
    said = (
        alert()._replace(description=long),
        insight("macro")._replace(text=long),
        NARRATIVE._replace(text=long),
    )
    silent: dict[str, Any] = {"max_queue": 1, "compression": None}
    with ExitStack() as stack:
        reader = stack.enter_context(listener(web, "narrative", max_size=None))
        sockets = []
        for path in (*PATHS, ""):
            where = address(web, path) if path else web.url
            narrow = narrow_socket(web.port)
            sockets.append(stack.enter_context(connect(where, sock=narrow, **silent)))
        sockets[-1].send('{"type": "subscribe", "channels": ["research"]}')
        for _ in range(400):
            seq = desk.say(*said * 4)
            assert {gist(one)[0] for one in reader.hear_until(seq)} == {"narrative"}
            for _ in range(3):  # the others of the entry
                reader.hear()
            if metrics_of(web)[slow] >= before + len(sockets):
                break
        else:
            raise AssertionError("who reads nothing is still served")
        for socket in sockets:
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
