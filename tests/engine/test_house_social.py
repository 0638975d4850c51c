"""What house agents do to others, who sits in which seat, and who follows whom."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from agents.engine.facts import BribeExposed, BribeOffered, Manipulation
from agents.engine.house import Act, HouseRules
from agents.engine.house.rules import SocialRates
from agents.engine.house.social import Surrounds, deal
from market.engine.rules import Switches
from tests.engine.social import SocialStage
from tests.engine.test_house import APEX, RULE, _stream, view
from wallstreetsim.machine.rules import RULES
from wallstreetsim.machine.world import World

NEVER: dict[str, Any] = dict.fromkeys(
    ("message", "answer", "proposal", "decision", "parting", "rumor", "bribe", "tip"), 0.0
)
KNOWN = Surrounds(
    "me",
    "hedge_fund_manager",
    "noise",
    ["ann", "bob"],
    ["bob"],
    letters=[],
    proposals=[],
    allies=[],
    bribes=[],
    names={"APEX": "Apex Technologies"},
)
LIVELY = Switches(never_closes=True, events=True, house=24)


def acts(known: Surrounds = KNOWN, ticks: int = 1, **rates: float) -> list[Act]:
    """Return what one does to others in some ticks, by these rates alone."""
    social = replace(SocialRates(), **(NEVER | rates))
    rules = replace(RULE, social=social)
    return [
        act
        for tick in range(1, ticks + 1)
        for act in deal(view(APEX._replace(activity=5.0), tick, rules=rules), known, _stream(tick))
    ]


def test_most_of_the_time_a_house_agent_leaves_others_alone() -> None:
    social = SocialRates()
    assert acts(ticks=200) == []
    assert social.message + social.proposal + social.rumor + social.bribe + social.tip < 0.02


def test_it_writes_now_and_then_and_answers_some() -> None:
    written = acts(message=0.5, ticks=200)
    assert {act.type for act in written} == {"MESSAGE"}
    assert {act.parameters["target"] for act in written} == {"ann", "bob"}
    assert 60 < len(written) < 140
    letters = KNOWN._replace(letters=["ann"])
    assert len(acts(letters, answer=1.0)) == 1
    assert acts(letters, answer=0.0) == []


def test_it_answers_proposals_sooner_or_later_and_parts_from_allies() -> None:
    answers = acts(KNOWN._replace(proposals=["a"]), ticks=300, decision=0.5, acceptance=0.5)
    assert {act.type for act in answers} == {"ALLY_ACCEPT", "ALLY_REJECT"}
    partings = acts(KNOWN._replace(allies=["a"]), ticks=300, parting=0.5, betrayal=0.5)
    assert {act.parameters.get("now", False) for act in partings} == {True, False}
    assert all(act.parameters["percent"] == 0 for act in acts(proposal=1.0, ticks=20))


@pytest.mark.parametrize("role", ["influencer", "financial_journalist"])
def test_only_who_lives_by_them_spreads_rumors_and_follows_the_trend(role: str) -> None:
    assert acts(rumor=1.0) == []
    [act] = acts(KNOWN._replace(role=role), rumor=1.0)
    assert act.type == "RUMOR"
    assert act.parameters["symbol"] == "APEX"
    assert "Apex Technologies" in act.parameters["content"]
    assert 10 <= len(act.parameters["content"]) <= 280


def test_only_crooks_offer_bribes_and_only_informers_inform() -> None:
    assert acts(bribe=1.0) == acts(tip=1.0) == []
    offers = acts(KNOWN._replace(strategy="wash"), bribe=1.0, ticks=50)
    assert {act.parameters["target"] for act in offers} == {"bob"}
    assert all(100_000 <= act.parameters["cents"] <= 500_000 for act in offers)
    [tip] = acts(KNOWN._replace(role="whistleblower"), tip=1.0)
    assert tip.type == "WHISTLEBLOW"
    assert len(tip.parameters["evidence"]) >= 20
    calm = replace(RULE, social=replace(SocialRates(), **(NEVER | {"tip": 1.0})))
    quiet = view(APEX._replace(activity=1.0), rules=calm)
    assert deal(quiet, KNOWN._replace(role="whistleblower"), _stream(1)) == []


def test_an_investigator_keeps_some_bribes_reports_some_and_leaves_some() -> None:
    known = KNOWN._replace(bribes=["b"])
    seen = Counter(act.type for act in acts(known, ticks=400))
    assert seen.keys() == {"KEEP_BRIBE", "REPORT_BRIBE"}
    assert seen.total() < 400


def test_who_pumps_saves_its_words_for_its_schemes() -> None:
    talkative = KNOWN._replace(role="influencer")
    assert acts(talkative, rumor=1.0)
    assert not acts(talkative._replace(strategy="pump"), rumor=1.0)


# The world's house


def world(house: int = 24) -> World:
    made = World(RULES, "a seed", replace(LIVELY, house=house))
    made.found(8)
    return made


def test_the_roster_has_investigators_an_influencer_a_journalist_and_an_informer() -> None:
    roles = Counter(m.role for m in world().registry.members.values())
    assert roles == {
        "hedge_fund_manager": 18,
        "sec_investigator": 2,
        "influencer": 2,
        "financial_journalist": 1,
        "whistleblower": 1,
    }
    rules = HouseRules()
    held = [(rules.roster[number], role) for number, role in rules.roles]
    assert [role for strategy, role in held if strategy != "noise"] == ["influencer"]
    assert ("pump", "influencer") in held  # it is heard by as many as the honest one
    assert ("noise", "influencer") in held


def test_a_founders_day_has_a_society_in_it() -> None:
    made, seen = world(), Counter[str]()
    for _ in range(390):
        outcome = made.advance([])
        seen["messages"] += len(outcome.agents.messages)
        seen["alliances"] += len(outcome.agents.alliances)
    assert seen["messages"] > 20
    assert seen["alliances"] > 2
    made.check(full=True)


def test_what_came_to_a_house_agent_is_remembered_over_a_restart() -> None:
    stage = SocialStage("ann", switches=replace(LIVELY, house=3))
    house = stage.world.house.inhabitants[0]
    stage.message("ann", house.name)
    assert stage.world.house.letters == [[house.account, stage.ids["ann"]]]
    kept = json.loads(json.dumps(stage.world.dump()))
    other = World.load(stage.world.rules, kept)
    assert other.house.letters == stage.world.house.letters
    assert other.advance([]).digest == stage.submit().digest
    assert stage.world.house.letters == []


def test_bribes_of_the_house_are_truths_for_operators() -> None:
    made = world()
    giver, taker = (one.account for one in made.house.inhabitants[:2])
    made.advance([])
    made.facts.add(BribeOffered(1, "b", giver, taker, 100_000))
    made.facts.add(BribeExposed(1, "c", giver, taker, 100_000, False))
    made.house.hear()
    assert made.house.bribes == [[taker, "b"]]
    truths = [m for m in made.facts.of(Manipulation) if m.crime == "bribery"]
    assert [truth.accounts for truth in truths] == [(giver,), (giver,)]
    made.advance([])
    assert made.house.bribes == []  # it has had its turn


@pytest.mark.parametrize("strategy", ["wash", "pump", "investigator"])
def test_the_seat_of_a_prisoner_goes_to_another(strategy: str) -> None:
    made = world()
    made.advance([])
    members, inhabitants = made.registry.members, made.house.inhabitants
    if strategy == "investigator":
        lost = next(m.account for m in members.values() if m.role == "sec_investigator")
    else:
        lost = next(one.account for one in inhabitants if one.strategy == strategy)
    before = Counter(one.strategy for one in inhabitants)
    roles = Counter(m.role for m in members.values())
    made.registry.imprison(lost, 5_000, "a test")
    made.house.hear()
    assert Counter(one.strategy for one in inhabitants) == before
    assert Counter(m.role for m in members.values()) == roles
    prisoner = next(one for one in inhabitants if one.account == lost)
    assert (prisoner.strategy, members[lost].role) == ("noise", "hedge_fund_manager")
    pairs = {one.account: one.partner for one in inhabitants if one.strategy == "wash"}
    assert all(pairs[partner] == account for account, partner in pairs.items())
    assert lost not in pairs
    for _ in range(5):
        made.advance([])
    kept = json.loads(json.dumps(made.dump()))
    assert World.load(RULES, kept).advance([]).digest == made.advance([]).digest
