"""A small exchange of the tests' own: a web process, and a world that ticks when a test says so."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from market.engine.rules import Switches
from tests.feed.live import LiveHall, Web
from tests.floor.hall import Hall
from tests.stack.running import PATIENCE_SECONDS
from wallstreetsim.feed.publishing import publish
from wallstreetsim.floor.founding import found_if_missing
from wallstreetsim.floor.shell import Committed

LIVELY = Switches(never_closes=True, events=True, house=12)
COMPANIES = 10


class Said(NamedTuple):
    """How a program ended, and what it had said."""

    code: int
    output: str


class Exchange(LiveHall):
    """The world founded with a few companies, the house in it, and the web process that shows it.

    Rates are not limited: a test's ticks are shorter than seconds.
    """

    def __init__(self, directory: Path) -> None:
        found_if_missing(seed="manual", companies=COMPANIES, switches=LIVELY)
        Hall.__init__(self, "crook")
        self.directory = directory
        self.web = Web(directory / "web.log", WSS_RATE_LIMITS="off", TICK_SECONDS="5")

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.web.port}"

    def tick(self, script: str = "", *, is_published: bool = True) -> Committed:
        self.floor.publish = publish if is_published else lambda committed: None
        return self.committed(lambda: Hall.tick(self, script))

    def run(
        self,
        *programs: Sequence[str],
        ticks: int | None = None,
        between: float = 0.05,
        each_tick: Callable[[int], None] = lambda tick: None,
        **variables: str,
    ) -> list[Said]:
        """Run programs side by side while the world ticks, for so many ticks or until all of them
        have ended, then end those that have not.

        `each_tick` is called before each, the programs have `variables` in their environment.
        """
        with ExitStack() as stack:
            environment = os.environ | variables
            started = [
                self._start(stack, number, one, environment) for number, one in enumerate(programs)
            ]
            deadline = time.monotonic() + 2 * PATIENCE_SECONDS
            while any(p.poll() is None for p in started) and time.monotonic() < deadline:
                if ticks == 0:
                    break
                each_tick(self.row.tick)
                self.tick()
                time.sleep(between)
                ticks = None if ticks is None else ticks - 1
            for process in started:
                if process.poll() is None:
                    process.terminate()
                    process.wait(timeout=PATIENCE_SECONDS)
        return [
            Said(process.returncode, (self.directory / f"{number}.log").read_text())
            for number, process in enumerate(started)
        ]

    def _start(
        self, stack: ExitStack, number: int, command: Sequence[str], environment: dict[str, str]
    ) -> subprocess.Popen[bytes]:
        log = stack.enter_context((self.directory / f"{number}.log").open("w"))
        process = subprocess.Popen(
            command, stdout=log, stderr=log, cwd=self.directory, env=environment
        )
        stack.callback(process.kill)
        return process


def python(source: str, directory: Path, name: str) -> list[str]:
    """Return the command that runs this source."""
    path = directory / name
    path.write_text(source)
    return [sys.executable, str(path)]
