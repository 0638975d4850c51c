"""The screen for a wall: how a tape is cut, and what the page shows of a shot."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from itertools import pairwise
from typing import Any

import orjson
import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from market.tape import Event
from tests.floor.hall import Hall
from wallstreetsim.floor import book_changes, tape_events
from wallstreetsim.lab.scenarios import read, run
from wallstreetsim.machine.world import Outcome, World
from wallstreetsim.terminal import director, tv
from wallstreetsim.terminal.director import Kind, Reading, Shot, Story

LEAST = 8  # ticks, of a second each
STORY = b"""
seed: 11
ticks: 760
companies:
  - {symbol: APEX, name: Apex Tech, sector: Technology, price: 100.00, shares: 1000000}
  - {symbol: NOVA, name: Nova Power, sector: Energy, price: 50.00, shares: 1000000}
  - {symbol: OMEGA, name: Omega Oil, sector: Energy, price: 20.00, shares: 1000000}
market: {session: open, maker: false, walk: false, events: false}
agents:
  - {name: rosa, role: influencer, cash: 100000.00, holdings: {APEX: 5000}}
  - {name: bert, role: quant, cash: 10000.00}
  - {name: dora, role: hedge_fund_manager, holdings: {OMEGA: 5000}}
  - {name: cleo, role: whistleblower}
  - {name: ivan, role: sec_investigator}
steps:
  - {tick: 2, agent: dora, actions: [
      {type: SELL, symbol: OMEGA, quantity: 900, orderType: LIMIT, price: 20.00}]}
  - {tick: 3, agent: bert, actions: [
      {type: BUY, symbol: OMEGA, quantity: 900, orderType: LIMIT, price: 20.00}]}
  - {tick: 400, inject: {event: CEO_SCANDAL, symbol: NOVA, impact: -0.30, duration: 10}}
  - {tick: 500, inject: {event: CEO_SCANDAL, symbol: OMEGA, impact: -0.70, duration: 10}}
  - {tick: 650, agent: rosa, actions: [
      {type: RUMOR, targetSymbol: APEX,
        content: "APEX reports record growth and a brilliant, very strong quarter"}]}
  - {tick: 652, agent: dora, actions: [
      {type: BUY, symbol: APEX, quantity: 5000, orderType: LIMIT, price: 100.10}]}
  - {tick: 653, agent: rosa, actions: [
      {type: SELL, symbol: APEX, quantity: 5000, orderType: LIMIT, price: 100.10}]}
  - {tick: 656, agent: cleo, actions: [
      {type: WHISTLEBLOW, targetAgent: rosa, crimeType: pump_and_dump,
        evidence: "She praised APEX at tick 650 and sold every share three ticks later."}]}
