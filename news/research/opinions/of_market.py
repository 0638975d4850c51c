"""What the analyst `market` makes of prices: of all of them, or of one company's."""

from __future__ import annotations

from typing import Any

from news.research.checkers import (
    breakouts,
    gaps,
    headlines,
    levels,
    moves,
    recap,
    synthesis,
    volume,
)
from news.research.facts import Facts
from news.research.opinions.opinion import (
    DOWN,
    FLAT,
    UP,
    Desk,
    Opinion,
    Voice,
    cautions,
    confidence,
    lean_of,
    pick,
    recent,
    told_today,
)

_PRICES = frozenset(
    one.SOURCE for one in (breakouts, gaps, headlines, levels, moves, recap, synthesis, volume)
)
_MARKET = {
    UP: (
        "The index is up {indexChange} to {index}, and {rising} of {listed} agree. Everyone is a"
        " genius until the close.",
        "Up {indexChange} on the day: {rising} of {listed} rise, led by {best} ({bestChange}). The"
        " rest are taking notes.",
    ),
    DOWN: (
        "The index has lost {indexChange} and stands at {index}; {rising} of {listed} did not get"
        " the message. {worst} leads the way down ({worstChange}).",
        "Down {indexChange}. {rising} of {listed} still rise, which is called breadth by those who"
        " own them.",
    ),
    FLAT: (
        "The index is {indexChange} from where it closed. {rising} of {listed} rise, the others"
        " wait, and nobody is paid for either.",
        "Nothing much: {index}, {indexChange} from the close. {best} ({bestChange}) is what passes"
        " for excitement.",
    ),
}
_COMPANY = {
    UP: "{symbol} is up {dayChange} at {price}, on volume {volumeMultiple} times its usual.",
    DOWN: "{symbol} has lost {dayChange} and costs {price}, on volume {volumeMultiple} times its"
    " usual.",
    FLAT: "{symbol} sits at {price}, {dayChange} from its close, on volume {volumeMultiple} times"
    " its usual. Patience is a position too.",
}


def _market(desk: Desk, symbol: str | None) -> Opinion:
    if symbol is not None:
        return _company(desk, symbol)
    market, companies = desk.view.market, desk.view.companies.values()
    facts = Facts()
    facts.tenths("index", market.index / 100)
    facts.percent("indexChange", market.day_change)
    facts.count("rising", sum(one.day_change > 0 for one in companies))
    facts.count("listed", len(companies))
    facts.word("regime", market.regime)
    best, worst = _ends(desk)
    for name, (sector, change) in (("best", best), ("worst", worst)):
        facts.word(name, sector)
        facts.percent(f"{name}Change", change)
    seen = recent(desk, _PRICES, None)
    lean = lean_of(market.day_change, desk.rules.stance_move)
    halted = sum(one.is_halted for one in companies)
    warnings = []
    if halted:
        facts.count("halted", halted, "company is halted", "companies are halted")
        warnings.append(facts.say("{halted}"))
    if market.regime in ("crash", "bubble"):
        warnings.append(facts.say("the regime is a {regime}, and stops gap in those"))
    loudest = max(seen, key=lambda one: one.weight, default=None)
    actionable = []
    if loudest is not None and loudest.symbol is not None:
        facts.word("loudest", loudest.symbol)
        actionable.append(facts.say("read {loudest} first"))
    return Opinion(
        facts.say(pick(_MARKET[lean], desk)),
        lean,
        confidence(desk, len(seen)),
        tuple(actionable),
        tuple(warnings),
        facts.summary,
    )


def _ends(desk: Desk) -> tuple[tuple[str, float], tuple[str, float]]:
    """Return the sector that has gained most today, and the one that has lost most."""
    sectors = sorted(desk.view.market.sectors.items(), key=lambda one: (-one[1], one[0]))
    return (sectors[0], sectors[-1]) if sectors else (("none", 0.0), ("none", 0.0))


def _company(desk: Desk, symbol: str) -> Opinion:
    company = desk.view.companies[symbol]
    facts = Facts()
    facts.word("symbol", symbol)
    facts.dollars("price", company.price)
    facts.percent("dayChange", company.day_change)
    facts.tenths("volumeMultiple", company.volume_multiple)
    seen = recent(desk, _PRICES, symbol)
    facts.count("alerts", len(seen), "alert")
    lean = lean_of(company.day_change, company.daily_sigma)
    actionable = []
    if seen:
        facts.word("last", seen[-1].kind.replace("_", " "))
        actionable.append(facts.say("{alerts} of late, the last a {last}"))
    return Opinion(
        facts.say(_COMPANY[lean]),
        lean,
        confidence(desk, len(seen)),
        tuple(actionable),
        cautions(company),
        facts.summary,
    )


def _market_changes(desk: Desk) -> list[Any]:
    lean = lean_of(desk.view.market.day_change, desk.rules.stance_move)
    return [lean, told_today(desk, _PRICES)]


VOICE = Voice(_market, _market_changes)
