"""The inbox as the floor uses it: take what waits, write each verdict, set a harmful input
aside.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

import orjson
from django.db.backends.utils import CursorWrapper

from agents.engine.house import Deed
from agents.engine.inputs import Input
from agents.engine.society import Member
from agents.models import Input as InputRow
from market.bulk import Write, array_literal, insertion, update
from market.engine.values import Tick

if TYPE_CHECKING:
    from market.engine.actions import Verdict

_COLUMNS = "public_id::text, type, parameters::text, account, is_quarantined"


def take_inputs(cursor: CursorWrapper) -> tuple[list[int], list[Input]]:
    """Return every committed input that waits, by arrival: the arrival numbers, and the inputs
    beside them. `strike_off` is due in the same transaction.
    """
    # An array, for which the planner goes by the key, whatever it believes of either table.
    cursor.execute(
        f"SELECT id, {_COLUMNS} FROM agents_input"
        " WHERE id = ANY(ARRAY(SELECT input_id FROM agents_waiting)) ORDER BY id"
    )
    rows = cursor.fetchall()
    return [row[0] for row in rows], _inputs([row[1:] for row in rows])


def journal(
    cursor: CursorWrapper, *, after: Tick, upto: Tick
) -> Iterator[tuple[Tick, list[Input]]]:
    """Yield every tick in (after, upto] with the inputs it took, in order."""
    cursor.execute(
        f"SELECT tick, {_COLUMNS} FROM agents_input WHERE tick > %s AND tick <= %s"
        " ORDER BY tick, id",
        [after, upto],
    )
    taken = {tick: list(rows) for tick, rows in groupby(cursor.fetchall(), key=lambda row: row[0])}
    for tick in range(after + 1, upto + 1):
        yield tick, _inputs([row[1:] for row in taken.get(tick, [])])


def strike_off(arrivals: Iterable[int]) -> Write:
    """Take inputs, by arrival number, off the list of those that wait."""
    return Write(
        "DELETE FROM agents_waiting WHERE input_id = ANY(%s::bigint[])",
        [array_literal(list(arrivals))],
    )


def write_verdicts(tick: Tick, verdicts: Iterable[tuple[int, Verdict]]) -> Write:
    """Mark taken inputs, by arrival number, with their tick and verdict."""
    return update(
        "agents_input",
        {"id": "bigint", "tick": "bigint", "success": "bool", "code": "text", "message": "text"},
        [(id, tick, v.success, v.code, v.message) for id, v in verdicts],
    )


def update_members(members: Iterable[Member]) -> Write:
    """Bring the agents' status and reputation up to date."""
    return update(
        "agents_agent",
        {"id": "bigint", "status": "text", "reputation": "integer"},
        ((m.account, m.status.value, m.reputation) for m in members),
    )


def insert_deeds(tick: Tick, deeds: Iterable[Deed]) -> Write:
    """Note what house agents have been up to, where operators alone can read it."""
    return insertion(
        "agents_deed",
        ("tick", "crime", "accounts", "symbol", "first_tick", "last_tick"),
        (
            (tick, d.crime, array_literal(d.accounts), d.symbol, d.first_tick, d.last_tick)
            for d in deeds
        ),
    )


def quarantine(input_id: str) -> None:
    """Set an input aside: the next tick answers it without performing it."""
    InputRow.objects.waiting().filter(public_id=input_id).update(is_quarantined=True)


def _inputs(rows: Sequence[tuple[Any, ...]]) -> list[Input]:
    """Return rows of `_COLUMNS` as the machine takes them; one decoding serves them all."""
    if not rows:
        return []
    ids, types, parameters, accounts, are_quarantined = zip(*rows, strict=True)
    decoded = orjson.loads(f"[{','.join(parameters)}]")
    return list(map(Input, ids, types, decoded, accounts, are_quarantined))
