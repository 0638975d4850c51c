"""The crimes and their look-alikes that surveillance is measured by are what they say they are."""

import pytest

from wallstreetsim.lab.surveillance.catalogue import CRIMES, HELD_OUT_HALF, LOOK_ALIKES, TYPES
from wallstreetsim.lab.surveillance.stage import PLAIN, Setting, Stage

SHORT = Setting(ticks=330)


@pytest.mark.parametrize("crime", TYPES)
def test_a_plain_crime_is_proven_by_the_record_while_it_lasts(crime: str) -> None:
    play = CRIMES[HELD_OUT_HALF][crime][PLAIN][0]
    for attempt in range(4):
        stage = Stage(f"{crime}-{attempt}", SHORT)
        part = stage.add(play.__name__, play, stage.symbols[attempt])
        for _ in stage.run():
            pass
        guilt = part.guilt
        assert guilt is not None and guilt.crime == crime
        assert set(guilt.accounts) <= {actor.id for actor in part.actors}
        if guilt.proven_tick is not None:
            assert guilt.first_tick < guilt.proven_tick <= stage.world.tick
            return
    pytest.fail("four scripts in a row came to nothing")


def test_the_same_seed_plays_the_same_tape() -> None:
    digests = []
    for _ in range(2):
        stage = Stage("again", Setting(ticks=80))
        play = LOOK_ALIKES[HELD_OUT_HALF]["two market makers"]
        stage.add("two market makers", play, stage.symbols[0])
        digests.append([outcome.digest for outcome in stage.run()][-1])
    assert digests[0] == digests[1]


def test_a_market_maker_cancels_nearly_all_and_its_house_has_no_crooks() -> None:
    stage = Stage("maker", Setting(ticks=150))
    part = stage.add("maker", LOOK_ALIKES[HELD_OUT_HALF]["market maker"], stage.symbols[0])
    quoter = part.actors[0].id
    ends: dict[str, int] = {}
    for outcome in stage.run():
        ends |= {o.id: o.filled for o in outcome.market.orders if o.account == quoter}
    assert len(ends) > 500
    assert sum(filled == 0 for filled in ends.values()) > 0.9 * len(ends)
    crooks = {"wash", "spoof", "pump", "insider"}
    assert not crooks & {one.strategy for one in stage.world.house.inhabitants}
