"""What an operator may not do, for it makes no sense as the world stands."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cast import Stage, listing

COMPANIES = (listing(), listing("NOVA", sector="Healthcare"))


def refusal(stage: Stage, type: str, **given: Any) -> str:
    """Return why the machine refuses an act; "" if it performs it."""
    stage.operate(type, **given)
    [result] = stage.outcome.results
    return "" if result.verdict.success else result.verdict.message


@pytest.fixture
def stage() -> Stage:
    return Stage(companies=COMPANIES)


EVENT = {"impact": 0.01, "duration": 5}


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (
            {"event": "MARKET_CRASH", "symbol": "APEX"},
            "MARKET_CRASH concerns the whole market: name no company or sector.",
        ),
        (
            {"event": "RALLY", "sector": "Energy"},
            "RALLY concerns the whole market: name no company or sector.",
        ),
        ({"event": "SECTOR_ROTATION"}, "SECTOR_ROTATION concerns a sector: name one, no company."),
        ({"event": "EARNINGS_BEAT"}, "EARNINGS_BEAT concerns a company: name one, no sector."),
        (
            {"event": "FDA_APPROVAL", "symbol": "APEX"},
            "FDA_APPROVAL does not happen to APEX: its sector is Technology.",
        ),
        ({"event": "RALLY", "symbol": "NONE"}, "There is no company NONE."),
        ({"event": "FDA_APPROVAL", "symbol": "NOVA"}, ""),
        ({"event": "RALLY"}, ""),
        ({"event": "SECTOR_ROTATION", "sector": "Energy"}, ""),
    ],
)
def test_an_event_befalls_what_it_could_befall(
    stage: Stage, given: dict[str, str], why: str
) -> None:
    assert refusal(stage, "INJECT", **given, **EVENT) == why
    assert bool(stage.outcome.market.events) is not bool(why)


def test_a_halted_company_is_not_halted_again(stage: Stage) -> None:
    assert refusal(stage, "UNHALT", symbol="APEX") == "APEX is not halted."
    assert refusal(stage, "UNHALT") == "No company is halted."
    assert refusal(stage, "HALT", symbol="APEX", ticks=9) == ""
    until = stage.company().reopens_tick
    assert (
        refusal(stage, "HALT", symbol="APEX", ticks=20)
        == f"APEX is halted already, until tick {until}."
    )
    assert refusal(stage, "HALT") == "", "NOVA was not"
    assert refusal(stage, "HALT") == "All companies are halted already."
    assert refusal(stage, "HALT", symbol="NOVA") == "NOVA is halted already, until it is resumed."
    assert refusal(stage, "UNHALT") == ""


def test_a_world_that_runs_is_not_resumed_and_one_that_is_paused_not_paused(stage: Stage) -> None:
    assert refusal(stage, "RESUME") == "The world is running."
    assert refusal(stage, "PAUSE") == ""
    assert refusal(stage, "PAUSE") == "The world is paused already."
    assert refusal(stage, "STEP", ticks=3) == ""
    assert refusal(stage, "PAUSE") == "", "it was stepping"
    assert refusal(stage, "RESUME") == ""


def test_bands_of_the_rules_are_not_freed_nor_shorts_restricted_twice(stage: Stage) -> None:
    assert refusal(stage, "FREE_BANDS") == "All companies have the bands of the rules."
    assert refusal(stage, "SET_BANDS", symbol="APEX", bps=100) == ""
    assert refusal(stage, "FREE_BANDS", symbol="NOVA") == "NOVA has the bands of the rules."
    assert refusal(stage, "FREE_BANDS") == ""
    assert refusal(stage, "RESTRICT_SHORTS", symbol="APEX") == ""
    assert (
        refusal(stage, "RESTRICT_SHORTS", symbol="APEX")
        == "Shorts in APEX are restricted already, through day 1."
    )


# An agent


def test_an_agent_is_suspended_for_so_many_ticks_and_let_go(stage: Stage) -> None:
    stage = Stage("ann", companies=COMPANIES)
    assert refusal(stage, "RELEASE", agent="ann") == "ann is not suspended."
    assert refusal(stage, "SUSPEND", agent="Ann", ticks=30, reason="a look") == ""
    assert refusal(stage, "SUSPEND", agent="ann", ticks=9) == "ann is suspended already."
    stage.tick("ann BUY 1 @ 9.00")
    assert stage.codes == ["AGENT_SUSPENDED"]
    assert refusal(stage, "RELEASE", agent="ann") == ""
    stage.tick("ann BUY 1 @ 9.00")
    assert stage.codes == ["OK"]
    assert refusal(stage, "SUSPEND", agent="bob", ticks=3) == (
        "There is no agent with that name or id."
    )


def test_an_agents_orders_are_cancelled(stage: Stage) -> None:
    stage = Stage("ann", "bob", companies=COMPANIES)
    assert refusal(stage, "CANCEL_ORDERS", agent="ann") == "ann has no open orders."
    stage.tick("ann BUY 1 @ 9.00 #a\nann BUY 2 @ 8.00 #b\nbob BUY 1 @ 9.00 #c")
    assert refusal(stage, "CANCEL_ORDERS", agent="ann") == ""
    assert [stage.orders[id].status for id in "abc"] == ["cancelled", "cancelled", "open"]
    assert stage.orders["a"].reason_code == "BY_OPERATOR"
