"""Surveillance in a whole world: who makes an honest market is left alone, house crooks are not."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from random import Random

from agents.engine.facts import Manipulation
from agents.engine.house import crooks
from market.engine.engine import Plain
from market.engine.rules import Switches
from sec.engine.engine import SecEngine
from sec.engine.rules import COORDINATION, SPOOFING, THRESHOLDS, WASH_TRADING
from sec.engine.suspicion import Conduct
from tests.cast import Player, Stage
from tests.engine.court import INVESTIGATOR, Court
from wallstreetsim.machine.rules import RULES
from wallstreetsim.machine.world import World

LIVELY = Switches(never_closes=True, events=True, house=12, crooks=False)
TWO_DAYS = 1_260


def sec_of(world: World) -> SecEngine:
    found = world.by_name["sec"]
    assert isinstance(found, SecEngine)
    return found


def test_an_honest_maker_who_cancels_97_percent_trades_two_days_unmolested() -> None:
    stage = Stage(
        Player("ann", "2,000,000.00", holds={"APEX": 5_000}),
        companies=2,
        switches=LIVELY,
        rules=RULES,
    )
    world, random = stage.world, Random(1)
    company = world.market.companies["APEX"]
    placed = cancelled = filled = 0
    while world.tick < TWO_DAYS:
        asked: list[tuple[str, dict[str, object]]] = []
        if stage.outcome.moment.is_open and company.best_bid and company.best_ask:
            half = max(2, (company.best_ask - company.best_bid) // 2)
            asked.append(("CANCEL_ALL", {"symbol": "APEX"}))
            for type, sign in (("BUY", -1), ("SELL", +1)):
                price = company.price + sign * half * random.choice((4, 5, 6))
                wire = {
                    "symbol": "APEX",
                    "quantity": random.randint(50, 90),
                    "orderType": "LIMIT",
                    "price": Decimal(price) / 100,
                }
                asked.append((type, wire))
        stage.submit(
            *(stage.input("ann", type, world.actions[type].parse(wire)) for type, wire in asked)
        )
        for order in stage.outcome.market.orders:
            if stage.names.get(order.account) == "ann":
                placed += order.is_new
                cancelled += order.status == "cancelled"
                filled += order.filled_now > 0
    assert placed > 2_000
    assert filled > 10
    assert cancelled >= 0.97 * placed
    assert not list(sec_of(world).book.against(stage.ids["ann"]))
    assert not [s for s in sec_of(world).book.faint if stage.ids["ann"] in s.accounts]


def test_house_crooks_are_caught_and_honest_house_agents_are_not() -> None:
    busy = replace(RULES, house=replace(RULES.house, crime_rate=0.02))
    world = World(busy, "a seed", Switches(never_closes=True, events=True, house=24))
    world.found(24)
    guilty: set[tuple[str, int]] = set()
    charged: set[tuple[str, int]] = set()
    while world.tick < 340:  # most spoofers are not charged for their first
        world.advance([])
        for done in world.facts.of(Manipulation):
            guilty.update((done.crime, account) for account in done.accounts)
        for case in sec_of(world).book.cases.values():
            for one in case.accused.values():
                if one.charged_tick is not None:
                    charged.add((case.crime, one.account))
    for crook in world.house.inhabitants:  # and those that are in the midst of it
        truth = crooks.cut_short(
            crook.strategy, crook.account, crook.partner, crook.memory, world.tick
        )
        if truth is not None:
            guilty.update((truth.crime, account) for account in truth.accounts)
    assert {crime for crime, _ in charged} >= {WASH_TRADING, SPOOFING}
    assert not {one for one in charged if one[0] != "bribery"} - guilty


def test_links_of_before_surveillance_are_known_to_it() -> None:
    """As of a world whose dump has none of the SEC's state."""
    court = Court("ann", "bob", INVESTIGATOR)
    court.act("ann", "MESSAGE", targetAgent="bob", content="Shall we?")
    court.act("bob", "MESSAGE", targetAgent="ann", content="We shall.")
    kept: Plain = json.loads(json.dumps(court.world.dump()))
    for name in ("sec", "hearsay"):
        del kept["engines"][name]
    world = World.load(court.world.rules, kept)
    ties = sec_of(world).surveillance.detectors.ties
    assert ties.linked(court.ids["ann"], court.ids["bob"])
    assert not ties.linked(court.ids["ann"], court.ids["ivy"])


def test_what_a_case_has_charged_is_no_part_of_the_next() -> None:
    court = Court(Player("ann", holds={"APEX": 9_000}), "bob", INVESTIGATOR)
    for _ in range(8):
        court.tick("ann SELL 100 @ 10.00")
        court.tick("bob BUY 100 @ 10.00")
        court.tick("bob SELL 100 @ 10.00")
        court.tick("ann BUY 100 @ 10.00")
    case, one = court.case_of("ann", WASH_TRADING)
    assert set(case.accused) == {court.ids["ann"], court.ids["bob"]}
    assert case.verify(one).confidence >= THRESHOLDS.convict
    court.pass_ticks(20)
    assert one.charged_tick is not None
    detector = court.sec.surveillance.detectors
    conduct = Conduct(court.ids["ann"], None, 0, court.world.tick)
    assert detector.look(WASH_TRADING, conduct) is None
    assert detector.look(COORDINATION, conduct) is None
    court.reload()
    assert len(list(court.sec.book.against(court.ids["ann"]))) == 1
