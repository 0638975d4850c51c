"""Bribes: the odds of detection, and what lies in escrow for its target to keep or to report."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from agents.engine.rules import POINT
from market.engine.engine import Plain
from market.engine.values import Cents, Tick
from sec.engine.rules import BribeRules


class BribeStatus(StrEnum):
    OFFERED = "offered"  # in escrow
    KEPT = "kept"
    REPORTED = "reported"
    RETURNED = "returned"  # for want of an answer
    DETECTED = "detected"  # forfeited


@dataclass(slots=True)
class Bribe:
    """One bribe. `kept_cents` is what its target was allowed to keep of it."""

    id: str
    tick: Tick
    briber: int
    target: int
    cents: Cents
    request: str
    status: BribeStatus
    answered_tick: Tick | None = None
    kept_cents: Cents = 0


class BribeState(NamedTuple):
    """A bribe made or answered in the tick, as it stands."""

    id: str
    tick: Tick
    briber: int
    target: int
    cents: Cents
    request: str
    status: str
    answered_tick: Tick | None
    kept_cents: Cents


def odds_of_detection(cents: Cents, reputation: int, rules: BribeRules) -> float:
    """Return the odds that a bribe is detected at once; `reputation` is the target's, in
    millionths of a point.

    Source: contract, section 4, BRIBE.
    """
    upright = reputation / (100 * POINT) * rules.reputation_weight
    discount = min(cents / rules.discount_cents, rules.most_discount)
    return max(rules.least_odds, min(rules.base_odds + upright - discount, rules.most_odds))


class BribeBook:
    """The bribes in escrow, and what must be remembered of the others."""

    def __init__(self, rules: BribeRules) -> None:
        self.rules = rules
        self.offered: dict[str, Bribe] = {}  # in escrow, oldest first
        self.recent: dict[str, Tick] = {}  # "briber>target" → the tick of the last bribe
        self.rewarded: dict[int, Tick] = {}  # when an account last gained by refusing one
        self.numbered = 0
        self.changed: dict[str, Bribe] = {}  # in this tick

    def has_bribed(self, briber: int, target: int, tick: Tick) -> bool:
        """Say whether the pair has had its bribe of the day."""
        last = self.recent.get(_pair(briber, target))
        return last is not None and tick < last + self.rules.pair_ticks

    def add(self, bribe: Bribe) -> None:
        self.recent[_pair(bribe.briber, bribe.target)] = bribe.tick
        self.changed[bribe.id] = bribe
        if bribe.status is BribeStatus.OFFERED:
            self.offered[bribe.id] = bribe

    def answer(self, bribe: Bribe, status: BribeStatus, tick: Tick) -> None:
        """Take a bribe out of escrow."""
        bribe.status = status
        bribe.answered_tick = tick
        del self.offered[bribe.id]
        self.changed[bribe.id] = bribe

    def may_reward(self, account: int, tick: Tick) -> bool:
        last = self.rewarded.get(account)
        return last is None or tick >= last + self.rules.reporter_ticks

    def unanswered(self, tick: Tick) -> list[Bribe]:
        """Return the bribes whose time to be answered is over."""
        due = tick - self.rules.answer_ticks
        return [bribe for bribe in self.offered.values() if bribe.tick < due]

    def prune(self, tick: Tick) -> None:
        if tick % self.rules.pair_ticks == 0:
            oldest = tick - self.rules.pair_ticks
            self.recent = {pair: at for pair, at in self.recent.items() if at > oldest}

    def states(self) -> list[BribeState]:
        """Return those that the tick has changed."""
        return [state_of(bribe) for bribe in self.changed.values()]

    def dump(self) -> Plain:
        return {
            "offered": [list(state_of(bribe)) for bribe in self.offered.values()],
            "recent": [list(item) for item in self.recent.items()],
            "rewarded": [list(item) for item in self.rewarded.items()],
            "numbered": self.numbered,
        }

    def load(self, state: Plain) -> None:
        for row in state["offered"]:
            id, tick, briber, target, cents, request, status, answered, kept = row
            self.offered[id] = Bribe(
                id, tick, briber, target, cents, request, BribeStatus(status), answered, kept
            )
        self.recent = dict(state["recent"])
        self.rewarded = dict(state["rewarded"])
        self.numbered = state["numbered"]


def state_of(bribe: Bribe) -> BribeState:
    return BribeState(
        bribe.id,
        bribe.tick,
        bribe.briber,
        bribe.target,
        bribe.cents,
        bribe.request,
        bribe.status.value,
        bribe.answered_tick,
        bribe.kept_cents,
    )


def _pair(briber: int, target: int) -> str:
    return f"{briber}>{target}"
