"""Asking the stores whether they answer; apart, for loading their clients takes its time."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlsplit

import psycopg
import redis
from psycopg import sql

from market.common.redis_clients import redis_client
from wallstreetsim.environment.places import Places
from wallstreetsim.stack import StackError
from wallstreetsim.stack.complaints import complaint_in
from wallstreetsim.stack.postgres import NAME

ONLY_DJANGOS = {"assume_role", "isolation_level", "pool", "server_side_binding"}  # options
NOT_YET = "the database system is "  # starting up, in recovery mode, shutting down, …


def postgres_answers(places: Places) -> bool:
    """Tell whether PostgreSQL takes connections, and see to it that our database exists.

    Raises StackError when it runs and takes none: its data is damaged, or not as we made it.
    """
    try:
        with _connect(places) as connection:
            _ensure_database(connection)
    except psycopg.OperationalError as error:
        _, _, refusal = complaint_in(str(error)).partition("FATAL:  ")
        if refusal and not refusal.startswith(NOT_YET):
            raise StackError(
                f"PostgreSQL runs on {places.postgres} but refuses us: {refusal}"
            ) from None
        return False
    return True


def check_running(places: Places, database: Mapping[str, Any] | None) -> None:
    """Raise StackError unless the record takes us in: the given one at a URL, else our own."""
    if database is not None:
        check_database(database)
    elif not postgres_answers(places):
        raise StackError(f"WallStreetSim is not running on {places.data}: start it with `make run`")


def redis_answers(places: Places) -> bool:
    try:
        with redis_client(f"unix://{quote(str(places.redis_socket))}", timeout_seconds=2) as client:
            return bool(client.ping())
    except (redis.ConnectionError, redis.TimeoutError):
        return False


def check_database(database: Mapping[str, Any]) -> None:
    """Raise StackError if the database of these settings, from DATABASE_URL, takes nobody in."""
    place = {name: database[name.upper()] for name in ("host", "port", "user", "password")}
    options = {k: v for k, v in database["OPTIONS"].items() if k not in ONLY_DJANGOS}
    wanted = {"dbname": database["NAME"], "connect_timeout": 5} | place | options
    try:
        psycopg.connect(**wanted).close()
    except psycopg.Error as error:
        where = f"{place['host'] or 'this machine'}:{place['port']}".rstrip(":")
        reason = str(error).strip().partition("\n")[0].rpartition("failed: ")[2]
        raise StackError(
            f"the PostgreSQL of DATABASE_URL, at {where}, does not take us in: {reason}"
        ) from None


def check_redis(url: str) -> None:
    """Raise StackError if the Redis at REDIS_URL does not answer."""
    try:
        with redis_client(url, timeout_seconds=2, retries=0) as client:
            client.ping()
    except (redis.RedisError, ValueError, TypeError) as error:  # or it has impossible options
        where = urlsplit(url).netloc.rpartition("@")[2] or urlsplit(url).path
        raise StackError(f"the Redis of REDIS_URL, at {where}, does not answer: {error}") from None


def _connect(places: Places) -> psycopg.Connection:
    host = str(places.postgres_socket_dir)
    return psycopg.connect(
        host=host, user=NAME, dbname="postgres", connect_timeout=2, autocommit=True
    )


def _ensure_database(connection: psycopg.Connection) -> None:
    known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [NAME]).fetchone()
    if not known:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(NAME)))
