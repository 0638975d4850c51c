"""Rows as PostgreSQL reads them: what goes in comes out again, whatever it is made of."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.db.backends.utils import CursorWrapper
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from market.common.bulk import insertion, send, update, upsert

COLUMNS = {"id": "bigint", "word": "text", "flag": "bool", "ratio": "float8"}
AWKWARD = [
    *("", " ", "null", "NULL", "None", "\\N", "\\.", "\\", '"', '""', '\\"', "a,b", "{}", "{null}"),
    *(
        "tab\there",
        "line\nline",
        "carriage\rreturn",
        "\x01\x1f\x7f",
        "naïve — 価格 \U0001f4c8",
        "'",
    ),
]
WORDS = st.none() | st.sampled_from(AWKWARD) | st.text(st.characters(exclude_categories=["Cs"]))
ROWS = st.lists(
    st.tuples(
        WORDS.filter(lambda word: word is None or "\0" not in word),
        st.none() | st.booleans(),
        st.none() | st.floats(allow_nan=False, allow_infinity=False),
    ),
    max_size=20,
)


@pytest.fixture
def cursor(db: None) -> Iterator[CursorWrapper]:
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMPORARY TABLE scrap (id bigint PRIMARY KEY, word text, flag bool,"
            " ratio float8, bytes bytea, at timestamptz)"
        )
        yield cursor


def numbered(rows: list[Any]) -> list[Any]:
    return [(number, *row) for number, row in enumerate(rows)]


def stored(cursor: CursorWrapper) -> list[Any]:
    cursor.execute(f"SELECT {', '.join(COLUMNS)} FROM scrap ORDER BY id")
    return list(cursor.fetchall())


EACH = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


@EACH
@given(rows=ROWS)
def test_inserted_rows_are_what_they_were(cursor: CursorWrapper, rows: list[Any]) -> None:
    cursor.execute("TRUNCATE scrap")
    send(cursor, insertion("scrap", list(COLUMNS), numbered(rows)))
    assert stored(cursor) == numbered(rows)


@EACH
@given(rows=ROWS)
def test_so_are_updated_ones_and_those_merged_in(cursor: CursorWrapper, rows: list[Any]) -> None:
    cursor.execute("TRUNCATE scrap")
    send(cursor, insertion("scrap", ["id"], [[number] for number in range(len(rows))]))
    send(cursor, update("scrap", COLUMNS, numbered(rows)))
    assert stored(cursor) == numbered(rows)
    merged = [(number + 10, *rest) for number, *rest in numbered(rows)]
    send(cursor, upsert("scrap", COLUMNS, ["id"], merged))
    assert stored(cursor) == numbered(rows)[:10] + merged


def test_every_awkward_word_survives(cursor: CursorWrapper) -> None:
    rows = numbered([(word, None, None) for word in AWKWARD])
    send(cursor, insertion("scrap", list(COLUMNS), rows))
    assert stored(cursor) == rows
    send(cursor, update("scrap", COLUMNS, [(n, word[::-1], *rest) for n, word, *rest in rows]))
    assert [row[1] for row in stored(cursor)] == [word[::-1] for word in AWKWARD]


def test_bytes_and_moments_are_what_they_were(cursor: CursorWrapper) -> None:
    at = datetime(2026, 11, 22, 10, 59, 0, 123456, tzinfo=UTC)
    send(
        cursor,
        insertion("scrap", ["id", "bytes", "at"], [(1, bytes(range(256)), at), (2, b"", at)]),
    )
    cursor.execute("SELECT bytes, at FROM scrap ORDER BY id")
    assert [(bytes(value), moment) for value, moment in cursor.fetchall()] == [
        (bytes(range(256)), at),
        (b"", at),
    ]
