"""Alerts sent to a local server that stands in for Discord: good, slow, full, broken and absent."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django_celery_beat.models import PeriodicTask
from redis import Redis

from market.models import World
from news.models import ResearchAlert
from news.research import discord
from news.tasks import announce_alerts
from tests.floor.hall import Hall
from tests.ports import free_port
from wallstreetsim import settings as read
from wallstreetsim import tasks
from wallstreetsim.floor.founding import schedule

SECRET_PATH = "/api/webhooks/1234/a-secret-token"


class StandIn:
    """Answers each request with the next of `replies`, the last of them again and again."""

    def __init__(self) -> None:
        self.replies: list[tuple[int, dict[str, str], bytes]] = [(204, {}, b"")]
        self.asked: list[dict[str, Any]] = []
        self.answering = threading.Event()
        self.answering.set()
        stand_in = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                stand_in.asked.append({"path": self.path, **body})
                stand_in.answering.wait(10)
                replies = stand_in.replies
                status, headers, content = replies.pop(0) if len(replies) > 1 else replies[0]
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(content))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: object) -> None:
                """Stay quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}{SECRET_PATH}"

    @property
    def titles(self) -> list[str]:
        return [one["embeds"][0]["title"] for one in self.asked]

    def stop(self) -> None:
        self.answering.set()
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def stand_in(settings: Any, caplog: pytest.LogCaptureFixture) -> Iterator[StandIn]:
    one = StandIn()
    settings.DISCORD_WEBHOOK_URL = one.url
    caplog.set_level("DEBUG")
    yield one
    one.stop()
    assert "a-secret-token" not in caplog.text
    assert str(one.server.server_port) not in caplog.text


