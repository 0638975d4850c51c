"""What analysts say, when, and that no number is made up."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest

import news.research.opinions as opinions
from agents.engine.names import ANALYSTS
from news.research.analysts import (
    HINTS,
    OPEN,
    AnalystDesk,
    analyse,
    named,
)
from news.research.events import Alert
from news.research.opinions import OPINIONS
from tests.research.room import RULES, SYMBOLS, drawn, numbers_in, numbers_of, room, template_digits


@pytest.mark.parametrize("name", OPEN)
def test_every_number_of_a_text_is_one_of_its_facts(name: str) -> None:
    seen = set()
    for seed in range(60):
        desk = drawn(seed)
        for symbol in (None, *SYMBOLS[:2]):
            insight = analyse(name, desk, symbol)
            said = " ".join((insight.text, *insight.actionable, *insight.warnings))
            assert numbers_in(said) <= numbers_of(insight.summary), said
            assert "{" not in said
            seen |= numbers_in(said)
    assert len(seen) > 5


def test_templates_hold_no_digit() -> None:
    package = Path(opinions.__file__).parent
    others = ("narrative", "analysts", "questions", "signals")
    files = [*package.glob("*.py"), *(package.parent / f"{name}.py" for name in others)]
    assert len(files) >= 11
    assert template_digits(files) == []


def test_facts_are_what_the_views_say() -> None:
    desk = room(index=101_200)
    nova = desk.view.companies["NOVA"]
    nova.price, nova.squeeze, nova.short_interest = 10_230, 71, 83
    market = analyse("market", desk).summary
    assert (market["index"], market["indexChange"], market["rising"]) == (1012.0, 1.2, 1)
    company = analyse("market", desk, "NOVA").summary
    assert (company["price"], company["dayChange"]) == (102.3, 2.3)
    squeeze = analyse("squeeze", desk).summary
    assert (squeeze["symbol"], squeeze["score"], squeeze["shortPercent"]) == ("NOVA", 71, 8.3)
    macro = analyse("macro", desk).summary
    assert (macro["interest"], macro["growth"]) == (5.25, -0.45)


def test_the_same_is_said_in_other_words_the_next_time() -> None:
    texts = {analyse("market", room(tick=n * RULES.pause_ticks + 1)).text for n in range(1, 5)}
    assert len(texts) == 2


def test_an_analyst_leans_with_what_it_looks_at() -> None:
    up, down = room(index=103_000), room(index=97_000)
    assert [OPINIONS["market"].form(d, None).lean for d in (up, room(), down)] == [1, 0, -1]
    moods = [room(regime=regime) for regime in ("bull", "normal", "crash")]
    assert [OPINIONS["macro"].form(d, None).lean for d in moods] == [1, 0, -1]


def test_confidence_grows_with_evidence_and_stays_below_its_bound() -> None:
    desk, seen = room(), []
    for n in range(40):
        seen.append(analyse("market", desk, "NOVA").confidence)
        one = Alert(desk.view.tick, "gap", "gap", "NOVA", f"gap {n}", "", 0, (), 1.0, "BUY")
        desk.view.alerts.append(one)
    assert seen == sorted(seen)
    assert (seen[0], seen[-1]) == (RULES.base_confidence, RULES.most_confidence)


def test_no_more_than_three_lines_are_actionable_or_warnings() -> None:
    for seed in range(20):
        for name in OPEN:
            insight = analyse(name, drawn(seed), "NOVA")
            assert len(insight.actionable) <= 3 and len(insight.warnings) <= 3


@pytest.mark.parametrize("text", ["market", "MARKET", "MarketAgent", "marketagent", "Market"])
def test_an_analyst_is_found_in_any_case_of_letters(text: str) -> None:
    assert named(text) == "market"


@pytest.mark.parametrize("text", ["", "agent", "markets", "market agent", "bank", "AgentMarket"])
def test_others_are_no_analysts(text: str) -> None:
    assert named(text) is None


def test_three_analysts_wait_for_their_venues_and_say_so() -> None:
    assert set(HINTS) == {"darkpool", "gamma", "options"} == set(ANALYSTS) - set(OPEN)
    health = {one.analyst: one for one in AnalystDesk(RULES).health()}
    assert list(health) == list(ANALYSTS)
    assert not health["gamma"].is_open and health["gamma"].hint
    assert health["market"].is_open and health["market"].last_tick is None


# By themselves


def test_an_analyst_speaks_when_something_of_its_own_changed() -> None:
    analysts, desk = AnalystDesk(RULES), room(tick=100)
    assert {one.analyst for one in analysts.fold(desk)} == {"market", "macro"}
    later = room(tick=100 + RULES.pause_ticks)
    assert analysts.fold(later) == ()
    changed = room(tick=101 + RULES.pause_ticks, regime="bear")
    assert [one.analyst for one in analysts.fold(changed)] == ["macro"]


def test_an_analyst_speaks_at_most_once_in_its_pause() -> None:
    analysts, spoken = AnalystDesk(RULES), []
    for tick in range(1, 400):
        desk = room(tick=tick, regime=("bull", "bear")[tick % 2], index=100_000 + 900 * (tick % 3))
        spoken += [one for one in analysts.fold(desk) if one.analyst == "macro"]
    gaps = [b.tick - a.tick for a, b in pairwise(spoken)]
    assert gaps and min(gaps) >= RULES.pause_ticks


def test_nobody_speaks_while_the_market_is_closed() -> None:
    assert AnalystDesk(RULES).fold(room(is_open=False)) == ()


def test_analysts_whose_state_was_taken_over_do_not_repeat_themselves() -> None:
    one, other = AnalystDesk(RULES), AnalystDesk(RULES)
    assert one.fold(drawn(3))
    other.load(json.loads(json.dumps(one.dump())))
    assert other.fold(drawn(3)) == ()
    assert other.health() == one.health()
