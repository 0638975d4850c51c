"""A web process of the tests' own, over the test database, that may be killed and started again."""

from __future__ import annotations

from pathlib import Path

from tests.processes import start_web

# Ticks come when a test makes them: a page that is loaded long after one says nothing of it.
PATIENT = {"wallstreetsim.terminal.newest.LATE_SECONDS": 3_600.0}


class Web:
    def __init__(self, port: int, log: Path, waits: dict[str, float] | None = None) -> None:
        self.port = port
        self.log = log
        self.address = f"http://127.0.0.1:{port}"
        self._waits = {**PATIENT, **(waits or {})}
        self.start()

    def start(self) -> None:
        self.process = start_web(self.port, self.log, "--bind", "127.0.0.1", waits=self._waits)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
