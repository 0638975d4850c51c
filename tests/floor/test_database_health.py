"""A record that is away is noticed with little patience, and noticed when it is back."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace

import psycopg
import pytest
from django.conf import settings
from psycopg_pool import ConnectionPool

from market.common import database_health
from tests.processes import database_url

pytestmark = pytest.mark.django_db


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> Iterator[ConnectionPool]:
    """A pool of a web process's own, of which this thread has no connection yet."""
    check = ConnectionPool.check_connection
    pool = ConnectionPool(database_url(), min_size=2, timeout=60, open=False, check=check)
    monkeypatch.setattr(database_health, "connection", SimpleNamespace(connection=None, pool=pool))
    monkeypatch.setattr(database_health._LastFailure, "at", float("-inf"))
    monkeypatch.setattr(database_health, "TRY_SECONDS", 60.0)  # on a machine that may be busy
    yield pool
    pool.close()


def test_a_record_in_reach_gives_its_connection_back(pool: ConnectionPool) -> None:
    pool.open(wait=True)
    assert database_health.is_available()
    assert pool.get_stats()["pool_available"] == pool.get_stats()["pool_size"]


def test_connections_that_broke_are_no_sign_that_it_is_out_of_reach(pool: ConnectionPool) -> None:
    pool.open(wait=True)
    pids = [connection.info.backend_pid for connection in pool._pool]
    with psycopg.connect(database_url()) as operator:
        operator.execute("SELECT pg_terminate_backend(pid) FROM unnest(%s) pid", [pids])
    assert database_health.is_available()


def test_when_it_is_out_of_reach_nobody_waits_for_long_until_it_is_back(
    pool: ConnectionPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_health, "TRY_SECONDS", 0.1)
    monkeypatch.setattr(database_health, "REMEMBERED_SECONDS", 60.0)
    pool.conninfo = "host=/nowhere"
    assert not database_health.is_available()
    assert pool.timeout == database_health.SHORT_TIMEOUT_SECONDS
    asked = pool.get_stats()["requests_num"]
    assert not database_health.is_available()
    assert pool.get_stats()["requests_num"] == asked, "it is remembered for a while"

    pool.conninfo = database_url()
    monkeypatch.setattr(database_health, "REMEMBERED_SECONDS", 0.0)
    monkeypatch.setattr(database_health, "TRY_SECONDS", 60.0)
    assert database_health.is_available()
    assert pool.timeout == settings.DATABASES["default"]["OPTIONS"]["pool"]["timeout"]
