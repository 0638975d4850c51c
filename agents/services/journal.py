"""The inbox as the floor uses it: take what waits, write each verdict, set a harmful input
aside.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

import orjson
from django.db.backends.utils import CursorWrapper

from agents.engine.facts import Manipulation
from agents.engine.inputs import Input
from agents.engine.registry import AgentState
from agents.models import Input as InputRow
from market.common.bulk import Write, array_literal, insertion, update
from market.engine.values import Tick

if TYPE_CHECKING:
    from market.engine.action import Verdict

_COLUMNS = "public_id::text, type, parameters::text, account, is_quarantined"

# Columns, each one JSON array: half the work of as many rows. The key's array makes the planner go
# by it, whatever it believes of either table.
_TAKE = """
    SELECT json_agg(id)::text, json_agg(public_id)::text, json_agg(type)::text,
        '[' || string_agg(parameters::text, ',') || ']',
        json_agg(account)::text, json_agg(is_quarantined)::text
    FROM (
        SELECT * FROM agents_input
        WHERE id = ANY(ARRAY(SELECT input_id FROM agents_waiting)) ORDER BY id
    ) AS taken
"""


def take_inputs(cursor: CursorWrapper) -> tuple[list[int], list[Input]]:
    """Return every committed input that waits, by arrival: the arrival numbers, and the inputs
    beside them. `strike_off` is due in the same transaction.
    """
    cursor.execute(_TAKE)
    arrivals, *columns = [orjson.loads(column or "[]") for column in cursor.fetchone()]
    return arrivals, list(map(Input, *columns))


def journal(
    cursor: CursorWrapper, *, after: Tick, upto: Tick
) -> Iterator[tuple[Tick, list[Input]]]:
    """Yield every tick in (after, upto] with the inputs it took, in order."""
    cursor.execute(
        f"SELECT tick, {_COLUMNS} FROM agents_verdict JOIN agents_input ON id = input_id"
        " WHERE tick > %s AND tick <= %s ORDER BY tick, id",
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
    """Write the verdicts on the inputs that a tick took, by arrival number."""
    return insertion(
        "agents_verdict",
        ("input_id", "tick", "success", "code", "message", "data"),
        [(id, tick, v.success, v.code, v.message, _kept(v.data)) for id, v in verdicts],
    )


def update_members(members: Iterable[AgentState]) -> Write:
    """Bring the agents' status and reputation up to date."""
    return update(
        "agents_agent",
        {"id": "bigint", "status": "text", "reputation": "integer"},
        ((m.account, m.status.value, m.reputation) for m in members),
    )


def insert_deeds(tick: Tick, deeds: Iterable[Manipulation]) -> Write:
    """Record the house agents' schemes, which only operators can read."""
    return insertion(
        "agents_deed",
        ("tick", "crime", "accounts", "symbol", "first_tick", "last_tick"),
        (
            (tick, d.crime, array_literal(d.accounts), d.symbol, d.first_tick, d.last_tick)
            for d in deeds
        ),
    )


def _kept(data: Mapping[str, Any]) -> str | None:
    """Return a verdict's data as JSON; an order's id alone is its input's, or what it named."""
    if not data or (len(data) == 1 and "orderId" in data):
        return None
    return orjson.dumps(data).decode()


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
