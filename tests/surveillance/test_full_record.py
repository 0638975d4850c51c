"""Since when a script's guilt is proven, by the verifier."""

from __future__ import annotations

from wallstreetsim.lab.surveillance.full_record import FullRecord
from wallstreetsim.lab.surveillance.measure import Watched, watch
from wallstreetsim.lab.surveillance.naive import NaiveRules
from wallstreetsim.lab.surveillance.stage import Guilt, Setting, Stage
from wallstreetsim.lab.surveillance.tuning_families import spoof_at_touch


def test_a_script_is_proven_when_its_own_count_and_the_verifier_say_so() -> None:
    watched = watch([("spoof_at_touch", spoof_at_touch)], "full record/1", Setting(ticks=220))
    (record,) = watched.records
    guilt = watched.stage.parts[0].guilt
    assert guilt is record.guilt and guilt.proven_tick is not None
    assert record.tick is not None and record.tick > guilt.proven_tick
    assert watched.proven(guilt) == record.tick


def test_what_the_verifier_never_proves_is_proven_by_the_script() -> None:
    guilt = Guilt("spoofing", (1_000,), "APEX", proven_tick=7)
    watched = Watched(Stage("full record/2"), {}, [], NaiveRules(), [FullRecord(guilt)])
    assert watched.proven(guilt) == 7
    guilt.proven_tick = None
    assert watched.proven(guilt) is None
