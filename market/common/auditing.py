"""What the audits of all apps are made of: checks, and how rows are held against the machine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias

from django.db.backends.utils import CursorWrapper

Figures: TypeAlias = Mapping[Any, object]  # by what they are of


class Check(NamedTuple):
    """What was held against what, and each difference in words."""

    what: str
    differences: list[str]


def differences(what: str, recorded: Figures, machine: Figures) -> Iterator[str]:
    for key in sorted(recorded.keys() | machine.keys(), key=str):
        if recorded.get(key) != machine.get(key):
            yield (
                f"{what} {key}: the rows have {recorded.get(key)}, the machine {machine.get(key)}"
            )


def rows_of(cursor: CursorWrapper, statement: str) -> list[tuple[Any, ...]]:
    """Return the rows that a statement selects."""
    cursor.execute(statement)
    return list(cursor.fetchall())
