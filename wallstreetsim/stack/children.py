"""Processes that are ours: recorded, so that a later run finds them, and tied to their parent."""

import ctypes
import os
import signal
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil

PR_SET_PDEATHSIG = 1

# Both stop at once then; by SIGTERM they wait for their clients.
STOP_SIGNALS = {"postgres": signal.SIGINT, "web": signal.SIGINT}
PATIENCE_SECONDS = 4.0
RESTART_SECONDS = 0.5  # from one start of a process to the next, however often it dies


def record(pids: Path, name: str, pid: int) -> None:
    """Write down that process `pid` is our `name`, and its birth: pids are used again."""
    unfinished = pids / f".{name}"
    unfinished.write_text(f"{pid} {psutil.Process(pid).create_time()}")
    unfinished.rename(pids / name)


def wait_for_turn(pids: Path, name: str) -> None:
    """Wait, if our `name` was started just now: what dies at once would else keep us busy."""
    try:
        recorded_at = (pids / name).stat().st_mtime
    except FileNotFoundError:  # it never was
        return
    age = max(0.0, time.time() - recorded_at)
    if age < RESTART_SECONDS:
        time.sleep(RESTART_SECONDS - age)


def stop_signal(name: str) -> signal.Signals:
    return STOP_SIGNALS.get(name, signal.SIGTERM)


def die_with_parent(with_signal: signal.Signals) -> None:
    """Ask Linux for `with_signal` when our parent dies; elsewhere the next run sweeps us up."""
    if sys.platform != "linux":
        return
    parent = os.getppid()
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(with_signal))
    if os.getppid() != parent:  # it died before we had asked
        os.kill(os.getpid(), with_signal)


def stop_leftovers(pids: Path, patience: float = PATIENCE_SECONDS) -> None:
    """Stop what is alive of what `pids` records: politely, after `patience` seconds by force."""
    alive = dict(_recorded_alive(pids))
    for name, process in alive.items():
        with suppress(psutil.NoSuchProcess):
            process.send_signal(stop_signal(name))
    _, stubborn = psutil.wait_procs(alive.values(), timeout=patience)
    _kill(stubborn)
    for file in pids.iterdir():
        file.unlink()


def _recorded_alive(pids: Path) -> Iterator[tuple[str, psutil.Process]]:
    for file in pids.iterdir():
        with suppress(ValueError, psutil.NoSuchProcess):
            pid, created = file.read_text().split()
            process = psutil.Process(int(pid))
            if abs(process.create_time() - float(created)) < 1:
                yield file.name, process


def _kill(processes: Iterable[psutil.Process]) -> None:
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(processes, timeout=2)


def living_in(directory: Path) -> list[psutil.Process]:
    """Return the processes whose working directory is `directory`: for PostgreSQL, its data."""
    return [process for process in psutil.process_iter() if _works_in(process, directory)]


def _works_in(process: psutil.Process, directory: Path) -> bool:
    try:
        return process.cwd() == str(directory)
    except (psutil.Error, OSError):
        return False
