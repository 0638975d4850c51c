"""What the desk said, as rows: written once, however often the tape is read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import count
from typing import Any, NamedTuple

from django.db.models import Model

from market.engine.values import Tick
from news import models
from news.research import events
from news.research.events import ResearchEvent

MOST_A_TICK = 1_000  # of the rows of one table

_TABLES: Mapping[type, type[Model]] = {
    events.Alert: models.ResearchAlert,
    events.Signal: models.ResearchSignal,
    events.Insight: models.Insight,
    events.Narrative: models.Narrative,
}


_KINDS = {table: kind for kind, table in _TABLES.items()}

# What a signal's row says of its end, and what of the event it is.
_END = {
    "outcome": "outcome",
    "closed_tick": "tick",
    "entry_paid": "entry",
    "exit_paid": "exit",
    "return_bps": "return_bps",
    "chance_bps": "chance_bps",
}


class Rows(NamedTuple):
    """What some ticks said, as rows that are not written yet; and the signals that they closed."""

    new: dict[type[Model], list[Model]]
    closed: list[events.SignalClosed]


def rows_of(said: Iterable[tuple[Tick, Iterable[ResearchEvent]]]) -> Rows:
    """Return what each of these ticks said: rows are numbered by tick and place."""
    found = Rows({table: [] for table in _TABLES.values()}, [])
    for tick, its in said:
        numbers: dict[type[Model], Any] = {table: count(MOST_A_TICK * tick) for table in found.new}
        for event in its:
            if isinstance(event, events.SignalClosed):
                found.closed.append(event)
            else:
                table = _TABLES[type(event)]
                found.new[table].append(_row(table, next(numbers[table]), event))
    return found


def write(said: Iterable[tuple[Tick, Iterable[ResearchEvent]]]) -> None:
    """Write what each of these ticks said, in a fixed number of statements. Rows that exist stay as
    they are.
    """
    rows = rows_of(said)
    for table, new in rows.new.items():
        if new:
            table._default_manager.bulk_create(new, ignore_conflicts=True)
    if rows.closed:
        _close(rows.closed)


def fields_of(table: type[Model]) -> list[str]:
    """Return the fields that a row has from what the desk said."""
    return list(dict.fromkeys(("number", "id", *_KINDS[table]._fields)))  # type: ignore[attr-defined]


def _row(table: type[Model], number: int, event: Any) -> Model:
    fields = event._asdict()
    if isinstance(event, events.Alert):
        fields["fields"] = [{"name": name, "value": value} for name, value in event.fields]
    return table(number=number, **fields | {"id": event.id})


def end_of(event: events.SignalClosed) -> dict[str, Any]:
    """Return what a signal's row says of its end."""
    return {field: getattr(event, name) for field, name in _END.items()}


def closed_rows(closed: Iterable[events.SignalClosed]) -> dict[str, models.ResearchSignal]:
    """Return the rows of the signals that these closed, by id. One query."""
    rows = models.ResearchSignal.objects.filter(id__in=[one.id for one in closed])
    return {str(row.id): row for row in rows}


def _close(closed: Iterable[events.SignalClosed]) -> None:
    ended = {one.id: one for one in closed}
    rows = closed_rows(ended.values())
    for id, row in rows.items():
        for field, value in end_of(ended[id]).items():
            setattr(row, field, value)
    models.ResearchSignal.objects.bulk_update(rows.values(), list(_END))


def reopen_after(tick: Tick) -> None:
    """Forget what became of signals after a tick to which the world was taken back."""
    still_open = {field: "" if field == "outcome" else None for field in _END}
    models.ResearchSignal.objects.filter(closed_tick__gt=tick).update(**still_open)


def prune(*, before: Tick) -> int:
    """Drop the rows of earlier ticks, and return how many; the aggregates stay."""
    return sum(
        table._default_manager.filter(tick__lt=before).delete()[0] for table in _TABLES.values()
    )
