"""What those who run the exchange ask it: is it well, is it ready, what are its figures."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from typing import Any, NoReturn

import pytest
import redis
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from market.models import World
from tests.api.desk import Desk, Trader, buy
from tests.processes import database_url
from wallstreetsim import tasks
from wallstreetsim.api import metrics


def _fail(*_: object, **__: object) -> NoReturn:
    raise OperationalError("away")


@pytest.fixture
def log() -> Iterator[StringIO]:
    """What the exchange's own handler writes to standard output."""
    [handler] = (h for h in logging.getLogger().handlers if type(h) is logging.StreamHandler)
    log = StringIO()
    before = handler.setStream(log)
    yield log
    handler.setStream(before)


def test_the_exchange_is_well(desk: Desk) -> None:
    for path in ("/health", "/api/v1/health"):
        assert desk.get(path).data == {"status": "ok"}


def test_staff_is_told_more(desk: Desk, admin_client: Client) -> None:
    details = admin_client.get("/health").json()["data"]
    assert details["tick"] == 0
    assert details["redis"] is True
    assert details["inboxDepth"] == 0


def test_without_redis_it_is_degraded(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object, **__: object) -> NoReturn:
        raise redis.ConnectionError

    monkeypatch.setattr("redis.Redis.execute_command", away)
    assert desk.get("/health").data == {"status": "degraded"}
    figures = _figures(metrics.render().decode())
    assert figures["wss_redis_up"] == 0
    assert figures["wss_floor_refused"] == 0


