"""Many rows in one statement, as PostgreSQL means them to come: COPY for new ones, unnest for changed ones."""

from collections.abc import Iterable, Sequence
from typing import Any

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


def execute_with_rows(
    cursor: CursorWrapper, statement: str, types: Sequence[str], rows: Iterable[Row]
) -> None:
    """Run a statement that holds `{rows}` where it wants these rows as a set: one array a column, unnested."""
    columns = list(zip(*rows, strict=True))
    if not columns:
        return
    arrays = ", ".join(f"%s::{type}[]" for type in types)
    cursor.execute(statement.format(rows=f"unnest({arrays})"), [list(column) for column in columns])
