"""`make run`, started and stopped, and killed in every way it may be."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from tests.ports import free_port as any_free_port
from tests.stack.conftest import SharedRun, StartRun
from tests.stack.running import (
    CODE,
    EVERYTHING,
    EXCHANGE,
    PATIENCE_SECONDS,
    Run,
    await_end,
    eventually,
    kill,
    refusal,
)
from wallstreetsim.stack import supervisor
from wallstreetsim.stack.child import procfile


def test_a_data_directory_serves_one_run_at_a_time(shared_run: Run, free_port: int) -> None:
    assert "another run" in refusal(shared_run.places.data, free_port)
    eventually(shared_run.is_open)


@pytest.mark.parametrize("name", EVERYTHING)
def test_what_dies_is_restarted_alone(shared_run: Run, name: str) -> None:
    shared_run.go_on()
    before = shared_run.pids()

    kill(before[name])

    eventually(lambda: shared_run.pid(name) != before[name])
    after = shared_run.pids()
    assert {each for each in EVERYTHING if after[each] != before[each]} == {name}
    eventually(shared_run.is_open)


def test_what_dies_again_and_again_is_not_restarted_later_and_later(shared_run: Run) -> None:
    def has_another(than: int) -> bool:
        assert shared_run.state("exchange:courier") != "BACKOFF"  # a longer one after each death
        return shared_run.pid("courier") != than

    for _ in range(3):
        died = shared_run.pid("courier")
        kill(died)
        eventually(partial(has_another, died))


def test_the_exchange_is_the_procfile() -> None:
    assert tuple(procfile()) == EXCHANGE


@pytest.mark.parametrize("bot", ["webhook_bot", "webhook_bot_aiohttp"])
def test_a_webhook_bot_trades(shared_run: Run, bot: str) -> None:
    name = bot.replace("_", "-")
    script = CODE / "docs" / "examples" / f"{bot}.py"
    process = subprocess.Popen(
        [sys.executable, str(script), shared_run.address, name, str(any_free_port())],
        stderr=subprocess.DEVNULL,
    )
    try:
        eventually(lambda: worth_of(shared_run, name) not in (None, 50_000_000))
        assert process.poll() is None
    finally:
        process.kill()
        process.wait()


def worth_of(run: Run, name: str) -> float | None:
    """Return what an agent is worth; a quant that has paid a fee is not worth 50,000,000."""
    address = f"{run.address}/api/v1/agents?pageSize=100"
    with urllib.request.urlopen(address, timeout=PATIENCE_SECONDS) as answer:
        agents = json.load(answer)["data"]["items"]
    return next((agent["netWorth"] for agent in agents if agent["name"] == name), None)


def test_two_runs_live_side_by_side_and_ctrl_c_stops_all_of_one_of_them(
    shared_run: Run, start: StartRun, data: Path, free_port: int
) -> None:
    before = shared_run.pids()
    other = start(data, free_port).opened()

    assert other.pids().keys() == before.keys()
    assert not set(other.pids().values()) & set(before.values())

    processes = other.processes()
    assert len(processes) > len(EVERYTHING)
    other.stop()

    await_end(processes)
    assert other.launcher.returncode == 0
    assert "Stopped." in other.output()
    assert list(other.places.pids.iterdir()) == []
    assert shared_run.pids() == before
    eventually(shared_run.is_open)


# From here on, each test ends the run.


def test_a_run_that_was_killed_all_at_once_starts_again(
    shared: SharedRun,
) -> None:
    first = shared.opened()
    processes = first.processes()
    for process in processes:
        with suppress(ProcessLookupError):  # its parent was killed before it, and took it along
            kill(process.pid)
    first.launcher.wait()
    await_end(processes)

    assert shared.opened() is not first


def test_a_killed_launcher_takes_everything_with_it(shared_run: Run) -> None:
    processes = shared_run.processes()

    kill(shared_run.launcher.pid)

    shared_run.launcher.wait()
    await_end(processes)


def test_what_does_not_listen_to_ctrl_c_is_killed_within_five_seconds(shared_run: Run) -> None:
    assert supervisor.STOP_SECONDS < 5
    processes = shared_run.processes()
    os.kill(shared_run.pid("courier"), signal.SIGSTOP)

    shared_run.stop()

    await_end(processes)
    assert "Stopped." in shared_run.output()
    assert list(shared_run.places.pids.iterdir()) == []


def test_a_launcher_whose_supervisor_was_killed_stops_what_it_left_and_says_so(
    shared_run: Run,
) -> None:
    processes = shared_run.processes()

    kill(shared_run.pid("supervisord"))

    assert shared_run.launcher.wait(timeout=PATIENCE_SECONDS) != 0
    await_end(processes)
    assert "supervisor" in shared_run.output()
