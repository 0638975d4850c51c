"""The inbox as the floor uses it: take what waits, write each verdict, set a harmful input
aside.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import TYPE_CHECKING, Any

import orjson
from django.db.backends.utils import CursorWrapper

from agents.engine.inputs import Input
from agents.engine.society import Member
from agents.models import Input as InputRow
from market.bulk import update_rows
from market.engine.values import Tick

if TYPE_CHECKING:
    from market.engine.actions import Verdict

_COLUMNS = "public_id::text, type, parameters::text, account, is_quarantined"


def take_inputs(cursor: CursorWrapper) -> tuple[list[int], list[Input]]:
    """Return every committed input that waits, by arrival: the arrival numbers, and the inputs
    beside them.
    """
    cursor.execute(f"SELECT id, {_COLUMNS} FROM agents_input WHERE tick IS NULL ORDER BY id")
    rows = cursor.fetchall()
    return [row[0] for row in rows], [_input(row[1:]) for row in rows]


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
        yield tick, [_input(row[1:]) for row in taken.get(tick, [])]


def write_verdicts(
    cursor: CursorWrapper, tick: Tick, verdicts: Iterable[tuple[int, Verdict]]
) -> None:
    """Mark taken inputs, by arrival number, with their tick and verdict."""
    update_rows(
        cursor,
        "agents_input",
        {"id": "bigint", "tick": "bigint", "success": "bool", "code": "text", "message": "text"},
        ((id, tick, v.success, v.code, v.message) for id, v in verdicts),
    )


def write_members(cursor: CursorWrapper, members: Iterable[Member]) -> None:
    """Bring the agents' status and reputation up to date."""
    update_rows(
        cursor,
        "agents_agent",
        {"id": "bigint", "status": "text", "reputation": "integer"},
        ((m.account, m.status.value, m.reputation) for m in members),
    )


def quarantine(input_id: str) -> None:
    """Set an input aside: the next tick answers it without performing it."""
    InputRow.objects.waiting().filter(public_id=input_id).update(is_quarantined=True)


def _input(row: tuple[Any, ...]) -> Input:
    id, type, parameters, account, is_quarantined = row
    return Input(id, type, orjson.loads(parameters), account, is_quarantined)
