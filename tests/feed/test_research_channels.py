"""The research desk's channels at /ws: who asks for them hears each entry once, who does not hears
nothing of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from market import tape
from news.models import ResearchState
from news.research.runner import PAGE, Page, Runner
from tests.feed.desk_views import listener
from tests.feed.live import (
    Frame,
    LiveHall,
    Spectator,
    Web,
    metrics_of,
    spectator,
    wait_until_left,
)
from tests.research.talkative import TALKATIVE
from tests.stack.running import PATIENCE_SECONDS
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


def test_clients_that_did_not_subscribe_get_not_one_byte_more(
    desk: LiveDesk, webs: list[Web]
) -> None:
    """What the server counts as sent is what it would have sent without a desk: a tick's frames."""
    wait_until_left(webs[0])
    figures = ("wss_feed_bytes_total", "wss_feed_frames_total")
    with spectator(webs[0], compression=None) as client, spectator(webs[1]) as subscriber:
        subscriber.ask("subscribe", channels=["research"])
        client.subscribe("market:APEX")
        client.ask("subscribe", channels=["news"])
        assert client.ask("ping")["type"] == "pong"
        before, since = metrics_of(webs[0]), desk.seq
        desk.ticks(4)
        heard(subscriber, upto=desk.seq)
        assert desk.seq > since
        received = [_received(client)]
        while orjson.loads(received[-1])["tick"] < desk.hall.row.tick:
            received.append(_received(client))
        client.say("ping")
        while orjson.loads(received[-1])["type"] != "pong":
            received.append(_received(client))
        after = metrics_of(webs[0])
    assert {orjson.loads(one)["stream"] for one in received[:-1]} == {"public"}
    sent = [after[name] - before[name] for name in figures]
    assert sent == [sum(map(_size, received)), len(received)]


def _size(message: bytes) -> int:
    """Return how many bytes a message takes on the wire, with its header (RFC 6455, 5.2)."""
    header = 2 if len(message) < 126 else 4 if len(message) < 1 << 16 else 10
    return header + len(message)


def _received(client: Spectator) -> bytes:
    """Return the next frame as it came."""
    return client.socket.recv(decode=False, timeout=PATIENCE_SECONDS)


def test_who_subscribes_to_nothing_hears_nothing_and_is_answered(desk: LiveDesk, web: Web) -> None:
    with spectator(web) as client:
        client.ask("unsubscribe", channels=client.greeting["channels"])
        desk.ticks(2)
        nothing: tuple[dict[str, Any], ...] = (
            *({"channels": []}, {"channels": "research"}, {}, {"channels": [None]}),
        )
        for rubbish in nothing:
            assert client.ask("subscribe", **rubbish)["type"] == "error"
        assert client.ask("ping")["type"] == "pong"


def test_rubbish_of_a_subscriber_costs_it_no_entry(desk: LiveDesk, web: Web) -> None:
    with spectator(web) as client:
        client.ask("subscribe", channels=["research"])
        since = desk.seq
        for rubbish in ("{", "[]", b"\xff\x00", '{"type": "research"}', "\u0000"):
            client.socket.send(rubbish)
            desk.ticks(1)
        assert seqs(heard(client, upto=desk.seq)) == list(range(since + 1, desk.seq + 1))


def test_a_desk_that_was_pages_behind_tells_all_of_it_in_order(
    desk: LiveDesk, webs: list[Web]
) -> None:
    with spectator(webs[0]) as one, listener(webs[1], "unified") as other:
        one.ask("subscribe", channels=["research"])
        since = desk.seq
        desk.hall.ticks(2 * PAGE + 1)
        assert desk.seq == since
        assert desk.fold() == 2 * PAGE + 1
        assert seqs(heard(one, upto=desk.seq)) == list(range(since + 1, desk.seq + 1))
        told = {message["seq"] for message in other.hear_until(desk.seq)}
        assert told == set(range(since + 1, desk.seq + 1))


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
