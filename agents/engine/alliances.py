"""Alliances: two members who pool a part of their profits at each day's close.

An alliance begins as a proposal. Each member pools its percent of the rise of its equity, transfers
aside, over the highest that a close has shown since it joined; the pool is split equally.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, NamedTuple, TypeAlias

from agents.engine.rules import AllianceRules
from market.engine.refusals import Code, Refused
from market.engine.values import Cents, Tick

Plain: TypeAlias = Any


class AllianceStatus(StrEnum):
    PENDING = "pending"
    ACTIVE = "active"
    ENDING = "ending"  # at the next close, which still settles it
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    DISSOLVED = "dissolved"
    BETRAYED = "betrayed"
    BROKEN = "broken"  # by a member's fall


PENDING, ACTIVE, ENDING = AllianceStatus.PENDING, AllianceStatus.ACTIVE, AllianceStatus.ENDING
STANDING = frozenset({ACTIVE, ENDING})
OPEN = frozenset({PENDING, ACTIVE, ENDING})


class AllianceState(NamedTuple):
    """An alliance as it stands; no tick is 0 where it has not come."""

    id: str
    tick: Tick  # of the proposal
    proposer: int
    partner: int
    percent: int
    text: str
    status: str
    formed_tick: Tick
    ended_tick: Tick
    ended_by: int  # an account, 0 where nobody did
    reason: str


class Payout(NamedTuple):
    """What a close moved from one member to the other, and what gifts' limits made lapse."""

    tick: Tick
    alliance: str
    payer: int
    receiver: int
    cents: Cents
    lapsed_cents: Cents
    payer_pooled_cents: Cents
    receiver_pooled_cents: Cents


class Alliance:
    """One alliance, from its proposal on."""

    __slots__ = (
        "ended_by",
        "ended_tick",
        "first_day",
        "formed_tick",
        "id",
        "partner",
        "partner_mark",
        "percent",
        "proposer",
        "proposer_mark",
        "reason",
        "status",
        "text",
        "tick",
    )

    def __init__(
        self, id: str, tick: Tick, proposer: int, partner: int, percent: int, text: str
    ) -> None:
        self.id = id
        self.tick = tick
        self.proposer = proposer
        self.partner = partner
        self.percent = percent
        self.text = text
        self.status = PENDING
        self.formed_tick: Tick = 0
        self.ended_tick: Tick = 0
        self.ended_by = 0
        self.reason = ""
        self.first_day = 0  # the trading day from whose close on it pools
        self.proposer_mark: Cents = 0
        self.partner_mark: Cents = 0

    def has(self, account: int) -> bool:
        return account == self.proposer or account == self.partner

    def other(self, account: int) -> int:
        return self.partner if account == self.proposer else self.proposer

    def state(self) -> AllianceState:
        return AllianceState(
            self.id,
            self.tick,
            self.proposer,
            self.partner,
            self.percent,
            self.text,
            self.status.value,
            self.formed_tick,
            self.ended_tick,
            self.ended_by,
            self.reason,
        )

    def dump(self) -> Plain:
        return [*self.state(), self.first_day, self.proposer_mark, self.partner_mark]


def load_alliance(plain: Plain) -> Alliance:
    """Return the alliance that `dump` described."""
    alliance = Alliance(*plain[:6])
    alliance.status = AllianceStatus(plain[6])
    alliance.formed_tick, alliance.ended_tick, alliance.ended_by = plain[7:10]
    alliance.reason = plain[10]
    alliance.first_day, alliance.proposer_mark, alliance.partner_mark = plain[11:14]
    return alliance


class AllianceBook:
    """The alliances and proposals that stand, and for a while those that are over."""

    def __init__(self, rules: AllianceRules) -> None:
        self.rules = rules
        self.by_id: dict[str, Alliance] = {}  # in the order of their proposals
        self.of_account: dict[int, dict[str, Alliance]] = {}  # those that are open
        self.changed: dict[str, Alliance] = {}  # in this tick
        self.payouts: list[Payout] = []

    def begin_tick(self) -> None:
        self.changed, self.payouts = {}, []

    def add(self, alliance: Alliance) -> None:
        self.by_id[alliance.id] = alliance
        if alliance.status in OPEN:
            self.of_account.setdefault(alliance.proposer, {})[alliance.id] = alliance
            self.of_account.setdefault(alliance.partner, {})[alliance.id] = alliance
        self.changed[alliance.id] = alliance

    def alliance(self, id: str) -> Alliance | None:
        return self.by_id.get(id)

    def open_of(self, account: int) -> list[Alliance]:
        """Return an agent's proposals, sent and received, and alliances, oldest first."""
        return list(self.of_account.get(account, {}).values())

    def allied(self, one: int, other: int) -> bool:
        return any(
            alliance.status in STANDING and alliance.has(other) for alliance in self.open_of(one)
        )

    def end(
        self, alliance: Alliance, status: AllianceStatus, tick: Tick, by: int, reason: str
    ) -> None:
        """End an alliance or a proposal, as one of the final statuses says."""
        alliance.status = status
        alliance.ended_tick, alliance.ended_by, alliance.reason = tick, by, reason
        for account in (alliance.proposer, alliance.partner):
            self.of_account[account].pop(alliance.id, None)
        self.changed[alliance.id] = alliance

    def expired(self, tick: Tick) -> list[Alliance]:
        """Return the proposals that nobody has answered in time."""
        return [
            alliance
            for alliance in self.by_id.values()
            if alliance.status is PENDING and tick - alliance.tick > self.rules.proposal_ticks
        ]

    def forget(self, tick: Tick) -> None:
        """Forget what has long been over."""
        before = tick - self.rules.remembered_ticks
        over = [a.id for a in self.by_id.values() if a.ended_tick and a.ended_tick < before]
        for id in over:
            del self.by_id[id]

    def dump(self) -> Plain:
        return [alliance.dump() for alliance in self.by_id.values()]

    def load(self, plain: Plain) -> None:
        for row in plain:
            self.add(load_alliance(row))
        self.changed = {}


# What may be proposed, and accepted


def check_proposal(
    mine: list[Alliance],
    theirs: list[Alliance],
    proposer: int,
    partner: int,
    percent: int,
    rules: AllianceRules,
) -> None:
    """Check that a proposal may be made, by the open alliances and proposals of both. Raises
    Refused.
    """
    if any(alliance.has(partner) for alliance in mine):
        raise Refused(Code.DUPLICATE, "You two are allied, or a proposal waits for its answer.")
    sent = sum(a.status is PENDING and a.proposer == proposer for a in mine)
    if sent >= rules.most_proposals:
        raise Refused(
            Code.RATE_LIMITED, f"{sent} of your proposals wait for an answer; no more may."
        )
    check_room(mine, percent, rules, "You are")
    check_room(theirs, percent, rules, "The other agent is")


def check_room(open: list[Alliance], percent: int, rules: AllianceRules, who: str) -> None:
    """Check that an agent may join another alliance. Raises Refused."""
    standing = [alliance for alliance in open if alliance.status in STANDING]
    if len(standing) >= rules.most:
        raise Refused(Code.CONFLICT, f"{who} in {len(standing)} alliances, the most there may be.")
    shared = sum(alliance.percent for alliance in standing)
    if shared + percent > rules.most_percent:
        raise Refused(
            Code.CONFLICT,
            f"{who} sharing {shared} percent already; {rules.most_percent} are the most.",
        )
