"""A connection to PostgreSQL that is given up when the database is known to be silent."""

from __future__ import annotations

from typing import Any, TypeVar, cast

import psycopg
from psycopg.abc import PQGen
from psycopg.waiting import READY_NONE

Answer = TypeVar("Answer")


class Watch:
    """What the watch of this process has seen last."""

    is_kept = False
    is_lost = False


class Silent(psycopg.OperationalError):
    """The database has been asked, and says nothing at all."""


class WatchedConnection(psycopg.Connection[Any]):
    """A connection on which nobody waits for a database that the watch has lost."""

    def wait(
        self, gen: PQGen[Answer], interval: float = 0.1, timeout: float | None = None
    ) -> Answer:
        if not Watch.is_kept:
            return super().wait(gen, interval, timeout)
        try:
            return super().wait(_unless_lost(gen), interval, timeout)
        except Silent:
            self.pgconn.finish()  # what it was asked may be answered yet, and nobody would read it
            raise


def _unless_lost(gen: PQGen[Answer]) -> PQGen[Answer]:
    """Do as `gen` does, but raise Silent where it would wait for what is lost."""
    try:
        wanted = next(gen)
        while True:
            ready = yield wanted
            if ready == READY_NONE and Watch.is_lost:
                raise Silent("the database says nothing")
            wanted = gen.send(ready)
    except StopIteration as done:
        return cast("Answer", done.value)
