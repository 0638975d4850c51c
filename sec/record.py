"""What a tick decided of the law, as rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

import orjson

from market.common.bulk import Write, insertion, upsert
from market.engine.values import Tick
from sec.engine.bribes import BribeState
from sec.engine.outcome import (
    AccusedState,
    CaseState,
    PenaltyImposed,
    SecReport,
    SuspicionNoted,
)
from sec.engine.tips import TipState

_CASE_COLUMNS = {
    "id": "uuid",
    "crime": "text",
    "symbol": "text",
    "source": "text",
    "tick": "bigint",
    "first_tick": "bigint",
    "last_tick": "bigint",
    "confidence": "float8",
    "investigator": "bigint",
    "has_detector": "bool",
    "subpoena_tick": "bigint",
    "closed_tick": "bigint",
    "note": "text",
    "evidence": "jsonb",
}
_ACCUSED_COLUMNS = {
    "investigation_id": "uuid",
    "account": "bigint",
    "status": "text",
    "tick": "bigint",
    "active_tick": "bigint",
    "charged_tick": "bigint",
    "decided_tick": "bigint",
    "confidence": "float8",
    "gain_cents": "bigint",
    "notional_cents": "bigint",
    "fine_cents": "bigint",
    "sentence_ticks": "bigint",
    "suspension_ticks": "bigint",
    "collected_cents": "bigint",
    "escrowed_cents": "bigint",
    "owed_cents": "bigint",
    "answer": "text",
    "appeal_tick": "bigint",
    "is_appeal_over": "bool",
}
_BRIBE_COLUMNS = {
    "id": "uuid",
    "tick": "bigint",
    "briber": "bigint",
    "target": "bigint",
    "cents": "bigint",
    "request": "text",
    "status": "text",
    "answered_tick": "bigint",
    "kept_cents": "bigint",
}
_TIP_COLUMNS = {
    "id": "uuid",
    "tick": "bigint",
    "account": "bigint",
    "accused": "bigint",
    "symbol": "text",
    "crime": "text",
    "text": "text",
    "investigation": "uuid",
    "is_accomplice": "bool",
    "status": "text",
    "bounty_cents": "bigint",
}


def writes(tick: Tick, report: SecReport) -> Iterator[tuple[str, Callable[[], Write]]]:
    """Yield (step, encoder) pairs, in the order in which they are to be sent."""
    for rows, encode in (  # of which most ticks have none
        (report.suspicions, partial(insert_suspicions, report.suspicions)),
        (report.cases, partial(upsert_cases, report.cases)),
        (report.accused, partial(upsert_accused, report.accused)),
        (report.penalties, partial(insert_penalties, report.penalties)),
        (report.bribes, partial(upsert_bribes, report.bribes)),
        (report.tips, partial(upsert_tips, report.tips)),
    ):
        if rows:
            yield "write cases", encode


def insert_suspicions(noted: Iterable[SuspicionNoted]) -> Write:
    return insertion(
        "sec_suspicion",
        (
            *("tick", "investigation", "crime", "accounts", "symbol", "confidence"),
            *("first_tick", "last_tick", "orders", "trades"),
        ),
        (
            (
                tick,
                case,
                suspicion.crime,
                _array(suspicion.accounts),
                suspicion.symbol,
                suspicion.confidence,
                suspicion.first_tick,
                suspicion.last_tick,
                _array(order.id for order in suspicion.orders),
                _array(trade.id for trade in suspicion.trades),
            )
            for tick, case, suspicion in noted
        ),
    )


def upsert_cases(cases: Iterable[CaseState]) -> Write:
    return upsert(
        "sec_investigation",
        _CASE_COLUMNS,
        ("id",),
        ((*case[:13], _evidence(case)) for case in cases),
    )


def upsert_accused(accused: Iterable[AccusedState]) -> Write:
    return upsert("sec_violation", _ACCUSED_COLUMNS, ("investigation_id", "account"), accused)


def insert_penalties(penalties: Iterable[PenaltyImposed]) -> Write:
    columns = ("tick", "investigation", "account", "kind", "cents", "ticks", "until")
    return insertion("sec_penalty", columns, penalties)


def upsert_bribes(bribes: Iterable[BribeState]) -> Write:
    return upsert("sec_bribe", _BRIBE_COLUMNS, ("id",), bribes)


def upsert_tips(tips: Iterable[TipState]) -> Write:
    return upsert("sec_tip", _TIP_COLUMNS, ("id",), tips)


def _evidence(case: CaseState) -> str:
    evidence: dict[str, list[dict[str, Any]]] = {
        "orders": [order._asdict() for order in case.orders],
        "trades": [trade._asdict() for trade in case.trades],
        "rumors": [rumor._asdict() for rumor in case.rumors],
        "bribes": [bribe._asdict() for bribe in case.bribes],
        "events": [event._asdict() for event in case.events],
        "links": [link._asdict() for link in case.links],
        "prices": [price._asdict() for price in case.prices],
    }
    return orjson.dumps(evidence).decode()


def _array(values: Iterable[object]) -> str:
    return f"{{{','.join(map(str, values))}}}"
