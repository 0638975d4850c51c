"""A market that lives by itself: generated events, house agents, and the truth about its crooks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from wallstreetsim.lab.scenarios import Scenario, read, run
from wallstreetsim.machine.rules import RULES

HOUSE = b"{ticks: 80, seed: 2, companies: 4, market: {house: 24}, agents: [{name: ann}]}"


def told(source: bytes, **house: Any) -> dict[str, Any]:
    """Run a file in a world whose house has these rules."""
    rules = replace(RULES, house=replace(RULES.house, **house))
    return run(read(source, rules=rules)).as_wire()


def test_house_agents_appear_by_names_that_do_not_tell_what_they_do() -> None:
    result = told(HOUSE)
    residents = [name for name in result["agents"] if name[-1].isdigit()]
    assert len(residents) == 24
    words = {name.split("-")[0].lower() for name in residents}
    assert not any(word in strategy for word in words for strategy in RULES.house.roster)
    traders = {trade[side] for trade in result["trades"] for side in ("buyer", "seller")}
    assert len(traders & set(residents)) > 10
    assert {order["agent"] for order in result["orders"]} <= {*result["agents"]}
    assert result["agents"][residents[0]]["status"] == "active"
    assert result["audit"] == {"cashSumsToZero": True, "sharesConserved": True}


def test_which_of_the_house_are_crooks_is_drawn_with_the_seed() -> None:
    """Neither a name, nor an account, nor a place in the list tells one from another."""
    washers = set()
    for seed in range(6):
        result = told(HOUSE.replace(b"seed: 2", b"seed: %d" % seed), crime_rate=0.05)
        manipulations = [
            scheme for scheme in result["groundTruth"] if scheme["crime"] == "wash_trading"
        ]
        washers |= {tuple(scheme["agents"]) for scheme in manipulations}
    assert len(washers) > 3


def test_the_truth_about_the_crooks_is_in_the_result() -> None:
    result = told(HOUSE.replace(b"ticks: 80", b"ticks: 160"), crime_rate=0.05)
    truth = result["groundTruth"]
    assert {scheme["crime"] for scheme in truth} >= {
        "wash_trading",
        "spoofing",
        "pump_and_dump",
    }
    for scheme in truth:
        assert set(scheme) == {"crime", "agents", "symbol", "firstTick", "lastTick"}
        assert set(scheme["agents"]) <= set(result["agents"])
        assert 1 <= scheme["firstTick"] < scheme["lastTick"] <= 160
        assert scheme["symbol"] in result["prices"]
    wash = next(scheme for scheme in truth if scheme["crime"] == "wash_trading")
    assert any(
        {trade["buyer"], trade["seller"]} == set(wash["agents"])
        and wash["firstTick"] <= trade["tick"] <= wash["lastTick"]
        for trade in result["trades"]
    )


def test_an_honest_house_has_nothing_to_own_up_to() -> None:
    assert told(HOUSE, crime_rate=0.05, roster=("noise", "value"))["groundTruth"] == []


def test_generated_events_are_told_as_injected_ones_are() -> None:
    source = b"{ticks: 40, seed: 2, companies: 300, market: {maker: false}}"
    events = told(source)["events"]
    drawn = [event for event in events if event["type"] != "HALT" and event["impact"]]
    kinds = {kind.name for kind in RULES.market.events.kinds}
    assert drawn and {event["type"] for event in drawn} <= kinds
    assert set(drawn[0]) == {"tick", "type", "symbol", "sector", "impact", "duration"}
    assert all(event["duration"] for event in drawn)
    without = told(source.replace(b"maker: false", b"maker: false, events: false"))["events"]
    assert not any(event["impact"] for event in without)


def test_a_scenario_made_in_python_has_the_files_defaults() -> None:
    assert Scenario(ticks=1).switches == read(b"ticks: 1").switches


def test_a_scenario_may_leave_the_crooks_out() -> None:
    honest = HOUSE.replace(b"house: 24", b"house: 24, crooks: false")
    assert told(HOUSE, crime_rate=0.2)["groundTruth"]
    result = told(honest, crime_rate=0.2)
    assert result["groundTruth"] == [] and len(result["trades"]) > 100
