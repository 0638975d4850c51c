"""Statements that a connection plans once: for those whose planning takes longer than they run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from weakref import WeakSet

from django.db import NotSupportedError, connection


class Prepared:
    """A query of at most one row; `parameters` gives the type of each of its `%(name)s`."""

    def __init__(self, name: str, parameters: Mapping[str, str], query: str) -> None:
        self.name = name
        self.parameters = parameters
        self._query = query % {name: f"${n}" for n, name in enumerate(parameters, start=1)}
        self._known_to: WeakSet[Any] = WeakSet()  # connections of the driver; they are pooled
        self._outdated_on: WeakSet[Any] = WeakSet()

    def value(self, **values: Any) -> Any:
        """Return the only value of the row that there always is."""
        row = self.row(**values)
        assert row is not None
        return row[0]

    def row(self, **values: Any) -> tuple[Any, ...] | None:
        """Return what the query gives: one statement, and another on a connection's first time.

        A migration that changes a type it returns makes PostgreSQL refuse the plan, on each
        connection once: it is planned anew, for the process may well be of the release before.
        """
        try:
            return self._executed(values)
        except NotSupportedError:
            self._outdated_on.add(connection.connection)
            if connection.in_atomic_block:  # which is lost
                raise
            return self._executed(values)

    def _executed(self, values: Mapping[str, Any]) -> tuple[Any, ...] | None:
        with connection.cursor() as cursor:
            if cursor.connection in self._outdated_on:
                cursor.execute(f"DEALLOCATE {self.name}")
                self._outdated_on.discard(cursor.connection)
                self._known_to.discard(cursor.connection)
            if cursor.connection not in self._known_to:
                types = ", ".join(self.parameters.values())
                cursor.execute(f"PREPARE {self.name} ({types}) AS {self._query}")
                self._known_to.add(cursor.connection)
            places = ", ".join(["%s"] * len(self.parameters))
            cursor.execute(
                f"EXECUTE {self.name} ({places})", [values[name] for name in self.parameters]
            )
            found: tuple[Any, ...] | None = cursor.fetchone()
            return found
