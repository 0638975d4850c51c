"""When an endpoint is tried again."""

from __future__ import annotations

import pytest

from webhooks.engine.circuit import (
    Circuit,
    CircuitState,
    Outcome,
    after_try,
    outcome_of_status,
)

DELIVERED, FAILED, REFUSED = Outcome.DELIVERED, Outcome.FAILED, Outcome.REFUSED


def waits(*outcomes: Outcome, jitter: float = 0.0) -> list[float]:
    """Return how long an endpoint is left alone after each of these tries."""
    circuit, found = Circuit(), []
    for outcome in outcomes:
        circuit, seconds, _ = after_try(circuit, outcome, jitter=jitter)
        found.append(seconds)
    return found


def circuit_after(*outcomes: Outcome) -> Circuit:
    circuit = Circuit()
    for outcome in outcomes:
        circuit = after_try(circuit, outcome).circuit
    return circuit


def test_a_failed_try_is_repeated_after_1_2_and_4_seconds_and_then_with_the_next_tick() -> None:
    assert waits(*[FAILED] * 4) == [1.0, 2.0, 4.0, 0.0]


@pytest.mark.parametrize("jitter", [-1.0, 1.0])
def test_a_wait_lies_within_a_tenth(jitter: float) -> None:
    assert waits(*[FAILED] * 3, jitter=jitter) == pytest.approx(
        [seconds * (1 + 0.1 * jitter) for seconds in (1, 2, 4)]
    )


def test_what_an_endpoint_refuses_is_not_repeated() -> None:
    assert waits(*[REFUSED] * 4) == [0.0] * 4


def test_five_failures_in_a_row_open_the_circuit_for_a_minute() -> None:
    for outcome in (FAILED, REFUSED):
        assert circuit_after(*[outcome] * 4).state is CircuitState.CLOSED
        tried = after_try(circuit_after(*[outcome] * 4), outcome)
        assert tried.circuit.state is CircuitState.OPEN
        assert (tried.wait_seconds, tried.has_opened) == (60.0, True)


def test_a_delivery_in_between_begins_the_count_anew() -> None:
    assert circuit_after(*[FAILED] * 4, DELIVERED, *[FAILED] * 4).state is CircuitState.CLOSED


def test_one_success_half_opens_the_circuit_and_two_close_it() -> None:
    opened = [FAILED] * 5
    assert circuit_after(*opened, DELIVERED).state is CircuitState.HALF_OPEN
    assert circuit_after(*opened, DELIVERED, DELIVERED) == Circuit()


def test_a_probe_that_fails_doubles_the_wait_up_to_an_hour() -> None:
    assert waits(*[FAILED] * 13)[4:] == [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]
    assert waits(*[FAILED] * 5, DELIVERED, FAILED)[-1] == 120


def test_a_closed_circuit_has_forgotten_how_often_it_was_open() -> None:
    assert waits(*[FAILED] * 6, DELIVERED, DELIVERED, *[FAILED] * 5)[-1] == 60


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, DELIVERED),
        (204, DELIVERED),
        (299, DELIVERED),
        (301, REFUSED),
        (400, REFUSED),
        (404, REFUSED),
        (408, REFUSED),
        (410, Outcome.GONE),
        (429, FAILED),
        (500, FAILED),
        (599, FAILED),
    ],
)
def test_only_what_may_pass_is_repeated(status: int, outcome: Outcome) -> None:
    assert outcome_of_status(status) is outcome
