"""What a conviction costs, to the cent and the tick."""

from __future__ import annotations

import pytest

from sec.engine.findings import Finding
from sec.engine.penalties import fine_of, penalty_of, settlement_of, severity_bps
from sec.engine.rules import CRIME_NAMES, PenaltyRules, SecRules

RULES = SecRules()
MILLION = 100_000_000  # cents


def found(gain: int = 0, notional: int = 0) -> Finding:
    return Finding(1.0, gain, notional)


@pytest.mark.parametrize(
    ("gain", "notional", "priors", "bps"),
    [
        (0, 0, 0, 0),
        (MILLION // 2, 0, 0, 5_000),
        (0, 5 * MILLION, 0, 5_000),
        (MILLION // 2, 0, 1, 7_500),
        (3 * MILLION, 0, 5, 10_000),
    ],
)
def test_severity_is_of_the_gain_the_notional_and_the_record(
    gain: int, notional: int, priors: int, bps: int
) -> None:
    assert severity_bps(found(gain, notional), priors, PenaltyRules()) == bps


@pytest.mark.parametrize(
    ("gain", "notional", "priors", "fine"),
    [
        (0, 0, 0, 100_000),
        (MILLION, 0, 0, 3 * MILLION),  # the gravest: three times
        (1_000_000, 0, 0, 1_515_000),  # one percent of the way from 1.5 to 3
        (1_000_000, 0, 4, 3_000_000),
        (0, 7 * MILLION, 0, 7_000_000),
        (100_001, 0, 0, 150_152),
    ],
)
def test_the_fine_is_one_and_a_half_to_three_times_the_gain_and_a_percent_of_the_notional(
    gain: int, notional: int, priors: int, fine: int
) -> None:
    assert fine_of(found(gain, notional), priors, PenaltyRules()) == fine


@pytest.mark.parametrize(
    ("crime", "least", "most"),
    [
        ("wash_trading", 1, 3),
        ("spoofing", 1, 5),
        ("coordination", 2, 5),
        ("pump_and_dump", 3, 10),
        ("insider_trading", 5, 20),
        ("bribery", 5, 15),
    ],
)
def test_a_sentence_lies_between_the_years_of_its_crime(crime: str, least: int, most: int) -> None:
    gravest = penalty_of(crime, found(MILLION), 0, RULES)
    repeated = penalty_of(crime, found(), 4, RULES)
    assert gravest.sentence_ticks == repeated.sentence_ticks == most * 1_000
    assert gravest.reputation_lost == 30_000_000
    slightest = penalty_of(crime, found(MILLION // 100), 0, RULES)
    assert least * 1_000 <= slightest.sentence_ticks <= least * 1_000 + (most - least) * 10


@pytest.mark.parametrize("crime", CRIME_NAMES)
def test_a_first_light_offence_is_a_suspension_except_for_the_gravest_crimes(crime: str) -> None:
    penalty = penalty_of(crime, found(100), 0, RULES)
    if crime in ("bribery", "insider_trading"):
        assert penalty.sentence_ticks >= 5_000
        assert penalty.suspension_ticks == 0
    else:
        assert penalty.sentence_ticks == 0
        assert 100 <= penalty.suspension_ticks <= 500
    assert penalty_of(crime, found(100), 1, RULES).sentence_ticks > 0


def test_an_accomplice_pays_half() -> None:
    whole = penalty_of("bribery", found(MILLION), 0, RULES)
    half = penalty_of("bribery", found(MILLION), 0, RULES, is_accomplice=True)
    assert half.fine_cents * 2 == whole.fine_cents
    assert half.sentence_ticks * 2 == whole.sentence_ticks


def test_a_settlement_is_never_below_one_and_a_half_times_the_gain() -> None:
    assert settlement_of(found(MILLION), 0, RULES, is_accomplice=False) == 18 * MILLION // 10
    assert settlement_of(found(1_000_000), 0, RULES, is_accomplice=False) == 1_500_000
    assert settlement_of(found(0, MILLION), 0, RULES, is_accomplice=False) == 600_000
