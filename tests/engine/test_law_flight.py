"""Flight: when it may be tried, its odds, and what is left."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sec.engine.flight import odds_of_escape
from sec.engine.rules import FlightRules
from tests.cast import UNMOVED, Player
from tests.engine.court import INVESTIGATOR, Court, law_with

BILLION_CENTS = 1_000_000_000
FREE = law_with(flight=replace(UNMOVED.sec.flight, base_odds=1.0, most_odds=1.0))
CAUGHT = law_with(flight=replace(UNMOVED.sec.flight, base_odds=0.0, most_odds=0.0))


def wanted(rules: object, **player: object) -> Court:
    """Return a court in which ann knows of a case against her."""
    ann = Player("ann", "1,000,000.00", holds={"APEX": 100_000})
    court = Court(ann, "bob", INVESTIGATOR, rules=rules)
    court.wash("ann")
    while court.status("ann") == "opened":
        court.submit()
    return court


@pytest.mark.parametrize(
    ("equity", "odds"), [(0, 0.3), (BILLION_CENTS // 2, 0.4), (BILLION_CENTS * 5, 0.5)]
)
def test_the_odds_rise_with_equity(equity: int, odds: float) -> None:
    assert odds_of_escape(equity, FlightRules()) == pytest.approx(odds)


def test_nobody_flees_from_nothing() -> None:
    court = Court("ann", INVESTIGATOR)
    assert court.act("ann", "FLEE").code == "NOT_YOUR_CASE"


def test_an_escape_costs_half_of_what_remains_and_abates_the_case() -> None:
    court = wanted(FREE)
    treasury = court.treasury
    court.tick("bob BUY 40000 @ 10.00\nann SELL 5 @ 12.00 #rest")
    assert court.act("ann", "FLEE", destination="Elsewhere").data == {"escaped": True}
    assert court.member("ann").status.value == "fled"
    assert court.orders["rest"].status == "cancelled"
    assert court.status("ann") == "abated"
    court.pass_ticks(30)
    assert court.holding("ann") == 100_000 - 40_000
    court.tick("bob BUY 60000 @ 10.00")
    worth = court.account("ann").equity
    court.pass_ticks(60)
    account = court.account("ann")
    assert court.holding("ann") == 0
    assert worth // 2 - 20_000 < account.cash <= worth // 2
    assert court.treasury > treasury + worth // 3
    assert not court.sec.flights
    court.leap_to(court.member("ann").status_until)
    assert court.member("ann").status.value == "active"
    assert court.reputation("ann") == 0


def test_who_is_caught_goes_to_prison_for_ten_years_and_the_case_goes_on() -> None:
    court = wanted(CAUGHT)
    assert court.act("ann", "FLEE").data == {"escaped": False}
    member = court.member("ann")
    assert member.status.value == "imprisoned"
    assert member.status_until == court.world.tick + 10_000
    assert court.status("ann") in ("active", "charged")
    court.pass_ticks(100)
    assert court.status("ann") == "convicted"
    assert court.act("ann", "FLEE").code == "AGENT_IMPRISONED"


def test_a_fugitives_positions_are_taken_up_after_a_restart() -> None:
    court = wanted(FREE)
    court.act("ann", "FLEE")
    court.reload()
    court.tick("bob BUY 100000 @ 10.00")
    court.pass_ticks(60)
    assert court.holding("ann") == 0
    assert not court.sec.flights
