"""What a client missed: all of it, once, in order, while the ticks go on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from redis import Redis

from market import tape
from market.models import TapeEntry
from tests.feed.live import Frame, LiveHall, Spectator, Web, spectator, wait_until_told
from tests.stack.running import eventually
from wallstreetsim.feed.resume_points import LEFT

pytestmark = pytest.mark.django_db

Told = tuple[str, int, str, str]  # stream, seq, channel, type


def told_in(frames: list[Frame]) -> list[Told]:
    """Return what frames tell, in order: live ones, and those that tell what was missed."""
    told = []
    for frame in frames:
        if frame["type"] == "recovery:batch":
            assert 0 < len(frame["entries"]) <= 50
            for entry in frame["entries"]:
                for event in entry["events"]:
                    told.append((entry["stream"], entry["seq"], event["channel"], event["type"]))
        elif "seq" in frame and frame["type"] != "snapshot":
            told.append((frame["stream"], frame["seq"], frame["channel"], frame["type"]))
    return told


def hear_until(client: Spectator, type: str, **fields: Any) -> list[Frame]:
    """Return all frames up to the first of this type, and with these fields."""
    frames = []
    while True:
        frames.append(frame := client.hear())
        if frame["type"] == type and fields.items() <= frame.items():
            return frames


def hear_recovery(client: Spectator) -> list[Frame]:
    return hear_until(client, "recovery:complete")


def on_tape(hall: LiveHall, stream: int, since: int) -> list[tuple[int, list[str]]]:
    """Return the seqs of a stream, each with the types of its events."""
    entries = tape.read(epoch=hall.row.epoch, stream=stream, since=since, limit=2_000)
    return [(entry.seq, [event["type"] for event in entry.read()]) for entry in entries]


@contextmanager
def ticking(hall: LiveHall, script: str = "") -> Iterator[None]:
    """Let the floor run tick after tick in the background."""
    enough = Event()

    def run() -> None:
        try:
            while not enough.is_set():
                hall.tick(script)
        finally:
            connection.close()

    thread = Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        enough.set()
        thread.join()


def test_who_resumes_is_told_what_it_missed_and_then_hears_live(hall: LiveHall, web: Web) -> None:
    since = hall.row.tick
    hall.tick("ann BUY 10 MARKET\nbob BUY 10 NEXUS MARKET")
    hall.ticks(3)
    wait_until_told(web)  # or the last of them would be live to who has just come
    with spectator(web) as client:
        client.subscribe("market:all", "market:APEX", "book:APEX")
        client.ask("subscribe", channels=["trades"])
        client.say("resume", id="r1", epoch=1, since={"public": since})
        start, *batches, complete = hear_recovery(client)
        hall.ticks(2)
        live = [client.hear_type("tick:update")["seq"] for _ in range(2)]
    assert start == {
        "type": "recovery:start",
        "id": "r1",
        "epoch": 1,
        "since": {"public": since, "agent": None},
        "gap": False,
    }
    assert {frame["type"] for frame in batches} == {"recovery:batch"}
    assert (complete["entries"], complete["public"], complete["gap"]) == (4, since + 4, False)
    assert live == [since + 5, since + 6]
    told = told_in(batches)
    first = [(channel, type) for _, seq, channel, type in told if seq == since + 1]
    assert first == [
        ("market:all", "price:update"),
        ("trades", "trade:executed"),
        ("book:APEX", "book:update"),
        ("market:APEX", "price:update"),
        ("market:APEX", "trade:executed"),
        ("tick", "tick:update"),
    ]
    assert [seq for _, seq, channel, _ in told if channel == "tick"] == list(
        range(since + 1, since + 5)
    )


def test_what_is_told_again_is_what_was_told_live(hall: LiveHall, web: Web) -> None:
    wanted = ["market:all", "trades", "book:APEX", "market:NEXUS", "leaderboard"]
    with spectator(web) as witness:
        witness.ask("subscribe", channels=wanted)
        since = hall.row.tick
        hall.tick("ann BUY 10 NEXUS MARKET\nann BUY 3 MARKET")
        hall.tick("ann SELL 10 NEXUS MARKET")
        hall.tick()
        hall.tick()
        live = [
            (frame["seq"], frame["timestamp"], frame["channel"], frame["type"], frame["data"])
            + ((frame["totals"],) if "totals" in frame else ())
            for tick in range(since + 1, since + 4)
            for frame in hear_ticks(witness, tick)
        ]
    with spectator(web) as client:
        client.ask("subscribe", channels=wanted)
        client.say("resume", epoch=1, since={"public": since})
        entries = [e for f in hear_recovery(client)[1:-1] for e in f.get("entries", ())]
    again = [
        (entry["seq"], entry["timestamp"], event["channel"], event["type"], event["data"])
        + ((event["totals"],) if "totals" in event else ())
        for entry in entries
        for event in entry["events"]
        if entry["seq"] < since + 4
    ]
    assert again == live
    assert len(live) > 12


def hear_ticks(client: Spectator, tick: int) -> list[Frame]:
    """Return the public frames of a tick, and leave the next tick's to be heard."""
    frames = client.kept
    client.kept = []
    while not frames or frames[-1]["tick"] <= tick:
        frame = client.hear()
        if "seq" in frame and frame["type"] != "snapshot":
            frames.append(frame)
    client.kept = [frames.pop()]
    return frames


