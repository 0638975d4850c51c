"""A web process of the tests' own, over the test database, that may be killed and started again."""

from __future__ import annotations

from pathlib import Path

from tests.processes import start_web


class Web:
    def __init__(self, port: int, log: Path, waits: dict[str, float] | None = None) -> None:
        self.port = port
        self.log = log
        self.address = f"http://127.0.0.1:{port}"
        self._waits = waits
        self.start()

    def start(self) -> None:
        self.process = start_web(self.port, self.log, "--bind", "127.0.0.1", waits=self._waits)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
