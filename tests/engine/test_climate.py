"""Regimes, rates, sectors, the Fed: what changes by the day."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from statistics import fmean, pstdev

import pytest

from market.engine.climate import Climate
from market.engine.events import Subject
from market.engine.pricing import PriceState
from market.engine.random_source import RandomSource
from market.engine.regimes import fed_decision, meets_today, next_macro, next_regime, regime_of
from market.engine.rules import REGIMES, ClimateRules, Macro, PricingRules, SessionRules, Switches
from market.engine.sessions import moment_of
from tests.cast import listing
from wallstreetsim.machine.rules import RULES

RULE = ClimateRules()
STREAMS = RandomSource("a seed")
SESSION = SessionRules()


def climate(**switches: bool) -> Climate:
    return Climate(RULES.market, Switches(**{"events": True} | switches), STREAMS)


def subject() -> Subject:
    company = listing("APEX", "100.00")
    return Subject(
        "APEX", "Technology", 1_000_000, 0, PriceState.founded(company, PricingRules(), SESSION)
    )


def test_the_regimes_are_a_chain_that_visits_all_of_them_and_is_mostly_normal() -> None:
    regime, seen = "normal", Counter[str]()
    for day in range(4_000):
        regime = next_regime(regime, day, RULE, STREAMS)
        seen[regime] += 1
    assert set(seen) == {"normal", "bull", "bear", "bubble", "crash"}
    assert seen.most_common(1)[0][0] == "normal"
    assert seen["crash"] < 0.05 * 4_000


def test_a_regime_moves_on_by_the_chances_it_gives() -> None:
    for regime in REGIMES:
        assert sum(chance for _, chance in regime.onward) < 1.0
    moved = Counter(next_regime("crash", day, RULE, STREAMS) for day in range(2_000))
    assert moved["bear"] / 2_000 == pytest.approx(0.5, abs=0.04)
    with pytest.raises(KeyError):
        regime_of("panic", RULE)


def test_a_regime_shifts_drift_and_volatility() -> None:
    one, moment = climate(), moment_of(200, SESSION)
    normal = one.weather(moment)
    one.regime = "crash"
    crash = one.weather(moment)
    assert crash.volatility > 1.4 * normal.volatility
    assert crash.tilt < normal.tilt == 0.0


def test_inflation_and_growth_wander_around_their_neutral_levels_by_the_day() -> None:
    macro, seen = Macro(inflation_bps=900), []
    for day in range(1_000):
        macro = next_macro(macro, day, RULE, STREAMS)
        seen.append(macro.inflation_bps)
    assert seen[0] > 800
    assert fmean(seen[300:]) == pytest.approx(RULE.neutral_inflation_bps, abs=25)
    assert len(set(seen[300:])) > 20
    assert macro.interest_bps == Macro().interest_bps


def test_the_fed_meets_every_twenty_days_and_moves_in_quarters_of_a_percent() -> None:
    assert [day for day in range(61) if meets_today(day, RULE)] == [20, 40, 60]
    hot, cold = Macro(inflation_bps=500), Macro(inflation_bps=-100)
    raised = [fed_decision(hot, day, RULE, STREAMS) for day in range(200)]
    cut = [fed_decision(cold, day, RULE, STREAMS) for day in range(200)]
    assert set(raised + cut) <= {-50, -25, 0, 25, 50}
    assert fmean(raised) > 25 > -25 > fmean(cut)
    broke = replace(cold, interest_bps=10)
    assert fed_decision(broke, 1, RULE, STREAMS) >= -10


def test_a_fed_meeting_is_an_event_for_the_whole_market_on_its_tick() -> None:
    one, company = climate(), subject()
    tick = 20 * SESSION.day_ticks + RULE.fed_tick_in_day
    before = one.macro.interest_bps
    happened = one.happen(moment_of(tick, SESSION), [company])
    (meeting,) = [event for event in happened if event.type == "FED_MEETING"]
    assert meeting.symbol is None
    assert company.state.jump != 0.0
    step = one.macro.interest_bps - before
    assert step == 0 or step * meeting.impact < 0
    assert one.happen(moment_of(tick + 1, SESSION), [company]) == []


def test_a_sectors_performance_returns_to_its_mean_and_never_compounds() -> None:
    one, levels = climate(), []
    for day in range(1, 600):
        one.begin_day(day)
        levels.append(one.sector_levels["Energy"])
    assert abs(fmean(levels)) < 0.1
    assert pstdev(levels[:300]) == pytest.approx(pstdev(levels[300:]), rel=0.35)
    assert max(abs(level) for level in levels) < 1.5


def test_nothing_happens_while_the_market_is_closed_or_when_events_are_off() -> None:
    company = subject()
    one = climate()
    one.events.rules = replace(one.events.rules, company_rate=1.0)
    assert one.happen(moment_of(400, SESSION), [company]) == []
    assert one.events.brewing == []
    off = climate(events=False)
    off.events.rules = one.events.rules
    off.begin_day(1)
    assert off.happen(moment_of(1, SESSION), [company]) == []
    assert (off.regime, off.events.brewing) == ("normal", [])


def test_the_weather_of_a_world_that_does_not_walk_is_still() -> None:
    still = climate(walk=False).weather(moment_of(5, SESSION))
    assert not still.walks
    assert (still.tilt, dict(still.sector_drift), still.factors.market_shock) == (0.0, {}, 0.0)


def test_a_climate_survives_being_kept() -> None:
    one, moment = climate(), moment_of(200, SESSION)
    for day in range(1, 30):
        one.begin_day(day)
    other = climate()
    other.load(json.loads(json.dumps(one.dump())))
    assert other.dump() == one.dump()
    assert other.weather(moment) == one.weather(moment)
