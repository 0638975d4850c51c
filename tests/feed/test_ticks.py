from __future__ import annotations

import pytest
from django.conf import settings
from redis import Redis
from websockets.exceptions import ConnectionClosed

from market.models import World
from tests.feed.live import LiveHall, Spectator, Web, narrow_socket, spectator
from wallstreetsim.feed.client import MOST_OWED

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("channel", ["leaderboard", "market:APEX", "tick"])
def test_a_snapshot_and_the_frames_since_are_the_next_snapshot(
    channel: str, hall: LiveHall, web: Web
) -> None:
    with spectator(web) as client, spectator(web) as newcomer:
        [state] = client.subscribe(channel)
        hall.tick("ann BUY 10 MARKET\nbob BUY 10 NEXUS MARKET")
        hall.ticks(2)
        while state["seq"] < hall.row.tick:
            frame = client.hear()
            if frame["channel"] == channel and frame["type"] != "trade:executed":
                assert frame["seq"] == state["seq"] + 1
                state = frame
        [snapshot] = newcomer.subscribe(channel)
    assert snapshot == state | {"type": "snapshot"}


def test_prices_and_what_changed_of_them_since_are_the_next_prices(
    hall: LiveHall, web: Web
) -> None:
    with spectator(web) as client, spectator(web) as newcomer:
        [state] = client.subscribe("market:all")
        prices = {price["symbol"]: price for price in state["data"]["prices"]}
        since = hall.row.tick
        hall.tick("ann BUY 10 MARKET\nbob BUY 10 NEXUS MARKET")
        hall.ticks(3)
        while (frame := client.hear())["tick"] < hall.row.tick or frame["type"] != "tick:update":
            if frame["type"] == "price:update":
                prices |= {price["symbol"]: price for price in frame["data"]["prices"]}
        [snapshot] = newcomer.subscribe("market:all")
    assert len(snapshot["data"]["prices"]) == 100
    for now in snapshot["data"]["prices"]:
        kept = prices[now["symbol"]]
        if kept["tick"] == hall.row.tick:
            assert kept == now
        else:  # it has not changed since
            assert since < now["tick"] and now["change"] == 0
            assert all(kept[name] == now[name] for name in ("price", "bid", "ask", "volume"))


def test_every_web_process_tells_every_tick_once(hall: LiveHall, webs: list[Web]) -> None:
    with spectator(webs[0]) as one, spectator(webs[1]) as two:
        since = hall.row.tick
        hall.ticks(5)
        for client in (one, two):
            assert client.seqs(hall.row.tick) == list(range(since + 1, since + 6))


def test_ticks_that_nobody_published_are_told_from_the_tape(hall: LiveHall, web: Web) -> None:
    with spectator(web) as client:
        client.ask("authenticate", apiKey=hall.secrets["bob"])
        since = hall.row.tick
        hall.tick("bob BUY 1 MARKET #b1", is_published=False)
        hall.tick("bob BUY 2 MARKET #b2", is_published=False)
        orders = [client.hear_type("order:filled") for _ in range(2)]
        assert [order["data"][0]["clientOrderId"] for order in orders] == ["b1", "b2"]
        assert orders[0]["seq"] + 1 == orders[1]["seq"]
        hall.tick()
        hall.tick(is_published=False)  # the next notice finds that one is missing
        hall.tick()
        assert client.seqs(hall.row.tick)[-3:] == [since + 3, since + 4, since + 5]


def test_a_lost_subscription_loses_no_tick(hall: LiveHall, web: Web) -> None:
    redis = Redis.from_url(settings.REDIS_URL)
    with spectator(web) as client:
        since = hall.row.tick
        hall.tick()
        redis.client_kill_filter(_type="pubsub")
        hall.ticks(3)
        assert client.seqs(hall.row.tick) == list(range(since + 1, since + 5))


def test_who_listens_to_another_world_must_come_again(hall: LiveHall, web: Web) -> None:
    with spectator(web) as client:
        hall.committed(lambda: World.objects.update(epoch=2))
        assert client.closing_code() == 1012
    with spectator(web) as client:
        assert client.greeting["epoch"] == 2
        hall.committed(lambda: World.objects.update(epoch=1))
        assert client.closing_code() == 1012


def test_who_does_not_read_is_dropped_and_holds_nobody_up(hall: LiveHall, web: Web) -> None:
    narrow = narrow_socket(web.port)
    with (
        spectator(web) as reader,
        spectator(web, sock=narrow, max_queue=1, compression=None) as sleeper,
    ):
        for _ in range(30):
            sleeper.say("subscribe", channels=["market:all"])
        since = hall.row.tick
        hall.ticks(MOST_OWED)
        assert reader.seqs(hall.row.tick) == list(range(since + 1, hall.row.tick + 1))
        assert last_seq_before_closing(sleeper) < hall.row.tick


def last_seq_before_closing(client: Spectator) -> int:
    """Read on, and return the last seq before it is said that this was too slow."""
    seq = 0
    try:
        while True:
            seq = client.hear().get("seq", seq)
    except ConnectionClosed as closed:
        assert closed.rcvd and closed.rcvd.code == 4408
    return seq
