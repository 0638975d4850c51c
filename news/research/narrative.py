"""The narrative: what the analysts see, weighed into one paragraph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from market.engine.values import Tick
from news.engine.grammar import listed
from news.research.analysts import OPEN
from news.research.events import BUY, Narrative
from news.research.facts import Facts
from news.research.opinions import DOWN, FLAT, OPINIONS, UP, Desk, Opinion, lean_of
from news.research.signal_rules import OpinionRules

INDEX = "index"  # beside the sectors
STANCES = {UP: "bullish", FLAT: "neutral", DOWN: "bearish"}
MOST_WATCHED = 4
_LEAST_SIGNALS = 2.0  # that lean a sector by themselves

_OPENINGS = {
    UP: "The market leans up: the index has gained {indexChange} to {index}.",
    FLAT: "The market leans nowhere: the index is {indexChange} from its close, at {index}.",
    DOWN: "The market leans down: the index has lost {indexChange} and stands at {index}.",
}
_SECTORS = {
    (True, True): "Up: {strong}. Down: {weak}. The rest are being paid to wait, poorly.",
    (True, False): "Up: {strong}; no sector leans against that.",
    (False, True): "Down: {weak}; no sector leans the other way.",
    (False, False): "No sector has made up its mind.",
}
_VERDICTS = {
    "none": "None of the {analysts} analysts leans, which is at least cheap.",
    "alone": "Of {analysts} analysts a single one leans, which saves the argument.",
    "agree": "Of {analysts} analysts, {leaning} lean and all the same way; make of that what you"
    " will.",
    "differ": "Of {analysts} analysts, {ups} lean up and {downs} down. One side is about to be"
    " early.",
}


def compose(desk: Desk) -> Narrative:
    """Return the narrative of the desk as it stands."""
    opinions = {name: OPINIONS[name].form(desk, None) for name in OPEN}
    stances = stances_of(desk)
    return Narrative(
        tick=desk.view.tick,
        text=_paragraph(desk, opinions, stances),
        stances={name: STANCES[lean] for name, lean in stances.items()},
        confidence=confidence_of(opinions, desk.rules),
        watch=_watch(desk),
        sources=_sources(desk),
    )


def stances_of(desk: Desk) -> dict[str, int]:
    """Return which way the index and each sector lean: by today's move, and by the signals that
    stand open in the sector.
    """
    market, companies = desk.view.market, desk.view.companies
    nets = dict.fromkeys(market.sectors, 0.0)
    for one in desk.signals.open:
        sector = companies[one.symbol].sector
        nets[sector] = nets.get(sector, 0.0) + (1.0 if one.action == BUY else -1.0)
    stances = {INDEX: lean_of(market.day_change, desk.rules.stance_move)}
    for sector, move in market.sectors.items():
        lean = lean_of(move, desk.rules.stance_move) + lean_of(nets[sector], _LEAST_SIGNALS)
        stances[sector] = max(DOWN, min(UP, lean))
    return stances


def confidence_of(opinions: Mapping[str, Opinion], rules: OpinionRules) -> int:
    """Return the analysts' mean confidence, less their disagreement: nothing while all that lean
    lean the same way, all of its weight when half lean each way.
    """
    mean = sum(one.confidence for one in opinions.values()) / len(opinions)
    leans = [one.lean for one in opinions.values() if one.lean]
    apart = 1.0 - abs(sum(leans)) / len(leans) if leans else 0.0
    return max(0, round(mean - rules.disagreement_weight * apart))


def is_stale(narrative_tick: Tick, tick: Tick, rules: OpinionRules) -> bool:
    """Say whether the newest narrative is too old to be called current."""
    return tick - narrative_tick > rules.stale_ticks


def _paragraph(desk: Desk, opinions: Mapping[str, Opinion], stances: Mapping[str, int]) -> str:
    market, facts = desk.view.market, Facts()
    facts.tenths("index", market.index / 100)
    facts.percent("indexChange", market.day_change)
    strong = [name for name, lean in stances.items() if lean == UP and name != INDEX]
    weak = [name for name, lean in stances.items() if lean == DOWN and name != INDEX]
    facts.word("strong", listed(strong))
    facts.word("weak", listed(weak))
    leans = [one.lean for one in opinions.values() if one.lean]
    facts.count("analysts", len(opinions))
    facts.count("leaning", len(leans))
    facts.count("ups", leans.count(UP))
    facts.count("downs", leans.count(DOWN))
    sentences = [
        facts.say(_OPENINGS[stances[INDEX]]),
        facts.say(_SECTORS[bool(strong), bool(weak)]),
        opinions["macro"].text,
        opinions["signal"].text,
        facts.say(_VERDICTS[_verdict_on(leans)]),
    ]
    return " ".join(sentences)


def _verdict_on(leans: Sequence[int]) -> str:
    """Return how the analysts stand to each other, of those that lean."""
    if len(leans) < 2:
        return "alone" if leans else "none"
    return "agree" if len(set(leans)) == 1 else "differ"


def _watch(desk: Desk) -> tuple[str, ...]:
    """Return what to watch: the loudest signal, the likeliest squeeze, the talk, the Fed."""
    view, facts, lines = desk.view, Facts(), []
    if desk.signals.open:
        loudest = max(desk.signals.open, key=lambda one: (one.confidence, one.id))
        facts.word("signal", loudest.symbol)
        facts.dollars("stop", loudest.stop)
        lines.append(facts.say("{signal} at {stop}, where its loudest signal gives up"))
    squeezed = max(view.companies.values(), key=lambda one: (one.squeeze, one.symbol))
    if squeezed.squeeze >= view.rules.squeeze.signal:
        facts.word("squeezed", squeezed.symbol)
        lines.append(facts.say("the shorts in {squeezed}"))
    since = view.tick - view.rules.social.window_ticks
    talked = max(
        view.companies.values(), key=lambda one: (len(one.rumors_since(since)), one.symbol)
    )
    if talked.rumors_since(since):
        facts.word("talked", talked.symbol)
        lines.append(facts.say("{talked}, of which most is said"))
    facts.count("fedTicks", view.market.next_fed_meeting()[1], "tick")
    lines.append(facts.say("the Fed, in {fedTicks}"))
    return tuple(lines[:MOST_WATCHED])


def _sources(desk: Desk) -> tuple[str, ...]:
    """Return the ids of what it rests on most: the heaviest alerts of late, the loudest signals."""
    since, most = desk.view.tick - desk.rules.evidence_ticks, desk.rules.most_sources
    alerts = [one for one in desk.view.alerts if one.tick > since]
    alerts.sort(key=lambda one: (-one.weight, -one.tick, one.title))
    held = sorted(desk.signals.open, key=lambda one: (-one.confidence, one.id))
    ids = [one.id for one in alerts[: most // 2]]
    return tuple(ids + [one.id for one in held[: most - len(ids)]])


class NarrativeDesk:
    """Writes the narrative anew when what it says has changed, or when it has grown old."""

    def __init__(self, rules: OpinionRules) -> None:
        self.rules = rules
        self.last: Tick | None = None
        self.said: list[Any] = []

    def fold(self, desk: Desk) -> tuple[Narrative, ...]:
        """Return the narrative if it is due in this tick."""
        tick = desk.view.tick
        if not desk.view.market.is_open:
            return ()
        age = self.rules.stale_ticks if self.last is None else tick - self.last
        if age < self.rules.narrative_ticks:
            return ()
        now = [desk.view.market.regime, stances_of(desk)]
        if now == self.said and age < self.rules.stale_ticks:
            return ()
        self.last, self.said = tick, now
        return (compose(desk),)

    def dump(self) -> dict[str, Any]:
        """Return the state as plain JSON data."""
        return {"last": self.last, "said": list(self.said)}

    def load(self, state: Mapping[str, Any]) -> None:
        """Take over what `dump` returned."""
        self.last, self.said = state["last"], list(state["said"])
