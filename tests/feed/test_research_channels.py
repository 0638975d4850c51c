"""The research desk's channels at /ws: who asks for them hears each entry once, who does not hears
nothing of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from market import tape
from news.models import ResearchState
from news.research.runner import Page, Runner
from tests.feed.live import Frame, LiveHall, Spectator, Web, spectator
from tests.research.talkative import TALKATIVE
from wallstreetsim.feed.publishing import publish_research
from wallstreetsim.machine.rules import RULES

pytestmark = pytest.mark.django_db


class LiveDesk:
    """A desk that folds when a test says so, and publishes what it says, or does not."""

    def __init__(self, hall: LiveHall) -> None:
        self.hall = hall
        self.is_published = True
        self.runner = Runner(RULES.market, rules=TALKATIVE, publish=self._publish)
        self.fold()

    def fold(self) -> int:
        return self.hall.committed(self.runner.catch_up)

    def ticks(self, count: int) -> None:
        for _ in range(count):
            self.hall.tick()
            self.fold()

    @property
    def seq(self) -> int:
        return ResearchState.objects.latest("tick").seq

    def _publish(self, page: Page) -> None:
        if self.is_published:
            publish_research(page)


@pytest.fixture(scope="module")
def desk(hall: LiveHall, django_db_blocker: Any) -> Iterator[LiveDesk]:
    with django_db_blocker.unblock():
        yield LiveDesk(hall)


def heard(client: Spectator, *, upto: int, channel: str = "research") -> list[Frame]:
    """Return what comes on a channel of the desk's, up to this seq."""
    frames: list[Frame] = []
    while not frames or frames[-1]["seq"] < upto:
        frame = client.hear()
        if frame.get("channel") == channel:
            frames.append(frame)
    return frames


def seqs(frames: list[Frame]) -> list[int]:
    """Return the seqs of frames, each once: an entry may have several types."""
    return list(dict.fromkeys(frame["seq"] for frame in frames))


def test_subscribers_hear_every_entry_in_all_web_processes(desk: LiveDesk, webs: list[Web]) -> None:
    with spectator(webs[0]) as one, spectator(webs[1]) as two:
        since = desk.seq
        for client in (one, two):
            assert client.ask("subscribe", channels=["research"])["success"]
        desk.ticks(6)
        assert desk.seq > since
        for client in (one, two):
            frames = heard(client, upto=desk.seq)
            assert seqs(frames) == list(range(since + 1, desk.seq + 1))
            assert {frame["stream"] for frame in frames} == {"research"}
            assert all(isinstance(frame["data"], list) for frame in frames)


def test_who_did_not_subscribe_hears_nothing_of_it(desk: LiveDesk, web: Web) -> None:
    with spectator(web) as client:
        assert "research" not in client.greeting["channels"]
        since = desk.hall.row.tick
        desk.ticks(4)
        frames = [client.hear() for _ in range(4)]
    assert [(frame["type"], frame["seq"]) for frame in frames] == [
        ("tick:update", since + n) for n in range(1, 5)
    ]


def test_signals_and_analysts_are_parts_of_it_and_others_are_refused(
    desk: LiveDesk, web: Web
) -> None:
    with spectator(web) as client:
        names = ["signals", "narrative", "analyst:market", "analyst:gamma", "analyst:nobody"]
        reply = client.ask("subscribe", channels=names)
        assert reply["subscribed"] == names[:-1]
        assert reply["rejected"] == [
            {"channel": "analyst:nobody", "reason": "There is no such analyst."}
        ]
        desk.ticks(3)
        frames = heard(client, upto=_last_with_a_side(desk), channel="signals")
    alerts = [item for f in frames if f["type"] == "research:alert" for item in f["data"]]
    assert alerts
    assert all(item["side"] for item in alerts)


def _last_with_a_side(desk: LiveDesk) -> int:
    """Return the last seq that says something on the channel `signals`."""
    entries = tape.read(epoch=1, stream=tape.RESEARCH_STREAM, since=0, limit=10_000)
    return max(
        entry.seq
        for entry in entries
        for event in entry.read()
        for item in event["data"]
        if event["type"] == "research:signal" or item.get("side")
    )


def test_what_was_not_published_is_read_from_the_tape(desk: LiveDesk, web: Web) -> None:
    with spectator(web) as client:
        client.ask("subscribe", channels=["research"])
        since = desk.seq
        desk.is_published = False
        desk.ticks(3)
        desk.is_published = True
        desk.ticks(1)
        assert seqs(heard(client, upto=desk.seq)) == list(range(since + 1, desk.seq + 1))


def test_who_resumes_is_told_what_it_missed_then_hears_live(desk: LiveDesk, web: Web) -> None:
    since, tick = desk.seq, desk.hall.row.tick
    desk.ticks(5)
    missed = desk.seq
    with spectator(web) as client:
        client.ask("subscribe", channels=["research"])
        client.say("resume", epoch=1, since={"public": tick, "research": since})
        start = client.hear_type("recovery:start")
        assert (start["since"]["research"], start["gap"]) == (since, False)
        told: list[int] = []
        while (frame := client.hear())["type"] != "recovery:complete":
            told += [one["seq"] for one in frame["entries"] if one["stream"] == "research"]
        assert told == list(range(since + 1, missed + 1))
        assert frame["research"] == missed
        desk.ticks(3)
        assert seqs(heard(client, upto=desk.seq)) == list(range(missed + 1, desk.seq + 1))


def test_who_resumes_without_it_is_told_nothing_of_it(desk: LiveDesk, web: Web) -> None:
    tick = desk.hall.row.tick
    desk.ticks(2)
    with spectator(web) as client:
        client.say("resume", epoch=1, since={"public": tick})
        start = client.hear_type("recovery:start")
        assert set(start["since"]) == {"public", "agent"}
        while (frame := client.hear())["type"] != "recovery:complete":
            assert {one["stream"] for one in frame["entries"]} == {"public"}
        assert "research" not in frame


def test_a_seq_that_never_was_is_a_gap(desk: LiveDesk, web: Web) -> None:
    with spectator(web) as client:
        client.ask("subscribe", channels=["research"])
        since = {"public": desk.hall.row.tick, "research": desk.seq + 100}
        client.say("resume", epoch=1, since=since)
        assert client.hear_type("recovery:start")["gap"]
        assert client.hear_type("recovery:complete")["research"] == desk.seq
