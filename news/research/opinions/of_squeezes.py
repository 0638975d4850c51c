"""What the analyst `squeeze` makes of short sellers."""

from __future__ import annotations

from typing import Any

from news.research.checkers import squeeze
from news.research.facts import Facts
from news.research.opinions.opinion import (
    FLAT,
    UP,
    Desk,
    Opinion,
    Voice,
    cautions,
    confidence,
    recent,
    told_today,
)

_SQUEEZES = frozenset({squeeze.SOURCE})


def _squeeze(desk: Desk, symbol: str | None) -> Opinion:
    companies = desk.view.companies
    chosen = (
        companies[symbol]
        if symbol is not None
        else max(companies.values(), key=lambda one: (one.squeeze, one.symbol))
    )
    rules, facts = desk.view.rules.squeeze, Facts()
    facts.word("symbol", chosen.symbol)
    facts.count("score", chosen.squeeze)
    facts.count("signalFrom", rules.signal)
    facts.tenths("volumeMultiple", chosen.volume_multiple)
    if chosen.short_interest is not None:
        facts.tenths("shortPercent", chosen.short_interest / 10)
    is_on = chosen.squeeze >= rules.signal
    shorted = (
        "with {shortPercent}% of its shares sold short"
        if chosen.short_interest is not None
        else "with no short interest published yet"
    )
    verdict = (
        "The shorts are comfortable, which is how it starts."
        if is_on
        else "Below {signalFrom}, that is a short seller's ordinary day."
    )
    lead = "{symbol} scores {score}, " if symbol else "{symbol} leads the squeeze list at {score}, "
    return Opinion(
        facts.say(f"{lead}{shorted}. {verdict}"),
        UP if is_on else FLAT,
        confidence(desk, len(recent(desk, _SQUEEZES, symbol))),
        (facts.say("shorts in {symbol}: know where the door is"),) if is_on else (),
        (*cautions(chosen), "short interest is a close late"),
        facts.summary,
    )


def _squeeze_changes(desk: Desk) -> list[Any] | None:
    return told_today(desk, _SQUEEZES)


VOICE = Voice(_squeeze, _squeeze_changes)
