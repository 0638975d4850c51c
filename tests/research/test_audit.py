"""The audit of the research desk: the same fold over the tape gives the same rows and state."""

from __future__ import annotations

from dataclasses import replace

import orjson
import pytest
import zstandard
from django.db import connection
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext

from market import tape
from market.models import TapeEntry
from market.tape import RESEARCH_STREAM
from news.models import ResearchAlert, ResearchSignal, ResearchState
from news.research import auditing
from news.research import runner as running
from news.research.runner import Runner
from tests.damage import damage
from tests.floor.hall import Hall
from tests.research.talkative import TALKATIVE
from wallstreetsim.machine.rules import RULES

QUICK = replace(TALKATIVE, signals=replace(TALKATIVE.signals, expiry_ticks=5))


@pytest.fixture
def desk(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> Runner:
    """A desk that keeps its state often, and whose rules are those that the audit goes by."""
    monkeypatch.setattr(running, "STATE_TICKS", 15)
    monkeypatch.setattr(running, "PAGE", 15)
    monkeypatch.setattr(auditing, "RESEARCH_RULES", QUICK)
    return Runner(RULES.market, rules=QUICK)


def _ticks(hall: Hall, count: int) -> None:
    for _ in range(count):
        hall.tick()


def test_the_audit_holds_the_cursor_against_the_stream(hall: Hall, desk: Runner) -> None:
    _ticks(hall, 12)
    desk.catch_up()
    assert hall.audit() == []

    TapeEntry.objects.filter(stream=RESEARCH_STREAM).latest("seq").delete()
    last = TapeEntry.objects.filter(stream=RESEARCH_STREAM).latest("seq").seq
    assert hall.audit() == [
        f"after tick 13 it has told {last + 1} entries, and the stream ends at {last}"
    ]


def _ended() -> QuerySet[ResearchSignal]:
    """Return the signals that have ended between the two last kept states, which is audited."""
    states = ResearchState.objects.exclude(state=None).order_by("-tick")
    last, first = states.values_list("tick", flat=True)[:2]
    return ResearchSignal.objects.filter(closed_tick__gt=first, closed_tick__lte=last)


def _retitle() -> str:
    alert = ResearchAlert.objects.latest("number")
    ResearchAlert.objects.filter(number=alert.number).update(title="Buy!")
    return f"research alert {alert.number} is not what"


def _lose_a_row() -> str:
    number = ResearchAlert.objects.order_by("-number").values_list("number", flat=True)[1]
    ResearchAlert.objects.filter(number=number).delete()
    return f"research alert {number} is not what"


def _reword_the_stream() -> str:
    row = TapeEntry.objects.filter(stream=RESEARCH_STREAM).latest("seq")
    row.events = zstandard.compress(tape.decompressed(row.events) + b" ")
    row.save()
    return f"entry {row.seq} of the research desk is not what"


def _win() -> str:
    signal = _ended().order_by("number")[0]
    ResearchSignal.objects.filter(number=signal.number).update(return_bps=9_999)
    return f"signal {signal.id} has not come to the end"


def _end() -> str:
    signal = ResearchSignal.objects.filter(outcome="").latest("number")
    last = ResearchState.objects.exclude(state=None).latest("tick").tick
    end = {"outcome": "TARGET", "closed_tick": last - 5, "return_bps": 9_999}
    ResearchSignal.objects.filter(number=signal.number).update(**end)
    return f"signal {signal.id} has come to an end that the tape does not give it"


def _misremember() -> str:
    row = ResearchState.objects.exclude(state=None).latest("tick")
    assert row.state is not None
    state = orjson.loads(tape.decompressed(row.state))
    state["sent"]["rally"] = 1_000_000
    row.state = zstandard.compress(orjson.dumps(state))
    row.save()
    return f"the research desk's state after tick {row.tick} differs: sent"


def test_the_audit_finds_whatever_is_not_as_the_tape_says(hall: Hall, desk: Runner) -> None:
    _ticks(hall, 29)
    assert desk.catch_up() == 30
    for _ in range(6):  # until there are an end and a signal without one to forge
        if _ended().exists() and ResearchSignal.objects.filter(outcome="").exists():
            break
        _ticks(hall, running.STATE_TICKS)
        assert desk.catch_up() == running.STATE_TICKS
    assert hall.audit() == []
    for forge in (_retitle, _lose_a_row, _reword_the_stream, _win, _end, _misremember):
        says = forge()
        found = list(auditing.differences())
        assert [one for one in found if one.startswith(says)], (says, found)
    assert len(hall.audit()) >= 6


def test_the_audit_says_which_entries_nobody_can_read(hall: Hall, desk: Runner) -> None:
    _ticks(hall, 29)
    damage(seq=20)
    assert desk.catch_up() == 30
    says = "the public entry of tick 20 cannot be read; the research desk passes it over"
    assert list(auditing.differences()) == [says]
    assert hall.audit() == [says]


def test_the_audit_judges_nothing_that_other_rules_said(hall: Hall, desk: Runner) -> None:
    _ticks(hall, 29)
    Runner(RULES.market, rules=TALKATIVE).catch_up()
    _retitle()
    assert hall.audit() == []


def test_the_audit_reads_a_fixed_number_of_times(
    hall: Hall, desk: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "STATE_TICKS", 4)
    monkeypatch.setattr(running, "PAGE", 4)
    counts = []
    for _ in range(2):
        _ticks(hall, 16)
        desk.catch_up()
        with CaptureQueriesContext(connection) as queries:
            assert list(auditing.differences()) == []
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 24
