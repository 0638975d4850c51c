"""The agents as the machine knows them: role, standing with the law, reputation."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from agents.engine.rules import AgentRules
from market.engine.refusals import Code, Refused


class AgentStatus(StrEnum):
    ACTIVE = "active"
    SUSPENDED = "suspended"
    IMPRISONED = "imprisoned"
    BANKRUPT = "bankrupt"
    FLED = "fled"


_REFUSALS = {
    AgentStatus.SUSPENDED: (Code.AGENT_SUSPENDED, "You are suspended from trading."),
    AgentStatus.IMPRISONED: (Code.AGENT_IMPRISONED, "You are in prison."),
    AgentStatus.BANKRUPT: (Code.AGENT_BANKRUPT, "You are bankrupt."),
    AgentStatus.FLED: (Code.AGENT_FLED, "You have fled."),
}


def allow(status: AgentStatus) -> None:
    """Raise Refused when this status keeps an agent from acting."""
    if status is not AgentStatus.ACTIVE:
        raise Refused(*_REFUSALS[status])


@dataclass(slots=True)
class AgentState:
    """One agent. `account` is its account's id, `id` the one that is shown outside."""

    account: int
    id: str
    name: str
    role: str
    reputation: int  # hundredths of a point
    status: AgentStatus = AgentStatus.ACTIVE
    is_house: bool = False


class AgentRegistry:
    """Every agent by its account."""

    def __init__(self, rules: AgentRules) -> None:
        self.rules = rules
        self.members: dict[int, AgentState] = {}
        self.changed: dict[int, AgentState] = {}  # in this tick

    def begin_tick(self) -> None:
        self.changed = {}

    def admit(
        self, account: int, *, id: str, name: str, role: str, is_house: bool = False
    ) -> AgentState:
        """Admit a new agent. Raises Refused when the account is an agent's already."""
        if account in self.members:
            raise Refused(Code.CONFLICT, "This agent is registered already.")
        member = AgentState(
            account, id, name, role, self.rules.starting_reputation_hundredths, is_house=is_house
        )
        self.members[account] = self.changed[account] = member
        return member

    def allow(self, account: int | None) -> None:
        """Raise Refused unless the account is an agent's whose status lets it act."""
        member = self.members.get(account or 0)
        if member is None:
            raise Refused(Code.FORBIDDEN, "Only a registered agent may act.")
        if member.status is not AgentStatus.ACTIVE:
            allow(member.status)

    def go_bankrupt(self, account: int) -> None:
        """End an agent whose account has come to owe more than it had."""
        member = self.members[account]
        member.status = AgentStatus.BANKRUPT
        self.changed[account] = member

    def active(self) -> list[int]:
        """Return the accounts of the active agents."""
        return [a for a, m in self.members.items() if m.status is AgentStatus.ACTIVE]

    def dump(self) -> list[dict[str, Any]]:
        return [asdict(member) for member in self.members.values()]

    def load(self, state: list[dict[str, Any]]) -> None:
        for plain in state:
            member = AgentState(**plain | {"status": AgentStatus(plain["status"])})
            self.members[member.account] = member
