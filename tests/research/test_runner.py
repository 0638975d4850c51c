"""The desk beside the floor: what it commits, and what a failure, a rollback or a second process
makes of it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson
import pytest
import zstandard
from django.db import transaction
from django.test import Client

from market import tape
from market.models import TapeEntry, World
from market.tape import RESEARCH_STREAM
from news.models import (
    Insight,
    Narrative,
    ResearchAggregate,
    ResearchAlert,
    ResearchSignal,
    ResearchState,
)
from news.research import events
from news.research import rows as row_writing
from news.research import runner as running
from news.research.runner import Page, Runner
from news.research.standing import the_copy
from tests.damage import damage
from tests.floor.hall import Hall, elsewhere
from tests.research.talkative import TALKATIVE
from wallstreetsim.floor import rollback
from wallstreetsim.machine.rules import RULES

ROWS: dict[str, Any] = {
    events.ALERT: ResearchAlert,
    events.SIGNAL: ResearchSignal,
    events.INSIGHT: Insight,
    events.NARRATIVE: Narrative,
}


def runner(**options: Any) -> Runner:
    return Runner(RULES.market, rules=TALKATIVE, **options)


def said() -> list[tuple[int, int, bytes]]:
    """Return the stream `research` as the tape has it: (seq, tick, events)."""
    entries = tape.read(epoch=_epoch(), stream=RESEARCH_STREAM, since=0, limit=1_000)
    return [(entry.seq, entry.tick, entry.events) for entry in entries]


def _epoch() -> int:
    return World.objects.get().epoch


def _forget_all() -> None:
    """Take the desk back to its beginning, as if it had never run."""
    for model in (*ROWS.values(), ResearchState, ResearchAggregate):
        model.objects.all().delete()
    TapeEntry.objects.filter(stream=RESEARCH_STREAM).delete()


def _ticks(hall: Hall, count: int) -> None:
    for _ in range(count):
        hall.tick()


def _rows() -> list[dict[str, Any]]:
    """Return the rows of all tables, each with its table's name."""
    return [
        {"table": type, **row}
        for type, table in ROWS.items()
        for row in table.objects.order_by("number").values()
    ]


def test_an_entry_its_rows_and_the_cursor_are_committed_together(hall: Hall) -> None:
    _ticks(hall, 12)
    assert runner().catch_up() == 13  # with the tick that registered the cast

    entries = said()
    assert [seq for seq, _, _ in entries] == list(range(1, len(entries) + 1))
    kept = tape.read(epoch=1, stream=RESEARCH_STREAM, since=0, limit=1_000)
    told: dict[str, list[str]] = {}
    for entry in kept:
        for event in entry.read():
            told.setdefault(event["type"], []).extend(item["id"] for item in event["data"])
    for type, table in ROWS.items():
        ids = table.objects.order_by("number").values_list("id", flat=True)
        assert told[type] == [str(id) for id in ids]
    newest = ResearchState.objects.latest("tick")
    assert (newest.tick, newest.seq) == (13, len(entries))
    counts = ResearchAggregate.objects.filter(subject="alert").values_list("data", flat=True)
    assert sum(data["count"] for data in counts) == len(told[events.ALERT])


def test_a_desk_that_cannot_read_its_state_keeps_the_sums_of_all(hall: Hall) -> None:
    _ticks(hall, 8)
    runner().catch_up()
    ResearchAggregate.objects.update_or_create(
        subject="alert", kind="rally", defaults={"data": {"count": 1_000}}
    )
    row = ResearchState.objects.exclude(state=None).latest("tick")
    row.state = zstandard.compress(orjson.dumps({"version": 0}))
    row.save()
    _ticks(hall, 8)
    runner().catch_up()
    assert ResearchAggregate.objects.get(subject="alert", kind="rally").data["count"] >= 1_000


