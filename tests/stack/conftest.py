from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

import pytest

from tests.stack.running import Run
from wallstreetsim.stack.preflight import free_port


class StartRun(Protocol):
    def __call__(self, data: Path, port: int, **variables: str) -> Run: ...


@pytest.fixture(scope="module")
def shared_run() -> Iterator[Run]:
    """A run that the tests of a module share, and leave open."""
    with TemporaryDirectory(prefix="wss-run-", dir="/tmp", ignore_cleanup_errors=True) as parent:
        run = Run(Path(parent).resolve() / "data", free_port())
        try:
            yield run.opened()
        finally:
            run.stop()


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
