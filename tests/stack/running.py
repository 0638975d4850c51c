"""A `make run` of the tests' own, seen from outside."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile

import psutil

from wallstreetsim.environment.places import Places

CODE = Path(__file__).resolve().parents[2]
OPEN_SECONDS = 300.0  # of a machine that does other things too
PATIENCE_SECONDS = 120.0  # with what is bound to happen, on such a machine
EXCHANGE = ("web", "beat", "floor", "courier")
EVERYTHING = ("postgres", "redis", *EXCHANGE)


class Run:
    """One launcher on a data directory and a port, with what it started."""

    def __init__(self, data: Path, port: int, **variables: str) -> None:
        self.places = Places(data)
        self.address = f"http://127.0.0.1:{port}"
        self._environment = environment(data, port) | variables
        self._said = NamedTemporaryFile("a")  # noqa: SIM115  # closed with this run
        self.launcher = subprocess.Popen(
            [sys.executable, "-m", "wallstreetsim.stack"],
            cwd=CODE,
            env=self._environment,
            stdout=self._said,
            stderr=self._said,
        )

    def opened(self) -> "Run":
        """Wait until the launcher says that the exchange is open, and return this run."""
        eventually(lambda: self.launcher.poll() is not None or self._says_open(), OPEN_SECONDS)
        assert self.launcher.poll() is None, self.output()
        return self

    def _says_open(self) -> bool:
        return f"is open at {self.address}" in self.output()

    def is_open(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.address}/health", timeout=30) as response:
                return bool(response.status == 200)
        except OSError:
            return False

    def go_on(self) -> None:
        """Wait until two more ticks have come: beat has its schedule then, and all are at work.
        Who starts while PostgreSQL is away ends, and is started again.
        """
        target = self._tick() + 2
        eventually(lambda: self._tick() >= target)

    def _tick(self) -> int:
        try:
            with urllib.request.urlopen(f"{self.address}/api/v1/world/tick", timeout=30) as answer:
                return int(json.load(answer)["data"]["tick"])
        except OSError:
            return -1

    def output(self) -> str:
        """Return what the launcher has said so far."""
        return Path(self._said.name).read_text()

    def pid(self, name: str) -> int:
        return int((self.places.pids / name).read_text().split()[0])

    def pids(self) -> dict[str, int]:
        return {name: self.pid(name) for name in EVERYTHING}

    def state(self, process: str) -> str:
        """Return what supervisord says of a process, named "group:name"."""
        said = subprocess.run(
            [sys.executable, "-m", "wallstreetsim.stack", "control", "status", process],
            cwd=CODE,
            env=self._environment,
            capture_output=True,
            text=True,
        ).stdout
        return said.split()[1]

    def processes(self) -> list[psutil.Process]:
        """Return every process of the run, down to the last server process of PostgreSQL."""
        launcher = psutil.Process(self.launcher.pid)
        return [launcher, *launcher.children(recursive=True)]

    def stop(self) -> None:
        """Press Ctrl-C, and wait until the launcher has ended."""
        self.launcher.send_signal(signal.SIGINT)
        self.launcher.wait(timeout=PATIENCE_SECONDS)


def refusal(data: Path, port: int, **variables: str) -> str:
    """Start a run that must be refused; return the one line in which it says why."""
    done = subprocess.run(
        [sys.executable, "-m", "wallstreetsim.stack"],
        cwd=CODE,
        env=environment(data, port) | variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=OPEN_SECONDS,
    )
    assert done.returncode != 0
    (line,) = done.stderr.splitlines()
    return line


def environment(data: Path, port: int) -> dict[str, str]:
    """Return an environment as a fresh shell would have it, but for where to run and how little."""
    ours = ("WSS_", "DJANGO_", "DATABASE_URL", "REDIS_URL", "SECRET_KEY")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return inherited | {"WSS_DATA_DIR": str(data), "PORT": str(port), "COMPANIES": "10"}


def await_end(processes: list[psutil.Process]) -> None:
    """Wait until the last of these has ended, be it that nobody has asked for its exit code yet."""
    eventually(lambda: not any(map(_lives, processes)))


def _lives(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


def eventually(
    happened: Callable[[], bool], seconds: float = PATIENCE_SECONDS, *, pause: float = 0.05
) -> None:
    """Wait for what is bound to happen: nothing is slower for much patience where it does."""
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(pause)
