"""The replay page: the terminal as a kept tick left it."""

from __future__ import annotations

import json
import re

import pytest
from django.test import Client

from market import tape
from market.engine.rules import Macro
from tests.floor.hall import Hall
from wallstreetsim.terminal import dashboard


def main_of(page: bytes) -> str:
    [main] = re.findall(r"<main>.*</main>", page.decode(), re.DOTALL)
    return str(main)


def test_a_tick_is_shown_as_it_was(hall: Hall, client: Client) -> None:
    seen = {}
    for n in range(12):
        hall.tick(f"ann BUY {n + 1} MARKET\nbob BUY {n + 2} NEXUS MARKET\nann SELL 1 MARKET")
        seen[hall.row.tick] = main_of(client.get("/").content)
    for tick, main in seen.items():
        again = main_of(client.get(f"/replay?tick={tick}").content)
        assert again == main, tick
    assert len(set(seen.values())) == 12


def test_the_events_of_a_tick_are_shown_with_what_was_left_of_them_then(
    hall: Hall, client: Client
) -> None:
    hall.operate("INJECT", event="CEO_SCANDAL", symbol="APEX", impact=-0.02, duration=2)
    for _ in range(3):
        hall.tick()
    left = [
        re.findall(r"scandal.*?ticksLeft\">(\d)", main_of(client.get(f"/replay?tick={n}").content))
        for n in (1, 2, 3, 4)
    ]
    assert left == [[], ["2"], ["1"], []]


def test_a_quiet_tick_shows_the_trades_before_the_quiet(
    hall: Hall, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dashboard, "FEED_TICKS", 2)
    hall.tick("ann BUY 123 NEXUS MARKET")
    for _ in range(3):
        hall.tick()
    assert 'data-kind="BUY" data-tick="2"' in main_of(client.get("/replay?tick=5").content)


def test_the_rates_are_those_of_the_tick(hall: Hall, client: Client) -> None:
    hall.tick()
    hall.set_rates(Macro(interest_bps=725, inflation_bps=310, gdp_growth_bps=-50))
    hall.tick()
    rates = [
        re.findall(r'data-field="(?:interest|inflation|growth)">([^<]+)<', main_of(page.content))
        for page in (client.get(f"/replay?tick={tick}") for tick in (2, 3))
    ]
    assert rates == [["5.00%", "2.00%", "2.50%"], ["7.25%", "3.10%", "-0.50%"]]


def test_it_says_that_it_is_a_replay_and_of_what(hall: Hall, client: Client) -> None:
    hall.tick()
    hall.tick()
    page = client.get("/replay?tick=2").content.decode()
    assert page.count("◼ REPLAY") >= 1
    assert 'data-first="1" data-last="3"' in page
    assert 'href="/replay?tick=2">permalink' in page
    assert "dashboard/main.js" not in page
    hall.tick()
    assert 'data-first="1" data-last="4"' in client.get("/replay?tick=2").content.decode()
    live = client.get("/").content.decode()
    assert "◼ REPLAY" not in live
    assert 'href="/replay"' in live


def test_by_default_it_is_the_last_tick(hall: Hall, client: Client) -> None:
    hall.tick()
    assert b"REPLAY of tick 2 " in client.get("/replay").content


@pytest.mark.parametrize("asked", ["0", "99", "-1", "x", "1.5", "9" * 400, "²", ""])
def test_other_ticks_are_not_there(hall: Hall, client: Client, asked: str) -> None:
    response = client.get("/replay", {"tick": asked})
    assert response.status_code == 404
    assert b"It keeps ticks 1 to 1" in response.content


def test_what_is_pruned_is_gone(
    hall: Hall, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(5):
        hall.tick()
    assert client.get("/replay?tick=3").status_code == 200
    monkeypatch.setattr(tape, "KEPT_TICKS", 2)
    tape.prune(epoch=1, tick=6)
    assert client.get("/replay?tick=3").status_code == 404
    assert client.get("/replay?tick=5").status_code == 200
    assert dashboard.kept() == (1, 5, 6)


def test_before_the_first_tick_there_is_nothing_to_replay(db: None, client: Client) -> None:
    assert client.get("/replay").status_code == 503
    assert client.get("/replay/ticks?since=0").status_code == 400


def test_the_next_ticks_come_as_the_tape_has_them(hall: Hall, client: Client) -> None:
    for _ in range(4):
        hall.operate("INJECT", event="RALLY", impact=0.001, duration=0)
        hall.tick("ann BUY 1 MARKET")
    given = json.loads(client.get("/replay/ticks?since=2").content)
    assert (given["first"], given["last"]) == (1, 5)
    assert [item["seq"] for item in given["items"]] == [3, 4, 5]
    channels = {event["channel"] for item in given["items"] for event in item["events"]}
    assert channels == {"tick", "market:all", "trades", "leaderboard", "events", "news"}
    assert json.loads(client.get("/replay/ticks?since=5").content)["items"] == []
    for bad in ("", "x", "-1", "9" * 99):
        assert client.get("/replay/ticks", {"since": bad}).status_code == 400


def test_a_page_of_a_replay_obeys_the_same_policy(hall: Hall, client: Client) -> None:
    policy = client.get("/replay")["Content-Security-Policy"]
    assert "default-src 'none'; script-src 'self';" in policy
    assert "unsafe" not in policy
