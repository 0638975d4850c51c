"""Many rows in one statement, as PostgreSQL means them to come: COPY for new ones, unnest for
changed ones.

Encoding rows and sending them are apart, so that a thread may encode the next statement's while
the server is at work on the last one's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import orjson
import psycopg
from django.db.backends.utils import CursorWrapper
from django.db.models.expressions import RawSQL

Row = Sequence[Any]


class Write(NamedTuple):
    """One statement and all of its rows, encoded: columns as array literals, or CSV to COPY."""

    statement: str
    rows: Sequence[str] | bytes


def send(cursor: CursorWrapper, write: Write) -> None:
    """Execute one write."""
    if isinstance(write.rows, bytes):
        with cursor.copy(write.statement) as copy:
            copy.write(write.rows)
    else:
        execute_beside(cursor, write.statement, write.rows)


def insertion(table: str, columns: Sequence[str], rows: Iterable[Row]) -> Write:
    """Return the write that appends rows to a table, in the order of `columns`."""
    names = ", ".join(f'"{column}"' for column in columns)
    copy = f"COPY {table} ({names}) FROM STDIN (FORMAT csv, NULL 'null')"
    return Write(copy, _csv(rows))


def update(table: str, columns: Mapping[str, str], rows: Iterable[Row]) -> Write:
    """Return the write that updates rows by their key, the first of `columns`, which gives each
    column's type.

    It runs without any rows, too: a tick has the same statements however much happens in it.
    """
    key, *others = columns
    changes = ", ".join(f"{name} = u.{name}" for name in others)
    return Write(
        f"UPDATE {table} SET {changes} FROM {_unnested(columns)} WHERE {table}.{key} = u.{key}",
        _arrays(columns, rows),
    )


def upsert(
    table: str, columns: Mapping[str, str], key: Sequence[str], rows: Iterable[Row]
) -> Write:
    """Return the write that inserts rows, or updates those whose `key` exists; `columns` gives
    each column's type.

    A MERGE, which locks no row before it writes it: the table may have no other writer.
    """
    changes = ", ".join(f"{name} = u.{name}" for name in columns if name not in key)
    same = " AND ".join(f"{table}.{name} = u.{name}" for name in key)
    return Write(
        f"MERGE INTO {table} USING {_unnested(columns)} ON {same}"
        f" WHEN MATCHED THEN UPDATE SET {changes}"
        f" WHEN NOT MATCHED THEN INSERT ({', '.join(columns)})"
        f" VALUES ({', '.join(f'u.{name}' for name in columns)})",
        _arrays(columns, rows),
    )


def each_of(numbers: Sequence[int]) -> RawSQL:
    """Return these numbers as what `__in` takes: one parameter, however many there are."""
    return RawSQL("SELECT unnest(%s::bigint[])", [list(numbers)])


def execute_beside(cursor: CursorWrapper, statement: str, values: Sequence[Any]) -> int:
    """Send large values beside the statement, not in it: the server logs a statement that fails.

    Returns how many rows it touched.
    """
    with psycopg.Cursor(cursor.connection) as sender:
        sender.execute(statement.encode(), values)
        return sender.rowcount


# Arrays


def _unnested(columns: Mapping[str, str]) -> str:
    """Return, in SQL, the set named u that is made of one array a column."""
    arrays = ", ".join(f"%s::{type}[]" for type in columns.values())
    return f"unnest({arrays}) AS u({', '.join(columns)})"


def _arrays(columns: Mapping[str, str], rows: Iterable[Row]) -> list[str]:
    values = list(zip(*rows, strict=True)) or [()] * len(columns)
    return [array_literal(column) for column in values]


# Values
#
# A row of CSV and an array literal are a JSON array but for their brackets and what a backslash
# means; orjson writes one in a fifth of the time that joining texts takes.


def array_literal(column: Sequence[Any]) -> str:
    """Write a column as an array literal.

    Source: PostgreSQL manual, 8.15.2, Array Value Input.
    """
    elements = _spelled(_json(column), quote=b'\\"', backslash=b"\\\\")
    return f"{{{elements.decode()}}}"


def _csv(rows: Iterable[Row]) -> bytes:
    """Write rows as COPY reads them. Source: PostgreSQL manual, COPY, CSV Format."""
    lines = b"".join([b"%b\n" % _json(row) for row in rows])
    return _spelled(lines, quote=b'""', backslash=b"\\")


def _json(values: Row) -> bytes:
    """Write values as JSON, without the brackets; bytes as PostgreSQL's hexadecimal text."""
    return orjson.dumps(tuple(values), default=lambda value: f"\\x{value.hex()}")[1:-1]


_ESCAPED = re.compile(rb"\\(?:u....|.)")


def _spelled(json: bytes, *, quote: bytes, backslash: bytes) -> bytes:
    """Write out what JSON escapes, a quote and a backslash as they are given here."""
    if b"\\" not in json:  # which is nearly always so
        return json
    ours = {b'\\"': quote, b"\\\\": backslash}

    def spelled(escaped: re.Match[bytes]) -> bytes:
        return ours.get(escaped[0]) or orjson.loads(b'"%b"' % escaped[0]).encode()

    return _ESCAPED.sub(spelled, json)
