"""An experiment's result is the same here, in other processes and by the queue."""

from collections.abc import Iterator
from typing import Any

import pytest

from wallstreetsim.celery import app
from wallstreetsim.lab import side_by_side
from wallstreetsim.lab.surveillance import measure

JOBS = [
    {"half": "held-out", "crime": "", "style": "", "number": 0, "kinds": [kind], "seed": kind}
    for kind in ("fat finger", "moved stop")
]


@pytest.fixture
def short_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "TICKS", 60)


@pytest.fixture
def eager_queue() -> Iterator[None]:
    """Let whoever sends a task perform it: its result still goes through Redis."""
    app.conf.task_always_eager = True
    yield
    app.conf.task_always_eager = False


def results(**how: Any) -> list[Any]:
    with side_by_side.runner(**how) as run:
        return list(run("surveillance", JOBS))


def test_processes_and_queue_give_the_same(short_runs: None, eager_queue: None) -> None:
    here = results(processes=1)
    assert [result["played"][0]["name"] for result in here] == ["fat finger", "moved stop"]
    assert results(processes=2) == here
    assert results(processes=1, queue=True) == here


def test_a_job_that_fails_at_a_worker_is_told(eager_queue: None) -> None:
    with (
        side_by_side.runner(processes=1, queue=True) as run,
        pytest.raises(side_by_side.ExperimentFailed, match="surveillance 0: KeyError"),
    ):
        list(run("surveillance", [{"kinds": ["nothing"], "half": "held-out"}]))
