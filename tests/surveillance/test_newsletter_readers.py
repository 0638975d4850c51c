"""Allies who each follow the research desk's published signals are no case for the SEC."""

from __future__ import annotations

import pytest

from wallstreetsim.lab.surveillance.catalogue import HALVES, LOOK_ALIKES
from wallstreetsim.lab.surveillance.measure import watch
from wallstreetsim.lab.surveillance.stage import Setting


@pytest.mark.parametrize("half", HALVES)
def test_allies_who_follow_published_signals_are_no_case(half: str) -> None:
    play = LOOK_ALIKES[half]["newsletter readers"]
    watched = watch([("newsletter readers", play)], "readers-0", Setting(ticks=260))
    [part] = watched.stage.parts
    readers = {actor.id for actor in part.actors[:-1]}
    traded = [t for t in watched.stage.trades if {t.buyer, t.seller} & readers]
    assert len({t.tick for t in traded}) >= 2, "nothing was published, so nothing was followed"
    assert not [one for one in watched.accused if one.account in readers]