@pytest.mark.parametrize("pages", [(1,), (3, 1, 5)])
def test_the_same_tape_gives_the_same_entries_wherever_it_is_cut(
    hall: Hall, pages: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "STATE_TICKS", 4)
    for page in pages * (12 // sum(pages)):
        _ticks(hall, page)
        runner().catch_up()  # by a process that knows nothing
    cut, rows = said(), _rows()

    _forget_all()
    runner().catch_up()
    assert said() == cut
    assert _rows() == rows
    assert len(cut) > 3


def test_a_page_that_fails_leaves_nothing_and_is_folded_again(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "PAGE", 4)
    _ticks(hall, 11)
    runner().catch_up()
    whole = said()
    _forget_all()

    desk, write, calls = runner(), row_writing.write, []

    def fail_once(its: Any) -> None:
        calls.append(1)
        write(its)
        if len(calls) == 2:
            raise RuntimeError("the process is gone")

    monkeypatch.setattr(row_writing, "write", fail_once)
    with pytest.raises(RuntimeError):
        desk.catch_up()
    assert ResearchState.objects.latest("tick").tick == 4
    assert said() == [entry for entry in whole if entry[1] <= 4]
    assert {row["tick"] for row in _rows()} <= set(range(5))

    desk.catch_up()
    assert said() == whole


def test_the_desk_follows_the_world_when_it_is_taken_back(
    hall: Hall, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.setattr(running, "STATE_TICKS", 4)
    monkeypatch.setattr("wallstreetsim.floor.rollback._dump", lambda directory, row: None)
    monkeypatch.setattr("wallstreetsim.floor.rollback.running_floors", list)
    monkeypatch.setattr("wallstreetsim.floor.rollback.REST_TICKS", -1)
    desk = runner()
    for _ in range(10):
        hall.tick()
        desk.catch_up()
    before, rows = said(), _rows()

    rollback.roll_back(8, dumps=tmp_path)
    hall.restart()
    desk.catch_up()
    kept = [entry for entry in before if entry[1] <= 8]
    assert said() == kept
    assert [row["number"] for row in _rows()] == [r["number"] for r in rows if r["tick"] <= 8]

    hall.tick()  # nothing came from outside: history repeats itself
    hall.tick()
    desk.catch_up()
    assert [entry[:2] for entry in said()] == [entry[:2] for entry in before if entry[1] <= 10]


def test_a_desk_that_is_held_elsewhere_does_nothing(hall: Hall) -> None:
    hall.tick()

    def hold() -> int:
        with transaction.atomic():
            running.hold_still()
            with elsewhere(runner().catch_up) as other:
                return other.result()

    assert hold() == 0
    assert not ResearchState.objects.exists()
    assert runner().catch_up() == 2


def test_what_publishing_fails_at_is_committed_all_the_same(hall: Hall) -> None:
    _ticks(hall, 6)
    pages: list[Page] = []

    def fail(page: Page) -> None:
        pages.append(page)
        raise ConnectionError("Redis is away")

    assert runner(publish=fail).catch_up() == 7
    assert [entry.seq for page in pages for entry in page.entries] == [s for s, _, _ in said()]


def test_a_hundred_ticks_behind_the_desk_says_what_it_would_have_said(hall: Hall) -> None:
    _ticks(hall, 100)
    pages: list[Page] = []
    assert runner(publish=pages.append).catch_up() == 101
    assert max(page.folded for page in pages) == running.PAGE
    assert ResearchState.objects.filter(state=None).count() <= 1
    assert ResearchState.objects.latest("tick").tick == 101


def test_an_entry_of_rubbish_does_not_stop_the_desk(
    hall: Hall, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    the_copy.cache_clear()
    _ticks(hall, 12)
    for tick, rubbish in ((5, [{"type": "tick:update", "data": {}}]), (6, ["?"]), (7, [])):
        row = TapeEntry.objects.get(stream=tape.PUBLIC_STREAM, tick=tick)
        row.events = zstandard.compress(orjson.dumps(rubbish))
        row.save()
    row = TapeEntry.objects.get(stream=tape.PUBLIC_STREAM, tick=8)
    row.events = zstandard.compress(b"no JSON")
    row.save()

    damage(seq=9)
    damage(seq=10)

    assert runner().catch_up() == 13
    assert ResearchState.objects.latest("tick").tick == 13
    assert {tick for _, tick, _ in said()} & set(range(5, 11)) == set()
    assert max(tick for _, tick, _ in said()) > 10
    errors = [one for one in caplog.records if one.levelname == "ERROR"]
    assert 1 <= len(errors) <= 5 and all("reading" in one.getMessage() for one in errors)
    [damaged] = [one for one in errors if one.exc_info and one.exc_info[0] is tape.Damaged]
    assert "entry 9 of stream 0 is damaged" in str(damaged.exc_info)

    health = client.get("/api/v1/analysts/health").json()["data"]
    parts = {one["part"]: one for one in health["parts"]}
    assert parts["reading"] == {"part": "reading", "lastFaultTick": 10, "faults": 6}
    assert parts["signals"]["faults"] == 0
    assert "Reading failed at tick 10" in client.get("/research").content.decode()


def test_old_rows_go_and_sums_stay(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "STATE_TICKS", 2)
    monkeypatch.setattr(tape, "KEPT_TICKS", 4)
    session = replace(RULES.market.session, open_ticks=3, closed_ticks=2)  # as rows are dropped
    rules = replace(TALKATIVE, alerts=replace(TALKATIVE.alerts, kept_days=2))
    for _ in range(14):
        hall.tick()
        runner().catch_up()
    sums = list(ResearchAggregate.objects.order_by("id").values())
    before = ResearchAlert.objects.count()

    dropped = running.prune(replace(RULES.market, session=session), rules)
    assert dropped > 0
    assert ResearchAlert.objects.count() < before
    assert not ResearchAlert.objects.filter(tick__lt=15 - 2 * 5).exists()
    assert list(ResearchAggregate.objects.order_by("id").values()) == sums
    # All states that the tape leads on from stay, the first at or before what is its oldest entry.
    kept = list(ResearchState.objects.order_by("tick").values_list("tick", flat=True))
    assert kept == [10, 12, 14, 15]
    hall.tick()
    assert runner().catch_up() == 1
