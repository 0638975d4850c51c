"""What came of deliveries, written for many endpoints in two statements."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from django.db import connection, transaction

from market.common.bulk import array_literal, execute_beside
from webhooks.briefings import PreparedRequest
from webhooks.engine.circuit import Circuit, CircuitState, Next, Outcome, after_try
from webhooks.engine.reply import refusal
from webhooks.models import DeliveryKind, Endpoint, EndpointState

GONE = "it answered 410 Gone"


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one request. `reply_lines` are what was said of its reply's actions, with their
    ids; None where there was no reply that could be read: if one came, `error` says why.
    """

    request: PreparedRequest
    outcome: Outcome
    status: int | None
    milliseconds: int
    error: str
    sent_at: datetime
    reply_lines: Sequence[tuple[str | None, Any]] | None = None
    actions_taken: int = 0

    @property
    def is_delivered(self) -> bool:
        return self.outcome is Outcome.DELIVERED

    @property
    def is_briefing(self) -> bool:
        return self.request.kind is DeliveryKind.BRIEFING


@dataclass(frozen=True, slots=True)
class NextState:
    """What a result means for its endpoint."""

    result: Result
    state: EndpointState
    why_disabled: str
    next: Next

    @property
    def alert(self) -> str:
        """What the owner is told, if anything."""
        error = self.result.error
        if self.next.has_opened:
            seconds = round(self.next.wait_seconds)
            return f"Your webhook keeps failing ({error}). It is tried again in {seconds} s."
        if self.state is EndpointState.DISABLED and self.why_disabled:
            return (
                f"Your webhook is disabled: {self.why_disabled}."
                " POST /agents/me/webhook/test enables it once it answers a ping."
            )
        return ""


_DELIVERY_COLUMNS = {
    "id": "uuid",
    "endpoint_id": "bigint",
    "kind": "text",
    "tick": "bigint",
    "attempt": "integer",
    "outcome": "text",
    "status": "smallint",
    "response_ms": "integer",
    "body_bytes": "integer",
    "actions": "smallint",
    "error": "text",
    "sent_at": "timestamptz",
}
_RESULT_COLUMNS = {
    "agent": "bigint",
    "claimed_as": "uuid",
    "is_ping": "boolean",
    "is_delivered": "boolean",
    "new_state": "text",
    "why": "text",
    "new_epoch": "integer",
    "tick": "bigint",
    "seq": "bigint",
    "is_last": "boolean",
    "reply": "text",
    "wait": "float8",
    "new_circuit": "text",
    "failed_in_row": "integer",
    "succeeded_in_row": "integer",
    "opened": "integer",
    "ms": "integer",
    "taken": "integer",
    "new_error": "text",
    "at": "timestamptz",
    "pinged": "uuid",
}


def _unnested(columns: dict[str, str], name: str) -> str:
    arrays = ", ".join(f"%s::{type}[]" for type in columns.values())
    return f"unnest({arrays}) AS {name}({', '.join(columns)})"


# Who has lost its claim, to the owner's new URL or to time, changes nothing. A ping that was wanted
# while another was under way stays wanted.
_UPDATE = f"""
    UPDATE webhooks_endpoint SET
        claim = NULL, claimed_until = NULL,
        state = new_state, why_disabled = why,
        ping = CASE WHEN NOT is_ping OR ping <> pinged THEN ping
            WHEN wait > 0 THEN gen_random_uuid() END,
        epoch = new_epoch, briefed_tick = r.tick, briefed_seq = seq,
        has_last_briefing = is_last, last_reply = reply::jsonb,
        waits_until = CASE WHEN wait > 0 THEN clock_timestamp() + make_interval(secs => wait) END,
        circuit = new_circuit, failures_in_row = failed_in_row,
        successes_in_row = succeeded_in_row, openings = opened,
        deliveries = deliveries + is_delivered::integer,
        failures = failures + (NOT is_delivered)::integer,
        actions_taken = actions_taken + taken,
        response_ms_total = response_ms_total + CASE WHEN is_delivered THEN ms ELSE 0 END,
        last_response_ms = CASE WHEN is_delivered THEN ms ELSE last_response_ms END,
        last_success_at = CASE WHEN is_delivered THEN at ELSE last_success_at END,
        last_failure_at = CASE WHEN is_delivered THEN last_failure_at ELSE at END,
        last_error = CASE WHEN new_error = '' THEN last_error ELSE new_error END
    FROM {_unnested(_RESULT_COLUMNS, "r")}
    WHERE agent_id = agent AND claim = claimed_as
"""
_INSERT = f"""
    INSERT INTO webhooks_delivery ({", ".join(_DELIVERY_COLUMNS)})
    SELECT * FROM {_unnested(_DELIVERY_COLUMNS, "d")} ON CONFLICT (id) DO
"""
_INSERT_ONCE = f"{_INSERT} NOTHING"
_COMPLETE = f"{_INSERT} UPDATE SET actions = EXCLUDED.actions, error = EXCLUDED.error"


