"""Whether the record is in reach: asked with little patience, and remembered for who comes next."""

from __future__ import annotations

import time
from typing import Any, cast

import psycopg
from django.conf import settings
from django.db import connection

TRIES = 2  # the first may find nothing but connections that broke
TRY_SECONDS = 0.75
IMPATIENT_SECONDS = 1.0  # for a connection, since one could not be had
REMEMBERED_SECONDS = 1.0


class _Lost:
    """When this process last found the record out of reach."""

    at = float("-inf")


def is_in_reach() -> bool:
    """Say within two seconds whether the database takes us in; within one it is not asked again."""
    if time.monotonic() - _Lost.at < REMEMBERED_SECONDS:
        return False
    if connection.connection is None and not _gives_connection():
        lose_patience()
        _Lost.at = time.monotonic()
        return False
    _pool().timeout = settings.DATABASES["default"]["OPTIONS"]["pool"]["timeout"]
    return True


def lose_patience() -> None:
    """Let nobody wait long for a connection until the record is known to be in reach."""
    _pool().timeout = IMPATIENT_SECONDS


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
