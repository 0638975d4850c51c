"""What house agents do to others: they write and answer, ally and part, spread rumors, offer bribes
and take or report them, and inform on what looks odd. They go by what everyone may see.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from agents.engine.house import words
from agents.engine.house.rules import HouseRules, SocialRates
from agents.engine.house.view import Act, Stock, Stream, View, choose
from agents.engine.rules import INFLUENCER, JOURNALIST, WHISTLEBLOWER
from market.engine.parameters import Parameters
from market.engine.values import Tick

CROOKS = frozenset({"wash", "spoof", "pump", "insider"})
_LIKELY_CRIMES = ("wash_trading", "spoofing", "pump_and_dump")


class Surrounds(NamedTuple):
    """What one of them knows of others, besides the market."""

    id: str  # its own
    role: str
    strategy: str
    active: Sequence[str]  # ids of the active agents
    investigators: Sequence[str]  # those of them that are
    letters: Sequence[str]  # ids of who has written to it since its last turn
    proposals: Sequence[str]  # ids of the alliances that wait for its answer
    allies: Sequence[str]  # ids of the alliances it is in
    bribes: Sequence[str]  # ids of those that it may keep or report
    names: dict[str, str]  # of companies


def deal(view: View, known: Surrounds, stream: Stream) -> list[Act]:
    """Return what one of them does to others in a tick: mostly nothing."""
    rates, me = view.scene.rules.social, view.me.id
    acts = _answers(view, known, stream, rates)
    u, v, w, x = stream("social")
    for rate, act in (
        (rates.message, _message),
        (rates.proposal, _proposal),
        (_rumor_rate(known, rates), _rumor),
        (rates.bribe if known.strategy in CROOKS else 0.0, _bribe),
        (rates.tip if known.role == WHISTLEBLOWER else 0.0, _tip),
    ):
        if u < rate:
            given = act(view, known, (v, w, x))
            return acts if given is None else [*acts, Act(me, *given)]
        u -= rate
    return acts


_Draws = tuple[float, float, float]
_Given = tuple[str, Parameters] | None


def _answers(view: View, known: Surrounds, stream: Stream, rates: SocialRates) -> list[Act]:
    """Answer what has come, some of it and sooner or later, and end what has lasted."""
    me = view.me.id
    acts = []
    for number, sender in enumerate(known.letters):
        u, v, _, _ = stream(f"letter-{number}")
        if u < rates.answer:
            answer: Parameters = {"target": sender, "content": words.fill(words.ANSWERS, v)}
            acts.append(Act(me, "MESSAGE", answer))
    for id in known.proposals:
        u, v, _, _ = stream(f"proposal-{id}")
        if u < rates.decision:
            type = "ALLY_ACCEPT" if v < rates.acceptance else "ALLY_REJECT"
            acts.append(Act(me, type, {"alliance": id}))
    for id in known.allies:
        u, v, w, _ = stream(f"alliance-{id}")
        if u < rates.parting:
            given: Parameters = {"alliance": id, "reason": words.fill(words.REASONS, w)}
            if v < rates.betrayal:
                given["now"] = True
            acts.append(Act(me, "ALLY_DISSOLVE", given))
    for id in known.bribes:
        u, _, _, _ = stream(f"bribe-{id}")
        if u < rates.bribe_kept:
            acts.append(Act(me, "KEEP_BRIBE", {"bribe": id}))
        elif u < rates.bribe_kept + rates.bribe_reported:
            acts.append(Act(me, "REPORT_BRIBE", {"bribe": id}))
    return acts


def _message(view: View, known: Surrounds, draws: _Draws) -> _Given:
    target = _other_of(known.active, known, draws[0])
    if target is None:
        return None
    stock = choose(view, draws[1])
    text = words.fill(words.GREETINGS, draws[2], symbol=stock.symbol)
    return "MESSAGE", {"target": target, "content": text}


def _proposal(view: View, known: Surrounds, draws: _Draws) -> _Given:
    target = _other_of(known.active, known, draws[0])
    if target is None:
        return None
    text = words.fill(words.PROPOSALS, draws[1])
    return "ALLY", {"target": target, "percent": 0, "proposal": text}


def _rumor_rate(known: Surrounds, rates: SocialRates) -> float:
    is_saving = known.strategy == "pump"  # its words for its schemes: a day has few
    return rates.rumor if known.role in (INFLUENCER, JOURNALIST) and not is_saving else 0.0


def _rumor(view: View, known: Surrounds, draws: _Draws) -> _Given:
    """Talk up what has risen of late, and down what has fallen."""
    stock = choose(view, draws[0])
    return rumor_of(stock, 1 if stock.slow > 0.0 else -1, known.names, draws[1])


def rumor_of(stock: Stock, sign: int, names: dict[str, str], u: float) -> tuple[str, Parameters]:
    """Return the rumor that talks a company up or down."""
    texts = words.GOOD_RUMORS if sign > 0 else words.BAD_RUMORS
    name = names.get(stock.symbol, stock.symbol)
    return "RUMOR", {"symbol": stock.symbol, "content": words.fill(texts, u, name=name)}


def _bribe(view: View, known: Surrounds, draws: _Draws) -> _Given:
    target = _other_of(known.investigators, known, draws[0])
    if target is None:
        return None
    cents = 100 * round(1_000 + 4_000 * draws[1])
    return "BRIBE", {
        "target": target,
        "cents": cents,
        "request": words.fill(words.BRIBE_REQUESTS, draws[2]),
    }


def _tip(view: View, known: Surrounds, draws: _Draws) -> _Given:
    """Inform on the busier of two companies, if it is busy beyond what is usual."""
    one, other = choose(view, draws[0]), choose(view, draws[1])
    stock = one if one.activity >= other.activity else other
    if stock.activity < view.scene.rules.social.odd_activity:
        return None
    number = int(draws[2] * len(_LIKELY_CRIMES))
    text = words.TIPS[number].format(symbol=stock.symbol)
    last: Tick = view.scene.tick - 1
    return "WHISTLEBLOW", {
        "symbol": stock.symbol,
        "first": max(0, last - view.scene.rules.social.tip_ticks),
        "last": last,
        "crime": _LIKELY_CRIMES[number],
        "evidence": text,
    }


def _other_of(ids: Sequence[str], known: Surrounds, u: float) -> str | None:
    """Return the agent at quantile `u` of some, unless that is oneself or there is none."""
    if not ids:
        return None
    drawn = ids[int(u * len(ids))]
    return None if drawn == known.id else drawn


def role_of(number: int, rules: HouseRules, usual: str) -> str:
    """Return the role of the house's `number`-th agent."""
    return dict(rules.roles).get(number % len(rules.roster), usual)
