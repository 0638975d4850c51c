"""What the floor does when something fails: nothing is lost, nothing done twice, nobody blamed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from threading import Event
from time import sleep
from typing import Any, Protocol

import orjson
import psycopg
import pytest
import zstandard
from django.conf import settings
from django.db import connection

from agents.models import Input
from agents.services import journal
from market.common.bulk import Write
from market.models import Checkpoint
from market.services import record
from tests.floor.hall import Hall, Twin, elsewhere
from tests.stack.running import PATIENCE_SECONDS
from wallstreetsim.floor import recording
from wallstreetsim.floor.shell import Committed, Floor
from wallstreetsim.machine.world import REGISTER

GOOD = "ann BUY 10 MARKET\nbob BUY 5 @ 1.00\ncid BUY 3 NEXUS MARKET"


class Spoil(Protocol):
    def __call__(self, table: str, condition: str, *, at_commit: bool = False) -> Callable[[], Any]:
        """Have the database refuse to write rows of which `condition` is true, until undone."""


@pytest.fixture
def spoil(transactional_db: None) -> Iterator[Spoil]:
    with ExitStack() as undoing:

        def spoil(table: str, condition: str, *, at_commit: bool = False) -> Callable[[], Any]:
            kind, when = ("CONSTRAINT", "AFTER") if at_commit else ("", "BEFORE")
            deferred = "DEFERRABLE INITIALLY DEFERRED" if at_commit else ""
            _execute(
                "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
                " $$BEGIN RAISE EXCEPTION 'refused'; END$$",
                f"CREATE {kind} TRIGGER refuse {when} INSERT OR UPDATE ON {table} {deferred}"
                f" FOR EACH ROW WHEN ({condition}) EXECUTE FUNCTION refuse()",
            )
            return undoing.enter_context(_undone_by("DROP FUNCTION IF EXISTS refuse CASCADE"))

        yield spoil


@contextmanager
def _undone_by(statement: str) -> Iterator[Callable[[], Any]]:
    def undo() -> None:
        _execute(statement)

    yield undo
    undo()


def _execute(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def quarantined() -> list[Input]:
    return list(Input.objects.filter(is_quarantined=True).order_by("id"))


def assert_sound(hall: Hall) -> None:
    assert Twin(hall.rules).follow(hall.row) == hall.row.digest
    assert hall.audit() == []
    assert not Input.objects.waiting().exists()


# The machine raises


def test_an_input_that_makes_the_machine_raise_is_set_aside_and_the_tick_goes_on(
    hall: Hall,
) -> None:
    good = hall.send("ann BUY 10 MARKET")
    bad = hall.submit(
        hall.raw("bob", "BUY", {"quantity": 5}),  # no symbol
        hall.raw("cid", "DANCE", {}),
    )
    good += hall.send("cid BUY 3 NEXUS MARKET")
    bad.append(hall.operate("NOSUCH"))
    committed = hall.tick()
    assert committed.outcome.tick == 2
    assert hall.codes(bad) == ["INTERNAL"] * 3
    assert hall.codes(good) == ["OK"] * 2
    assert quarantined() == bad
    [told] = [e for e in hall.told("bob", type="action:result") if e["action"] == "BUY"]
    assert (told["actionId"], told["code"]) == (str(bad[0].public_id), "INTERNAL")
    assert_sound(hall)
    assert_sound_after_restart(hall)


def test_an_agent_whose_registration_failed_holds_nobody_up(hall: Hall) -> None:
    from agents.models import Agent

    hall.agents["eve"] = Agent.objects.create(name="eve", role="quant", webhook_secret="")
    bad = hall.submit(
        hall.raw("eve", REGISTER, {"name": "eve"}),
        hall.input("eve BUY 10 MARKET"),
        hall.registration("ann"),  # again
    )
    [good] = hall.send("ann BUY 10 MARKET")
    hall.tick()
    assert hall.codes(bad) == ["INTERNAL", "FORBIDDEN", "CONFLICT"]
    assert hall.codes([good]) == ["OK"]
    hall.submit(hall.registration("eve"))
    [now] = hall.send("eve BUY 10 MARKET")
    hall.tick()
    assert hall.codes([now]) == ["OK"]
    assert_sound(hall)


def test_more_bad_inputs_than_one_beat_bears_are_set_aside_by_the_next(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wallstreetsim.floor.shell.TRIES", 3)
    hall.submit(*(hall.raw("bob", "BUY", {}) for _ in range(5)))
    assert hall.floor.tick() is None
    assert len(quarantined()) == 3
    hall.tick(GOOD)
    assert len(quarantined()) == 5
    assert_sound(hall)


def test_an_input_that_another_floor_performs_meanwhile_is_not_set_aside(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    began, go_on, take_inputs = Event(), Event(), journal.take_inputs

    def slowly(cursor: Any) -> Any:
        taken = take_inputs(cursor)
        began.set()
        assert go_on.wait(PATIENCE_SECONDS)
        return taken

    monkeypatch.setattr(journal, "take_inputs", slowly)
    [row] = hall.send("ann BUY 10 MARKET")
    with elsewhere(hall.floor.tick) as ticking:
        assert began.wait(PATIENCE_SECONDS)
        with elsewhere(lambda: Floor()._set_aside(str(row.public_id))) as setting_aside:
            sleep(0.1)
            assert not setting_aside.done()
            go_on.set()
        assert ticking.result()
    assert hall.codes([row]) == ["OK"]
    assert quarantined() == []
    assert_sound_after_restart(hall)


# A write fails


@pytest.mark.parametrize("position", [0, 1, 5, 8])
def test_an_input_whose_writing_fails_is_found_and_set_aside(hall: Hall, position: int) -> None:
    lines = [f"ann BUY {n + 1} MARKET" for n in range(8)]
    lines.insert(position, "bob BUY 5 @ 1.00 #" + "x" * 60)  # longer than its column
    sent = hall.send("\n".join(lines))
    hall.tick()
    bad = sent.pop(position)
    assert quarantined() == [bad]
    assert hall.codes([bad]) == ["INTERNAL"]
    assert hall.codes(sent) == ["OK"] * 8
    assert hall.told("bob", type="action:result")[-1]["code"] == "INTERNAL"
    assert_sound(hall)
    assert_sound_after_restart(hall)


@pytest.mark.parametrize("at_commit", [False, True])
def test_so_is_one_whose_effect_a_constraint_refuses(
    hall: Hall, spoil: Spoil, at_commit: bool
) -> None:
    spoil("market_order", "NEW.quantity = 13", at_commit=at_commit)
    sent = hall.send(
        "ann BUY 10 MARKET\nbob BUY 13 @ 1.00\ncid BUY 3 MARKET\n"
        "cid BUY 13 @ 1.00\nbob BUY 4 @ 1.00"
    )
    hall.tick()
    assert quarantined() == [sent[1], sent[3]]
    assert hall.codes(sent) == ["OK", "INTERNAL", "OK", "INTERNAL", "OK"]
    assert_sound(hall)


@pytest.mark.parametrize("table", ["market_world", "market_tapeentry", "agents_verdict"])
def test_a_failure_that_is_no_inputs_fault_blames_nobody_and_is_tried_at_every_beat(
    hall: Hall, spoil: Spoil, table: str, caplog: pytest.LogCaptureFixture
) -> None:
    hall.send(GOOD)
    undo = spoil(table, "NEW.tick IS NOT NULL", at_commit=table == "market_world")
    for _ in range(3):
        assert hall.floor.tick() is None
    assert hall.row.tick == 1
    errors = [r.message for r in caplog.records if r.levelname in ("ERROR", "WARNING")]
    assert len(errors) == 2, "the failure is told once, with its traceback, and once that it stays"
    undo()
    assert hall.floor.tick()
    assert quarantined() == []
    assert_sound(hall)


@pytest.mark.parametrize("pattern", ["F", "FF", "FFF", "FFPF", "FFPFPFF", "FFPFFFF"])
def test_a_passing_failure_blames_nobody(
    hall: Hall, monkeypatch: pytest.MonkeyPatch, pattern: str
) -> None:
    """The first tries fail and pass in this order, whatever they are about; then all pass."""
    faults, write_outcome = iter(pattern), recording.write_outcome

    def sometimes(*args: Any, **options: Any) -> Any:
        if next(faults, "P") == "F":
            raise ValueError("a passing fault")
        return write_outcome(*args, **options)

    monkeypatch.setattr("wallstreetsim.floor.shell.write_outcome", sometimes)
    hall.send(GOOD)
    while not hall.floor.tick():
        pass
    assert quarantined() == []
    monkeypatch.undo()
    assert_sound(hall)


def test_a_failing_statement_of_many_rows_does_not_flood_the_logs(
    hall: Hall, spoil: Spoil, caplog: pytest.LogCaptureFixture
) -> None:
    server_log = settings.PLACES.log("postgres")
    size = server_log.stat().st_size if settings.EMBEDDED_POSTGRES else 0
    caplog.set_level("DEBUG", "wallstreetsim")
    hall.send("\n".join(f"ann BUY {n + 1} MARKET" for n in range(2_000)))
    undo = spoil("agents_verdict", "NEW.tick IS NOT NULL")
    assert hall.floor.tick() is None
    undo()
    assert len(caplog.text) < 30_000
    if settings.EMBEDDED_POSTGRES:
        assert server_log.stat().st_size - size < 30_000


# The database goes away


def test_a_commit_whose_answer_is_lost_happened_once(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = hall.send(GOOD)
    _break_one_commit(monkeypatch, after=True)
    assert hall.floor.tick() is None
    assert hall.row.tick == 2
    assert hall.codes(sent) == ["OK"] * 3
    assert hall.tick(GOOD).outcome.tick == 3
    assert_sound(hall)


def test_a_commit_that_never_arrived_is_made_up_for(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = hall.send(GOOD)
    _break_one_commit(monkeypatch, after=False)
    assert hall.floor.tick() is None
    assert hall.row.tick == 1
    assert hall.codes(sent) == [""] * 3
    assert hall.tick().outcome.tick == 2
    assert hall.codes(sent) == ["OK"] * 3
    assert_sound(hall)


def _break_one_commit(monkeypatch: pytest.MonkeyPatch, *, after: bool) -> None:
    """Have the next COMMIT lose its connection, after or before it reaches the server."""
    commit = psycopg.Connection.commit

    def lost(self: psycopg.Connection[Any]) -> None:
        monkeypatch.setattr(psycopg.Connection, "commit", commit)
        if after:
            commit(self)
        self.pgconn.finish()
        raise psycopg.OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(psycopg.Connection, "commit", lost)


@pytest.mark.parametrize("pooled", [True, False])
@pytest.mark.parametrize("step", ["take_inputs", "update_members"])
def test_a_connection_lost_in_a_tick_is_opened_anew_for_the_next(
    hall: Hall, monkeypatch: pytest.MonkeyPatch, pooled: bool, step: str
) -> None:
    if not pooled:
        connection.close()
        monkeypatch.delitem(connection.settings_dict["OPTIONS"], "pool")
    hall.send(GOOD)
    work = getattr(journal, step)

    def lose_connection(*args: Any) -> Any:
        _end_session(connection.connection.info.backend_pid)
        return work(*args)

    monkeypatch.setattr(journal, step, lose_connection)
    assert hall.floor.tick() is None
    monkeypatch.setattr(journal, step, work)
    assert hall.tick().outcome.tick == 2
    assert quarantined() == []
    assert_sound(hall)
    connection.close()


def test_a_connection_lost_in_a_copy_blames_nobody(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = psycopg.Cursor.copy

    def lose_connection(self: Any, *args: Any, **options: Any) -> Any:
        _end_session(self.connection.info.backend_pid)
        return copy(self, *args, **options)

    monkeypatch.setattr(psycopg.Cursor, "copy", lose_connection)
    hall.send(GOOD)
    for _ in range(3):
        assert hall.floor.tick() is None
    monkeypatch.undo()
    monkeypatch.setattr("wallstreetsim.floor.shell.SHORTEST_INTERVAL", 0.0)
    assert hall.tick().outcome.tick == 2
    assert quarantined() == []
    assert_sound(hall)


def test_a_full_disk_blames_nobody(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has room for a tick without trades, so that bisecting would find somebody."""
    insert_trades = record.insert_trades

    def insert(trades: list[Any]) -> Write:
        if trades:
            raise psycopg.errors.DiskFull("no space left on device")  # as COPY raises it
        return insert_trades(trades)

    monkeypatch.setattr(record, "insert_trades", insert)
    hall.send(GOOD)
    for _ in range(3):
        assert hall.floor.tick() is None
    monkeypatch.setattr(record, "insert_trades", insert_trades)
    assert hall.tick().outcome.tick == 2
    assert quarantined() == []
    assert_sound(hall)