def insert_once(result: Result) -> bool:
    """Append the row of a try, and say whether its id had none yet."""
    return _execute(_INSERT_ONCE, _DELIVERY_COLUMNS, _delivery_rows([result])) > 0


def _delivery_rows(results: Iterable[Result]) -> list[tuple[Any, ...]]:
    return [
        (
            str(r.request.id),
            r.request.endpoint.agent_id,
            r.request.kind.value,
            r.request.tick,
            r.request.attempt,
            r.outcome.value,
            r.status,
            r.milliseconds,
            len(r.request.body),
            r.actions_taken,
            r.error,
            r.sent_at.isoformat(),
        )
        for r in results
    ]


def write_results(results: Sequence[Result]) -> list[NextState]:
    """Write what came of these requests, and return what it means for their endpoints."""
    states = [_next_state(result) for result in results]
    with transaction.atomic():
        _execute(_COMPLETE, _DELIVERY_COLUMNS, _delivery_rows(results))
        _execute(_UPDATE, _RESULT_COLUMNS, [_row(next_state) for next_state in states])
    return states


def _next_state(result: Result) -> NextState:
    endpoint = result.request.endpoint
    state, why = EndpointState(endpoint.state), endpoint.why_disabled
    circuit = _circuit(endpoint)
    if result.outcome is Outcome.GONE:
        return NextState(result, EndpointState.DISABLED, GONE, Next(Circuit(), 0.0))
    if result.is_briefing:
        jitter = random.uniform(-1, 1)
        return NextState(result, state, why, after_try(circuit, result.outcome, jitter=jitter))
    if result.is_delivered:  # and the endpoint is there, whatever it was
        return NextState(result, EndpointState.ACTIVE, "", Next(Circuit(), 0.0))
    if state is EndpointState.ACTIVE:  # an owner's test says nothing about the briefings
        return NextState(result, state, why, Next(circuit, 0.0))
    tried = after_try(circuit, result.outcome, jitter=random.uniform(-1, 1))
    if not tried.wait_seconds or tried.has_opened:  # until the owner asks for another
        return NextState(result, state, why, Next(Circuit(), 0.0))
    return NextState(result, state, why, tried)


def _circuit(endpoint: Endpoint) -> Circuit:
    return Circuit(
        CircuitState(endpoint.circuit),
        endpoint.failures_in_row,
        endpoint.successes_in_row,
        endpoint.openings,
    )


def _row(next_state: NextState) -> tuple[Any, ...]:
    result, circuit = next_state.result, next_state.next.circuit
    request = result.request
    endpoint, range = request.endpoint, request.range
    is_told = result.is_delivered and result.is_briefing
    return (
        endpoint.agent_id,
        str(endpoint.claim),
        not result.is_briefing,
        result.is_delivered,
        next_state.state.value,
        next_state.why_disabled,
        range.epoch if is_told else endpoint.epoch,
        range.public if is_told else endpoint.briefed_tick,
        range.agent if is_told else endpoint.briefed_seq,
        request.is_last if is_told else endpoint.has_last_briefing,
        orjson.dumps(_last_reply(result)).decode(),
        next_state.next.wait_seconds,
        circuit.state.value,
        circuit.failures,
        circuit.successes,
        circuit.openings,
        result.milliseconds,
        result.actions_taken,
        result.error,
        result.sent_at.isoformat(),
        None if result.is_briefing else str(request.id),
    )


def _last_reply(result: Result) -> Any:
    """Return what the next briefing is to say of actions: of this reply's, or else of those that no
    tick has judged yet, and why the reply could not be read.
    """
    if not (result.is_delivered and result.is_briefing):
        return result.request.endpoint.last_reply
    if result.reply_lines is not None:
        return list(result.reply_lines)
    lines: list[Any] = [[action.id, action.result] for action in result.request.unjudged]
    if result.error:
        lines.append([None, refusal(None, "BAD_REQUEST", result.error)])
    return lines


def _execute(statement: str, columns: dict[str, str], rows: list[tuple[Any, ...]]) -> int:
    values = list(zip(*rows, strict=True)) or [()] * len(columns)
    with connection.cursor() as cursor:
        return execute_beside(cursor, statement, [array_literal(column) for column in values])
