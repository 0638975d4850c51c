"""The agents as the machine knows them: role, standing with the law, reputation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import NamedTuple

from agents.engine.facts import Manipulation
from agents.engine.inputs import Input
from agents.engine.rules import AgentRules
from market.engine import engine
from market.engine.accounts import FIRST_AGENT_ACCOUNT, PUBLIC
from market.engine.action import Action, Actor, OperatorAct, Verdict
from market.engine.engine import Plain, Step, Surroundings
from market.engine.market import MarketEngine
from market.engine.parameters import Form, Parameter, ParameterKind, Parameters
from market.engine.refusals import Code, Refused
from market.engine.values import BPS_IN_ONE, new_tuple


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


SET_FEE = "SET_FEE"


def allow(status: AgentStatus, action: Action) -> None:
    """Raise Refused when this status keeps an agent from such an action."""
    if status not in action.statuses:
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


class AgentsReport(NamedTuple):
    """What a tick changed of the agents."""

    members: list[AgentState]  # admitted or changed
    deeds: list[Manipulation]  # of house crooks


class AgentRegistry:
    """Every agent by its account: the engine of the agents."""

    name = "agents"

    def __init__(self, surroundings: Surroundings) -> None:
        self.rules: AgentRules = surroundings.rules.agents
        self.market = surroundings.engine(MarketEngine)
        self.facts = surroundings.facts
        self.members: dict[int, AgentState] = {}
        self.changed: dict[int, AgentState] = {}  # in this tick

    # As an engine

    def actions(self) -> tuple[Action, ...]:
        return ()

    def operator_acts(self) -> tuple[OperatorAct, ...]:
        bps = Parameter(
            "bps", "bps", ParameterKind.INTEGER, required=True, minimum=0, maximum=BPS_IN_ONE
        )
        reason = Parameter("reason", "reason", ParameterKind.TEXT, maximum=200)
        summary = "Set the taker's fee of everyone who pays one, and who registers later."
        return (OperatorAct(SET_FEE, summary, self.name, Form(bps, reason), _set_fee),)

    def steps(self) -> Mapping[str, Step]:
        return {engine.MARGIN: self.take_bankruptcies}

    def found(self) -> None:
        """Nobody is there yet."""

    def begin_tick(self, tick: int) -> None:
        self.changed = {}

    def report(self) -> AgentsReport:
        return AgentsReport(list(self.changed.values()), list(self.facts.of(Manipulation)))

    def standing(self) -> AgentsReport:
        return AgentsReport(list(self.members.values()), [])

    def concerned(self) -> Iterable[int]:
        return ()

    def digest_part(self) -> bytes:
        return ";".join(
            f"{m.account} {m.reputation} {m.status}" for m in self.changed.values()
        ).encode()

    def check(self, *, full: bool) -> None:
        """Nothing of it can be wrong by itself."""

    # Who is there

    def register(self, input: Input) -> Verdict:
        """Admit an agent and endow its account, as its role has it."""
        assert input.account is not None and input.account >= FIRST_AGENT_ACCOUNT
        given: Parameters = input.parameters
        role = self.rules.role(given["role"])
        self.admit(input.account, id=given["agent"], name=given["name"], role=role.name)
        market = self.market
        account = market.open_account(
            input.account,
            given["name"],
            cash=given.get("cash", role.capital_cents),
            leverage=given.get("leverage", role.leverage),
            fee_bps=market.taker_fee_bps if role.pays_fees else 0,
        )
        for symbol, shares in sorted(given.get("holdings", {}).items()):  # jsonb keeps no order
            company = market.companies[symbol]
            market.give_shares(PUBLIC, account.id, company, shares, kind="endowment")
        account.endowment = account.close_equity = account.equity
        return Verdict(True)

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

    def actor(self, account: int | None, action: Action, *, tick: int, ordinal: int) -> Actor:
        """Return who acts. Raises Refused unless it is an agent whose status allows the action."""
        member = self.members.get(account or 0)
        if member is None:
            raise Refused(Code.FORBIDDEN, "Only a registered agent may act.")
        if member.status not in action.statuses:
            allow(member.status, action)
        return new_tuple(
            Actor,
            (
                member.account,
                member.role,
                member.status,
                member.reputation,
                tick,
                ordinal,
                member.is_house,
            ),
        )

    def take_bankruptcies(self) -> None:
        """End the agents whose accounts the market has just found bankrupt."""
        for bankruptcy in self.market.log.bankruptcies:
            self.go_bankrupt(bankruptcy.account)

    def go_bankrupt(self, account: int) -> None:
        """End an agent whose account has come to owe more than it had."""
        member = self.members[account]
        member.status = AgentStatus.BANKRUPT
        self.changed[account] = member

    def active(self) -> list[int]:
        """Return the accounts of the active agents."""
        return [a for a, m in self.members.items() if m.status is AgentStatus.ACTIVE]

    def dump(self) -> Plain:
        return [asdict(member) for member in self.members.values()]

    def load(self, state: Plain) -> None:
        for plain in state:
            member = AgentState(**plain | {"status": AgentStatus(plain["status"])})
            self.members[member.account] = member


def _set_fee(registry: AgentRegistry, given: Parameters, id: str) -> Verdict:
    market = registry.market
    market.taker_fee_bps = given["bps"]
    for account, member in registry.members.items():
        if registry.rules.role(member.role).pays_fees:
            market.accounts[account].fee_bps = market.taker_fee_bps
    return Verdict(True)
