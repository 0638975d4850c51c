"""One tick: claimed once, over every committed input, in a fixed number of statements."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import psycopg
import pytest
from django.db import connection, transaction

from agents.models import Input
from agents.services import journal
from market import tape
from market.models import TapeEntry
from tests.floor.hall import Hall, Twin, elsewhere
from tests.stack.running import PATIENCE_SECONDS
from wallstreetsim.floor.shell import Committed, Floor
from wallstreetsim.machine.world import PAUSE, RESUME, STEP


def ticks_of(floor: Floor, beats: int) -> list[int]:
    """Return the ticks that a floor runs when so many beats fire."""
    return [c.outcome.tick for c in (floor.tick() for _ in range(beats)) if c]


# Claiming


def test_of_two_beats_at_once_one_ticks(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wallstreetsim.floor.shell.SHORTEST_INTERVAL", 0.75)
    assert ticks_of(hall.floor, beats=3) == []  # the cast was registered just now
    monkeypatch.setattr("wallstreetsim.floor.shell.SHORTEST_INTERVAL", 0.0)
    assert ticks_of(hall.floor, beats=1) == [2]


def test_a_beat_without_a_tick_is_noted_once(
    hall: Hall, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("wallstreetsim.floor.shell.SHORTEST_INTERVAL", 0.75)
    caplog.set_level("INFO")
    ticks_of(hall.floor, beats=3)
    assert [r.message for r in caplog.records if "no tick is due" in r.message] != []
    assert len(caplog.records) == 1


def test_a_clock_set_back_does_not_stop_the_world(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wallstreetsim.floor.shell.SHORTEST_INTERVAL", 0.75)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE market_world SET claimed_at = now() + interval '1 hour'")
    assert ticks_of(hall.floor, beats=2) == [2]


def test_while_a_slow_tick_runs_no_other_begins_or_waits(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    began, go_on, take_inputs = Event(), Event(), journal.take_inputs

    def slowly(cursor: Any) -> Any:
        began.set()
        assert go_on.wait(PATIENCE_SECONDS)
        return take_inputs(cursor)

    monkeypatch.setattr(journal, "take_inputs", slowly)
    with elsewhere(hall.floor.tick) as slow:
        assert began.wait(PATIENCE_SECONDS)
        assert ticks_of(Floor(), beats=5) == []
        go_on.set()
        assert slow.result()
    assert hall.row.tick == 2


def test_two_floors_share_the_ticks_and_run_none_twice(hall: Hall) -> None:
    last, scripts = 40, "ann BUY 10 MARKET\nbob BUY 5 @ 1.00 #{}\ncid BUY 3 NEXUS MARKET"

    def beat_until_the_end() -> list[int]:
        floor, ticks = Floor(), []
        while hall.row.tick < last:
            ticks += ticks_of(floor, beats=1)
        return ticks

    with elsewhere(beat_until_the_end) as one, elsewhere(beat_until_the_end) as other:
        sent = [row for n in range(30) for row in hall.send(scripts.format(n))]
    run = sorted(one.result() + other.result())
    assert run == list(range(2, hall.row.tick + 1))
    assert one.result() and other.result()
    hall.tick()
    assert "" not in hall.codes(sent)
    assert Twin().follow(hall.row) == hall.row.digest
    assert hall.audit() == []


def test_a_floor_catches_up_with_another_without_a_checkpoint(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Floor()
    ticks_of(other, beats=1)
    hall.tick("ann BUY 10 MARKET")
    monkeypatch.setattr("wallstreetsim.floor.checkpoints.load_latest", None)
    assert ticks_of(other, beats=2) == [4, 5]
    assert ticks_of(hall.floor, beats=1) == [6]
    assert Twin().follow(hall.row) == hall.row.digest


# Taking


def test_an_input_committed_late_is_taken_by_the_next_tick(hall: Hall) -> None:
    late_connection = connection.copy()
    with transaction.atomic():  # reserves the lower number for the late one
        late_id = Input.objects.create(type="-", source="api").id
        transaction.set_rollback(True)
    late = hall.input("ann BUY 10 MARKET")
    late.id = late_id
    try:
        late_connection.set_autocommit(False)
        with late_connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO agents_input (id, public_id, account, type, parameters, source,"
                " received_at, is_quarantined)"
                " VALUES (%s, %s, %s, %s, %s::jsonb, %s, now(), false)",
                [
                    late.id,
                    late.public_id,
                    late.account,
                    "BUY",
                    '{"symbol": "APEX", "quantity": 10, "kind": "MARKET"}',
                    "api",
                ],
            )
        [early] = hall.send("bob BUY 10 MARKET")
        assert early.id > late.id
        first = hall.tick()
        late_connection.commit()
    finally:
        late_connection.close()
    second, third = hall.tick(), hall.tick()
    taken = [[r.id for r in c.outcome.results] for c in (first, second, third)]
    assert taken == [[str(early.public_id)], [str(late.public_id)], []]
    assert Twin().follow(hall.row) == hall.row.digest
    assert hall.audit() == []


def test_orders_sent_at_the_same_instant_cannot_spend_the_same_dollar(hall: Hall) -> None:
    """50 orders, each worth 60 % of what ann may take on, arrive on several connections."""
    world = hall.floor.world
    assert world is not None
    ann = world.market.accounts[hall.agents["ann"].id]
    limit = world.market.companies["APEX"].price * 2
    quantity = ann.buying_power * 6 // 10 // limit
    order = f"ann BUY {quantity} @ {limit // 100}.{limit % 100:02d}"

    def send(_: int) -> list[Input]:
        try:
            return hall.send(order)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        sent = [row for rows in pool.map(send, range(50)) for row in rows]
    hall.tick()
    assert sorted(hall.codes(sent)) == ["INSUFFICIENT_FUNDS"] * 49 + ["OK"]
    assert hall.audit() == []


# The size of a tick


def test_a_tick_is_the_same_statements_however_many_orders_there_are(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    statements: list[str] = []
    execute, copy = psycopg.Cursor.execute, psycopg.Cursor.copy

    def counted_execute(self: Any, query: Any, *args: Any, **options: Any) -> Any:
        statements.append(str(query)[:60])
        return execute(self, query, *args, **options)

    def counted_copy(self: Any, query: Any, *args: Any, **options: Any) -> Any:
        statements.append(str(query)[:60])
        return copy(self, query, *args, **options)

    monkeypatch.setattr(psycopg.Cursor, "execute", counted_execute)
    monkeypatch.setattr(psycopg.Cursor, "copy", counted_copy)

    def statements_of(orders: int) -> list[str]:
        hall.send(
            "\n".join(f"ann BUY {n + 1} @ 1.00\nbob BUY 1 MARKET" for n in range(orders // 2))
        )
        statements.clear()
        assert hall.floor.tick()
        return statements.copy()

    none, few, many = statements_of(0), statements_of(10), statements_of(1_000)
    assert none == few == many
    assert len(none) < 40


# Pausing


def test_a_paused_world_stands_still_until_an_operator_wakes_it(hall: Hall) -> None:
    hall.operate(PAUSE)
    assert ticks_of(hall.floor, beats=3) == [2]  # the pause takes effect after the tick it is in
    [waits] = hall.send("ann BUY 10 MARKET")
    hall.operate(PAUSE)
    assert ticks_of(hall.floor, beats=3) == []
    assert hall.codes([waits]) == [""]
    hall.operate(RESUME)
    assert ticks_of(hall.floor, beats=3) == [3, 4, 5]
    assert hall.codes([waits]) == ["OK"]
    assert Twin().follow(hall.row) == hall.row.digest


def test_a_step_runs_so_many_ticks_and_a_restart_between_them_changes_nothing(hall: Hall) -> None:
    hall.operate(PAUSE)
    hall.tick()
    hall.operate(STEP, ticks=3)
    assert ticks_of(hall.floor, beats=2) == [3, 4]
    assert hall.row.steps_left == 1
    assert ticks_of(hall.restart(), beats=3) == [5]
    hall.operate(STEP, ticks=1)
    assert ticks_of(hall.restart(), beats=3) == [6]
    assert hall.row.is_paused
    assert Twin().follow(hall.row) == hall.row.digest


def test_nobody_but_an_operator_wakes_a_paused_world(hall: Hall) -> None:
    hall.operate(PAUSE)
    hall.tick()
    hall.submit(hall.raw("ann", RESUME, {}))
    assert ticks_of(hall.floor, beats=3) == []


# The tape


def test_the_public_stream_counts_the_ticks_and_each_agents_its_own_entries(hall: Hall) -> None:
    hall.tick("ann BUY 10 MARKET")
    hall.tick()
    hall.tick("ann BUY 10 MARKET\nbob BUY 10 MARKET")
    seqs = {
        stream: list(
            TapeEntry.objects.filter(stream=stream).order_by("seq").values_list("seq", "tick")
        )
        for stream in (tape.PUBLIC_STREAM, hall.agents["ann"].id, hall.agents["cid"].id)
    }
    assert list(seqs.values()) == [
        [(1, 1), (2, 2), (3, 3), (4, 4)],
        [(1, 1), (2, 2), (3, 4)],
        [(1, 1)],
    ]


def test_what_is_published_is_what_was_committed(hall: Hall) -> None:
    published: list[Committed] = []
    hall.floor.publish = published.append
    committed = hall.tick("ann BUY 10 MARKET")
    assert published == [committed]
    [entry] = tape.read_tick(epoch=1, tick=2, streams=[tape.PUBLIC_STREAM])
    assert entry == committed.public


def test_a_price_update_says_what_drove_the_price(hall: Hall) -> None:
    committed = hall.tick()
    events = {event["type"]: event["data"] for event in committed.public.read()}
    for price in events["price:update"]["prices"]:
        move = 100 * math.log(price["price"] / price["previousPrice"])
        cent = 100 / (100 * price["previousPrice"])
        assert set(price["drivers"]) == {"flow", "shock", "world"}
        assert sum(price["drivers"].values()) == pytest.approx(move, abs=2 * cent)
    assert any(price["drivers"]["shock"] for price in events["price:update"]["prices"])