def test_without_the_record_it_is_not_well(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as broken:
        broken.setattr("django.db.backends.utils.CursorWrapper.execute", _fail)
        for path in ("/health", "/ready", "/world/tick", "/api/v1/agents"):
            answer = desk.get(path)
            assert (answer.status, answer.code) == (503, "UNAVAILABLE")


def test_without_the_record_there_is_a_page_that_says_so(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, log: StringIO
) -> None:
    desk.tick()
    with monkeypatch.context() as broken:
        broken.setattr("django.db.backends.utils.CursorWrapper.execute", _fail)
        for path in ("/", "/replay"):
            page = Client().get(path, headers={"Accept": "text/html"})
            assert page.status_code == 503
            assert "503: the database is unavailable" in page.content.decode()
            assert "default-src 'none'" in page["Content-Security-Policy"]
            data = Client().get(path)
            assert (data.status_code, data.json()["code"]) == (503, "UNAVAILABLE")
    assert "Traceback" not in log.getvalue()
    assert Client().get("/").status_code == 200


def test_it_is_ready_while_the_tick_comes(desk: Desk) -> None:
    desk.tick()
    assert desk.get("/ready").data == {
        "status": "ready",
        "tick": 1,
        "webhooksBehindSeconds": 0,
    }


def test_it_is_not_ready_when_the_tick_is_late(desk: Desk) -> None:
    desk.tick()
    World.objects.update(claimed_at=timezone.now() - timedelta(seconds=11))
    answer = desk.get("/ready")
    assert (answer.status, answer.code) == (503, "UNAVAILABLE")
    assert desk.get("/health").status == 200
    World.objects.update(is_paused=True)
    assert desk.get("/ready").status == 200, "a paused world is in no hurry"


def test_it_is_not_ready_before_the_founding(db: None) -> None:
    assert Desk.__new__(Desk).get("/ready").status == 503


# Logs


@pytest.mark.parametrize("path", ["/nothing", "/ws", "/replay", "/ws/stats", "/ready"])
def test_a_refusal_is_logged_once_with_its_id_and_without_what_was_asked(
    db: None, log: StringIO, path: str
) -> None:
    asked = f"{path}?apiKey=wss_geheim&tick=x"
    assert Client().get(asked, headers={"X-Request-ID": "ours-1"}).status_code >= 400
    [line] = [line for line in log.getvalue().splitlines() if path in line]
    assert "ours-1" in line
    assert "geheim" not in line


def test_a_key_in_a_path_is_not_logged(desk: Desk, log: StringIO) -> None:
    ann = desk.register("ann")
    for path in (f"/foo/{ann.key}", f"/api/v1/{ann.key}", f"/foo/%77ss_{ann.key[4:]}"):
        assert Client().get(path).status_code == 404
    assert ann.key[4:] not in log.getvalue()
    assert "/foo/wss_***" in log.getvalue()


# Metrics


def _figures(text: str) -> dict[str, float]:
    lines = (line.rpartition(" ") for line in text.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, _, value in lines}


def test_the_figures_of_floor_and_web_are_one_page(ann: Trader) -> None:
    ann.desk.floor.publish = metrics.record_tick
    before = _figures(metrics.render().decode())
    ann.act(buy(1), buy(1, price=1.0))
    ann.desk.tick()
    ann.act(buy(1))
    ann.get("/agents/me")
    page = Client().get("/metrics")
    assert page["Content-Type"].startswith("text/plain")
    figures = _figures(page.content.decode())
    assert figures["wss_tick"] == 2
    assert figures["wss_inbox_depth"] == 1
    assert figures["wss_orders_total"] - before.get("wss_orders_total", 0) >= 2
    assert figures["wss_trades_total"] - before.get("wss_trades_total", 0) >= 1
    assert any(name.startswith('wss_tick_step_seconds_bucket{le="+Inf",step="') for name in figures)
    assert any(name.startswith("wss_tick_lateness_seconds") for name in figures)
    assert any("wss_http_requests_total" in n and 'route="agents/me"' in n for n in figures)


def test_the_figures_say_how_old_the_world_is(desk: Desk) -> None:
    desk.tick()
    World.objects.update(claimed_at=timezone.now() - timedelta(seconds=60))
    assert 60 <= _figures(metrics.render().decode())["wss_world_age_seconds"] < 70
    World.objects.update(is_paused=True)
    assert _figures(metrics.render().decode())["wss_world_age_seconds"] == 0


def test_a_floor_that_stands_still_is_told_of_until_it_goes_on(db: None) -> None:
    metrics.record_standstill("the floor refuses to run: its digest differs")
    assert _figures(metrics.render().decode())["wss_floor_refused"] == 1
    metrics.record_standstill("")
    assert _figures(metrics.render().decode())["wss_floor_refused"] == 0


def test_an_audit_in_the_background_is_told_of(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch, log: StringIO
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url())  # where there is no world
    tasks.audit()
    figures = _figures(metrics.render().decode())
    assert figures["wss_audit_failed"] == 1
    assert figures["wss_audit_age_seconds"] < 60
    assert "There is no world to audit" in log.getvalue()
    metrics.record_audit(failed=False)
    assert _figures(metrics.render().decode())["wss_audit_failed"] == 0


@pytest.mark.parametrize(
    ("token", "request_of", "status"),
    [
        ("", {}, 200),
        ("", {"REMOTE_ADDR": "::1"}, 200),
        ("", {"REMOTE_ADDR": "203.0.113.9"}, 403),
        ("", {"HTTP_X_FORWARDED_FOR": "127.0.0.1"}, 403),
        ("", {"REMOTE_ADDR": "203.0.113.9", "HTTP_AUTHORIZATION": "Bearer "}, 403),
        ("s3cret", {"REMOTE_ADDR": "203.0.113.9", "HTTP_AUTHORIZATION": "Bearer s3cret"}, 200),
        ("s3cret", {"REMOTE_ADDR": "203.0.113.9", "HTTP_AUTHORIZATION": "Bearer s3cre"}, 403),
        ("s3cret", {"REMOTE_ADDR": "203.0.113.9", "HTTP_AUTHORIZATION": "Bearer é"}, 403),
    ],
)
def test_the_figures_are_for_those_who_run_it(
    db: None, settings: Any, token: str, request_of: Any, status: int
) -> None:
    settings.METRICS_TOKEN = token
    assert Client().get("/metrics", **request_of).status_code == status