@pytest.fixture(autouse=True)
def has_started(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have this courier said already that it is at work."""
    monkeypatch.setattr(discord._Startup, "is_said", True)


@pytest.fixture(autouse=True)
def redis(settings: Any) -> Iterator[Redis]:
    with Redis.from_url(settings.REDIS_URL) as client:
        client.delete(discord.BUSY, discord.STARTED)
        yield client
        client.delete(discord.BUSY, discord.STARTED)


@pytest.fixture
def alert(hall: Hall) -> Callable[..., ResearchAlert]:
    """Make alerts of the record."""
    ResearchAlert.objects.all().delete()

    def make(title: str = "APEX falls", *, age: int = 0) -> ResearchAlert:
        return ResearchAlert.objects.create(
            number=ResearchAlert.objects.count() + 1,
            id=uuid4(),
            tick=World.objects.get().tick - age,
            kind="selloff",
            source="selloff",
            symbol="APEX",
            title=title,
            description="Fast.",
            colour=0xFF0000,
            fields=[{"name": "Move", "value": "3 %"}],
            weight=1.0,
        )

    return make


def state_of(alert: ResearchAlert) -> tuple[str, int]:
    alert.refresh_from_db()
    return alert.discord, alert.discord_tries


# Good


@pytest.mark.parametrize("status", [200, 204])
def test_an_alert_is_sent_once(
    stand_in: StandIn, alert: Callable[..., ResearchAlert], status: int
) -> None:
    stand_in.replies = [(status, {}, b"")]
    one = alert()
    assert discord.send_waiting() == 1 and discord.send_waiting() == 0
    [asked] = stand_in.asked
    assert asked["path"] == SECRET_PATH
    assert asked["allowed_mentions"] == {"parse": []}
    [embed] = asked["embeds"]
    assert (embed["title"], embed["color"]) == ("APEX falls", 0xFF0000)
    assert embed["fields"] == [{"name": "Move", "value": "3 %", "inline": True}]
    assert state_of(one) == ("sent", 1)


def test_several_are_sent_in_the_order_of_the_record(
    stand_in: StandIn, alert: Callable[..., ResearchAlert]
) -> None:
    for title in "abc":
        alert(title)
    assert discord.send_waiting() == 3
    assert stand_in.titles == ["a", "b", "c"]


def test_without_an_address_nothing_is_sent_and_nothing_fails(
    stand_in: StandIn, alert: Callable[..., ResearchAlert], settings: Any
) -> None:
    settings.DISCORD_WEBHOOK_URL = ""
    one = alert()
    announce_alerts()
    assert stand_in.asked == [] and state_of(one) == ("", 0)


def test_what_is_older_than_sixty_ticks_is_not_sent(
    stand_in: StandIn, alert: Callable[..., ResearchAlert]
) -> None:
    alert("old", age=60), alert("young", age=59)
    assert discord.send_waiting() == 1
    assert stand_in.titles == ["young"]


def test_a_courier_says_once_that_it_is_at_work(
    stand_in: StandIn, alert: Callable[..., ResearchAlert], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(discord._Startup, "is_said", False)
    announce_alerts()
    announce_alerts()
    assert stand_in.titles == ["The research desk is at work"]
    monkeypatch.setattr(discord._Startup, "is_said", False)
    announce_alerts()  # another courier, started beside it
    assert len(stand_in.asked) == 1


# Slow


def test_a_slow_webhook_is_given_up(
    stand_in: StandIn, alert: Callable[..., ResearchAlert], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(discord, "SECONDS", 0.2)
    stand_in.answering.clear()
    one = alert()
    for tried in (1, 2, 3):
        assert discord.send_waiting() == 0
        assert len(stand_in.asked) == tried
    assert state_of(one) == ("failed", 3)


def test_one_courier_sends_at_a_time(
    stand_in: StandIn, alert: Callable[..., ResearchAlert], redis: Redis
) -> None:
    redis.set(discord.BUSY, 1)  # as another does that waits for an answer
    one = alert()
    assert discord.send_waiting() == 0
    assert stand_in.asked == [] and state_of(one) == ("", 0)
    redis.delete(discord.BUSY)
    assert discord.send_waiting() == 1


def test_what_a_courier_has_claimed_no_other_sends(
    stand_in: StandIn, alert: Callable[..., ResearchAlert]
) -> None:
    one = alert()
    [seen] = discord._waiting(one.tick)
    assert discord._claim(one)
    assert not discord._claim(seen)
    assert discord.send_waiting() == 0 and stand_in.asked == []


def test_a_tick_does_not_wait_for_a_slow_webhook(
    hall: Hall, stand_in: StandIn, alert: Callable[..., ResearchAlert]
) -> None:
    stand_in.answering.clear()
    alert()
    with ThreadPoolExecutor(1) as courier:
        url = stand_in.url
        sending = courier.submit(discord.post, url, discord.embed_of(ResearchAlert.objects.get()))
        hall.tick()
        assert not sending.done()
        stand_in.answering.set()
        assert sending.result().is_taken


# Full


def test_discord_is_left_alone_for_as_long_as_it_asks(
    stand_in: StandIn, alert: Callable[..., ResearchAlert], redis: Redis
) -> None:
    limited = json.dumps({"message": "slow down", "retry_after": 64.57, "global": False}).encode()
    stand_in.replies = [(204, {}, b""), (429, {"Retry-After": "65"}, limited), (204, {}, b"")]
    first, second, third = (alert(title) for title in "abc")
    assert discord.send_waiting() == 1
    assert [state_of(one) for one in (first, second, third)] == [("sent", 1), ("", 1), ("", 0)]
    assert 60_000 < redis.pttl(discord.BUSY) <= 64_570
    assert discord.send_waiting() == 0 and len(stand_in.asked) == 2  # not before
    redis.delete(discord.BUSY)  # the time is over
    assert discord.send_waiting() == 2
    assert stand_in.titles == ["a", "b", "b", "c"]


@pytest.mark.parametrize(
    ("body", "headers", "seconds"),
    [
        (b'{"retry_after": 1.5}', {"Retry-After": "9"}, 1.5),
        (b"<html>", {"Retry-After": "9"}, 9.0),
        (b"[]", {}, 1.0),
        (b'{"retry_after": null}', {"Retry-After": "soon"}, 1.0),
        (b'{"retry_after": -5}', {}, discord.LEAST_PAUSE),
        (b'{"retry_after": 1e30}', {}, discord.LONGEST_PAUSE),
        (b"", {"Retry-After": "nan"}, 1.0),
    ],
)
def test_how_long_that_is(body: bytes, headers: dict[str, str], seconds: float) -> None:
    assert discord.pause_of(body, headers) == seconds


# Broken and absent


def test_after_three_tries_an_alert_is_left(
    stand_in: StandIn, alert: Callable[..., ResearchAlert], caplog: pytest.LogCaptureFixture
) -> None:
    stand_in.replies = [(500, {}, b"")]
    one = alert()
    for _ in range(5):
        announce_alerts()
    assert len(stand_in.asked) == 3 and state_of(one) == ("failed", 3)
    assert "try 3 of 3): HTTP 500" in caplog.text


def test_a_failed_one_does_not_keep_back_the_next(
    stand_in: StandIn, alert: Callable[..., ResearchAlert]
) -> None:
    stand_in.replies = [(500, {}, b""), (204, {}, b"")]
    first, second = alert("a"), alert("b")
    assert discord.send_waiting() == 1
    assert (state_of(first), state_of(second)) == (("", 1), ("sent", 1))
    assert discord.send_waiting() == 1 and state_of(first) == ("sent", 2)


def test_a_redirect_is_not_followed(stand_in: StandIn, alert: Callable[..., ResearchAlert]) -> None:
    stand_in.replies = [(302, {"Location": "/elsewhere"}, b"")]
    alert()
    assert discord.send_waiting() == 0 and len(stand_in.asked) == 1


@pytest.mark.parametrize("url", ["", "not an address", "http://[", "ftp://127.0.0.1/x"])
def test_nobody_there_fails_without_a_word_of_where(
    stand_in: StandIn,
    alert: Callable[..., ResearchAlert],
    settings: Any,
    url: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    where = url or f"http://127.0.0.1:{free_port()}{SECRET_PATH}"
    settings.DISCORD_WEBHOOK_URL = where
    one = alert()
    announce_alerts()
    assert state_of(one) == ("", 1)
    assert where not in caplog.text and "the exchange failed" in caplog.text


def test_without_redis_the_alerts_wait(
    stand_in: StandIn, alert: Callable[..., ResearchAlert], settings: Any
) -> None:
    one = alert()
    settings.REDIS_URL = f"redis://127.0.0.1:{free_port()}/0"
    announce_alerts()
    assert stand_in.asked == [] and state_of(one) == ("", 0)


def test_the_address_may_be_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "webhook"
    file.write_text("https://discord.example/api/webhooks/1/x\n")
    monkeypatch.setenv("DISCORD_WEBHOOK_URL_FILE", str(file))
    assert read.text("DISCORD_WEBHOOK_URL") == "https://discord.example/api/webhooks/1/x"


@pytest.mark.parametrize("url", ["", "https://discord.example/api/webhooks/1/x"])
def test_couriers_are_told_of_alerts_where_there_is_a_webhook(
    settings: Any, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    sent: list[str] = []
    settings.DISCORD_WEBHOOK_URL = url
    monkeypatch.setattr(tasks, "send_announce", lambda: sent.append("told"))
    tasks.the_desk.cache_clear()
    tasks.the_desk().announce()
    assert len(sent) == bool(url)


def test_beat_looks_for_what_a_lost_message_left(hall: Hall) -> None:
    schedule()
    [task] = PeriodicTask.objects.filter(task="news.announce_alerts")
    assert task.enabled and task.interval is not None and task.interval.every == 2
