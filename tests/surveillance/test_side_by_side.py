"""An experiment's result is the same here, in other processes and by the queue."""

from collections.abc import Iterator
from typing import Any

import pytest

from wallstreetsim.celery import app
from wallstreetsim.lab import side_by_side

JOBS = [
    {
        "half": "held-out",
        "crime": "",
        "style": "",
        "number": 0,
        "kinds": [kind],
        "ticks": 60,
        "seed": kind,
    }
    for kind in ("fat finger", "moved stop")
]


@pytest.fixture
def eager_queue() -> Iterator[None]:
    """Let whoever sends a task perform it: its result still goes through Redis."""
    app.conf.task_always_eager = True
    yield
    app.conf.task_always_eager = False


def results(**how: Any) -> list[Any]:
    with side_by_side.runner(**how) as run:
        return list(run("surveillance", JOBS))


def test_processes_and_queue_give_the_same(eager_queue: None) -> None:
    here = results(processes=1)
    assert [result["played"][0]["name"] for result in here] == ["fat finger", "moved stop"]
    assert results(processes=1, queue=True) == here
    assert results(processes=2) == here, "and after a message queue has been used, too"


def test_a_job_that_fails_at_a_worker_is_told(eager_queue: None) -> None:
    with (
        side_by_side.runner(processes=1, queue=True) as run,
        pytest.raises(side_by_side.ExperimentFailed, match="surveillance 0: KeyError"),
    ):
        list(run("surveillance", [{"kinds": ["nothing"], "ticks": 60, "half": "held-out"}]))
