"""A process and its successors: one stops only when the next is ready."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests.stack.running import CODE, eventually

# It takes a moment to be ready, and does what the file `told` says, if there is one.
PROGRAM = """
import os, signal, sys, time
from pathlib import Path
from wallstreetsim.stack import relay
directory = Path(sys.argv[1])
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
(directory / f"began-{os.getpid()}").touch()
told = directory / "told"
if relay.is_successor() and told.exists():
    sys.exit(1)
time.sleep(0.5)
(directory / f"ready-{os.getpid()}").touch()
relay.say_ready()
while True:
    time.sleep(0.05)
"""


@pytest.fixture
def relay(tmp_path: Path) -> Iterator[psutil.Process]:
    """A relay whose process is ready."""
    words = [sys.executable, "-m", "wallstreetsim.stack.relay"]
    process = subprocess.Popen([*words, sys.executable, "-c", PROGRAM, str(tmp_path)], cwd=CODE)
    eventually(lambda: len(pids(tmp_path, "ready")) == 1)
    yield psutil.Process(process.pid)
    process.kill()
    process.wait()


def pids(directory: Path, state: str) -> list[int]:
    files = sorted(directory.glob(f"{state}-*"), key=lambda file: file.stat().st_mtime_ns)
    return [int(file.name.partition("-")[2]) for file in files]


def lives(pid: int) -> bool:
    with suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    return False


def test_a_process_stops_when_its_successor_is_ready(relay: psutil.Process, tmp_path: Path) -> None:
    [first] = pids(tmp_path, "ready")
    relay.send_signal(signal.SIGHUP)
    eventually(lambda: len(pids(tmp_path, "began")) == 2)
    while len(pids(tmp_path, "ready")) == 1:
        assert lives(first)
    eventually(lambda: not lives(first))
    [_, second] = pids(tmp_path, "ready")
    assert lives(second) and relay.is_running()
    relay.send_signal(signal.SIGHUP)
    eventually(lambda: len(pids(tmp_path, "ready")) == 3 and not lives(second))


def test_it_goes_on_when_no_successor_comes(relay: psutil.Process, tmp_path: Path) -> None:
    [first] = pids(tmp_path, "ready")
    (tmp_path / "told").touch()
    relay.send_signal(signal.SIGHUP)
    eventually(lambda: len(pids(tmp_path, "began")) == 2)
    second = pids(tmp_path, "began")[1]
    eventually(lambda: not lives(second))
    assert lives(first) and relay.is_running()
    (tmp_path / "told").unlink()
    relay.send_signal(signal.SIGHUP)
    eventually(lambda: not lives(first))
    assert len(pids(tmp_path, "ready")) == 2


def test_the_end_of_the_process_is_the_relays(relay: psutil.Process, tmp_path: Path) -> None:
    [first] = pids(tmp_path, "ready")
    psutil.Process(first).kill()
    eventually(lambda: not lives(relay.pid))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_the_end_of_the_relay_is_the_processes(
    relay: psutil.Process, tmp_path: Path, number: signal.Signals
) -> None:
    relay.send_signal(signal.SIGHUP)
    eventually(lambda: len(pids(tmp_path, "began")) == 2)
    relay.send_signal(number)
    eventually(lambda: not any(map(lives, pids(tmp_path, "began"))))
    eventually(lambda: not lives(relay.pid))