def test_all_of_it_comes_once_and_in_order_while_ticks_go_on(hall: LiveHall, web: Web) -> None:
    since = hall.row.tick
    own = hall.agents["ann"].id
    heard_of = tape.last_seq_at(epoch=1, stream=own, tick=since)
    for _ in range(130):
        hall.tick("ann BUY 1 MARKET")
    with ticking(hall, "ann BUY 1 MARKET"), spectator(web) as client:
        client.say("authenticate", apiKey=hall.secrets["ann"])
        client.say("subscribe", channels=["market:APEX", "leaderboard"])
        client.say("resume", epoch=1, since={"public": since, "agent": heard_of})
        frames = hear_until(client, "recovery:complete")
        enough = hall.row.tick + 5
        frames += hear_until(client, "tick:update", seq=enough)
    told = told_in(frames)
    assert len(told) == len(set(told)), "nothing twice"
    for channel in ("tick", "market:APEX", "leaderboard"):
        seqs = [seq for _, seq, name, _ in told if name == channel]
        prices = sorted(set(seqs))
        assert prices == list(range(since + 1, prices[-1] + 1))
        assert prices[-1] >= enough - 1
    own_channel = hall.channel("ann")
    own_told = [(seq, type) for stream, seq, _, type in told if stream == own_channel]
    kept = [
        (seq, type)
        for seq, types in on_tape(hall, own, heard_of)
        for type in types
        if seq <= max(seq for seq, _ in own_told)
    ]
    assert sorted(own_told) == sorted(kept)
    after_start = told_in(frames[[f["type"] for f in frames].index("recovery:start") :])
    in_order = [seq for stream, seq, _, _ in after_start if stream == "public"]
    assert in_order == sorted(in_order)


def test_a_batch_is_bounded_in_bytes_and_the_whole_still_comes(hall: LiveHall, web: Web) -> None:
    since = hall.row.tick
    hall.ticks(30)
    with spectator(web) as client:
        client.ask("subscribe", channels=["market:all"])
        client.say("resume", epoch=1, since={"public": since})
        frames = hear_recovery(client)
    batches = [frame for frame in frames if frame["type"] == "recovery:batch"]
    assert len(batches) > 1
    assert [e["seq"] for f in batches for e in f["entries"]] == list(range(since + 1, since + 31))


