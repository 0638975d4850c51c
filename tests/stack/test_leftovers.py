"""What a killed run left is stopped by the next, and nothing else is."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from wallstreetsim.stack import child, children
from wallstreetsim.stack.children import living_in, record, stop_leftovers, wait_for_turn

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


@pytest.fixture
def sleeper(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process that does nothing, in a directory of its own."""
    (tmp_path / "home").mkdir()
    with subprocess.Popen(SLEEP, cwd=tmp_path / "home") as process:
        yield process
        process.kill()


@pytest.fixture
def pids(tmp_path: Path) -> Path:
    directory = tmp_path / "pids"
    directory.mkdir()
    return directory


def test_a_recorded_process_is_stopped(pids: Path, sleeper: subprocess.Popen[bytes]) -> None:
    record(pids, "floor", sleeper.pid)
    stop_leftovers(pids)
    assert not psutil.pid_exists(sleeper.pid)
    assert list(pids.iterdir()) == []


def test_a_stranger_with_a_recorded_pid_is_left_alone(
    pids: Path, sleeper: subprocess.Popen[bytes]
) -> None:
    born_long_before = psutil.Process(sleeper.pid).create_time() - 1000
    (pids / "floor").write_text(f"{sleeper.pid} {born_long_before}")
    stop_leftovers(pids)
    assert sleeper.poll() is None


@pytest.mark.parametrize("content", ["", "12", "many words here", "99999999 1.0"])
def test_a_record_that_was_cut_short_is_no_obstacle(pids: Path, content: str) -> None:
    (pids / "floor").write_text(content)
    stop_leftovers(pids)
    assert list(pids.iterdir()) == []


def test_what_was_started_just_now_waits_before_it_is_started_again(
    pids: Path, sleeper: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    monkeypatch.setattr("time.sleep", waits.append)
    wait_for_turn(pids, "floor")
    assert waits == []
    record(pids, "floor", sleeper.pid)
    recorded_at = (pids / "floor").stat().st_mtime
    monkeypatch.setattr("time.time", lambda: recorded_at + 0.3)
    wait_for_turn(pids, "floor")
    assert waits == [pytest.approx(children.RESTART_SECONDS - 0.3)]
    monkeypatch.setattr("time.time", lambda: 0.0)  # the clock was set back
    wait_for_turn(pids, "floor")
    assert waits[1:] == [children.RESTART_SECONDS]
    monkeypatch.setattr("time.time", lambda: recorded_at + 1)
    wait_for_turn(pids, "floor")
    assert len(waits) == 2


def test_who_works_in_a_directory_is_found_by_it(
    tmp_path: Path, sleeper: subprocess.Popen[bytes]
) -> None:
    assert [process.pid for process in living_in(tmp_path / "home")] == [sleeper.pid]
    assert living_in(tmp_path / "pids") == []


def test_a_process_can_be_stopped_though_its_shell_ignores_the_signal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("wait_for_turn", "record", "die_with_parent"):
        monkeypatch.setattr(child, name, lambda *given: None)
    monkeypatch.setattr("os.execvp", lambda *given: None)
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        child.main("web")
        assert signal.getsignal(signal.SIGINT) is signal.SIG_DFL
    finally:
        signal.signal(signal.SIGINT, before)
