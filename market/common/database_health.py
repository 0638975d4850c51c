"""Whether the database is available: tried with a short timeout, a failure remembered."""

from __future__ import annotations

import time
from typing import Any, cast

import psycopg
from django.conf import settings
from django.db import connection

TRIES = 2  # the first may find only broken connections
TRY_SECONDS = 0.75
SHORT_TIMEOUT_SECONDS = 1.0  # for a connection, after a failure
REMEMBERED_SECONDS = 1.0


class _LastFailure:
    """When this process last found the database unavailable."""

    at = float("-inf")


def is_available() -> bool:
    """Say within two seconds whether the database is available; a failure holds for one second."""
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
