"""What a process of ours has to know in order to work on the test database."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

from django.core.management import CommandError, call_command
from django.db import connection

FLUSHES = 4


def database_url() -> str:
    """Return the URL of the test database, which other processes cannot guess."""
    database = connection.settings_dict
    password = f":{quote(database['PASSWORD'])}" if database["PASSWORD"] else ""
    port = f":{database['PORT']}" if database["PORT"] else ""
    host = quote(database["HOST"], safe="")
    return f"postgresql://{quote(database['USER'])}{password}@{host}{port}/{database['NAME']}"


def flush() -> None:
    """Empty all tables of the test database."""
    patiently(lambda: call_command("flush", verbosity=0, interactive=False))


def patiently(flush: Callable[[], object]) -> None:
    """Empty the tables once more where a process that still reads them, a web process or a courier
    of the test that has ended, took them in another order.
    """
    for _ in range(FLUSHES - 1):
        try:
            flush()
        except CommandError as failed:
            if "deadlock" not in str(failed.__cause__):
                raise
        else:
            return
    flush()
