"""The machine restored from what was written is the machine that wrote it, or the floor refuses."""

from __future__ import annotations

import weakref

import pytest
from django.db.models import F

from agents.models import Input
from market.models import Checkpoint, World
from tests.floor.hall import Hall, Twin
from wallstreetsim.floor import checkpoints, shell
from wallstreetsim.floor.shell import Floor
from wallstreetsim.machine import gc_control
from wallstreetsim.machine.world import ENGINE_VERSION, PAUSE

BUSY = "ann BUY 10 MARKET\nbob BUY 5 @ 1.00 #{0}\ncid BUY 3 NEXUS MARKET\nbob CANCEL #{1}"


@pytest.fixture
def every_five(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "EVERY_TICKS", 5)


def run_to(hall: Hall, tick: int) -> None:
    for n in range(hall.row.tick + 1, tick + 1):
        hall.tick(BUSY.format(n, n - 2))


def kept() -> list[int]:
    return list(Checkpoint.objects.order_by("tick").values_list("tick", flat=True))


def complaints(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.message for record in caplog.records if record.levelname == "ERROR"]


def assert_goes_on(hall: Hall) -> None:
    """A floor that knows nothing goes on where the world stands, with the digest of all of it."""
    before = hall.row
    hall.restart()
    assert hall.tick(BUSY.format("last", "none")).outcome.tick == before.tick + 1
    assert Twin(hall.rules).follow(hall.row) == hall.row.digest
    assert hall.audit() == []


# Writing


def test_a_checkpoint_is_written_every_so_many_ticks_and_ten_are_kept(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "EVERY_TICKS", 2)
    run_to(hall, 25)
    assert kept() == list(range(6, 25, 2))
    assert_goes_on(hall)


def test_a_checkpoint_that_is_pruned_while_they_are_listed_is_left_out(
    hall: Hall, every_five: None
) -> None:
    run_to(hall, 16)
    listed = checkpoints.kept(hall.rules)
    assert next(listed).tick == 15
    Checkpoint.objects.filter(tick=10).delete()
    assert [state.tick for state in listed] == [5, 0]


def test_a_checkpoint_is_written_when_a_replay_would_take_too_long(hall: Hall) -> None:
    run_to(hall, 3)
    hall.floor.replay_seconds = shell.REPLAY_SECONDS + 0.1
    run_to(hall, 6)
    assert kept() == [0, 4]


