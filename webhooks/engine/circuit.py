"""When an endpoint is tried again: retries after a failed try, and a circuit that opens when they
keep failing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple

RETRY_SECONDS = (1.0, 2.0, 4.0)
JITTER = 0.1  # of a wait, to either side
FAILURES_TO_OPEN = 5  # in a row
SUCCESSES_TO_CLOSE = 2  # in a row
SHORTEST_OPEN_SECONDS = 60.0
LONGEST_OPEN_SECONDS = 3_600.0


class CircuitState(StrEnum):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class Outcome(StrEnum):
    """What became of one try."""

    DELIVERED = "delivered"
    REFUSED = "refused"  # by the endpoint, and it would do so again
    FAILED = "failed"  # may go well the next time
    GONE = "gone"  # 410: the endpoint is no more


@dataclass(frozen=True, slots=True)
class Circuit:
    """How an endpoint has answered lately.

    `failures` are its failed tries since a briefing was delivered, `successes` those in a row since
    the circuit half opened, `openings` how often it has opened since it was last closed.
    """

    state: CircuitState = CircuitState.CLOSED
    failures: int = 0
    successes: int = 0
    openings: int = 0


class Next(NamedTuple):
    """The circuit after a try, and how many seconds the endpoint is left alone; 0: until the next
    tick.
    """

    circuit: Circuit
    wait_seconds: float
    has_opened: bool = False


def outcome_of_status(status: int) -> Outcome:
    """Say what an answer's HTTP status means. Redirects are not followed."""
    if 200 <= status < 300:
        return Outcome.DELIVERED
    if status == 410:
        return Outcome.GONE
    return Outcome.FAILED if status == 429 or status >= 500 else Outcome.REFUSED


def after_try(circuit: Circuit, outcome: Outcome, *, jitter: float = 0.0) -> Next:
    """Return what a try leads to; `jitter`, from -1 to 1, is where in its margin a wait lies."""
    if outcome is Outcome.DELIVERED:
        return Next(_after_success(circuit), 0.0)
    failures = circuit.failures + 1
    if circuit.state is not CircuitState.CLOSED or failures >= FAILURES_TO_OPEN:
        return _open(circuit, failures)
    wait = 0.0
    if outcome is Outcome.FAILED and failures <= len(RETRY_SECONDS):
        wait = RETRY_SECONDS[failures - 1] * (1 + JITTER * jitter)
    return Next(replace(circuit, failures=failures), wait)


def _after_success(circuit: Circuit) -> Circuit:
    if circuit.state is CircuitState.CLOSED:
        return Circuit()
    successes = circuit.successes + 1
    if successes >= SUCCESSES_TO_CLOSE:
        return Circuit()
    return Circuit(CircuitState.HALF_OPEN, 0, successes, circuit.openings)


def _open(circuit: Circuit, failures: int) -> Next:
    openings = circuit.openings + 1
    seconds = SHORTEST_OPEN_SECONDS * 2 ** min(openings - 1, 10)
    opened = Circuit(CircuitState.OPEN, failures, 0, openings)
    return Next(opened, min(seconds, LONGEST_OPEN_SECONDS), has_opened=True)
