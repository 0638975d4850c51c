"""What the analyst `reddit` makes of public rumors."""

from __future__ import annotations

from typing import Any

from news.research.checkers import social
from news.research.facts import Facts
from news.research.opinions.opinion import (
    FLAT,
    Desk,
    Opinion,
    Voice,
    confidence,
    lean_of,
    recent,
    told_today,
)

_SOCIAL = frozenset({social.SOURCE})


def _reddit(desk: Desk, symbol: str | None) -> Opinion:
    since = desk.view.tick - desk.view.rules.social.window_ticks
    signs = {
        one.symbol: heard
        for one in desk.view.companies.values()
        if symbol in (None, one.symbol) and (heard := one.rumors_since(since + 1))
    }
    total = [sign for heard in signs.values() for sign in heard]
    facts = Facts()
    facts.count("rumors", len(total), "rumor")
    facts.count("praise", sum(sign > 0 for sign in total))
    facts.count("blame", sum(sign < 0 for sign in total))
    if symbol is not None:
        facts.word("symbol", symbol)
    warnings: tuple[str, ...] = ("rumors are free to read and priced accordingly",)
    if not total:
        subject = " about {symbol}" if symbol else ""
        text = f"Nobody has said anything{subject} of late. The silence is the best-informed post."
        return Opinion(facts.say(text), FLAT, desk.rules.base_confidence, (), (), facts.summary)
    loudest = max(signs, key=lambda one: (len(signs[one]), one))
    facts.word("loudest", loudest)
    facts.count("loudestRumors", len(signs[loudest]))
    subject = " about {symbol}" if symbol else ", {loudestRumors} of them about {loudest}"
    if len(signs) == 1 and not symbol:
        subject = ", all about {loudest}"
    text = f"{{rumors}}{subject}: {{praise}} praise, {{blame}} blame. None comes with a receipt."
    seen = recent(desk, _SOCIAL, symbol)
    if any("pump" in one.kind for one in seen):
        warnings = ("this has the shape of a pump", *warnings)
    return Opinion(
        facts.say(text),
        lean_of(float(sum(total)), 2.0),
        confidence(desk, len(seen)),
        (facts.say("check {loudest} against its tape before its fans"),),
        warnings,
        facts.summary,
    )


def _social_changes(desk: Desk) -> list[Any] | None:
    return told_today(desk, _SOCIAL)


VOICE = Voice(_reddit, _social_changes)