def test_what_the_last_restart_replayed_counts(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    run_to(hall, 6)
    monkeypatch.setattr(shell, "REPLAY_SECONDS", 0.0)
    hall.restart()
    hall.tick()
    assert kept() == [0, 7]
    assert hall.floor.replay_seconds == 0.0


def test_a_checkpoint_is_written_at_shutdown_and_once(hall: Hall) -> None:
    run_to(hall, 6)
    hall.floor.checkpoint()
    hall.floor.checkpoint()
    assert kept() == [0, 6]
    assert_goes_on(hall)


def test_a_floor_that_never_ticked_writes_one_at_shutdown_too(hall: Hall) -> None:
    run_to(hall, 6)
    hall.operate(PAUSE)
    hall.tick()
    hall.restart().tick()
    hall.floor.checkpoint()
    assert kept() == [0, 7]


# Restoring


@pytest.mark.parametrize("tick", [5, 8, 10, 13])
def test_a_restart_anywhere_gives_the_same_history(hall: Hall, every_five: None, tick: int) -> None:
    run_to(hall, tick)
    assert_goes_on(hall)
    run_to(hall, tick + 4)
    assert Twin().follow(hall.row) == hall.row.digest


def test_a_damaged_checkpoint_is_passed_over(
    hall: Hall, every_five: None, caplog: pytest.LogCaptureFixture
) -> None:
    run_to(hall, 17)
    newest = Checkpoint.objects.get(tick=15)
    damaged = bytearray(newest.state)
    damaged[len(damaged) // 2] ^= 1
    Checkpoint.objects.filter(tick=15).update(state=bytes(damaged))
    Checkpoint.objects.filter(tick=10).update(schema_version=99)
    assert_goes_on(hall)
    assert complaints(caplog)[:2] == [
        "the checkpoint at tick 15 is damaged; trying the one before",
        "the checkpoint at tick 10 has the unknown schema 99; trying the one before",
    ]


def test_one_that_cannot_be_read_is_passed_over(hall: Hall, every_five: None) -> None:
    run_to(hall, 7)
    state = b"not a state"
    checksum = checkpoints._checksum(state)
    Checkpoint.objects.filter(tick=5).update(state=state, checksum=checksum)
    assert_goes_on(hall)


def test_without_a_sound_checkpoint_the_floor_refuses_with_one_clear_line(
    hall: Hall, caplog: pytest.LogCaptureFixture
) -> None:
    run_to(hall, 7)
    Checkpoint.objects.update(checksum="")
    hall.restart()
    assert [hall.floor.tick() for _ in range(3)] == [None] * 3
    refusals = [line for line in complaints(caplog) if "refuses" in line]
    assert refusals == [
        "the floor refuses to run: there is no sound checkpoint at or before tick 7"
    ]
    assert hall.row.tick == 7


def test_with_another_digest_the_floor_refuses_with_one_clear_line(
    hall: Hall, caplog: pytest.LogCaptureFixture
) -> None:
    run_to(hall, 7)
    row = hall.row
    Input.objects.filter(verdict__tick=3, type="BUY").update(type="SELL")
    hall.restart()
    assert [hall.floor.tick() for _ in range(3)] == [None] * 3
    [refusal] = complaints(caplog)
    assert "the floor refuses to run" in refusal
    assert f"the record at tick 7 with {row.digest[:16]}" in refusal
    assert hall.row.tick == 7
    assert not Input.objects.filter(is_quarantined=True).exists()


def test_a_replay_that_raises_blames_no_input_of_the_past(
    hall: Hall, caplog: pytest.LogCaptureFixture
) -> None:
    run_to(hall, 7)
    Input.objects.filter(verdict__tick=3, type="BUY").update(parameters={})
    assert hall.restart().tick() is None
    [refusal] = complaints(caplog)
    assert "tick 3 fails when it is replayed" in refusal
    assert not Input.objects.filter(is_quarantined=True).exists()


def test_the_world_goes_on_by_itself_when_the_record_is_mended(
    hall: Hall, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    run_to(hall, 7)
    World.objects.update(tick=F("tick") + 1)
    assert hall.restart().tick() is None
    World.objects.update(tick=F("tick") - 1)
    assert hall.floor.tick()
    assert "tick 8 is committed: the world goes on" in caplog.messages


def test_a_memory_that_is_not_the_records_is_forgotten(hall: Hall) -> None:
    run_to(hall, 3)
    assert hall.floor.world is not None
    hall.floor.world.digest = hall.floor.world.digest[::-1]
    run_to(hall, 5)
    assert Twin().follow(hall.row) == hall.row.digest


# Another engine


def run_with_engine(monkeypatch: pytest.MonkeyPatch, version: int) -> None:
    monkeypatch.setattr(checkpoints, "ENGINE_VERSION", version)
    monkeypatch.setattr(shell, "ENGINE_VERSION", version)


def test_a_new_engine_goes_on_from_a_clean_shutdown_and_survives_a_kill(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_to(hall, 7)
    hall.floor.checkpoint()
    run_with_engine(monkeypatch, ENGINE_VERSION + 1)
    hall.restart()
    run_to(hall, 9)
    assert_goes_on(hall)


def test_it_refuses_to_replay_what_the_old_one_ran(
    hall: Hall, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    run_to(hall, 7)
    run_with_engine(monkeypatch, ENGINE_VERSION + 1)
    assert hall.restart().tick() is None
    [refusal] = complaints(caplog)
    assert f"ticks 1 to 7 were run by engine {ENGINE_VERSION}" in refusal
    assert "start the old version again" in refusal
    run_with_engine(monkeypatch, ENGINE_VERSION)
    hall.restart().checkpoint()  # the old version, once more
    run_with_engine(monkeypatch, ENGINE_VERSION + 1)
    assert_goes_on(hall)


def test_the_old_engine_does_not_go_on_after_the_new_one(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_to(hall, 7)
    hall.floor.checkpoint()
    run_with_engine(monkeypatch, ENGINE_VERSION + 1)
    hall.restart()
    run_to(hall, 9)
    run_with_engine(monkeypatch, ENGINE_VERSION)
    assert hall.restart().tick() is None


# Memory


def test_a_forgotten_machine_does_not_linger(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gc_control, "settle", _settle)
    first = Floor()
    first.tick()
    assert first.world is not None
    machine = weakref.ref(
        first.world.performers["PAUSE"]
    )  # a part of it that bears such a reference
    first.forget()
    first.tick()
    assert machine() is None


_settle = gc_control.settle  # the real one
