"""The inbox as the floor uses it: take what waits, write each verdict, set a harmful input
aside.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

import orjson
from django.db.backends.utils import CursorWrapper

from agents.engine.agent_state import AgentState, AgentStatus
from agents.engine.alliances import AllianceState, Payout
from agents.engine.facts import Manipulation
from agents.engine.figures import sharpe
from agents.engine.inputs import Input
from agents.engine.messages import BlockChange, MessageSent
from agents.engine.rules import AgentRules
from agents.models import Input as InputRow
from market.common.bulk import Write, array_literal, insertion, update, upsert
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
    """Bring what the tick knows of the agents up to date."""
    return update(
        "agents_agent",
        {
            "id": "bigint",
            "role": "text",
            "status": "text",
            "status_until": "bigint",
            "reputation": "integer",
            "company": "text",
            "gifts_received": "bigint",
            "max_drawdown_bps": "integer",
            "return_days": "integer",
            "sharpe": "float8",
            "history": "jsonb",
            "record": "jsonb",
        },
        (
            (
                m.account,
                m.role,
                m.status.value,
                m.status_until,
                m.reputation,
                m.company,
                m.gifts_received,
                m.max_drawdown_bps,
                m.return_days,
                sharpe(m.return_days, m.return_sum, m.return_squares),
                _json(m.history),
                _json(m.record),
            )
            for m in members
        ),
    )


def newcomer(rules: AgentRules) -> dict[str, Any]:
    """Return what the tick writes of an agent, as it is before any tick has admitted it."""
    return {
        "status": AgentStatus.ACTIVE,
        "status_until": 0,
        "reputation": rules.reputation.start_millionths,
        "company": "",
        "gifts_received": 0,
        "max_drawdown_bps": 0,
        "return_days": 0,
        "sharpe": None,
        "history": [],
        "record": [],
    }


def insert_messages(messages: Iterable[MessageSent]) -> Write:
    return insertion(
        "agents_message", ("public_id", "tick", "sender", "recipient", "text", "is_first"), messages
    )


def update_blocks(blocks: Iterable[BlockChange]) -> Write:
    """Bring the blocks up to date: of several changes of one in a tick, the last counts."""
    last = {(block.owner, block.other): block for block in blocks}
    return upsert(
        "agents_block",
        {"owner": "bigint", "other": "bigint", "tick": "bigint", "is_lifted": "bool"},
        ("owner", "other"),
        last.values(),
    )


def update_alliances(alliances: Iterable[AllianceState]) -> Write:
    return upsert(
        "agents_alliance",
        {
            "id": "uuid",
            "tick": "bigint",
            "proposer": "bigint",
            "partner": "bigint",
            "percent": "smallint",
            "text": "text",
            "status": "text",
            "formed_tick": "bigint",
            "ended_tick": "bigint",
            "ended_by": "bigint",
            "reason": "text",
        },
        ("id",),
        alliances,
    )


def insert_payouts(payouts: Iterable[Payout]) -> Write:
    return insertion("agents_payout", Payout._fields, payouts)


def _json(rows: Sequence[Sequence[Any]]) -> str:
    """Write named tuples as JSON, by the names of their fields."""
    return orjson.dumps([row._asdict() for row in rows]).decode()  # type: ignore[attr-defined]


def insert_manipulations(tick: Tick, manipulations: Iterable[Manipulation]) -> Write:
    """Record the house agents' schemes, which only operators can read."""
    return insertion(
        "agents_manipulation",
        ("tick", "crime", "accounts", "symbol", "first_tick", "last_tick"),
        (
            (tick, d.crime, array_literal(d.accounts), d.symbol, d.first_tick, d.last_tick)
            for d in manipulations
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