def _end_session(pid: int) -> None:
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    finally:
        other.close()


# Redis goes away


def test_a_tick_that_cannot_be_published_stands(
    hall: Hall, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    heard: list[int] = []

    def publish(committed: Committed) -> None:
        if committed.outcome.tick < 5:
            raise ConnectionError("no Redis")
        heard.append(committed.outcome.tick)

    hall.floor.publish = publish
    for _ in range(5):
        hall.tick(GOOD)
    assert hall.row.tick == 6
    assert heard == [5, 6]
    assert len([r for r in caplog.records if r.levelname == "ERROR"]) == 1
    assert [r.message for r in caplog.records if "published" in r.message][1:] == [
        "tick 5 is published: spectators hear of ticks again"
    ]
    assert_sound(hall)


def test_a_checkpoint_that_cannot_be_written_stops_no_tick(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wallstreetsim.floor.checkpoints.EVERY_TICKS", 1)
    monkeypatch.setattr("wallstreetsim.machine.world.World.dump", None)
    hall.tick(GOOD)
    hall.tick(GOOD)
    assert list(Checkpoint.objects.values_list("tick", flat=True)) == [0]
    assert_sound(hall)


def assert_sound_after_restart(hall: Hall) -> None:
    restarted = Floor(hall.rules)
    committed = restarted.tick()
    assert committed
    assert_sound(hall)


def _damage(hall: Hall) -> None:
    """Let the newest checkpoint, the only one, hold a share of ann's more than there is."""
    hall.floor.checkpoint()
    row = Checkpoint.objects.latest("tick")
    Checkpoint.objects.exclude(pk=row.pk).delete()
    state = orjson.loads(zstandard.decompress(row.state))
    ann = hall.agents["ann"].id
    account = next(a for a in state["engines"]["market"]["accounts"] if a["id"] == ann)
    account["holdings"][0][1] += 1
    packed = zstandard.compress(orjson.dumps(state))
    row.state, row.checksum = packed, hashlib.sha256(packed).hexdigest()
    row.save()


def test_a_breach_of_what_must_be_true_commits_nothing_and_is_said_once(
    hall: Hall, caplog: pytest.LogCaptureFixture
) -> None:
    hall.tick(GOOD)
    _damage(hall)
    before = hall.row.tick
    floor = hall.restart()
    hall.send("cid BUY 1 MARKET")
    for _ in range(3):
        assert floor.tick() is None
        floor.rest()
    assert hall.row.tick == before
    assert Input.objects.filter(verdict=None, is_quarantined=True).count() == 0
    said = [record.getMessage() for record in caplog.records if record.levelname != "INFO"]
    [line] = said
    assert "InvariantBroken: company APEX: " in line


def test_a_machine_that_went_wrong_in_memory_is_taken_from_the_record(hall: Hall) -> None:
    hall.tick(GOOD)
    assert hall.floor.world is not None
    hall.floor.world.market.accounts[hall.agents["ann"].id].cash += 1
    hall.tick("ann SELL 1 MARKET")
    assert hall.audit() == []