"""


@cache
def tape() -> list[tuple[int, list[Event]]]:
    """Return what a world tells in public in which NOVA crashes, bert goes bankrupt in the crash of
    another company, and rosa is sent to prison: each tick's events, as a client has them.
    """
    entries: list[tuple[int, list[Event]]] = []

    def look(world: World, outcome: Outcome) -> None:
        at, books = datetime(2000, 1, 1, tzinfo=UTC), book_changes.standing(world)
        events = tape_events.public_events(world, outcome, books, at)
        entries.append((outcome.tick, orjson.loads(orjson.dumps(events))))

    run(read(STORY), look=look)
    return entries


def cut(readings: Sequence[Reading], least_ticks: int = LEAST) -> list[Shot]:
    return list(director.cut(director.stories_of(readings), least_ticks=least_ticks))


def ticks_of(type: str, wanted: dict[str, Any]) -> list[int]:
    """Return the ticks whose events of a type have one with these values."""
    return [
        tick
        for tick, events in tape()
        for event in events
        if event["type"] == type
        and any(all(one[key] == v for key, v in wanted.items()) for one in event["data"])
    ]


def test_a_tape_is_cut_to_its_crash_its_bankruptcy_and_its_arrest_within_three_ticks() -> None:
    shots = cut([director.read(tick, events) for tick, events in tape()])
    [crash] = ticks_of("market:event", {"type": "CEO_SCANDAL", "symbol": "NOVA"})
    [fall] = ticks_of("market:event", {"type": "BANKRUPTCY", "name": "bert"})
    [arrest] = ticks_of("sec:update", {"agentName": "rosa", "status": "convicted"})
    begun = {(shot.story.kind, shot.story.subject): shot.since for shot in shots}
    for happened, story in (
        (crash, (Kind.CRASH, "NOVA")),
        (fall, (Kind.BANKRUPTCY, "bert")),
        (arrest, (Kind.ARREST, "rosa")),
    ):
        assert happened <= begun[story] <= happened + 3, story
    assert next(shot.story.symbol for shot in shots if shot.since == arrest) == "APEX"
    since = sorted({shot.since for shot in shots})
    assert all(after - before >= LEAST for before, after in pairwise(since))


def quotes(**changes: float) -> dict[str, director.Quote]:
    return {symbol: director.Quote(change, change) for symbol, change in changes.items()}


def reading(tick: int, *told: Story, index: float = 1000.0, **changes: float) -> Reading:
    return Reading(tick, index, 4, quotes(**changes), told)


def story(kind: Kind, tick: int, score: float, name: str = "ann") -> Story:
    return Story(kind, tick, score, "why", agent=name)


def test_a_slow_fall_is_a_crash_once_it_adds_up() -> None:
    shots = cut([reading(tick, APEX=-2.0) for tick in range(1, 8)])
    assert [shot.story.kind for shot in shots[:4]] == [Kind.QUIET] * 4  # 7.8 %
    [shot] = cut([reading(tick, APEX=-2.0) for tick in range(1, 8)], least_ticks=0)[-1:]
    assert (shot.story.kind, shot.story.subject, shot.since) == (Kind.CRASH, "APEX", 5)
    assert "falls 13.2 %" in shot.story.reason  # it has grown since
    assert cut([reading(t, APEX=-2.0 if t % 2 else 2.04) for t in range(1, 40)])[-1].since == 1


def test_a_rise_is_a_squeeze_only_if_orders_made_it() -> None:
    bought = [Reading(t, 1000.0, 4, {"APEX": director.Quote(3.0, 2.9)}, ()) for t in range(1, 20)]
    given = [Reading(t, 1000.0, 4, {"APEX": director.Quote(3.0, 0.4)}, ()) for t in range(1, 20)]
    assert cut(bought)[-1].story.kind is Kind.SQUEEZE
    assert cut(given)[-1].story.kind is Kind.QUIET


def test_the_market_crashes_when_most_fall_and_not_with_one_large_company() -> None:
    one = [reading(t, index=1000.0 - 10 * t, APEX=-0.5) for t in range(1, 10)]
    most = [reading(t, index=1000.0 - 10 * t, APEX=-0.5, NOVA=-0.5) for t in range(1, 10)]
    assert cut(one)[-1].story.kind is Kind.QUIET
    assert cut(most)[-1].story.subject == "THE MARKET"
    assert cut(most)[-1].story.kind is Kind.CRASH


def test_every_shot_has_its_time_and_the_biggest_is_next() -> None:
    many = {
        1: [story(Kind.BANKRUPTCY, 1, 50.0)],
        3: [story(Kind.ARREST, 3, 70.0, "bob"), story(Kind.CHARGE, 3, 40.0, "cid")],
        5: [story(Kind.BANKRUPTCY, 5, 80.0, "dee")],
    }
    shots = cut([reading(tick, *many.get(tick, [])) for tick in range(1, 40)])
    begun = list(dict.fromkeys((shot.since, shot.story.subject) for shot in shots))
    assert begun[:4] == [(1, "ann"), (9, "dee"), (17, "bob"), (25, "cid")]
    assert [one.subject for one in shots[5].waiting] == ["dee", "bob", "cid"]


def test_a_small_story_does_not_take_a_big_ones_place_while_that_is_news() -> None:
    told = {1: [story(Kind.ARREST, 1, 90.0)], 12: [story(Kind.CHARGE, 12, 20.0, "bob")]}
    shots = cut([reading(tick, *told.get(tick, [])) for tick in range(1, 20)])
    assert {shot.story.subject for shot in shots} == {"ann"}


def test_what_is_over_gives_way_to_the_market_after_a_while_and_may_come_again() -> None:
    again = director.LONGEST_SHOT + 20
    told = {1: [story(Kind.ARREST, 1, 90.0)], again: [story(Kind.ARREST, again, 60.0)]}
    shots = cut([reading(tick, *told.get(tick, [])) for tick in range(1, again + 2)])
    begun = list(dict.fromkeys((shot.since, shot.story.kind) for shot in shots))
    assert begun == [
        (1, Kind.ARREST),
        (director.LONGEST_SHOT + 1, Kind.QUIET),
        (again, Kind.ARREST),
    ]


# The page


def page_of(client: Client) -> str:
    response = client.get("/tv")
    assert response.status_code == 200
    return response.content.decode()


def test_the_page_shows_the_market_until_there_is_a_story_and_then_its_company(
    hall: Hall, client: Client
) -> None:
    hall.tick()
    page = page_of(client)
    assert 'data-kind="quiet"' in page and "LARGEST MOVES" in page
    hall.operate("INJECT", event="CEO_SCANDAL", symbol="APEX", impact=-0.3, duration=5)
    for _ in range(LEAST):
        hall.tick("ann BUY 10 MARKET")
    hall.operate("HALT", symbol="APEX", ticks=50, reason="a look")
    hall.tick()
    page = page_of(client)
    assert 'data-kind="crash"' in page
    assert "APEX: ceo scandal, worth -30.0 %." in page
    assert "BOOK OF APEX" in page and '<svg class="candles"' in page
    assert "trades again, by an auction" in page  # what comes next, for it is halted
    assert "The market closes" in page


def test_the_page_shows_an_agent_without_a_company_by_its_standing(
    hall: Hall, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    hall.tick()
    fallen = Shot(story(Kind.BANKRUPTCY, 2, 60.0), 2, (story(Kind.CHARGE, 2, 40.0, "bob"),))
    monkeypatch.setattr(tv, "shot_at", lambda world: fallen)
    page = page_of(client)
    assert '<a href="/agents/ann">ann</a>' in page and "STANDING" in page
    assert '<span class="label">charge</span> why' in page


def test_each_tick_of_the_tape_is_read_once(
    hall: Hall, client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(3):
        hall.tick()
    before = tv.shot_at(hall.row)
    assert sorted(tick for _, tick in tv._reel.readings) == [1, 2, 3, 4]
    with django_assert_max_num_queries(1):  # of the world alone
        assert tv.shot_at(hall.row) == before
    hall.tick()
    tv.shot_at(hall.row)
    assert len(tv._reel.told) == 5
