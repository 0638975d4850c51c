"""Tips: what an informer stakes, and what becomes of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from market.engine.engine import Plain
from market.engine.values import Cents, Tick
from sec.engine.rules import TipRules


class TipStatus(StrEnum):
    TAKEN = "taken"
    LOST = "lost"  # with its stake: it has led to no charge
    CHARGED = "charged"  # the stake is given back
    RIGHT = "right"  # it has led to a conviction


@dataclass(slots=True)
class Tip:
    """One tip. `evidence_ids` are what the SEC found where it pointed; `case` what it feeds."""

    id: str
    tick: Tick
    account: int
    accused: int | None  # None: it named a company
    symbol: str | None
    crime: str
    text: str
    case: str | None = None
    evidence_ids: tuple[str, ...] = ()
    is_accomplice: bool = False
    status: TipStatus = TipStatus.TAKEN
    bounty_cents: Cents = 0


class TipState(NamedTuple):
    """A tip given or judged in the tick, as it stands."""

    id: str
    tick: Tick
    account: int
    accused: int | None
    symbol: str | None
    crime: str
    text: str
    case: str | None
    is_accomplice: bool
    status: str
    bounty_cents: Cents


class TipBook:
    """The tips that may still come to something."""

    def __init__(self, rules: TipRules, *, day_ticks: Tick) -> None:
        self.rules = rules
        self.day_ticks = day_ticks
        self.tips: dict[str, Tip] = {}
        self.given: dict[int, list[Tick]] = {}  # by account, within a day
        self.accomplices: set[int] = set()  # who has told of someone it is linked to
        self.rewarded: dict[int, Tick] = {}  # when an account was last paid a bounty
        self.numbered = 0
        self.changed: dict[str, Tip] = {}  # in this tick

    def given_today(self, account: int, tick: Tick) -> int:
        ticks = self.given.get(account, [])
        return sum(at > tick - self.day_ticks for at in ticks)

    def add(self, tip: Tip) -> None:
        self.tips[tip.id] = self.changed[tip.id] = tip
        ticks = self.given.setdefault(tip.account, [])
        ticks.append(tip.tick)
        del ticks[: -self.rules.a_day]
        if tip.is_accomplice:
            self.accomplices.add(tip.account)

    def set_status(self, tip: Tip, status: TipStatus) -> None:
        tip.status = status
        self.changed[tip.id] = tip

    def may_be_paid(self, account: int, tick: Tick) -> bool:
        last = self.rewarded.get(account)
        return last is None or tick >= last + self.rules.bounty_ticks

    def prune(self, tick: Tick) -> None:
        if tick % self.day_ticks == 0:
            oldest = tick - self.day_ticks
            self.given = {a: t for a, t in self.given.items() if t[-1] > oldest}
            self.rewarded = {
                a: t for a, t in self.rewarded.items() if t > tick - self.rules.bounty_ticks
            }

    def states(self) -> list[TipState]:
        """Return those that the tick has changed."""
        return [state_of(tip) for tip in self.changed.values()]

    def dump(self) -> Plain:
        return {
            "tips": [
                [
                    *(t.id, t.tick, t.account, t.accused, t.symbol, t.crime, t.text, t.case),
                    *(list(t.evidence_ids), t.is_accomplice, t.status.value, t.bounty_cents),
                ]
                for t in self.tips.values()
            ],
            "given": [[account, list(ticks)] for account, ticks in self.given.items()],
            "accomplices": sorted(self.accomplices),
            "rewarded": [list(item) for item in self.rewarded.items()],
            "numbered": self.numbered,
        }

    def load(self, state: Plain) -> None:
        for row in state["tips"]:
            id, tick, account, accused, symbol, crime, text, case, ids, accomplice, status, paid = (
                row
            )
            self.tips[id] = Tip(
                id,
                tick,
                account,
                accused,
                symbol,
                crime,
                text,
                case,
                tuple(ids),
                accomplice,
                TipStatus(status),
                paid,
            )
        self.given = {account: list(ticks) for account, ticks in state["given"]}
        self.accomplices = set(state["accomplices"])
        self.rewarded = dict(state["rewarded"])
        self.numbered = state["numbered"]


def state_of(tip: Tip) -> TipState:
    return TipState(
        tip.id,
        tip.tick,
        tip.account,
        tip.accused,
        tip.symbol,
        tip.crime,
        tip.text,
        tip.case,
        tip.is_accomplice,
        tip.status.value,
        tip.bounty_cents,
    )
