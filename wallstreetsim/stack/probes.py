"""Asking the stores whether they answer; apart, for loading their clients takes its time."""

import psycopg
import redis
from psycopg import sql

from wallstreetsim.stack import StackError
from wallstreetsim.stack.complaints import complaint_in
from wallstreetsim.stack.places import Places
from wallstreetsim.stack.postgres import NAME

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


def redis_answers(places: Places) -> bool:
    try:
        with redis.Redis(unix_socket_path=str(places.redis_socket), socket_timeout=2) as client:
            return bool(client.ping())
    except (redis.ConnectionError, redis.TimeoutError):
        return False


def _connect(places: Places) -> psycopg.Connection:
    host = str(places.postgres_socket_dir)
    return psycopg.connect(
        host=host, user=NAME, dbname="postgres", connect_timeout=2, autocommit=True
    )


def _ensure_database(connection: psycopg.Connection) -> None:
    known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [NAME]).fetchone()
    if not known:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(NAME)))
