"""The audit: every balance recomputed from the rows, and the machine held against them.

Each app brings its checks; all see one snapshot, so the floor may go on meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from django.db import connection, transaction

from market import models, tape
from market.common.auditing import Check, Figures, differences, rows_of
from wallstreetsim.floor import checkpoints
from wallstreetsim.floor.app_parts import AUDIT, parts
from wallstreetsim.machine.rules import RULES, Rules
from wallstreetsim.machine.world import World

_TAPE = """
    SELECT epoch, stream, min(seq), max(seq), count(*), bool_and(seq = tick)
    FROM market_tapeentry GROUP BY epoch, stream ORDER BY epoch, stream
"""


class Stream(NamedTuple):
    """What is kept of one stream of the tape."""

    epoch: int
    id: int
    first: int
    last: int
    entries: int
    counts_ticks: bool


class Audited(NamedTuple):
    """World as it stood, the checks, and the machine as of then: None where the record does not
    give it back, as the checks say.
    """

    row: models.World
    checks: list[Check]
    machine: World | None


def audit(rules: Rules = RULES) -> Audited:
    """Check the whole record. Raises World.DoesNotExist when nothing has been founded."""
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        row = models.World.objects.get()
        streams = [Stream(*stream) for stream in rows_of(cursor, _TAPE)]
        try:
            world, failure = checkpoints.load_latest(row, rules).world, []
        except checkpoints.CannotRestore as difference:
            world, failure = None, [f"it cannot be restored: {difference}"]
        checks = [
            check
            for app, part in parts(AUDIT)
            for check in part.checks(cursor, world and world.by_name[app])
        ]
        checks.append(Check("the tape has no gap", list(_gaps(row, streams))))
        if world is not None:
            ends = differences(
                "end of stream", _recorded_ends(row, streams), _ends_in(world, streams)
            )
            failure = list(ends)
        checks.append(Check("the machine is the record's, and ends where it does", failure))
        return Audited(row, checks, world)


def _gaps(row: models.World, streams: list[Stream]) -> Iterator[str]:
    for stream in streams:
        if stream.last - stream.first + 1 != stream.entries:
            yield (
                f"stream {stream.id} of epoch {stream.epoch} has {stream.entries} entries"
                f" from {stream.first} to {stream.last}"
            )
    public = next((s for s in streams if (s.epoch, s.id) == (row.epoch, tape.PUBLIC_STREAM)), None)
    if public is None:
        if row.tick:
            yield "the public stream has no entries"
    elif public.last != row.tick or not public.counts_ticks:
        yield f"the public stream ends at {public.last}, or does not count the ticks to {row.tick}"
    elif public.first > max(1, row.tick - tape.KEPT_TICKS + 1):
        yield f"the public stream begins at {public.first}, later than it is pruned"


def _recorded_ends(row: models.World, streams: list[Stream]) -> Figures:
    """Return where the agents' streams end on the tape."""
    others = (tape.PUBLIC_STREAM, tape.RESEARCH_STREAM)
    return {s.id: s.last for s in streams if s.epoch == row.epoch and s.id not in others}


def _ends_in(world: World, streams: list[Stream]) -> Figures:
    """Return where the machine knows the kept streams to end; a quiet one may be pruned wholly."""
    accounts = world.market.accounts
    kept = {s.id for s in streams}
    return {id: accounts[id].tape_seq for id in kept & accounts.keys()}
