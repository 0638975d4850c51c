"""Whether the record is in reach: asked with little patience, and remembered for who comes next.

A PostgreSQL that is dead breaks its connections. One that is frozen says nothing, and who has asked
it something would wait for as long as it is. So a web process watches it (`watch`), and while it
does not answer, whoever waits for it on a `WatchedConnection` is told so.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from threading import Thread
from typing import Any, TypeVar, cast

import psycopg
from django.conf import settings
from django.db import connection
from psycopg.abc import PQGen

from market.common.watched_connection import Watch

log = logging.getLogger(__name__)

TRIES = 2  # the first may find only broken connections
TRY_SECONDS = 0.75
SHORT_TIMEOUT_SECONDS = 1.0  # for a connection, after a failure
REMEMBERED_SECONDS = 1.0
WATCH_SECONDS = 0.3  # between two looks
SILENCE_SECONDS = 1.0  # in which it has to answer one
WATCH_QUERY = "SELECT tick FROM market_world"

Answer = TypeVar("Answer")


class _LastFailure:
    """When this process last found the database unavailable."""

    at = float("-inf")


class _WatchConnection(psycopg.Connection[Any]):
    """A connection that is closed when it does not answer soon."""

    def wait(
        self, gen: PQGen[Answer], interval: float = 0.1, timeout: float | None = None
    ) -> Answer:
        return super().wait(gen, interval, SILENCE_SECONDS)


def watch(
    note_tick: Callable[[int], None], look: Callable[[psycopg.Connection[Any]], None]
) -> None:
    """Watch the database from a thread of its own, for as long as this process lives; note the
    world's tick with every look, and let `look` read what else it wants.
    """
    if not Watch.is_kept:
        Watch.is_kept = True
        Thread(
            target=_keep_watch, args=(note_tick, look), name="database-watch", daemon=True
        ).start()


def is_lost() -> bool:
    """Say whether this process's watch has lost the database. No query."""
    return Watch.is_lost


def _keep_watch(
    note_tick: Callable[[int], None], look: Callable[[psycopg.Connection[Any]], None]
) -> None:
    watched: _WatchConnection | None = None
    while True:
        try:
            if watched is None:
                parameters = connection.get_connection_params() | {"connect_timeout": 2}
                watched = _WatchConnection.connect(**parameters, autocommit=True)
            row = watched.execute(WATCH_QUERY).fetchone()
            if row is not None:
                note_tick(row[0])
            look(watched)
            _note(is_lost=False)
        except Exception as error:
            answered = isinstance(error, psycopg.Error) and error.sqlstate is not None
            _note(is_lost=not answered)
            if watched is not None:
                watched.close()
                watched = None
        time.sleep(WATCH_SECONDS)


def _note(*, is_lost: bool) -> None:
    if is_lost != Watch.is_lost:
        log.warning("the database does not answer" if is_lost else "the database answers again")
    Watch.is_lost = is_lost


def is_available() -> bool:
    """Say within two seconds whether the database is available; a failure holds for one second."""
    if Watch.is_lost:
        return False
    if time.monotonic() - _LastFailure.at < REMEMBERED_SECONDS:
        return False
    if connection.connection is None and not _gives_connection():
        shorten_timeout()
        _LastFailure.at = time.monotonic()
        return False
    _pool().timeout = settings.DATABASES["default"]["OPTIONS"]["pool"]["timeout"]
    return True


def shorten_timeout() -> None:
    """Wait only briefly for a connection until the database is known to be available again."""
    _pool().timeout = SHORT_TIMEOUT_SECONDS


def _gives_connection() -> bool:
    pool = _pool()
    pool.open()
    for _ in range(TRIES):
        try:
            pool.putconn(pool.getconn(timeout=TRY_SECONDS))
        except psycopg.OperationalError:
            pool.check()
        else:
            return True
    return False


def _pool() -> Any:
    return cast("Any", connection).pool
