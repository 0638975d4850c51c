"""The copy that web processes keep of the desk, and what they show before it has read anything."""

from __future__ import annotations

from django.test import Client

from market.models import World
from news.research.standing import the_copy
from tests.floor.hall import Hall
from tests.research.said import get, post, say_all
from tests.research.test_runner import runner


def test_the_copy_follows_the_desk_tick_by_tick(still_hall: Hall, client: Client) -> None:
    say_all(still_hall)
    desk_runner = runner()
    for _ in range(3):
        still_hall.tick("ann BUY 10 MARKET")
        desk_runner.catch_up()
        with the_copy().read() as desk:
            assert desk is not None and desk.tick == World.objects.get().tick
            companies = {symbol: one.dump() for symbol, one in desk.companies.items()}
    the_copy.cache_clear()
    with the_copy().read() as fresh:
        assert fresh is not None
        assert {symbol: one.dump() for symbol, one in fresh.companies.items()} == companies


def test_before_the_desk_has_read_anything_it_says_so(still_hall: Hall, client: Client) -> None:
    for response in (
        client.get("/api/v1/research/levels/APEX"),
        post(client, "analysts/macro/analyze", {}),
    ):
        assert response.status_code == 404 and "read nothing yet" in response.json()["error"]
    health = get(client, "analysts/health")
    assert health["tick"] == 0 and health["behindTicks"] == World.objects.get().tick
    assert {one["lastRunTick"] for one in health["checkers"]} == {None}
    assert get(client, "research/squeeze")["items"] == []
    assert get(client, "alerts")["items"] == []
    assert client.get("/api/v1/narrative/current").status_code == 404
    page = client.get("/research")
    assert page.status_code == 200
    assert "The desk has read nothing yet." in page.content.decode()
