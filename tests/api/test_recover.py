"""`GET /recover/{agentId}`: the tape as an agent missed it, page after page."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from agents.models import Agent
from market import tape
from market.models import TapeEntry, World
from news.models import ResearchState
from news.research.runner import Runner
from tests.api.desk import Desk, Json, Trader, buy, cancel
from tests.damage import damage
from tests.research.talkative import TALKATIVE
from wallstreetsim.api import recovery
from wallstreetsim.machine.rules import RULES

pytestmark = pytest.mark.usefixtures("unlimited")


def recover(trader: Trader, **query: Any) -> Json:
    words = "&".join(f"{name}={value}" for name, value in query.items())
    return dict(trader.get(f"/recover/{trader.id}?{words}").data)


def pages(trader: Trader, **query: Any) -> list[Json]:
    found = [recover(trader, **query)]
    while cursor := found[-1]["nextCursor"]:
        found.append(recover(trader, cursor=cursor, limit=query.get("limit", 500)))
    return found


def places(items: list[Json]) -> list[tuple[str, int]]:
    return [(item["stream"].partition(":")[0], item["seq"]) for item in items]


def tick_of_stream(desk: Desk) -> int:
    return World.objects.get().tick


def test_what_was_missed_comes_in_the_order_of_the_tape(desk: Desk, ann: Trader) -> None:
    since = tick_of_stream(desk)
    desk.tick()
    ann.act(buy(3), buy(5, price=1.0, clientOrderId="low"))
    desk.tick()
    ann.act(cancel(clientOrderId="low"))
    desk.tick(2)
    found = recover(ann, sinceTick=since)
    assert places(found["items"]) == [
        ("public", since + 1),
        ("public", since + 2),
        ("agent", 2),
        ("public", since + 3),
        ("agent", 3),
        ("public", since + 4),
    ]
    assert (found["gap"], found["snapshot"], found["nextCursor"]) == (False, None, None)
    assert (found["since"], found["sinceAgent"]) == (since + 4, 3)
    told = {event["type"] for item in found["items"] for event in item["events"]}
    assert {"tick:update", "price:update", "order:filled", "order:cancelled"} <= told
    assert "book:update" not in told
    own = [item for item in found["items"] if item["stream"] == f"agent:{ann.id}"]
    assert {event["channel"] for item in own for event in item["events"]} == {f"agent:{ann.id}"}


def test_both_streams_have_their_own_seq(desk: Desk, ann: Trader) -> None:
    since = tick_of_stream(desk)
    for _ in range(3):
        ann.act(buy(1))
        desk.tick()
    everything = recover(ann, since=since)["items"]
    some = recover(ann, since=since + 1, sinceAgent=3)["items"]
    assert places(some) == [("public", since + 2), ("public", since + 3), ("agent", 4)]
    assert all(item in everything for item in some)


@pytest.mark.parametrize("limit", [1, 2, 5, 500])
def test_pages_follow_each_other_without_a_hole_or_an_overlap(
    desk: Desk, ann: Trader, limit: int
) -> None:
    since = tick_of_stream(desk)
    for _ in range(4):
        ann.act(buy(1))
        desk.tick()
    whole = recover(ann, since=since)["items"]
    found = pages(ann, since=since, limit=limit)
    assert [item for page in found for item in page["items"]] == whole
    assert all(len(page["items"]) <= limit for page in found)
    assert len(whole) == 8


def test_a_page_is_bounded_in_bytes_but_never_empty(
    desk: Desk, ann: Trader, monkeypatch: pytest.MonkeyPatch
) -> None:
    since = tick_of_stream(desk)
    desk.tick(6)
    whole = recover(ann, since=since)["items"]
    for most in (10, 6_000, 10_000):
        monkeypatch.setattr(recovery, "MOST_BYTES", most)
        found = pages(ann, since=since)
        assert [item for page in found for item in page["items"]] == whole
        assert all(
            len(page["items"]) == 1 or len(orjson.dumps(page["items"])) <= most + 2
            for page in found
        )


def test_more_entries_than_are_read_at_a_time(desk: Desk, ann: Trader) -> None:
    since = tick_of_stream(desk)
    desk.tick(120)
    assert places(recover(ann, since=since, channels="tick")["items"]) == [
        ("public", since + n) for n in range(1, 121)
    ]


def test_books_come_when_they_are_asked_for(desk: Desk, ann: Trader) -> None:
    since = tick_of_stream(desk)
    ann.act(buy(7, price=1.23))
    desk.tick()
    found = recover(ann, since=since, channels="book:APEX,tick")
    [update] = [
        event["data"]
        for item in found["items"]
        for event in item["events"]
        if event["channel"] == "book:APEX"
    ]
    assert [1.23, 7, 1] in update["bids"]


def test_ones_own_channel_may_be_named_and_comes_anyway(desk: Desk, ann: Trader) -> None:
    since = tick_of_stream(desk)
    ann.act(buy(1))
    desk.tick()
    own = f"agent:{ann.id}"
    assert places(recover(ann, since=since, channels=own)["items"]) == [("agent", 2)]
    assert recover(ann, since=since, channels=f"tick,{own}") == recover(
        ann, since=since, channels="tick"
    )


def test_a_cursor_survives_pruning_with_a_clear_gap(
    desk: Desk, ann: Trader, monkeypatch: pytest.MonkeyPatch
) -> None:
    since = tick_of_stream(desk)
    for _ in range(6):
        ann.act(buy(1))
        desk.tick()
    first = recover(ann, since=since, limit=2)
    assert first["nextCursor"]
    monkeypatch.setattr(tape, "KEPT_TICKS", 2)
    tape.prune(epoch=1, tick=since + 6)
    after = recover(ann, cursor=first["nextCursor"])
    assert (after["gap"], after["items"], after["nextCursor"]) == (True, [], None)
    shown = {frame["channel"]: frame for frame in after["snapshot"]}
    assert shown.keys() == {"tick", "market:all", "leaderboard", f"agent:{ann.id}"}
    assert {frame["type"] for frame in after["snapshot"]} == {"snapshot"}
    own = shown[f"agent:{ann.id}"]
    assert own["data"] == {**ann.portfolio, "orders": own["data"]["orders"]}
    ann.act(buy(1))
    desk.tick()
    more = recover(ann, since=after["since"], sinceAgent=after["sinceAgent"])
    assert places(more["items"]) == [("public", since + 7), ("agent", own["seq"] + 1)]
    assert not more["gap"]


def test_a_position_of_another_epoch_is_a_gap(desk: Desk, ann: Trader) -> None:
    found = recover(ann, since=1, epoch=7)
    assert (found["gap"], found["epoch"]) == (True, 1)
    assert recover(ann, cursor="9.3.4")["gap"]


def test_only_its_own(desk: Desk, ann: Trader, bob: Trader) -> None:
    assert ann.get(f"/recover/{bob.id}?since=1").code == "FORBIDDEN"
    assert desk.get(f"/recover/{bob.id}?since=1").code == "UNAUTHORIZED"
    items = recover(bob, sinceTick=0)["items"]
    assert {item["stream"] for item in items} == {"public", f"agent:{bob.id}"}


def test_me_is_the_agent_itself(desk: Desk, ann: Trader) -> None:
    assert ann.get("/recover/me?sinceTick=0").data == recover(ann, sinceTick=0)
    assert desk.get("/recover/me?since=1").code == "UNAUTHORIZED"
    refused = ann.get("/recover/me?since=1&channels=agent:x").body["details"]["channels"]
    assert f"yours is agent:{ann.id}" in refused


@pytest.mark.parametrize(
    "query",
    [
        "",
        "since=1&sinceTick=1",
        "sinceAgent=1",
        "since=-1",
        "since=x",
        "since=1&limit=0",
        "since=1&limit=501",
        "cursor=1.2",
        "cursor=a.b.c",
        "cursor=1.2.3&since=1",
        "since=1&channels=agent:1",
        "since=1&channels=book:NONE",
    ],
)
def test_what_cannot_be_meant_is_a_400(desk: Desk, ann: Trader, query: str) -> None:
    assert ann.get(f"/recover/{ann.id}?{query}").code == "BAD_REQUEST"


def test_it_answers_under_both_prefixes(desk: Desk, ann: Trader) -> None:
    assert ann.get(f"/api/v1/recover/{ann.id}?since=1").data == recover(ann, since=1)
    assert TapeEntry.objects.exists()


def test_the_research_desks_stream_comes_to_who_asks_for_it(desk: Desk, ann: Trader) -> None:
    since = tick_of_stream(desk)
    runner = Runner(RULES.market, rules=TALKATIVE)
    desk.tick(8)
    runner.catch_up()
    last = ResearchState.objects.latest("tick").seq
    assert last > 2

    assert {stream for stream, _ in places(recover(ann, since=since)["items"])} == {"public"}
    found = recover(ann, since=since, sinceResearch=0)
    told = [seq for stream, seq in places(found["items"]) if stream == "research"]
    assert told == list(range(1, last + 1))
    assert found["sinceResearch"] == last

    halves = pages(ann, since=since, sinceResearch=1, limit=4)
    told = [seq for half in halves for s, seq in places(half["items"]) if s == "research"]
    assert told == list(range(2, last + 1))
    by_tick = recover(ann, sinceTick=since, channels="research")["items"]
    assert by_tick == [
        item for item in found["items"] if item["stream"] == "research" and item["tick"] > since
    ]
    assert recover(ann, since=since, sinceResearch=last + 5)["gap"]


def test_where_a_row_is_damaged_there_is_a_gap_and_it_goes_on(desk: Desk, ann: Trader) -> None:
    since = tick_of_stream(desk)
    for _ in range(5):
        ann.act(buy(1))
        desk.tick()
    damage(seq=since + 3)
    damage(stream=Agent.objects.get(public_id=ann.id).id, seq=5)
    before, after = pages(ann, since=since, limit=50)
    assert places(before["items"]) == [
        ("public", since + 1),
        ("agent", 2),
        ("public", since + 2),
        ("agent", 3),
        ("agent", 4),
    ]
    assert (before["gap"], before["snapshot"]) == (False, None)
    assert (after["gap"], after["items"]) == (True, [])
    assert (after["since"], after["sinceAgent"]) == (since + 5, 6)
    shown = {frame["channel"]: frame["seq"] for frame in after["snapshot"]}
    assert shown == {
        **dict.fromkeys(("tick", "market:all", "leaderboard"), since + 5),
        f"agent:{ann.id}": 6,
    }
    whole = recover(ann, since=since + 3, sinceAgent=5)
    assert not whole["gap"]
    assert places(whole["items"]) == [("public", since + 4), ("public", since + 5), ("agent", 6)]


def test_the_newest_entry_may_be_the_damaged_one(desk: Desk, ann: Trader) -> None:
    since = tick_of_stream(desk)
    desk.tick()
    damage(seq=since + 1)
    found = recover(ann, since=since, channels="tick,book:APEX")
    assert (found["gap"], found["since"], found["nextCursor"]) == (True, since + 1, None)
    assert [frame["channel"] for frame in found["snapshot"]] == ["book:APEX"]
    desk.tick()
    assert places(recover(ann, since=since + 1)["items"]) == [("public", since + 2)]


def test_the_research_desks_stream_goes_on_after_a_damaged_row(desk: Desk, ann: Trader) -> None:
    since = tick_of_stream(desk)
    runner = Runner(RULES.market, rules=TALKATIVE)
    desk.tick(8)
    runner.catch_up()
    last = ResearchState.objects.latest("tick").seq
    for lost in (1, last - 1):
        damage(stream=tape.RESEARCH_STREAM, seq=lost)
    found = pages(ann, since=since, sinceResearch=0, channels="research")
    told = [seq for page in found for _, seq in places(page["items"])]
    assert told == [*range(2, last - 1), last]
    assert [page["gap"] for page in found] == [True, True]
