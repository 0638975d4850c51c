"""What the analyst `macro` makes of the economy and the Fed."""

from __future__ import annotations

from typing import Any

from news.research.checkers import macro
from news.research.facts import Facts
from news.research.opinions.opinion import (
    DOWN,
    FLAT,
    UP,
    Desk,
    Opinion,
    Voice,
    confidence,
    recent,
    told_today,
)

_ECONOMY = frozenset({macro.SOURCE})
_LEANS = {"bull": UP, "bubble": UP, "bear": DOWN, "crash": DOWN}
_MOODS = {
    "normal": "The regime is normal, a word that has cost people money before.",
    "bull": "The regime is a bull's; valuations are somebody else's problem.",
    "bear": "The regime is a bear's. Rallies are for selling, they say, until one is not.",
    "bubble": "The regime is a bubble. Everyone knows it, and everyone will be out first.",
    "crash": "The regime is a crash. Prices are clear; buyers are not.",
}


def _macro(desk: Desk, symbol: str | None) -> Opinion:
    market, facts = desk.view.market, Facts()
    _, away = market.next_fed_meeting()
    facts.word("regime", market.regime)
    facts.rate("interest", market.interest_bps)
    facts.rate("inflation", market.inflation_bps)
    facts.rate("growth", market.growth_bps)
    facts.count("fedTicks", away, "tick")
    facts.count("activeEvents", len(market.active_events), "event")
    text = (
        f"{_MOODS[market.regime]} Rates stand at {{interest}}, inflation at {{inflation}}, growth"
        " at {growth}. The Fed meets in {fedTicks}."
    )
    near = away <= max(desk.view.rules.macro.ahead_ticks)
    if symbol is not None:
        facts.word("symbol", symbol)
        text += " {symbol} has no vote."
    return Opinion(
        facts.say(text),
        _LEANS.get(market.regime, FLAT),
        confidence(desk, len(recent(desk, _ECONOMY, None)) + len(market.active_events)),
        ("size down ahead of the meeting, or say you meant to",) if near else (),
        ("an outcome is known when it is published, not before",) if near else (),
        facts.summary,
    )


def _macro_changes(desk: Desk) -> list[Any]:
    market = desk.view.market
    return [market.regime, market.interest_bps, told_today(desk, _ECONOMY)]


VOICE = Voice(_macro, _macro_changes)
