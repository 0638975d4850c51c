"""How the narrative weighs what analysts see, and when it is written."""

from __future__ import annotations

import json
from itertools import pairwise

from news.research.events import Narrative
from news.research.narrative import (
    NarrativeDesk,
    compose,
    confidence_of,
    is_stale,
    stances_of,
)
from news.research.opinions import OPINIONS, Opinion
from tests.research.room import RULES, SECTORS, drawn, numbers_in, numbers_of, room
from tests.research.views import alert


def opinion(lean: int, confidence: int) -> Opinion:
    return Opinion("", lean, confidence, (), (), {})


def test_confidence_is_the_mean_less_disagreement() -> None:
    agreed = {"a": opinion(1, 50), "b": opinion(1, 70), "c": opinion(0, 30)}
    assert confidence_of(agreed, RULES) == 50
    split = {"a": opinion(1, 50), "b": opinion(-1, 70), "c": opinion(0, 30)}
    assert confidence_of(split, RULES) == 50 - RULES.disagreement_weight
    most = {"a": opinion(1, 60), "b": opinion(1, 60), "c": opinion(-1, 60)}
    assert 60 - RULES.disagreement_weight < confidence_of(most, RULES) < 60
    assert confidence_of({"a": opinion(0, 40)}, RULES) == 40


def test_a_stance_is_given_for_the_index_and_each_sector() -> None:
    desk = room(index=102_000)
    for view in desk.view.companies.values():
        if view.sector == "Energy":
            view.price = 9_000
    desk.view.market.weigh_sectors(desk.view.companies.values())
    told = compose(desk).stances
    assert set(told) == {"index", *SECTORS}
    assert (told["index"], told["Energy"], told["Meme"]) == ("bullish", "bearish", "neutral")


def test_open_signals_lean_a_sector_that_does_not_move() -> None:
    desk = room()
    assert stances_of(desk)["Technology"] == 0
    for symbol in ("NOVA", "OMEGA"):  # of one sector
        desk.signals.fold(100, desk.view.companies, [alert("breakdown", "SELL", symbol)])
    assert stances_of(desk)["Technology"] == -1


def test_every_number_of_a_narrative_is_a_fact() -> None:
    seen = set()
    for seed in range(60):
        desk = drawn(seed)
        narrative = compose(desk)
        facts = set().union(*(numbers_of(v.form(desk, None).facts) for v in OPINIONS.values()))
        leans = [v.form(desk, None).lean for v in OPINIONS.values()]
        facts |= {float(len(leans)), float(leans.count(1)), float(leans.count(-1))}
        facts.add(float(leans.count(1) + leans.count(-1)))
        said = " ".join((narrative.text, *narrative.watch))
        assert numbers_in(said) <= facts, said
        assert "{" not in said and "  " not in said
        seen |= numbers_in(said)
    assert len(seen) > 50


def test_its_sources_are_ids_of_what_the_desk_has_said() -> None:
    desk = drawn(4)
    known = {one.id for one in desk.view.alerts} | {one.id for one in desk.signals.open}
    sources = compose(desk).sources
    assert sources and set(sources) <= known
    assert len(sources) <= RULES.most_sources


def test_it_is_written_when_a_stance_changes_and_not_too_often() -> None:
    narratives = NarrativeDesk(RULES)
    told: list[Narrative] = []
    for tick in range(1, 500):
        told += narratives.fold(room(tick=tick, index=100_000 + 1_000 * (tick % 2)))
    gaps = [b.tick - a.tick for a, b in pairwise(told)]
    assert gaps and min(gaps) >= RULES.narrative_ticks


def test_one_that_has_grown_old_is_written_anew_though_nothing_changed() -> None:
    narratives = NarrativeDesk(RULES)
    told: list[Narrative] = []
    for tick in range(1, 500):
        told += narratives.fold(room(tick=tick))
    assert [one.tick for one in told] == [1, 1 + RULES.stale_ticks, 1 + 2 * RULES.stale_ticks]
    assert not is_stale(1, 1 + RULES.stale_ticks, RULES)
    assert is_stale(1, 2 + RULES.stale_ticks, RULES)


def test_nothing_is_written_while_the_market_is_closed() -> None:
    assert NarrativeDesk(RULES).fold(room(is_open=False)) == ()


def test_a_state_taken_over_goes_on() -> None:
    one, other = NarrativeDesk(RULES), NarrativeDesk(RULES)
    assert one.fold(drawn(7))
    other.load(json.loads(json.dumps(one.dump())))
    assert other.fold(drawn(7)) == ()
