"""Thirty days of a small world whose house commits crimes all the time: it goes on, and its memory
does not grow.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace

from agents.engine.house.social import CROOKS
from market.engine.rules import SessionRules, Switches
from wallstreetsim.machine.rules import RULES
from wallstreetsim.machine.world import World

DAYS, HOUSE = 30, 24
SESSION = SessionRules(open_ticks=90, closed_ticks=20)
BUSY = replace(  # many crimes, though no day is long enough for a pump, and sentences of a few days
    RULES,
    market=replace(RULES.market, session=SESSION),
    house=replace(RULES.house, crime_rate=0.02),
    sec=replace(RULES.sec, penalties=replace(RULES.sec.penalties, ticks_a_year=60)),
)


def test_the_jailed_return_or_are_replaced_and_what_is_remembered_stays_small() -> None:
    world = World(BUSY, "long", Switches(house=HOUSE, crooks=True, events=True))
    world.found(3)
    members = world.registry.members
    crimes: Counter[str] = Counter()
    trades, jailed, size = [0] * DAYS, [set[int]() for _ in range(DAYS)], list[dict[str, int]]()
    for day in range(DAYS):
        for _ in range(SESSION.day_ticks):
            outcome = world.advance([])
            trades[day] += len(outcome.market.trades)
            crimes.update(one.crime for one in outcome.agents.manipulations)
            jailed[day] |= {id for id, one in members.items() if one.status == "imprisoned"}
        confined = [one for one in members.values() if one.status != "active"]
        assert len(confined) <= HOUSE // 3
        seats = [one.account for one in world.house.inhabitants if one.strategy in CROOKS]
        active = sum(members[account].status == "active" for account in seats)
        assert active >= len(seats) // 2, "others take the seats of those who are gone"
        size.append({name: len(json.dumps(one.dump())) for name, one in world.by_name.items()})
    world.check(full=True)
    assert crimes.total() > DAYS // 2
    assert len(set[int]().union(*jailed)) >= 3
    for account in set[int]().union(*jailed[:20]):
        assert any(account not in today for today in jailed[20:]), "sentences end"
    assert min(trades[20:]) > 0.8 * max(trades[:5])
    for name in ("agents", "house", "news", "sec"):
        first, last = ([one[name] for one in size[a : a + 10]] for a in (10, 20))
        assert max(last) < 1.4 * max(first), name
