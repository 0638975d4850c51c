"""What each analyst makes of what the desk knows: a lean, and a text over facts.

The templates hold no digit: every number of a text is one of its facts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from news.research.checkers import (
    breakouts,
    gaps,
    headlines,
    levels,
    macro,
    moves,
    recap,
    social,
    squeeze,
    synthesis,
    volume,
)
from news.research.companies import CompanyView
from news.research.events import BUY, Alert
from news.research.facts import Facts
from news.research.signal_rules import OpinionRules
from news.research.signals import SignalDesk
from news.research.tracking import Position
from news.research.views import DeskView

MOST_LINES = 3  # of what is actionable, and of warnings
UP, FLAT, DOWN = 1, 0, -1


class Desk(NamedTuple):
    """All that an opinion may rest on."""

    view: DeskView
    signals: SignalDesk
    rules: OpinionRules


class Opinion(NamedTuple):
    """An opinion; `lean` is 1 for up, -1 for down."""

    text: str
    lean: int
    confidence: int
    actionable: tuple[str, ...]
    warnings: tuple[str, ...]
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Voice:
    """How one analyst forms an opinion, and what has to change before it speaks by itself: plain
    data, None while there is nothing of its own.
    """

    form: Callable[[Desk, str | None], Opinion]
    changes: Callable[[Desk], list[Any] | None]


def lean_of(change: float, least: float) -> int:
    """Return which way a change leans, if it is large enough to."""
    return UP if change >= least else DOWN if change <= -least else FLAT


def _confidence(desk: Desk, events: int) -> int:
    """Return how sure an analyst sounds who rests on so many events."""
    rules = desk.rules
    return min(rules.most_confidence, rules.base_confidence + rules.confidence_each * events)


def _recent(desk: Desk, sources: frozenset[str], symbol: str | None) -> list[Alert]:
    """Return the alerts of these checkers that still count, of one company or of all."""
    since = desk.view.tick - desk.rules.evidence_ticks
    return [
        one
        for one in desk.view.alerts
        if one.source in sources and one.tick > since and symbol in (None, one.symbol)
    ]


def _told_today(desk: Desk, sources: frozenset[str]) -> list[Any] | None:
    """Return the last alert of these checkers, as what has changed."""
    last = next((one for one in reversed(desk.view.alerts) if one.source in sources), None)
    return None if last is None else [last.tick, last.kind, last.symbol]


def _pick(lines: Sequence[str], desk: Desk) -> str:
    """Return one of several ways to say it, by turns."""
    return lines[desk.view.tick // desk.rules.pause_ticks % len(lines)]


# Of the market

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
    seen = _recent(desk, _PRICES, None)
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
        facts.say(_pick(_MARKET[lean], desk)),
        lean,
        _confidence(desk, len(seen)),
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
    seen = _recent(desk, _PRICES, symbol)
    facts.count("alerts", len(seen), "alert")
    lean = lean_of(company.day_change, company.daily_sigma)
    actionable = []
    if seen:
        facts.word("last", seen[-1].kind.replace("_", " "))
        actionable.append(facts.say("{alerts} of late, the last a {last}"))
    return Opinion(
        facts.say(_COMPANY[lean]),
        lean,
        _confidence(desk, len(seen)),
        tuple(actionable),
        _cautions(company),
        facts.summary,
    )


def _cautions(company: CompanyView) -> tuple[str, ...]:
    """Return what keeps an opinion of a company from being worth much."""
    warnings = []
    if company.is_halted:
        warnings.append("it is halted, so the price is an opinion")
    if not company.is_seasoned:
        warnings.append("its past is too short to call anything unusual")
    if company.short_restricted:
        warnings.append("short sales are restricted")
    return tuple(warnings)


# Of signals


def _signal(desk: Desk, symbol: str | None) -> Opinion:
    held = [one for one in desk.signals.open if symbol in (None, one.symbol)]
    buys = sum(one.action == BUY for one in held)
    facts = Facts()
    if symbol is not None:
        facts.word("symbol", symbol)
    facts.count("open", len(held), "signal")
    facts.count("buys", buys)
    facts.count("sells", len(held) - buys)
    text = facts.say(_signal_line(held, symbol))
    actionable = []
    if held:
        loudest = max(held, key=lambda one: (one.confidence, one.id))
        facts.word("loudest", loudest.symbol)
        facts.word("loudestAction", loudest.action.lower())
        facts.count("score", loudest.confidence)
        facts.dollars("target", loudest.target)
        facts.dollars("stop", loudest.stop)
        actionable.append(
            facts.say("{loudest}: {loudestAction}, target {target}, stop {stop}, score {score}")
        )
    closed = sum(tally.closed for tally in desk.signals.tallies.values())
    facts.count("closed", closed)
    facts.count("targets", sum(tally.targets for tally in desk.signals.tallies.values()))
    text += facts.say(_RECORD if closed else _NO_RECORD)
    lean = lean_of(2.0 * buys - len(held), 1.0)
    return Opinion(
        text,
        lean,
        _confidence(desk, len(held)),
        tuple(actionable),
        ("a score counts evidence, it does not pay",),
        facts.summary,
    )


_RECORD = " So far {targets} of {closed} closed reached their target; see what chance would give."
_NO_RECORD = " None has closed yet, so the record is still perfect."


def _signal_line(held: Sequence[Position], symbol: str | None) -> str:
    if not held:
        subject = "{symbol}" if symbol else "the tape"
        return f"No signal stands open on {subject}. Doing nothing has no fee."
    subject = " on {symbol}" if symbol else ""
    verb = "stands" if len(held) == 1 else "stand"
    return f"{{open}} {verb} open{subject}: {{buys}} to buy, {{sells}} to sell."


def _signal_changes(desk: Desk) -> list[Any] | None:
    closed = sum(tally.closed + tally.unfilled for tally in desk.signals.tallies.values())
    known = [len(desk.signals.open), closed]
    return known if any(known) else None


# Of squeezes

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
        _confidence(desk, len(_recent(desk, _SQUEEZES, symbol))),
        (facts.say("shorts in {symbol}: know where the door is"),) if is_on else (),
        (*_cautions(chosen), "short interest is a close late"),
        facts.summary,
    )


# Of what is said

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
    seen = _recent(desk, _SOCIAL, symbol)
    if any("pump" in one.kind for one in seen):
        warnings = ("this has the shape of a pump", *warnings)
    return Opinion(
        facts.say(text),
        lean_of(float(sum(total)), 2.0),
        _confidence(desk, len(seen)),
        (facts.say("check {loudest} against its tape before its fans"),),
        warnings,
        facts.summary,
    )


# Of the economy

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
        _confidence(desk, len(_recent(desk, _ECONOMY, None)) + len(market.active_events)),
        ("size down ahead of the meeting, or say you meant to",) if near else (),
        ("an outcome is known when it is published, not before",) if near else (),
        facts.summary,
    )


def _macro_changes(desk: Desk) -> list[Any]:
    market = desk.view.market
    return [market.regime, market.interest_bps, _told_today(desk, _ECONOMY)]


def _market_changes(desk: Desk) -> list[Any]:
    lean = lean_of(desk.view.market.day_change, desk.rules.stance_move)
    return [lean, _told_today(desk, _PRICES)]


def _social_changes(desk: Desk) -> list[Any] | None:
    return _told_today(desk, _SOCIAL)


def _squeeze_changes(desk: Desk) -> list[Any] | None:
    return _told_today(desk, _SQUEEZES)


OPINIONS: Mapping[str, Voice] = {
    "market": Voice(_market, _market_changes),
    "signal": Voice(_signal, _signal_changes),
    "squeeze": Voice(_squeeze, _squeeze_changes),
    "reddit": Voice(_reddit, _social_changes),
    "macro": Voice(_macro, _macro_changes),
}
