"""What happens to companies: how often, of what kinds and sizes, and what it does to prices."""

from __future__ import annotations

import json
import math
from collections import Counter
from dataclasses import replace
from statistics import fmean, median
from typing import Any

import pytest

from market.engine.events import (
    Events,
    Subject,
    duration_of,
    fair_menus,
    impact_of,
)
from market.engine.pricing import PriceState
from market.engine.random_source import RandomSource
from market.engine.rules import EVENT_KINDS, EventKind, EventRules, PricingRules, SessionRules
from tests.cast import listing
from wallstreetsim.machine.rules import RULES

RULE = EventRules()
KINDS = {kind.name: kind for kind in EVENT_KINDS}
SECTORS = [sector.name for sector in RULES.market.sectors]
POINTS = [(n + 0.5) / 200 for n in range(200)]


def subject(symbol: str = "APEX", sector: str = "Technology", short: int = 100_000) -> Subject:
    company = replace(listing(symbol, "100.00", sector=sector), beta=1.5)
    state = PriceState.founded(company, PricingRules(), SessionRules())
    return Subject(symbol, sector, company.shares, short, state)


def events(seed: str = "a seed", **changes: Any) -> Events:
    return Events(replace(RULE, **changes), RandomSource(seed))


# Kinds


@pytest.mark.parametrize("kind", EVENT_KINDS, ids=lambda kind: kind.name)
def test_every_kind_keeps_its_range_and_small_impacts_are_common(kind: EventKind) -> None:
    impacts = [impact_of(kind, u, RULE.tail) for u in POINTS]
    sizes = [abs(impact) for impact in impacts]
    low, high = abs(kind.lowest), abs(kind.highest)
    assert min(sizes) >= low - 1e-12
    assert max(sizes) <= high + 1e-12
    assert median(sizes) < (low + high) / 2
    signs = {math.copysign(1, impact) for impact in impacts}
    assert signs == ({1, -1} if kind.both_signs else {math.copysign(1, kind.lowest)})
    durations = [duration_of(kind, u) for u in POINTS]
    assert min(durations) >= kind.shortest
    assert max(durations) <= kind.longest


def test_the_kinds_are_the_models() -> None:
    beat, squeeze = KINDS["EARNINGS_BEAT"], KINDS["SHORT_SQUEEZE"]
    assert (beat.lowest, beat.highest, beat.shortest, beat.longest) == (0.03, 0.15, 5, 30)
    assert (squeeze.lowest, squeeze.highest) == (0.20, 1.00)
    assert len(EVENT_KINDS) == 17  # the model's sixteen, and the Fed's meeting


def test_every_sector_has_a_menu_that_makes_sense_for_it() -> None:
    menus = {sector: dict(menu) for sector, menu in fair_menus(RULE, True).items()}
    assert set(menus) == set(SECTORS)
    assert {s for s, menu in menus.items() if "FDA_APPROVAL" in menu} == {"Healthcare"}
    assert "MEME_PUMP" in menus["Meme"]
    assert "MEME_PUMP" not in menus["Utilities"]
    for menu in menus.values():
        assert sum(menu.values()) == pytest.approx(1.0)


@pytest.mark.parametrize("shorted", [True, False])
def test_an_event_is_worth_nothing_on_average_in_any_sector(shorted: bool) -> None:
    for menu in fair_menus(RULE, shorted).values():
        worth = sum(
            chance * fmean(math.log(1 + impact_of(KINDS[name], u, RULE.tail)) for u in POINTS)
            for name, chance in menu
        )
        assert worth == pytest.approx(0.0, abs=1e-9)


# The generator


def test_there_are_about_as_many_events_as_the_rate_says() -> None:
    generator = events(sector_rate=0.0, market_rates=())
    subjects = [subject(f"S{n}") for n in range(50)]
    happened = [event for tick in range(1, 3_001) for event in _tick(generator, tick, subjects)]
    assert 8 <= len(happened) <= 35  # 19.5 expected


def _tick(generator: Events, tick: int, subjects: list[Subject]) -> list[object]:
    generator.begin_tick(subjects)
    return list(generator.draw(tick, subjects, 1.0))


