"""Many rows in one statement, as PostgreSQL means them to come: COPY for new ones, unnest for
changed ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import psycopg
from django.db.backends.utils import CursorWrapper

Row = Sequence[Any]


def copy_rows(
    cursor: CursorWrapper, table: str, columns: Sequence[str], rows: Iterable[Row]
) -> None:
    """Append rows to a table, in the order of `columns`."""
    names = ", ".join(f'"{column}"' for column in columns)
    with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def update_rows(
    cursor: CursorWrapper, table: str, columns: Mapping[str, str], rows: Iterable[Row]
) -> None:
    """Update rows by their key, the first of `columns`, which gives each column's type.

    It runs without any rows, too: a tick has the same statements however much happens in it.
    """
    key, *others = columns
    changes = ", ".join(f"{name} = u.{name}" for name in others)
    source, arrays = _unnested(columns, rows)
    execute_beside(
        cursor,
        f"UPDATE {table} SET {changes} FROM {source} WHERE {table}.{key} = u.{key}",
        arrays,
    )


def upsert_rows(
    cursor: CursorWrapper,
    table: str,
    columns: Mapping[str, str],
    key: Sequence[str],
    rows: Iterable[Row],
) -> None:
    """Insert rows, or update those whose `key` exists; `columns` gives each column's type."""
    changes = ", ".join(f"{name} = EXCLUDED.{name}" for name in columns if name not in key)
    source, arrays = _unnested(columns, rows)
    execute_beside(
        cursor,
        f"INSERT INTO {table} ({', '.join(columns)}) SELECT * FROM {source}"
        f" ON CONFLICT ({', '.join(key)}) DO UPDATE SET {changes}",
        arrays,
    )


def execute_beside(cursor: CursorWrapper, statement: str, values: Sequence[Any]) -> None:
    """Send large values beside the statement, not in it: the server logs a statement that fails."""
    with psycopg.Cursor(cursor.connection) as sender:
        sender.execute(statement.encode(), values)


def _unnested(columns: Mapping[str, str], rows: Iterable[Row]) -> tuple[str, list[str]]:
    """Return the rows as a set named u in SQL, and the arrays, one a column, that it unnests."""
    values = list(zip(*rows, strict=True)) or [()] * len(columns)
    arrays = ", ".join(f"%s::{type}[]" for type in columns.values())
    return f"unnest({arrays}) AS u({', '.join(columns)})", [_array_literal(v) for v in values]


def _array_literal(column: Sequence[Any]) -> str:
    """Write a column as an array literal, in a fifth of the time that adapting each value takes.

    Source: PostgreSQL manual, 8.15.2, Array Value Input.
    """
    kinds = set(map(type, column))
    if not any(issubclass(kind, str) for kind in kinds):
        return "{" + ",".join(map(str, column)).replace("None", "NULL") + "}"
    if type(None) not in kinds:
        return '{"' + '","'.join(map(_escaped, column)) + '"}'
    return "{" + ",".join(["NULL" if v is None else f'"{_escaped(v)}"' for v in column]) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"')
