"""A row of the tape that cannot be read: whoever reads it says so, and goes on after it."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client as Browser

from market import tape
from market.tape import RESEARCH_STREAM
from tests.damage import damage
from tests.feed.desk_views import Desk, alert, eventually_at, gist, listener
from tests.feed.live import Frame, LiveHall, Web, metrics_of, spectator
from tests.feed.test_recovery import hear_recovery, hear_until
from wallstreetsim.feed import selectors

pytestmark = pytest.mark.django_db

FOUND = "wss_tape_damaged_total"


def damaged(hall: LiveHall, *, stream: int = 0, seq: int) -> None:
    hall.committed(lambda: damage(stream=stream, seq=seq))


def entries_in(frames: list[Frame]) -> list[tuple[str, int]]:
    """Return what was told of the past, as (stream, seq)."""
    batches = [frame for frame in frames if frame["type"] == "recovery:batch"]
    return [(e["stream"].partition(":")[0], e["seq"]) for b in batches for e in b["entries"]]


def test_who_resumes_over_a_damaged_public_entry_is_shown_how_all_stands(
    hall: LiveHall, web: Web
) -> None:
    since = hall.row.tick
    hall.ticks(5)
    damaged(hall, seq=since + 3)
    with spectator(web) as client:
        client.subscribe("market:all", "book:APEX")
        for _ in range(2):  # again, by what the process remembers
            client.say("resume", epoch=1, since={"public": since})
            *told, complete = hear_recovery(client)
            assert entries_in(told) == [("public", since + 1), ("public", since + 2)]
            shown = {f["channel"]: f["seq"] for f in told if f["type"] == "snapshot"}
            assert shown == dict.fromkeys(("tick", "market:all", "book:APEX"), since + 5)
            assert (complete["gap"], complete["public"]) == (True, since + 5)
        hall.tick()
        assert client.hear_type("tick:update")["seq"] == since + 6
        client.say("resume", epoch=1, since={"public": since + 3})
        *told, complete = hear_recovery(client)
        assert not complete["gap"]
        assert entries_in(told)[0] == ("public", since + 4)
    assert metrics_of(web)[FOUND] >= 1


def test_who_resumes_over_a_damaged_entry_of_its_own_is_shown_its_portfolio(
    hall: LiveHall, web: Web
) -> None:
    own, channel = hall.agents["ann"].id, hall.channel("ann")
    since = hall.row.tick
    before = selectors.agent_seq_at(epoch=1, account=own, tick=since)
    for _ in range(4):
        hall.tick("ann BUY 1 MARKET")
    damaged(hall, stream=own, seq=before + 2)
    with spectator(web) as client:
        client.ask("authenticate", apiKey=hall.secrets["ann"])
        client.say("resume", epoch=1, since={"public": since, "agent": before})
        *told, complete = hear_recovery(client)
        assert [place for place in entries_in(told) if place[0] == "agent"] == [
            ("agent", before + 1)
        ]
        assert [seq for stream, seq in entries_in(told) if stream == "public"] == [
            since + n for n in (1, 2, 3, 4)
        ]
        [shown] = [f for f in told if f["type"] == "snapshot"]
        assert (shown["channel"], shown["seq"]) == (channel, before + 4)
        assert (complete["gap"], complete["agent"]) == (True, before + 4)
        hall.tick("ann BUY 1 MARKET")
        assert hear_until(client, "order:filled")[-1]["seq"] == before + 5


def test_the_research_desks_stream_goes_on_after_a_damaged_entry(
    desk: Desk, hall: LiveHall, web: Web
) -> None:
    last = [desk.say(alert(f"alert {n}")) for n in range(4)][-1]
    eventually_at(web, last)
    for lost in (last - 2, last - 1):
        damaged(hall, stream=RESEARCH_STREAM, seq=lost)
    with spectator(web) as client:
        client.ask("subscribe", channels=["research"])
        since = {"public": hall.row.tick, "research": last - 4}
        client.say("resume", epoch=1, since=since)
        *told, complete = hear_recovery(client)
        assert entries_in(told) == [("research", last - 3), ("research", last)]
        assert (complete["gap"], complete["research"]) == (True, last)


def test_a_view_goes_on_after_damaged_entries_and_shows_that_something_is_lost(
    desk: Desk, hall: LiveHall, web: Web
) -> None:
    start = desk.say(alert("before"))
    since = hall.row.tick
    for _ in range(3):
        hall.tick("ann BUY 10 MARKET")
    last = [desk.say(alert(f"alert {n}")) for n in range(3)][-1]
    eventually_at(web, last)
    damaged(hall, stream=RESEARCH_STREAM, seq=last - 1)
    damaged(hall, seq=since + 2)
    with listener(web, "market/APEX") as client:
        has = {"research": start, "public": since}
        client.say({"type": "resume", "epoch": client.welcome["epoch"], "since": has})
        heard: list[dict[str, Any]] = []
        while not heard or heard[-1]["type"] != "recovery_complete":
            heard.append(client.receive())
    assert heard[-1]["gap"] is True
    told = [(m["stream"], m["seq"], m["prev"]) for m in heard[1:-1]]
    assert told == [
        ("public", since + 1, since),
        ("public", since + 3, since + 2),  # whose client has since + 1: it sees the gap
        ("research", last - 2, start),
        ("research", last, last - 1),
    ]


def test_a_process_that_reads_a_damaged_tick_tells_the_next_and_closes_nobody(
    hall: LiveHall, web: Web
) -> None:
    before = metrics_of(web)[FOUND]
    with spectator(web) as client, listener(web, "market/APEX") as follower:
        client.subscribe("book:APEX")
        hall.tick()
        client.seqs(hall.row.tick)
        hall.tick("ann BUY 7 @ 1.00", is_published=False)
        lost = hall.row.tick
        damaged(hall, seq=lost)
        hall.tick("ann BUY 10 MARKET")
        assert client.seqs(lost + 1) == [lost + 1]
        client.ask("unsubscribe", channels=["book:APEX"])
        [book] = client.subscribe("book:APEX")
        assert book["data"] == selectors.order_book_of("APEX")
        assert [1.0, 7, 1] in book["data"]["bids"]
        while (message := follower.receive()).get("seq") != lost + 1:
            assert message["seq"] < lost
        assert message["prev"] == lost
    assert metrics_of(web)[FOUND] == before + 1


def test_a_process_that_reads_a_damaged_entry_of_the_desk_tells_the_next(
    desk: Desk, hall: LiveHall, web: Web
) -> None:
    first = desk.say(alert("first"))
    eventually_at(web, first)
    with listener(web, "unified") as client:
        lost = desk.say(alert("lost"), is_published=False)
        damaged(hall, stream=RESEARCH_STREAM, seq=lost)
        desk.say(alert("next"))
        message = client.receive()
        assert (gist(message), message["prev"]) == (("alert", "next"), lost)


def test_an_agents_damaged_entry_is_left_out_of_the_tick(hall: LiveHall, web: Web) -> None:
    own = hall.agents["bob"].id
    with spectator(web) as client:
        client.ask("authenticate", apiKey=hall.secrets["bob"])
        hall.tick()
        client.seqs(hall.row.tick)
        hall.tick("bob BUY 1 MARKET", is_published=False)
        lost = selectors.agent_seq_at(epoch=1, account=own, tick=hall.row.tick)
        damaged(hall, stream=own, seq=lost)
        hall.tick("bob BUY 1 MARKET")
        assert hear_until(client, "order:filled")[-1]["seq"] == lost + 1


def test_staff_see_how_many_rows_a_process_found_damaged(
    hall: LiveHall, admin_client: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tape, "_noted", set())
    hall.tick()
    damaged(hall, seq=hall.row.tick)
    for _ in range(2):  # counted once
        assert selectors.public_entry(epoch=1, seq=hall.row.tick)
    assert admin_client.get("/health").json()["data"]["damagedRows"] == 1
