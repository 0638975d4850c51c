"""Experiments side by side: in processes of this machine, or as Celery tasks on any number of
machines. A call is a name and plain data, and so is its result, so that it is the same anywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from importlib import import_module
from multiprocessing import get_context
from typing import Any, TypeAlias
from uuid import uuid4

import django
import orjson
from celery import shared_task

from market.common.redis_clients import redis_client

Json: TypeAlias = Any
RunAll: TypeAlias = Callable[[str, Sequence[Json]], Iterator[Json]]

QUEUE = "lab"
KEPT_SECONDS = 24 * 3_600  # what nobody has fetched
PATIENCE_SECONDS = 1

# What may be run by name: a function of plain data that returns plain data.
EXPERIMENTS = {
    "surveillance": "wallstreetsim.lab.surveillance.measure:run_job",
    "fresh worlds": "wallstreetsim.lab.surveillance.worlds:run_job",
    "metamorphic": "wallstreetsim.lab.surveillance.metamorphic:run_job",
    "realism": "wallstreetsim.lab.realism.report:run_job",
    "adversaries": "wallstreetsim.lab.realism.adversaries:run_job",
    "newsletter": "wallstreetsim.lab.realism.newsletter:run_job",
    "scenario": "wallstreetsim.lab.scenarios.runner:run_job",
    "sweep": "wallstreetsim.lab.scenarios.sweep:run_job",
}


def perform(experiment: str, job: Json) -> Json:
    """Run one job of an experiment here, and return its result."""
    module, name = EXPERIMENTS[experiment].split(":")
    return getattr(import_module(module), name)(job)


@contextmanager
def runner(*, processes: int, queue: bool = False) -> Iterator[RunAll]:
    """Give a function that runs jobs of an experiment, and yields their results in their order."""
    if queue:
        yield run_on_queue
    elif processes == 1:
        yield lambda experiment, jobs: (perform(experiment, job) for job in jobs)
    else:
        # A forked process inherits connections that its parent goes on using, the queue's among
        # them, and may wait for ever for an answer that the parent has read.
        started_afresh = get_context("spawn")
        with ProcessPoolExecutor(processes, started_afresh, django.setup) as pool:
            yield lambda experiment, jobs: pool.map(perform, [experiment] * len(jobs), jobs)


def run_on_queue(experiment: str, jobs: Sequence[Json]) -> Iterator[Json]:
    """Send jobs to the workers of the lab's queue, and give the results in the jobs' order."""
    key = f"lab:{uuid4()}"
    for number, job in enumerate(jobs):
        perform_for.apply_async((key, number, experiment, job), queue=QUEUE)
    return _results(key, len(jobs))


def _results(key: str, count: int) -> Iterator[Json]:
    client = redis_client(timeout_seconds=PATIENCE_SECONDS + 4)
    waiting: dict[int, Json] = {}
    try:
        for number in range(count):
            while number not in waiting:
                if found := client.blpop([key], timeout=PATIENCE_SECONDS):
                    done = orjson.loads(found[1])
                    if "failed" in done:
                        raise ExperimentFailed(done["failed"])
                    waiting[done["number"]] = done["result"]
            yield waiting.pop(number)
    finally:
        client.delete(key)


class ExperimentFailed(Exception):
    """A job has failed at a worker."""


@shared_task(name="wallstreetsim.experiment", acks_late=True)
def perform_for(key: str, number: int, experiment: str, job: Json) -> None:
    """Run a job that came by the queue, and leave its result where it is waited for."""
    try:
        done = {"number": number, "result": perform(experiment, job)}
    except Exception as error:
        done = {"failed": f"{experiment} {number}: {error!r}"}
        raise
    finally:
        client = redis_client()
        client.rpush(key, orjson.dumps(done))
        client.expire(key, KEPT_SECONDS)
