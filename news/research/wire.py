"""Rows of the research desk as the wire shows them: as its stream does, and what became of each."""

from __future__ import annotations

from typing import Any

from news import models
from news.research import events
from news.research.events import Item

OPEN, CLOSED = "open", "closed"


def alert(row: models.ResearchAlert) -> Item:
    fields = tuple((field["name"], field["value"]) for field in row.fields)
    return events.Alert(**_values(events.Alert, row) | {"fields": fields}).as_item()


def signal(row: models.ResearchSignal) -> Item:
    """Return a signal, and what became of it if it is over."""
    item = events.Signal(**_values(events.Signal, row) | {"id": str(row.id)}).as_item()
    return {
        **item,
        "status": CLOSED if row.outcome else OPEN,
        "outcome": row.outcome or None,
        "closedTick": row.closed_tick,
        "entryPaid": _dollars(row.entry_paid),
        "exitPaid": _dollars(row.exit_paid),
        "returnPercent": None if row.return_bps is None else row.return_bps / 100,
        "chancePercent": None if row.chance_bps is None else row.chance_bps / 100,
    }


def insight(row: models.Insight) -> Item:
    """Return an insight, with what a language model made of it, if one did."""
    return {**events.Insight(**_values(events.Insight, row)).as_item(), "prose": _prose(row)}


def narrative(row: models.Narrative) -> Item:
    """Return a narrative, with what a language model made of it, if one did."""
    return {**events.Narrative(**_values(events.Narrative, row)).as_item(), "prose": _prose(row)}


def _prose(row: models.Insight | models.Narrative) -> str | None:
    prose: Any = getattr(row, "prose", None)
    return prose.text if prose else None


def _values(kind: Any, row: object) -> dict[str, Any]:
    """Return a row's values for the fields of what it was written from."""
    return {name: getattr(row, name) for name in kind._fields}


def _dollars(cents: int | None) -> float | None:
    return None if cents is None else cents / 100
