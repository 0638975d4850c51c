"""Emptying the test database, which nearly every test that commits asks for when it is over."""

from __future__ import annotations

from functools import cache

from django.core.management import CommandError, call_command
from django.db import OperationalError, connection

TRIES = 4
LARGEST = 32 * 1024 * 1024  # bytes of all tables, with the dead rows that earlier tests have left
OF_MIGRATIONS = {"django_content_type", "auth_permission"}  # what no test changes


def empty() -> None:
    """Delete all rows; once more where a process that still reads them, a web process or a courier
    of the test that has ended, took them in another order.
    """
    for _ in range(TRIES - 1):
        try:
            _empty()
        except (CommandError, OperationalError) as failed:
            if "deadlock" not in f"{failed} {failed.__cause__}":
                raise
        else:
            return
    _empty()


def _empty() -> None:
    """Delete small tables' rows, which costs a fiftieth of TRUNCATE: that makes new files for every
    table and index, and waits for whoever reads.
    """
    tables = _tables()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sum(pg_relation_size(name::regclass)) FROM unnest(%s::text[]) name",
            [list(tables)],
        )
        [size] = cursor.fetchone()
        if size <= LARGEST:
            cursor.execute("; ".join(f'DELETE FROM "{table}"' for table in tables))
            return
    call_command("flush", verbosity=0, interactive=False)


@cache
def _tables() -> tuple[str, ...]:
    names = connection.introspection.django_table_names(only_existing=True, include_views=False)
    return tuple(sorted(set(names) - OF_MIGRATIONS))