def test_events_brew_for_a_few_ticks_and_then_move_the_price_once() -> None:
    generator, one = events(company_rate=1.0, sector_rate=0.0, market_rates=()), subject()
    generator.draw(1, [one], 1.0)
    (brewing,) = generator.brewing
    generator.rules = replace(RULE, company_rate=0.0, sector_rate=0.0, market_rates=())
    for tick in range(2, 6):
        assert generator.draw(tick, [one], 1.0) == []
        assert one.state.jump == 0.0
    (event,) = generator.draw(6, [one], 1.0)
    assert (event.type, event.symbol, event.impact) == (brewing.type, "APEX", brewing.impact)
    assert one.state.jump == pytest.approx(math.log(1 + event.impact))
    assert one.state.is_news_due
    assert event.ticks_remaining == event.duration


def test_a_company_has_one_active_event_of_a_kind() -> None:
    generator, one = events(company_rate=1.0, sector_rate=0.0, market_rates=()), subject()
    for tick in range(1, 400):
        one.state.jump = 0.0  # the price has taken it in
        generator.begin_tick([one])
        generator.draw(tick, [one], 1.0)
        kinds = Counter(event.type for event in generator.active)
        assert not kinds or max(kinds.values()) == 1
    assert generator.numbered > 20


def test_a_squeeze_needs_a_short_interest() -> None:
    nobody, many = subject(short=0), subject(short=50_000)
    assert "SHORT_SQUEEZE" not in dict(events().menu_of(nobody))
    assert "SHORT_SQUEEZE" in dict(events().menu_of(many))


def test_a_market_event_moves_every_company_by_its_beta() -> None:
    generator = events()
    subjects = [subject("APEX"), subject("NOVA", "Meme")]
    generator.inject(1, subjects, "MARKET_CRASH", impact=-0.10, duration=50)
    assert [s.state.jump for s in subjects] == [pytest.approx(math.log(1 - 0.15))] * 2


def test_a_sector_event_moves_its_sector_and_no_other() -> None:
    generator = events()
    subjects = [subject("APEX"), subject("NOVA", "Meme")]
    generator.inject(1, subjects, "SECTOR_ROTATION", sector="Meme", impact=0.02, duration=50)
    assert [s.state.jump for s in subjects] == [0.0, pytest.approx(math.log(1.02))]
    assert not subjects[1].state.is_news_due


def test_events_expire_after_their_last_tick() -> None:
    generator, one = events(), subject()
    generator.inject(10, [one], "PRODUCT_LAUNCH", symbol="APEX", impact=0.02, duration=5)
    one.state.jump = 0.0  # the price takes it in at once
    for left in (5, 4, 3, 2, 1):
        assert [event.ticks_remaining for event in generator.active] == [left]
        generator.begin_tick([one])
    assert generator.active == []


def test_an_event_waits_for_its_company_to_trade_and_for_the_price_to_take_it_in() -> None:
    generator, one = events(), subject()
    generator.inject(10, [one], "PRODUCT_LAUNCH", symbol="APEX", impact=0.02, duration=2)
    for _ in range(3):
        generator.begin_tick([one._replace(has_traded=False)])
        assert [event.ticks_remaining for event in generator.active] == [2]
    for _ in range(3):
        generator.begin_tick([one])
        assert [event.ticks_remaining for event in generator.active] == [1]
    one.state.jump = 0.0
    generator.begin_tick([one])
    assert generator.active == []


def test_what_a_company_meets_does_not_depend_on_who_else_is_listed() -> None:
    def story(*others: str) -> list[tuple[int, str, float]]:
        generator = events(company_rate=0.05, sector_rate=0.0, market_rates=())
        subjects = [subject(name) for name in (*others, "APEX")]
        happened = [e for t in range(1, 200) for e in generator.draw(t, subjects, 1.0)]
        return [(e.tick, e.type, e.impact) for e in happened if e.symbol == "APEX"]

    assert story()
    assert story("NOVA", "OMEGA") == story()


def test_events_survive_being_kept() -> None:
    generator, one = events(company_rate=0.2), subject()
    for tick in range(1, 60):
        generator.draw(tick, [one], 1.0)
    kept = json.loads(json.dumps(generator.dump()))
    other = events(company_rate=0.2)
    other.load(kept)
    assert other.draw(60, [one], 1.0) == generator.draw(60, [one], 1.0)
    assert other.dump() == generator.dump()
