"""What the analyst `signal` makes of the signals that stand open, and of their record."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from news.research.events import BUY
from news.research.facts import Facts
from news.research.opinions.opinion import Desk, Opinion, Voice, confidence, lean_of
from news.research.tracking import Position


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
        confidence(desk, len(held)),
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


VOICE = Voice(_signal, _signal_changes)