def test_beyond_what_is_kept_there_is_a_gap_and_all_is_shown_anew(
    hall: LiveHall, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    hall.ticks(6)
    hall.tick("bob BUY 1 MARKET")
    last = hall.row.tick
    with monkeypatch.context() as patch:
        patch.setattr(tape, "KEPT_TICKS", 3)
        hall.committed(lambda: tape.prune(epoch=1, tick=last))
    with spectator(web) as client:
        client.ask("authenticate", apiKey=hall.secrets["bob"])
        client.subscribe("market:all", "book:APEX")
        client.say("resume", epoch=1, since={"public": last - 4, "agent": 0})
        start, *shown, complete = hear_recovery(client)
        hall.tick("bob BUY 1 MARKET")
        after = hear_until(client, "portfolio:update")
    assert (start["gap"], complete["gap"], complete["public"]) == (True, True, last)
    snapshots = {frame["channel"]: frame["seq"] for frame in shown if frame["type"] == "snapshot"}
    own = hall.channel("bob")
    assert snapshots == {"tick": last, "market:all": last, "book:APEX": last, own: snapshots[own]}
    assert complete["agent"] == snapshots[own]
    assert next(frame["seq"] for frame in after if frame["stream"] == own) == snapshots[own] + 1
    with spectator(web) as client:
        client.say("resume", epoch=1, since={"public": last - 3})
        start, *_told, complete = hear_recovery(client)
    assert not start["gap"]
    assert complete["entries"] == 4


@pytest.mark.parametrize("position", [(2, 3), (1, 10**9)])
def test_a_position_of_another_world_is_a_gap(
    hall: LiveHall, web: Web, position: tuple[int, int]
) -> None:
    epoch, seq = position
    with spectator(web) as client:
        client.say("resume", epoch=epoch, since={"public": seq})
        start, shown, _complete = hear_recovery(client)
        hall.tick()
        assert client.hear_type("tick:update")["seq"] == hall.row.tick
    assert start["gap"]
    assert (shown["type"], shown["channel"]) == ("snapshot", "tick")


def test_a_spectator_has_no_agents_stream(hall: LiveHall, web: Web) -> None:
    with spectator(web) as client:
        reply = client.ask("resume", id=4, epoch=1, since={"public": 1, "agent": 1})
    assert (reply["type"], reply["code"], reply["id"]) == ("error", "BAD_REQUEST", 4)


def test_an_agent_that_comes_back_is_told_without_asking(hall: LiveHall, webs: list[Web]) -> None:
    with spectator(webs[0]) as client:
        client.ask("authenticate", apiKey=hall.secrets["cid"])
        hall.tick("cid BUY 1 MARKET #first")
        hear_until(client, "order:filled")
        hall.tick()
        left_at = hear_until(client, "tick:update", seq=hall.row.tick)[-1]["seq"]
    await_noted(hall, "cid")
    hall.tick("cid BUY 2 MARKET #missed")
    hall.ticks(2)
    with spectator(webs[1]) as client:
        client.say("authenticate", apiKey=hall.secrets["cid"])
        client.say("subscribe", channels=["market:APEX"])  # in the time that one has for it
        frames = hear_recovery(client)
        hall.tick()
        assert client.hear_type("tick:update")["seq"] == left_at + 4
    told = told_in(frames)
    public = [seq for _, seq, channel, _ in told if channel == "tick"]
    assert public == [left_at + 1, left_at + 2, left_at + 3]
    entries = [e for f in frames if f["type"] == "recovery:batch" for e in f["entries"]]
    filled = [
        d for e in entries for v in e["events"] if v["type"] == "order:filled" for d in v["data"]
    ]
    assert [order["clientOrderId"] for order in filled] == ["missed"]
    assert {channel for _, _, channel, _ in told} >= {"market:APEX", hall.channel("cid")}
    await_noted(hall, "cid")
    with spectator(webs[0]) as client:  # where it has missed nothing more
        client.ask("authenticate", apiKey=hall.secrets["cid"])
        assert hear_recovery(client)[-1]["entries"] == 0


def await_noted(hall: LiveHall, name: str) -> None:
    with Redis.from_url(settings.REDIS_URL) as redis:
        eventually(lambda: bool(redis.exists(f"{LEFT}{hall.agents[name].id}")))


def test_asking_to_resume_replaces_what_is_sent_unasked(hall: LiveHall, web: Web) -> None:
    with spectator(web) as client:
        client.ask("authenticate", apiKey=hall.secrets["bob"])
        hall.tick("bob BUY 1 MARKET")
        hear_until(client, "order:filled")
    await_noted(hall, "bob")
    since = hall.row.tick - 1
    hall.ticks(2)
    with spectator(web) as client:
        client.say("authenticate", apiKey=hall.secrets["bob"])
        client.say("resume", id="mine", epoch=1, since={"public": since})
        frames = hear_recovery(client)
        hall.tick()
        frames += hear_until(client, "tick:update", seq=hall.row.tick)
    assert [f.get("id") for f in frames if f["type"] == "recovery:start"] == ["mine"]
    told = [seq for *_, seq, channel, _ in told_in(frames) if channel == "tick"]
    # Each once; the last one before it asked may have been told live.
    assert sorted(told) == list(range(since + 1, hall.row.tick + 1))


def test_a_quiet_agents_stream_survives_pruning(
    hall: LiveHall, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    hall.tick("ann BUY 1 MARKET")
    own = hall.agents["ann"].id
    last = tape.extent(epoch=1, stream=own)
    assert last is not None
    hall.ticks(4)
    with monkeypatch.context() as patch:
        patch.setattr(tape, "KEPT_TICKS", 2)
        hall.committed(lambda: tape.prune(epoch=1, tick=hall.row.tick))
    assert TapeEntry.objects.filter(stream=own).count() == 1
    with spectator(web) as client:
        client.ask("authenticate", apiKey=hall.secrets["ann"])
        client.say("resume", epoch=1, since={"public": hall.row.tick, "agent": last.last})
        start, *_, complete = hear_recovery(client)
    assert (start["gap"], complete["agent"]) == (False, last.last)


def test_pings_are_answered_while_a_client_is_told(hall: LiveHall, web: Web) -> None:
    hall.ticks(20)
    with spectator(web) as client:
        client.ask("subscribe", channels=["market:all"])
        client.say("resume", epoch=1, since={"public": max(0, hall.row.tick - 20)})
        client.say("ping", id="p")
        frames = hear_recovery(client)
        if not any(frame["type"] == "pong" for frame in frames):
            assert client.hear_type("pong")["id"] == "p"
