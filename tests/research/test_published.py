"""What the desk's rules are can be read at `/config`, and is in the manual."""

from __future__ import annotations

import json

import pytest

from news.research.checkers import checkers
from news.research.rules import RESEARCH_RULES
from news.research.signals import _REASONS
from wallstreetsim.api import manual
from wallstreetsim.api.configuration import config

pytestmark = pytest.mark.django_db


def test_the_score_of_a_signal_can_be_computed_from_what_is_published() -> None:
    shown = json.loads(json.dumps(config()["research"]))
    signals, rules = shown["signals"], RESEARCH_RULES.signals
    tiers = (signals["master"], signals["high"], signals["medium"])
    assert tiers == (rules.master, rules.high, rules.medium) == (75, 60, 45)
    assert {one["kind"]: one["base"] for one in signals["types"]} == {
        one.kind: one.base for one in rules.types
    }
    assert signals["account"] == rules.account_cents / 100
    assert shown["squeeze"]["signal"] == 55
    assert shown["opinions"]["disagreementWeight"] == RESEARCH_RULES.opinions.disagreement_weight


def test_every_type_of_signal_has_a_reason_and_a_type_of_its_own() -> None:
    kinds = [one.kind for one in RESEARCH_RULES.signals.types]
    assert len(set(kinds)) == len(kinds) and set(kinds) == set(_REASONS)


def test_the_manual_says_what_a_score_is() -> None:
    text = manual.manual("https://example.org", "research")
    assert "not a probability" in text
    for number in (75, 60, 45, RESEARCH_RULES.signals.least_record):
        assert str(number) in text


def test_the_manual_says_when_a_price_is_at_a_level_as_config_does() -> None:
    text = manual.manual("https://example.org", "research")
    shown = config()["research"]["levels"]
    assert (shown["near"], shown["approaching"], shown["at"]) == (0.005, 0.003, 0.001)
    assert "Within 0.5 % of one the price is near, within 0.3 % approaching," in text
    assert "within 0.1 % at it" in text
    for ticks in ("reachTicks", "leftTicks"):
        assert f"usual move of {shown[ticks]} ticks" in text


def test_the_manual_names_every_kind_of_alert() -> None:
    text = manual.manual("https://example.org", "research")
    for checker in checkers(RESEARCH_RULES):
        assert f"| `{checker.name}` |" in text
        assert all(f"`{kind}`" in text for kind in checker.kinds)
