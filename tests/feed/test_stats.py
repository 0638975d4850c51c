"""What the feed tells of itself: to Prometheus, and to staff."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.api import contract
from tests.feed.live import LiveHall, Web, metrics_of, spectator, wait_until_left
from tests.stack.running import eventually

pytestmark = pytest.mark.django_db


def eventually_showing(figures: Callable[[], dict[str, Any]], **expected: Any) -> dict[str, Any]:
    """Wait for figures of which some are as expected, and return them all."""
    found: dict[str, Any] = {}

    def are_as_expected() -> bool:
        found.update(figures())
        return expected.items() <= found.items()

    try:
        eventually(are_as_expected)
    except AssertionError as never:
        raise AssertionError({name: found.get(name) for name in expected}) from never
    return found


def test_the_metrics_count_sockets_subscriptions_frames_and_bytes(hall: LiveHall, web: Web) -> None:
    wait_until_left(web)
    before = metrics_of(web)
    with spectator(web) as one, spectator(web) as other:
        one.ask("authenticate", apiKey=hall.secrets["ann"])
        other.subscribe("market:all", "book:APEX", "market:APEX", "market:NEXUS")
        hall.ticks(2)
        for client in (one, other):
            client.seqs(hall.row.tick)
        after = metrics_of(web)
    assert after['wss_feed_sockets{kind="agent"}'] == 1
    assert after['wss_feed_sockets{kind="anonymous"}'] == 1
    for channel, count in (
        ("tick", 2),
        ("agent", 1),
        ("market:all", 1),
        ("market", 2),
        ("book", 1),
    ):
        assert after[f'wss_feed_subscriptions{{channel="{channel}"}}'] == count
    frames = after["wss_feed_frames_total"] - before["wss_feed_frames_total"]
    assert frames >= 2 * 2 + 2 * 3
    assert after["wss_feed_bytes_total"] - before["wss_feed_bytes_total"] > 10_000


def test_staff_see_all_web_processes_together(
    hall: LiveHall, webs: list[Web], client: Client
) -> None:
    client.force_login(User.objects.create(username="op", is_staff=True))

    def figures() -> dict[str, Any]:
        return dict(client.get("/ws/stats").json()["data"])

    with spectator(webs[0]) as one, spectator(webs[1]) as other:
        one.ask("authenticate", apiKey=hall.secrets["bob"])
        other.subscribe("market:APEX")
        subscriptions = {"tick": 2, "agent": 1, "market": 1}
        found = eventually_showing(
            figures, connections=2, authenticated=1, subscriptions=subscriptions
        )
    assert found["processes"] == len(found["each"]) >= 2
    assert found["framesSent"] == sum(each["framesSent"] for each in found["each"].values())
    assert found["bytesSent"] > 0


def test_others_see_totals_alone(db: None, client: Client) -> None:
    for path in ("/ws/stats", "/api/v1/ws/stats"):
        seen = client.get(path).json()["data"]
        assert {"connections", "channels"} <= seen.keys()
        assert not {"each", "sockets"} & seen.keys()
    client.force_login(User.objects.create(username="somebody"))
    assert client.get("/api/v1/ws/stats").json()["data"].keys() == seen.keys()


def test_the_document_describes_the_figures_and_they_fit_it(db: None, client: Client) -> None:
    assert "get" in contract.document()["paths"]["/api/v1/ws/stats"]
    client.force_login(User.objects.create(username="op", is_staff=True))
    for path in ("/ws/stats", "/api/v1/ws/stats"):
        answer = client.get(path)
        assert "sockets" in answer.json()["data"]
        contract.check("get", path, answer.status_code, answer.json())
