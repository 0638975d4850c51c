"""What the desk said, as rows: written once, however often the tape is read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import count
from typing import Any

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


def write(said: Iterable[tuple[Tick, Iterable[ResearchEvent]]]) -> None:
    """Write what each of these ticks said, in a fixed number of statements. Rows that exist stay as
    they are.
    """
    rows: dict[type[Model], list[Model]] = {table: [] for table in _TABLES.values()}
    closed: list[events.SignalClosed] = []
    for tick, its in said:
        numbers: dict[type[Model], Any] = {table: count(MOST_A_TICK * tick) for table in rows}
        for event in its:
            if isinstance(event, events.SignalClosed):
                closed.append(event)
            else:
                table = _TABLES[type(event)]
                rows[table].append(_row(table, next(numbers[table]), event))
    for table, new in rows.items():
        if new:
            table._default_manager.bulk_create(new, ignore_conflicts=True)
    if closed:
        _close(closed)


def _row(table: type[Model], number: int, event: Any) -> Model:
    fields = event._asdict()
    if isinstance(event, events.Alert):
        fields["fields"] = [{"name": name, "value": value} for name, value in event.fields]
    return table(number=number, **fields | {"id": event.id})


def _close(closed: Iterable[events.SignalClosed]) -> None:
    ended = {one.id: one for one in closed}
    rows = list(models.ResearchSignal.objects.filter(id__in=ended))
    for row in rows:
        event = ended[str(row.id)]
        row.outcome, row.closed_tick = event.outcome, event.tick
        row.entry_paid, row.exit_paid = event.entry, event.exit
        row.return_bps, row.chance_bps = event.return_bps, event.chance_bps
    models.ResearchSignal.objects.bulk_update(
        rows, ["outcome", "closed_tick", "entry_paid", "exit_paid", "return_bps", "chance_bps"]
    )


def reopen_after(tick: Tick) -> None:
    """Forget what became of signals after a tick to which the world was taken back."""
    models.ResearchSignal.objects.filter(closed_tick__gt=tick).update(
        outcome="",
        closed_tick=None,
        entry_paid=None,
        exit_paid=None,
        return_bps=None,
        chance_bps=None,
    )


def prune(*, before: Tick) -> int:
    """Drop the rows of earlier ticks, and return how many; the aggregates stay."""
    return sum(
        table._default_manager.filter(tick__lt=before).delete()[0] for table in _TABLES.values()
    )
