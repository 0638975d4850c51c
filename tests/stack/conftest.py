from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

import pytest

from tests.ports import free_port
from tests.stack.running import Run


class StartRun(Protocol):
    def __call__(self, data: Path, port: int, **variables: str) -> Run: ...


class SharedRun:
    """A run that the tests of a module share, on one data directory; who ends it lets the next who
    wants it open it again.
    """

    def __init__(self, data: Path) -> None:
        self.data = data
        self.run: Run | None = None

    def opened(self) -> Run:
        if self.run is None or self.run.launcher.poll() is not None:
            self.run = Run(self.data, free_port()).opened()
        return self.run

    def stop(self) -> None:
        if self.run is not None:
            self.run.stop()


@pytest.fixture(scope="module")
def shared() -> Iterator[SharedRun]:
    with TemporaryDirectory(prefix="wss-run-", dir="/tmp", ignore_cleanup_errors=True) as parent:
        shared = SharedRun(Path(parent).resolve() / "data")
        try:
            yield shared
        finally:
            shared.stop()


@pytest.fixture
def shared_run(shared: SharedRun) -> Run:
    """The run of the module, open."""
    return shared.opened()


@pytest.fixture
def data() -> Iterator[Path]:
    """A data directory that is not there yet, as shallow as a laptop's."""
    with TemporaryDirectory(prefix="wss-run-", dir="/tmp", ignore_cleanup_errors=True) as parent:
        yield Path(parent).resolve() / "data"


@pytest.fixture
def start(data: Path) -> Iterator[StartRun]:
    """Start runs, in or below `data`, that are stopped after the test whatever became of it."""
    with ExitStack() as runs:

        def start_one(data: Path, port: int, **variables: str) -> Run:
            run = Run(data, port, **variables)
            runs.callback(run.stop)
            return run

        yield start_one
