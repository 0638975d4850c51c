"""Pages are shown though rows of the tape cannot be read."""

from __future__ import annotations

import pytest
from django.test import Client

from market.models import Company, TapeEntry
from market.tape import PUBLIC_STREAM
from tests.damage import damage
from tests.floor.hall import Hall

PAGES = ("/", "/tv", "/markets/APEX", "/research", "/status", "/me", "/replay", "/replay?tick=5")


@pytest.fixture
def damaged(hall: Hall) -> Hall:
    """A world of six ticks, and a tape of which nothing but the third can be read."""
    for _ in range(6):
        hall.tick("ann BUY 5 MARKET")
    for stream, seq in TapeEntry.objects.values_list("stream", "seq"):
        if (stream, seq) != (PUBLIC_STREAM, 3):
            damage(stream=stream, seq=seq)
    return hall


def test_every_page_is_shown(damaged: Hall, ann: Client) -> None:
    for page in PAGES:
        assert ann.get(page).status_code in (200, 404), page
    assert ann.get("/").status_code == ann.get("/tv").status_code == 200
    damaged.tick()
    assert "APEX" in ann.get("/").content.decode()


def test_what_can_be_read_is_replayed(damaged: Hall, client: Client) -> None:
    items = client.get("/replay/ticks?since=0").json()["items"]
    assert [item["seq"] for item in items] == [3]
    prices = [e["data"]["prices"] for e in items[0]["events"] if e["type"] == "price:update"]
    assert len(prices[0]) == Company.objects.count(), "whole: nobody has any yet"
    assert client.get("/replay/ticks?since=3").json()["items"] == []


def test_the_admin_says_so(damaged: Hall, admin_client: Client) -> None:
    row = TapeEntry.objects.get(stream=PUBLIC_STREAM, seq=2)
    page = admin_client.get(f"/admin/market/tapeentry/{row.pk}/change/")
    assert "The row is damaged" in page.content.decode()
