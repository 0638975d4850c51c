"""What the engines tell each other of agents in one tick: rumors, alliances, standing and cases.

Each is a fact (`market.engine.engine.Facts`). Accounts are numbers, money is cents; `id` is the id
of the input that made the thing, or a name drawn for what a house agent made.
"""

from __future__ import annotations

from typing import NamedTuple

from market.engine.values import Cents, Tick

# Rumors: told by the news


class RumorSpread(NamedTuple):
    """An agent has spread a rumor. `strength` is 0 to 1; `sign` is -1 or 1, 0 for neutral words."""

    tick: Tick
    account: int
    symbol: str
    sign: int
    strength: float
    id: str


class RumorJudged(NamedTuple):
    """A rumor has come true, or its time is up and it is denied."""

    tick: Tick
    account: int
    symbol: str
    id: str
    is_true: bool


# Agents and what binds them: told by the registry


class AgentAdmitted(NamedTuple):
    """An agent has entered the world."""

    tick: Tick
    account: int
    role: str


class StatusChanged(NamedTuple):
    """An agent's status has changed; the two are values of AgentStatus.

    `until` is the tick before which it will not end by itself, 0 when it never does.
    """

    tick: Tick
    account: int
    old: str
    new: str
    why: str
    until: Tick = 0


class AllianceFormed(NamedTuple):
    """A proposal was accepted. `share_percent` of each member's profits is pooled."""

    tick: Tick
    id: str
    proposer: int
    partner: int
    share_percent: int


class AllianceEnded(NamedTuple):
    """An alliance is over. `by` is who ended it, 0 where it was a member's fall."""

    tick: Tick
    id: str
    proposer: int
    partner: int
    by: int
    is_betrayal: bool
    why: str


# Cases: told by the SEC


class CaseOpened(NamedTuple):
    """A case is opened: a secret still."""

    tick: Tick
    case: str
    account: int
    crime: str
    symbol: str | None


class CaseActive(NamedTuple):
    """The accused is told of its case; it gives no gifts from now on."""

    tick: Tick
    case: str
    account: int
    crime: str
    symbol: str | None


class CaseCharged(NamedTuple):
    """A case is public: its trial begins."""

    tick: Tick
    case: str
    account: int
    crime: str
    symbol: str | None


class CaseDecided(NamedTuple):
    """A case has ended for one accused: convicted, acquitted, settled, dismissed, abated or
    overturned.
    """

    tick: Tick
    case: str
    account: int
    crime: str
    symbol: str | None
    verdict: str
    fine_cents: Cents
    sentence_ticks: Tick


class CaseAppealed(NamedTuple):
    """A convicted agent has appealed: the evidence is verified again."""

    tick: Tick
    case: str
    account: int
    crime: str
    symbol: str | None


class BribeOffered(NamedTuple):
    """A bribe lies in escrow for its target to keep or to report."""

    tick: Tick
    id: str
    briber: int
    target: int
    cents: Cents


class BribeExposed(NamedTuple):
    """A bribe was detected at once, or its target has reported it."""

    tick: Tick
    id: str
    briber: int
    target: int
    cents: Cents
    is_reported: bool


class Fled(NamedTuple):
    """An agent has escaped, or was caught trying. `forfeited` went to the treasury so far."""

    tick: Tick
    account: int
    destination: str
    is_caught: bool
    forfeited: Cents


# What the house's crooks did: for operators, who alone may know


class Manipulation(NamedTuple):
    """What a crook did: the truth that surveillance is measured by, shown to operators only."""

    crime: str
    accounts: tuple[int, ...]
    symbol: str
    first_tick: Tick
    last_tick: Tick
