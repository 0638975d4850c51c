"""What the research desk said, held against the tape: some of it is folded again, from one kept
state to the next, and has to give the same entries, rows and state.

Only what these very rules and sources said is judged: others say other things of the same tape.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import orjson
from django.conf import settings
from django.db.models import Model

from market import tape
from market.engine.values import Tick
from market.models import World
from market.tape import PUBLIC_STREAM, RESEARCH_STREAM, Entry
from news.models import ResearchSignal, ResearchState
from news.research import rows, runner, states
from news.research.companies import Listed
from news.research.desk import READING, Plain, ResearchDesk
from news.research.events import ResearchEvent, SignalClosed
from news.research.rules import RESEARCH_RULES

MOST_TICKS = 200  # of a span: the desk keeps a state far more often
_CANDIDATES = 40  # kept states, the newest


class Span(NamedTuple):
    """What lies between two kept states."""

    first: ResearchState
    last: ResearchState

    def holds(self, tick: Tick) -> bool:
        return self.first.tick < tick <= self.last.tick


class Retold(NamedTuple):
    """What a fresh fold over a span says: its events by tick, its entries, and its state; and the
    ticks that it cannot read, as the desk could not.
    """

    said: list[tuple[Tick, tuple[ResearchEvent, ...]]]
    entries: list[Entry]
    state: Plain
    unread: list[Tick]


def differences() -> Iterator[str]:
    """Yield what is not as the tape says, of the newest span and of another that is drawn. A fixed
    number of statements, of at most so many entries.
    """
    spans = _spans()
    chosen = spans[-1:] + ([random.choice(spans[:-1])] if len(spans) > 1 else [])
    companies = runner.listed() if chosen else []
    for span in chosen:
        yield from _differences_of(span, companies)


def _spans() -> list[Span]:
    """Return the spans that the tape still has all entries of, the oldest first."""
    epoch = World.objects.values_list("epoch", flat=True).get()
    kept_tape = tape.extent(epoch=epoch, stream=PUBLIC_STREAM)
    if kept_tape is None:
        return []
    found = ResearchState.objects.exclude(state=None).defer("state").order_by("-tick")
    kept = list(found.filter(epoch=epoch, tick__gte=kept_tape.first - 1)[:_CANDIDATES])[::-1]
    return [
        Span(first, last) for first, last in pairwise(kept) if last.tick - first.tick <= MOST_TICKS
    ]


def _differences_of(span: Span, companies: Sequence[Listed]) -> Iterator[str]:
    wanted = states.edition_of(RESEARCH_RULES, settings.RULES.market)
    [(before, one), (after, other)] = _states(span)
    if one != wanted or other != wanted:
        return
    retold = _retell(span, before, companies)
    if retold is None:
        yield f"the tape has not all of ticks {span.first.tick + 1} to {span.last.tick}"
        return
    for tick in retold.unread:
        yield f"the public entry of tick {tick} cannot be read; the research desk passes it over"
    yield from _against_stream(span, retold)
    yield from _against_rows(span, retold)
    if retold.state != after:
        parts = sorted(name for name in after if retold.state.get(name) != after[name])
        yield f"the research desk's state after tick {span.last.tick} differs: {', '.join(parts)}"


def _states(span: Span) -> list[tuple[Plain, str]]:
    ticks = [span.first.tick, span.last.tick]
    found = ResearchState.objects.filter(tick__in=ticks).order_by("tick")
    return [states.unpacked(state) for state in found.values_list("state", flat=True) if state]


def _retell(span: Span, state: Plain, companies: Iterable[Listed]) -> Retold | None:
    """Fold a span again, from the state before it; None where the tape lacks some of it."""
    desk = ResearchDesk(RESEARCH_RULES, settings.RULES.market, companies, is_copy=True)
    desk.load(state)
    first, last = span
    found = tape.read_packed(
        epoch=last.epoch,
        stream=PUBLIC_STREAM,
        since=first.tick,
        limit=MOST_TICKS,
        upto=last.tick,
    )
    if len(found) != last.tick - first.tick:
        return None
    spoken, unread = [], []
    for entry in found:
        if events := desk.hear(entry.tick, entry.select).events:
            spoken.append((entry, events))
        if desk.health[READING].last_fault == entry.tick:
            unread.append(entry.tick)
    return Retold(
        [(entry.tick, events) for entry, events in spoken],
        runner.entries_of(spoken, epoch=last.epoch, after=first.seq),
        orjson.loads(orjson.dumps(desk.dump())),
        unread,
    )


def _against_stream(span: Span, retold: Retold) -> Iterator[str]:
    found = tape.read(
        epoch=span.last.epoch,
        stream=RESEARCH_STREAM,
        since=span.first.seq,
        limit=MOST_TICKS,
        upto=span.last.tick,
    )
    told, again = ({entry.seq: entry for entry in its} for its in (found, retold.entries))
    for seq in sorted(told.keys() | again.keys()):
        if told.get(seq) != again.get(seq):
            yield f"entry {seq} of the research desk is not what it says of the tape"


def _against_rows(span: Span, retold: Retold) -> Iterator[str]:
    written = rows.rows_of(retold.said)
    for table, new in written.new.items():
        name = table._meta.verbose_name
        fields = rows.fields_of(table)
        found = table._default_manager.filter(tick__gt=span.first.tick, tick__lte=span.last.tick)
        kept = {row.pk: _plain(row, fields) for row in found}
        again = {row.pk: _plain(row, fields) for row in new}
        for number in sorted(kept.keys() | again.keys()):
            if kept.get(number) != again.get(number):
                yield f"{name} {number} is not what the research desk says of the tape"
    yield from _against_ends(span, written.closed)


def _against_ends(span: Span, closed: Iterable[SignalClosed]) -> Iterator[str]:
    """Compare the signals that ended in a span. One query, whether any did or not."""
    within = ResearchSignal.objects.filter(
        closed_tick__gt=span.first.tick, closed_tick__lte=span.last.tick
    )
    ended = {str(row.id): row for row in within}
    for event in closed:
        row, end = ended.pop(event.id, None), rows.end_of(event)
        if row is None or any(getattr(row, name) != value for name, value in end.items()):
            yield f"signal {event.id} has not come to the end that the tape gives it"
    for id in ended:
        yield f"signal {id} has come to an end that the tape does not give it"


def _plain(row: Model, fields: Sequence[str]) -> dict[str, Any]:
    """Return a row's values as JSON gives them back."""
    values = {name: getattr(row, name) for name in fields}
    return dict(orjson.loads(orjson.dumps(values | {"id": str(values["id"])})))
