"""Replay: the machine run again from a checkpoint on the journal's inputs, each tick held against
what the record says of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any, NamedTuple

import orjson
from django.db import connection

from agents.engine.inputs import Input
from agents.models import Input as InputRow
from agents.services.journal import journal
from market import models, tape
from market.engine.values import Tick
from wallstreetsim.floor import book_changes, checkpoints, tape_events
from wallstreetsim.floor.book_changes import Books, changes_in
from wallstreetsim.floor.checkpoints import CannotRestore
from wallstreetsim.machine.gc_control import collection_paused
from wallstreetsim.machine.rules import RULES, Rules
from wallstreetsim.machine.world import ENGINE_VERSION, Outcome, World

TICKS_AT_A_TIME = 50  # whose inputs are read together

STEPS_TOLD = ("inputs", "prices", "margin", "report")  # of `World.advance`, in which things show
_STEP_OF = {
    "price:update": "prices",
    "book:update": "prices",
    "portfolio:update": "margin",
    "leaderboard:update": "report",
    "tick:update": "report",
}


class Difference(NamedTuple):
    """The first tick that differs, and in it the first step."""

    tick: Tick
    step: str
    what: str


class Replay(NamedTuple):
    """A replay of the ticks after `start`, up to `end`; it ends at the first that differs.

    Of `compared` ticks the record still has the digest.
    """

    start: Tick
    end: Tick
    digest: str
    compared: int
    difference: Difference | None


def replay(*, start: Tick, end: Tick | None = None, rules: Rules = RULES) -> Replay:
    """Run the ticks after the newest sound checkpoint at or before `start`, up to `end`.

    Raises CannotRestore when there is no such checkpoint, or another engine ran the ticks since,
    and World.DoesNotExist when nothing has been founded.
    """
    row = models.World.objects.get()
    end = row.tick if end is None else end
    if not 0 <= start < end <= row.tick:
        raise CannotRestore(f"the ticks to replay must lie between 0 and {row.tick}")
    world = machine_at_checkpoint(row.epoch, start, rules)
    begun_at, compared = world.tick, 0
    with collection_paused():
        for tick, inputs in inputs_between(world.tick, end):
            books_before = book_changes.standing(world)
            try:
                outcome = world.advance(inputs)
            except Exception as error:
                failure = Difference(tick, "inputs", f"it fails: {error!r}")
                return Replay(begun_at, tick, world.digest, compared, failure)
            digest = recorded_digest(row, tick)
            compared += digest is not None
            if digest is not None and digest != outcome.digest:
                difference = _first_difference(world, outcome, books_before, row.epoch)
                return Replay(begun_at, tick, outcome.digest, compared, difference)
    return Replay(begun_at, end, world.digest, compared, None)


def machine_at_checkpoint(epoch: int, tick: Tick, rules: Rules) -> World:
    """Return the machine of the newest sound checkpoint at or before a tick. Raises CannotRestore
    when there is none, or it is another engine's.
    """
    checkpoint, world = checkpoints.newest_sound(epoch=epoch, tick=tick, rules=rules)
    if checkpoint.engine_version != ENGINE_VERSION:
        raise CannotRestore(
            f"the ticks after {checkpoint.tick} were run by engine {checkpoint.engine_version},"
            f" and this is engine {ENGINE_VERSION}"
        )
    return world


def inputs_between(after: Tick, upto: Tick) -> Iterator[tuple[Tick, list[Input]]]:
    """Yield every tick in (after, upto] with the inputs it took, in order."""
    with connection.cursor() as cursor:
        for start in range(after, upto, TICKS_AT_A_TIME):
            yield from journal(cursor, after=start, upto=min(start + TICKS_AT_A_TIME, upto))


def recorded_digest(row: models.World, tick: Tick) -> str | None:
    """Return the digest that the record has of a tick: World's, a checkpoint's, or the tape's."""
    if tick == row.tick:
        return row.digest
    kept = models.Checkpoint.objects.filter(epoch=row.epoch, tick=tick)
    if digest := kept.values_list("digest", flat=True).first():
        return str(digest)
    for entry in tape.read_tick(epoch=row.epoch, tick=tick, streams=[tape.PUBLIC_STREAM]):
        for event in entry.read():
            if event["type"] == "tick:update":
                digest = event["data"].get("digest")
                return str(digest) if digest else None
    return None


# What differs


