"""`make run`, started and stopped, and killed in every way it may be."""

from pathlib import Path

import pytest

from tests.stack.conftest import StartRun
from tests.stack.running import (
    EVERYTHING,
    EXCHANGE,
    STOP_SECONDS,
    Run,
    all_gone,
    eventually,
    kill,
    refusal,
)
from wallstreetsim.stack.child import procfile


def test_ctrl_c_stops_all_of_it_within_five_seconds_and_leaves_no_process(
    start: StartRun, data: Path, free_port: int
) -> None:
    run = start(data, free_port).opened()
    processes = run.processes()
    assert len(processes) > len(EVERYTHING)

    assert run.stop() < STOP_SECONDS

    assert all_gone(processes, seconds=1)
    assert run.launcher.returncode == 0
    assert "Stopped." in run.output()
    assert list(run.places.pids.iterdir()) == []


def test_a_data_directory_serves_one_run_at_a_time(shared_run: Run, free_port: int) -> None:
    assert "another run" in refusal(shared_run.places.data, free_port)
    assert shared_run.is_open()


@pytest.mark.parametrize("name", EVERYTHING)
def test_what_dies_is_restarted_alone(shared_run: Run, name: str) -> None:
    before = shared_run.pids()

    kill(before[name])

    eventually(lambda: shared_run.pid(name) != before[name])
    after = shared_run.pids()
    assert {each for each in EVERYTHING if after[each] != before[each]} == {name}
    eventually(shared_run.is_open)


def test_a_run_that_was_killed_all_at_once_starts_again(
    start: StartRun, data: Path, free_port: int
) -> None:
    first = start(data, free_port).opened()
    processes = first.processes()
    for process in processes:
        kill(process.pid)
    first.launcher.wait()
    assert all_gone(processes)

    start(data, free_port).opened()


def test_a_killed_launcher_takes_everything_with_it(
    start: StartRun, data: Path, free_port: int
) -> None:
    run = start(data, free_port).opened()
    processes = run.processes()

    kill(run.launcher.pid)

    run.launcher.wait()
    assert all_gone(processes, seconds=10)


def test_a_launcher_whose_supervisor_was_killed_stops_what_it_left_and_says_so(
    start: StartRun, data: Path, free_port: int
) -> None:
    run = start(data, free_port).opened()
    processes = run.processes()

    kill(run.pid("supervisord"))

    assert run.launcher.wait(timeout=10) != 0
    assert all_gone(processes, seconds=1)
    assert "supervisor" in run.output()


def test_two_runs_live_side_by_side(start: StartRun, data: Path, free_port: int) -> None:
    one = start(data / "one", free_port)
    other = start(data / "other", free_port + 1)

    assert one.opened().pids().keys() == other.opened().pids().keys()
    assert not set(one.pids().values()) & set(other.pids().values())


def test_the_exchange_is_the_procfile() -> None:
    assert tuple(procfile()) == EXCHANGE
