"""An agent as the machine knows it: its standing, its reputation, its record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

from market.engine.action import Action
from market.engine.engine import Plain
from market.engine.refusals import Code, Refused
from market.engine.values import Cents, Tick


class AgentStatus(StrEnum):
    ACTIVE = "active"
    SUSPENDED = "suspended"
    IMPRISONED = "imprisoned"
    BANKRUPT = "bankrupt"
    FLED = "fled"


GONE = frozenset({AgentStatus.BANKRUPT, AgentStatus.FLED})

_REFUSALS = {
    AgentStatus.SUSPENDED: (Code.AGENT_SUSPENDED, "You are suspended from trading."),
    AgentStatus.IMPRISONED: (Code.AGENT_IMPRISONED, "You are in prison."),
    AgentStatus.BANKRUPT: (Code.AGENT_BANKRUPT, "You are bankrupt."),
    AgentStatus.FLED: (Code.AGENT_FLED, "You have fled."),
}


def status_at(status: AgentStatus, until: Tick, tick: Tick) -> AgentStatus:
    """Return what a status that lasts until a tick is when this tick's actions are performed."""
    is_over = status in (AgentStatus.SUSPENDED, AgentStatus.IMPRISONED, AgentStatus.FLED)
    return AgentStatus.ACTIVE if is_over and until <= tick else status


def refusal_of(status: AgentStatus) -> Code:
    """Return the code with which an agent of a status that may not act is refused."""
    return _REFUSALS[status][0]


def allow(status: AgentStatus, action: Action) -> None:
    """Raise Refused when this status keeps an agent from such an action."""
    if status not in action.statuses:
        raise Refused(*_REFUSALS[status])


class ReputationChange(NamedTuple):
    """A change of reputation, in millionths of a point, and what it came to."""

    tick: Tick
    change: int
    after: int
    why: str


class Conviction(NamedTuple):
    """A case that ended against an agent: what a profile shows of it."""

    tick: Tick
    case: str
    crime: str
    symbol: str | None
    verdict: str
    fine_cents: Cents
    sentence_ticks: Tick


@dataclass(slots=True)
class AgentState:
    """One agent. `account` is its account's id, `id` the one that is shown outside.

    `origin` is a keyed hash of the address that registered it, "" where there is none. Money is
    cents, reputation millionths of a point. `transfers aside` below means less what came without
    being earned: gifts, fines, salaries and the like.
    """

    account: int
    id: str
    name: str
    role: str
    reputation: int
    status: AgentStatus = AgentStatus.ACTIVE
    is_house: bool = False
    origin: str = ""
    admitted_tick: Tick = 0
    status_until: Tick = 0  # when a suspension, a sentence or a flight ends; 0: never by itself
    clean_since: Tick = 0  # no conviction has come later
    is_accused: bool = False  # of a case that it knows of: it gives no gifts
    is_debtor: bool = False
    company: str = ""  # of which a CEO is in office
    last_action_tick: Tick = 0  # kept for CEOs
    gifts_received: Cents = 0  # in its life
    gift_day: int = -1  # the trading day of `gifts_today`
    gifts_today: Cents = 0
    bribes_given: Cents = 0  # in its life
    last_close: Cents = 0  # equity at the last close, or the endowment
    close_worth: Cents = 0  # the same, transfers aside
    peak_worth: Cents = 0  # the highest that a tick has ended with, transfers aside
    max_drawdown_bps: int = 0  # the deepest fall from a peak
    return_days: int = 0  # whole days, of which each has a return, in millionths
    return_sum: int = 0
    return_squares: int = 0
    history: list[ReputationChange] = field(default_factory=list)
    record: list[Conviction] = field(default_factory=list)

    @property
    def is_living(self) -> bool:
        return self.status not in GONE


class Named(NamedTuple):
    """What an agent is called: its id, and its name."""

    id: str
    name: str


_MEMBER_FIELDS: tuple[str, ...] = (
    *("account", "id", "name", "role", "reputation", "is_house", "origin", "admitted_tick"),
    *("status_until", "clean_since", "is_accused", "is_debtor", "company", "last_action_tick"),
    *("gifts_received", "gift_day", "gifts_today", "bribes_given", "last_close", "close_worth"),
    *("peak_worth", "max_drawdown_bps", "return_days", "return_sum", "return_squares"),
)


def dump_member(member: AgentState) -> Plain:
    """Return an agent as plain data."""
    plain: dict[str, Any] = {name: getattr(member, name) for name in _MEMBER_FIELDS}
    plain["status"] = member.status.value
    plain["history"] = [list(change) for change in member.history]
    plain["record"] = [list(conviction) for conviction in member.record]
    return plain


def load_member(plain: Mapping[str, Any]) -> AgentState:
    """Return an agent from plain data."""
    member = AgentState(**{name: plain[name] for name in _MEMBER_FIELDS})
    member.status = AgentStatus(plain["status"])
    member.history = [ReputationChange(*row) for row in plain["history"]]
    member.record = [Conviction(*row) for row in plain["record"]]
    return member