def _first_difference(
    world: World, outcome: Outcome, books_before: Books, epoch: int
) -> Difference:
    """Compare the tick's steps in the order in which they ran."""
    decided = chain(_verdicts(outcome), _trades(outcome), _entries(outcome))
    told = list(_told(world, outcome, books_before, epoch))
    found = chain(
        (("inputs", what) for what in decided),
        (found for step in STEPS_TOLD for found in told if found[0] == step),
        [("report", "nothing that is recorded differs, only what the digest holds")],
    )
    return Difference(outcome.tick, *next(found))


def _verdicts(outcome: Outcome) -> Iterator[str]:
    rows = InputRow.objects.filter(verdict__tick=outcome.tick).order_by("id")
    recorded = rows.values_list("public_id", "type", "verdict__code")
    for (id, type, code), result in zip(recorded, outcome.results, strict=True):
        if code != result.verdict.code:
            yield f"{type} {id} was answered {code}, and now {result.verdict.code}"


def _trades(outcome: Outcome) -> Iterator[str]:
    recorded = models.Trade.objects.filter(tick=outcome.tick).order_by("number")
    columns = ("number", "symbol", "price", "quantity", "buyer_id", "seller_id", "fee")
    replayed = [
        (t.number, t.symbol, t.price, t.quantity, t.buyer, t.seller, t.fee)
        for t in outcome.market.trades
    ]
    yield from _unequal("trade", recorded.values_list(*columns), replayed)


def _entries(outcome: Outcome) -> Iterator[str]:
    recorded = models.LedgerEntry.objects.filter(tick=outcome.tick).order_by("id")
    columns = ("tick", "kind", "debit_id", "credit_id", "cents", "symbol", "shares")
    yield from _unequal("entry", recorded.values_list(*columns), outcome.market.entries)


def _unequal(what: str, recorded: Iterable[Any], replayed: Iterable[Any]) -> Iterator[str]:
    before, now = [tuple(row) for row in recorded], [tuple(row) for row in replayed]
    for old, new in zip(before, now, strict=False):
        if old != new:
            yield f"{what} {old} is now {new}"
    if len(before) != len(now):
        yield f"there were {len(before)} of the kind {what}, and now {len(now)}"


def _told(
    world: World, outcome: Outcome, books_before: Books, epoch: int
) -> Iterator[tuple[str, str]]:
    """Compare what the tick tells with the tape: yield each difference with its step."""
    tick = outcome.tick
    streams = [tape.PUBLIC_STREAM, *outcome.told]
    recorded = {e.stream: e for e in tape.read_tick(epoch=epoch, tick=tick, streams=streams)}
    if tape.PUBLIC_STREAM not in recorded:
        return
    at = recorded[tape.PUBLIC_STREAM].claimed_at
    for entry in tape_events.entries(world, outcome, books_before, epoch=epoch, at=at):
        name = f"agent {entry.stream}" if entry.stream else "public"
        if entry.stream not in recorded:
            yield "margin", f"{name} was told nothing, and now something"
            continue
        if recorded[entry.stream].is_damaged:
            yield "report", f"{name}: the entry's row is damaged"
            continue
        yield from _unequal_events(name, recorded[entry.stream].read(), entry.read())


def _unequal_events(
    name: str, recorded: list[tape.Event], replayed: list[tape.Event]
) -> Iterator[tuple[str, str]]:
    before, now = ({e["type"]: e["data"] for e in events} for events in (recorded, replayed))
    for type in [*before, *(type for type in now if type not in before)]:
        old, new = before.get(type), now.get(type)
        if type == "tick:update" and old and new:  # which bears the digest itself
            old, new = ({**data, "digest": None} for data in (old, new))
        if type == "book:update" and old:  # which tapes of before show in dollars
            old = changes_in(old)
        if old != new:
            yield _STEP_OF.get(type, "inputs"), f"{name} {type}: {_first_unequal(old, new)}"


def _first_unequal(old: Any, new: Any, path: str = "") -> str:
    """Return where two pieces of JSON begin to differ."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in [*old, *(key for key in new if key not in old)]:
            if old.get(key) != new.get(key):
                return _first_unequal(old.get(key), new.get(key), f"{path}.{key}".strip("."))
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for place, pair in enumerate(zip(old, new, strict=True)):
            if pair[0] != pair[1]:
                return _first_unequal(*pair, f"{path}[{place}]")
    return f"{path} was {_short(old)}, and is now {_short(new)}".strip()


def _short(value: Any) -> str:
    text = orjson.dumps(value).decode()
    return text if len(text) <= 100 else f"{text[:100]}…"
