"""The agents as the machine knows them: role, standing with the law, reputation, and what binds
them to each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

from agents.engine.actions import AGENTS, social_actions
from agents.engine.alliances import (
    ENDING,
    PENDING,
    STANDING,
    Alliance,
    AllianceBook,
    AllianceState,
    AllianceStatus,
    Payout,
)
from agents.engine.facts import (
    AgentAdmitted,
    AllianceEnded,
    AllianceFormed,
    CaseDecided,
    Manipulation,
    StatusChanged,
)
from agents.engine.inputs import Input
from agents.engine.messages import BlockChange, Contact, Mail, MessageSent, Received
from agents.engine.names import folded
from agents.engine.rules import CEO, AgentRules
from market.engine import engine
from market.engine.accounts import FIRST_AGENT_ACCOUNT, PUBLIC
from market.engine.action import Action, Actor, OperatorAct, Verdict
from market.engine.engine import InvariantBroken, Plain, Step, Surroundings
from market.engine.market import MarketEngine
from market.engine.outcome import Standing
from market.engine.parameters import Form, Parameter, ParameterKind, Parameters
from market.engine.refusals import Code, Refused
from market.engine.values import (
    BPS_IN_ONE,
    Cents,
    OrderStatus,
    Tick,
    new_tuple,
    uuid_of,
    uuid_prefix,
)

SET_FEE, SUSPEND, RELEASE, CANCEL_ORDERS = "SET_FEE", "SUSPEND", "RELEASE", "CANCEL_ORDERS"
LONGEST_SUSPENSION = 1_000_000  # ticks
BY_OPERATOR = "cancelled by an operator"
MILLIONTHS = 1_000_000
OVER_TIME = "time"  # why a reputation changes by itself
CONVICTIONS = frozenset({"convicted", "settled"})
OVERTURNED = "overturned"
RECORD_KEPT = 20  # convictions that a profile lists


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


class AgentsReport(NamedTuple):
    """What a tick changed of the agents."""

    members: list[AgentState]  # admitted or changed
    manipulations: list[Manipulation]  # of house crooks
    messages: list[MessageSent]
    blocks: list[BlockChange]
    alliances: list[AllianceState]  # proposed or changed
    payouts: list[Payout]
    formed: list[AllianceFormed]
    ended: list[AllianceEnded]
    named: Mapping[int, Named]  # those who have part in what is here


class AgentRegistry:
    """Every agent by its account: the engine of the agents."""

    name = AGENTS

    def __init__(self, surroundings: Surroundings) -> None:
        self.rules: AgentRules = surroundings.rules.agents
        self.market = surroundings.engine(MarketEngine)
        self.facts = surroundings.facts
        self.streams = surroundings.streams
        self.day_ticks = self.market.rules.session.day_ticks
        self.tick: Tick = 0
        self.members: dict[int, AgentState] = {}
        self.changed: dict[int, AgentState] = {}  # in this tick
        self.mail = Mail()
        self.alliances = AllianceBook(self.rules.alliances)
        self.confined: dict[int, Tick] = {}  # whose status ends by itself, and when
        self.ceos: dict[str, int] = {}  # by the company of which each is in office
        self.heard: list[str] = []  # of what brews, that which its CEO has been told of
        self.house_made = 0  # messages and alliances of house agents, which no input names
        self._by_id: dict[str, int] = {}
        self._by_name: dict[str, int] = {}
        self._prefix = uuid_prefix(self.streams.derive("agents"))

    # As an engine

    def actions(self) -> tuple[Action, ...]:
        return social_actions(self.rules)

    def operator_acts(self) -> tuple[OperatorAct, ...]:
        bps = Parameter(
            "bps", "bps", ParameterKind.INTEGER, required=True, minimum=0, maximum=BPS_IN_ONE
        )
        reason = Parameter("reason", "reason", ParameterKind.TEXT, maximum=200)
        agent = Parameter(
            "agent", "agent", ParameterKind.TEXT, required=True, minimum=1, maximum=50
        )
        ticks = Parameter(
            "ticks",
            "ticks",
            ParameterKind.INTEGER,
            required=True,
            minimum=1,
            maximum=LONGEST_SUSPENSION,
        )
        return (
            OperatorAct(
                SET_FEE,
                "Set the taker's fee of everyone who pays one, and who registers later.",
                self.name,
                Form(bps, reason),
                _set_fee,
            ),
            OperatorAct(
                SUSPEND,
                "Suspend an agent, named or by its id, from trading for so many ticks.",
                self.name,
                Form(agent, ticks, reason),
                _suspend,
            ),
            OperatorAct(
                RELEASE,
                "End an agent's suspension.",
                self.name,
                Form(agent, reason),
                _release,
            ),
            OperatorAct(
                CANCEL_ORDERS,
                "Cancel an agent's open orders.",
                self.name,
                Form(agent, reason),
                _cancel_orders,
            ),
        )

    def steps(self) -> Mapping[str, Step]:
        return {
            engine.OPEN: self.open_or_close,
            engine.MARGIN: self.take_bankruptcies,
            engine.CLOSE: self.close_tick,
        }

    def found(self) -> None:
        """Nobody is there yet."""

    def begin_tick(self, tick: Tick) -> None:
        self.tick = tick
        self.changed = {}
        self.mail.begin_tick(tick // self.day_ticks)
        self.alliances.begin_tick()

    def report(self) -> AgentsReport:
        return AgentsReport(
            list(self.changed.values()),
            list(self.facts.of(Manipulation)),
            self.mail.sent,
            self.mail.block_changes,
            [alliance.state() for alliance in self.alliances.changed.values()],
            self.alliances.payouts,
            list(self.facts.of(AllianceFormed)),
            list(self.facts.of(AllianceEnded)),
            self._named(),
        )

    def standing(self) -> AgentsReport:
        return AgentsReport(
            list(self.members.values()),
            [],
            [],
            self.mail.standing_blocks(),
            [alliance.state() for alliance in self.alliances.by_id.values()],
            [],
            [],
            [],
            {},
        )

    def _named(self) -> dict[int, Named]:
        accounts = {message.sender for message in self.mail.sent}
        for alliance in self.alliances.changed.values():
            accounts.update((alliance.proposer, alliance.partner))
        return {a: Named(self.members[a].id, self.members[a].name) for a in sorted(accounts)}

    def concerned(self) -> Iterable[int]:
        concerned = {message.recipient for message in self.mail.sent}
        for alliance in self.alliances.changed.values():
            concerned.update((alliance.proposer, alliance.partner))
        return concerned

    def digest_part(self) -> bytes:
        words = [
            f"{m.account} {m.reputation} {m.status} {m.status_until} {m.is_accused} {m.is_debtor}"
            f" {m.company} {m.gifts_received} {m.bribes_given} {m.max_drawdown_bps}"
            f" {m.return_days} {m.return_sum} {m.return_squares} {len(m.record)}"
            for m in self.changed.values()
        ]
        words += ["\x1d".join(map(str, message)) for message in self.mail.sent]
        words += [f"{b.owner} {b.other} {b.is_lifted}" for b in self.mail.block_changes]
        words += ["\x1d".join(map(str, a.state())) for a in self.alliances.changed.values()]
        words += ["\x1d".join(map(str, payout)) for payout in self.alliances.payouts]
        return "\x1f".join(words).encode()

    def check(self, *, full: bool) -> None:
        """Raise InvariantBroken."""
        for member in (self.members if full else self.changed).values():
            self._check_member(member)
        for account, open in self.alliances.of_account.items():
            standing = [a for a in open.values() if a.status in STANDING]
            if len(standing) > self.rules.alliances.most:
                raise InvariantBroken(f"{self._name(account)} is in {len(standing)} alliances")
            if sum(a.percent for a in standing) > self.rules.alliances.most_percent:
                raise InvariantBroken(f"{self._name(account)} shares more than all it gains")
            if open and not self.members[account].is_living:
                raise InvariantBroken(f"{self._name(account)} is gone, and in an alliance")

    def _check_member(self, member: AgentState) -> None:
        if not 0 <= member.reputation <= self.rules.reputation.highest_millionths:
            raise InvariantBroken(f"{member.name} has a reputation of {member.reputation}")
        endowment = self.market.accounts[member.account].endowment
        if member.gifts_received * BPS_IN_ONE > endowment * self.rules.gifts.life_bps:
            raise InvariantBroken(f"{member.name} has received gifts of {member.gifts_received}")
        if member.gifts_today * BPS_IN_ONE > endowment * self.rules.gifts.day_bps:
            raise InvariantBroken(f"{member.name} has received {member.gifts_today} in a day")
        if self.confined.get(member.account, 0) != member.status_until:
            raise InvariantBroken(f"the status of {member.name} does not end when it should")

    # Who is there

    def register(self, input: Input) -> Verdict:
        """Admit an agent and endow its account, as its role has it."""
        assert input.account is not None and input.account >= FIRST_AGENT_ACCOUNT
        given: Parameters = input.parameters
        role, company = self.rules.role(given["role"]), given.get("company")
        if company is not None:
            self._check_office(company)
        member = self.admit(
            input.account,
            id=given["agent"],
            name=given["name"],
            role=role.name,
            origin=given.get("origin", ""),
        )
        market = self.market
        account = market.open_account(
            input.account,
            given["name"],
            cash=given.get("cash", role.capital_cents),
            leverage=given.get("leverage", role.leverage),
            fee_bps=market.taker_fee_bps if role.pays_fees else 0,
        )
        for symbol, shares in sorted(given.get("holdings", {}).items()):  # jsonb keeps no order
            market.give_shares(
                PUBLIC, account.id, market.companies[symbol], shares, kind="endowment"
            )
        account.endowment = account.close_equity = account.equity
        self._begin_figures(member)
        if role.name == CEO:
            self._appoint(member, company)
        return Verdict(True)

    def admit(
        self,
        account: int,
        *,
        id: str,
        name: str,
        role: str,
        is_house: bool = False,
        origin: str = "",
    ) -> AgentState:
        """Admit a new agent. Raises Refused when the account is an agent's already."""
        if account in self.members:
            raise Refused(Code.CONFLICT, "This agent is registered already.")
        member = AgentState(
            account,
            id,
            name,
            role,
            self.rules.reputation.start_millionths,
            is_house=is_house,
            origin=origin,
            admitted_tick=self.tick,
            clean_since=self.tick,
            last_action_tick=self.tick,
        )
        self.members[account] = self.changed[account] = member
        self._list(member)
        if account in self.market.accounts:
            self._begin_figures(member)
        self.facts.add(AgentAdmitted(self.tick, account, role))
        return member

    def actor(self, account: int | None, action: Action, *, tick: Tick, ordinal: int) -> Actor:
        """Return who acts. Raises Refused unless it is an agent whose status allows the action."""
        member = self.members.get(account or 0)
        if member is None:
            raise Refused(Code.FORBIDDEN, "Only a registered agent may act.")
        if member.status not in action.statuses:
            allow(member.status, action)
        if member.company:
            member.last_action_tick = tick
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

    def active(self) -> list[int]:
        """Return the accounts of the active agents."""
        return [a for a, m in self.members.items() if m.status is AgentStatus.ACTIVE]

    def standings(self) -> list[Standing]:
        """Rank the active agents from outside by net worth less the gifts received, ties by age."""
        accounts = self.market.accounts
        ranked = sorted(
            (m.gifts_received - accounts[m.account].equity, m.account)
            for m in self.members.values()
            if m.status is AgentStatus.ACTIVE and not m.is_house
        )
        return [
            new_tuple(Standing, (rank, id, account.equity, self.market.equity_day_ago(account)))
            for rank, (_, id) in enumerate(ranked, start=1)
            for account in (accounts[id],)
        ]

    def resolve(self, reference: str) -> int:
        """Return the account of an agent by its id or, where no id is so, its name. Raises
        Refused.
        """
        account = self._by_id.get(reference.lower(), 0) or self._by_name.get(folded(reference), 0)
        if not account:
            raise Refused(Code.INVALID_TARGET, "There is no agent with that name or id.")
        return account

    def state(self, account: int) -> AgentState:
        """Return an agent. Raises KeyError."""
        return self.members[account]

    def status_of(self, account: int) -> str:
        return self.members[account].status.value

    def is_house(self, account: int) -> bool:
        return self.members[account].is_house

    def linked(self, one: int, other: int) -> bool:
        """Say whether two agents are known to have to do with each other: registered from one
        address, allied, or one has answered the other's message.
        """
        if one == other:
            return True
        origin = self.members[one].origin
        if origin and origin == self.members[other].origin:
            return True
        return self.alliances.allied(one, other) or self.mail.answered(one, other)

    def has_access(self, account: int, symbol: str) -> bool:
        """Say whether an agent heads a company, or is linked to who does."""
        ceo = self.ceos.get(symbol)
        return ceo is not None and self.linked(account, ceo)

    def allied(self, one: int, other: int) -> bool:
        return self.alliances.allied(one, other)

    def answered(self, one: int, other: int) -> bool:
        return self.mail.answered(one, other)

    def blocks(self, owner: int, other: int) -> bool:
        """Say whether an agent wants to hear nothing from another."""
        return self.mail.blocks(owner, other)

    def contact(self, one: int, other: int) -> Contact | None:
        return self.mail.contact(one, other)

    def received_today(self, account: int) -> Received:
        return self.mail.received_today(account)

    def open_alliances(self, account: int) -> list[Alliance]:
        return self.alliances.open_of(account)

    def alliance(self, id: str) -> Alliance | None:
        return self.alliances.alliance(id)

    def id_of(self, id: str) -> str:
        """Return an input's id, or one drawn for what a house agent makes, which has none."""
        if id:
            return id
        self.house_made += 1
        return uuid_of(self._prefix, self.house_made)

    def _begin_figures(self, member: AgentState) -> None:
        equity = self.market.accounts[member.account].equity
        member.last_close = member.close_worth = member.peak_worth = equity

    def _list(self, member: AgentState) -> None:
        self._by_id[member.id.lower()] = member.account
        self._by_name[folded(member.name)] = member.account

    def _name(self, account: int) -> str:
        return self.members[account].name

    def _tell(
        self, account: int, kind: str, message: str, data: Mapping[str, Any] | None = None
    ) -> None:
        """Alert an agent; one of the house has nobody who would read it."""
        if not self.members[account].is_house:
            self.market.log.alert(self.market.accounts[account], kind, message, data)

    # Standing with the law

    def suspend(self, account: int, until: Tick, why: str) -> None:
        """Suspend an agent from trading until a tick, or for longer if it is so already."""
        member = self.members[account]
        if member.status is AgentStatus.SUSPENDED:
            until = max(until, member.status_until)
        elif member.status is not AgentStatus.ACTIVE:
            return
        self._set_status(member, AgentStatus.SUSPENDED, until, why)
        self._tell(account, "system", f"You are suspended until tick {until}: {why}.")

    def imprison(self, account: int, until: Tick, why: str) -> None:
        """Put an agent in prison until a tick."""
        member = self.members[account]
        if not member.is_living:
            return
        self._set_status(member, AgentStatus.IMPRISONED, until, why)
        self._tell(
            account,
            "imprisoned",
            f"You are in prison until tick {until}: {why}.",
            {"until": until, "reason": why},
        )

    def release(self, account: int, why: str) -> None:
        """End a suspension or a sentence."""
        member = self.members[account]
        if member.status not in (AgentStatus.SUSPENDED, AgentStatus.IMPRISONED):
            return
        self._set_status(member, AgentStatus.ACTIVE, 0, why)
        self._tell(account, "released", f"You are free to act again: {why}.", {"reason": why})

    def flee(self, account: int, why: str) -> None:
        """Let an agent have fled; in time it is back, and nobody thinks anything of it."""
        until = self.tick + self.rules.fled_ticks
        self._set_status(self.members[account], AgentStatus.FLED, until, why)

    def go_bankrupt(self, account: int) -> None:
        """End an agent whose account has come to owe more than it had."""
        self._set_status(self.members[account], AgentStatus.BANKRUPT, 0, "bankruptcy")

    def set_accused(self, account: int, is_accused: bool) -> None:
        """Note whether an agent knows of a case against it that is not decided."""
        self.members[account].is_accused = is_accused
        self._touch(account)

    def set_debtor(self, account: int, is_debtor: bool) -> None:
        """Note whether an agent owes what it could not pay of a penalty."""
        self.members[account].is_debtor = is_debtor
        self._touch(account)

    def take_bankruptcies(self) -> None:
        """End the agents whose accounts the market has just found bankrupt."""
        for bankruptcy in self.market.log.bankruptcies:
            self.go_bankrupt(bankruptcy.account)

    def _set_status(self, member: AgentState, status: AgentStatus, until: Tick, why: str) -> None:
        old, account = member.status, member.account
        member.status, member.status_until = status, until
        self.confined.pop(account, None)
        if until:
            self.confined[account] = until
        self._touch(account)
        if status is not AgentStatus.ACTIVE:
            self._cancel_orders(account, why)
        if status in GONE:
            self._end_all(account, why)
            self._leave_office(member, why)
        self._raise_marks(account)
        self.facts.add(StatusChanged(self.tick, account, old.value, status.value, why, until))

    def _cancel_orders(self, account: int, why: str) -> None:
        orders = self.market.accounts[account].orders.values()
        for order in sorted(orders, key=lambda order: order.number):
            self.market.end_open(order, OrderStatus.CANCELLED, why)

    def _return(self, member: AgentState) -> None:
        """Let one who has fled be an agent again."""
        self._set_status(member, AgentStatus.ACTIVE, 0, "back from flight")
        self.change_reputation(member.account, -member.reputation, "back from flight")
        self._tell(member.account, "released", "You are back, and free to act again.")

    def _touch(self, account: int) -> None:
        self.changed[account] = self.members[account]

    def change_role(self, account: int, role: str) -> None:
        """Give a house agent another role: who sits in a seat changes, the seats do not."""
        self.members[account].role = role
        self._touch(account)

    # Reputation

    def change_reputation(self, account: int, millionths: int, why: str) -> None:
        """Change a reputation by so much, as far as it goes, and remember why."""
        member, rules = self.members[account], self.rules.reputation
        after = max(0, min(rules.highest_millionths, member.reputation + millionths))
        change = after - member.reputation
        if not change:
            return
        history = member.history
        if why == OVER_TIME and history and history[-1].why == OVER_TIME:
            change += history.pop().change
        history.append(ReputationChange(self.tick, change, after, why))
        del history[: -rules.history]
        member.reputation = after
        self._touch(account)

    def _let_time_tell(self) -> None:
        """Let reputations drift, and clean records count."""
        rules = self.rules.reputation
        for account, member in self.members.items():
            if member.status is AgentStatus.IMPRISONED or not member.is_living:
                continue
            distance = member.reputation - rules.drifts_to_millionths
            kept = abs(distance) * rules.kept_per_10_000 // 10_000
            after = rules.drifts_to_millionths + (kept if distance > 0 else -kept)
            if self.tick - member.clean_since >= rules.clean_ticks:
                after = max(
                    after, min(after + rules.clean_gain_millionths, rules.clean_ceiling_millionths)
                )
            self.change_reputation(account, after - member.reputation, OVER_TIME)

    def _hear_verdicts(self) -> None:
        for case in self.facts.of(CaseDecided):
            member = self.members[case.account]
            if case.verdict in CONVICTIONS:
                member.clean_since = self.tick
                member.record.append(
                    Conviction(
                        case.tick,
                        case.case,
                        case.crime,
                        case.symbol,
                        case.verdict,
                        case.fine_cents,
                        case.sentence_ticks,
                    )
                )
                del member.record[:-RECORD_KEPT]
                self._touch(case.account)
            elif case.verdict == OVERTURNED:
                member.record = [one for one in member.record if one.case != case.case]
                self._touch(case.account)

    # Gifts and other money that is not earned by trading

    def transfer(self, debit: int, credit: int, cents: Cents, kind: str) -> None:
        """Move cash that no trade has earned: what performance is measured from moves with it."""
        self.market.transfer(debit, credit, cents, kind=kind)

    def giveable(self, account: int, *, as_bribe: bool = False) -> Cents:
        """Return how much an agent may give away now: what it has gained, now and at the last
        close, and has free; and a little more in bribes.
        """
        member, owned = self.members[account], self.market.accounts[account]
        if member.is_accused or member.is_debtor:
            return 0
        surplus = max(0, min(owned.equity, member.last_close) - owned.endowment)
        if as_bribe:
            surplus += max(0, self.rules.gifts.free_bribes_cents - member.bribes_given)
        return max(0, min(surplus, owned.margin_available))

    def may_give(self, account: int, cents: Cents, *, as_bribe: bool = False) -> None:
        """Raise Refused when an agent may not give away so much now."""
        member = self.members[account]
        if member.is_accused:
            raise Refused(
                Code.FORBIDDEN, "You cannot give anything away while a case against you is open."
            )
        if member.is_debtor:
            raise Refused(Code.FORBIDDEN, "You owe a penalty: you give nothing away.")
        giveable = self.giveable(account, as_bribe=as_bribe)
        if cents > giveable:
            raise Refused(
                Code.INSUFFICIENT_FUNDS,
                f"You may give away ${giveable / 100:,.2f} now: of what you have gained, what was"
                " there at the last close too and is free.",
            )

    def note_bribe(self, account: int, cents: Cents) -> None:
        """Count a bribe towards those of its giver's life."""
        self.members[account].bribes_given += cents
        self._touch(account)

    def receivable(self, account: int) -> Cents:
        """Return how much an agent may still receive in gifts, today and in its life."""
        member, rules = self.members[account], self.rules.gifts
        endowment = self.market.accounts[account].endowment
        today = member.gifts_today if member.gift_day == self._day() else 0
        of_day = endowment * rules.day_bps // BPS_IN_ONE - today
        of_life = endowment * rules.life_bps // BPS_IN_ONE - member.gifts_received
        return max(0, min(of_day, of_life))

    def receive_gift(self, account: int, cents: Cents) -> None:
        """Count a gift that an agent receives."""
        member, day = self.members[account], self._day()
        if member.gift_day != day:
            member.gift_day, member.gifts_today = day, 0
        member.gifts_today += cents
        member.gifts_received += cents
        self._touch(account)

    def _day(self) -> int:
        return self.tick // self.day_ticks

    # Messages

    def send(self, sender: int, recipient: int, text: str, id: str) -> MessageSent:
        """Deliver a message that was checked."""
        is_first = self.mail.is_first(sender, recipient)
        message = MessageSent(self.id_of(id), self.tick, sender, recipient, text, is_first)
        self.mail.send(message)
        return message

    # Alliances

    def propose(self, alliance: Alliance) -> None:
        """Let a proposal that was checked wait for its answer."""
        self.alliances.add(alliance)
        name = self._name(alliance.proposer)
        self._tell(
            alliance.partner,
            "alliance_request",
            f"{name} proposes an alliance that shares {alliance.percent} percent.",
            {
                "allianceId": alliance.id,
                "agentId": self.members[alliance.proposer].id,
                "profitSharePercent": alliance.percent,
                "proposal": {"untrusted": True, "author": name, "text": alliance.text},
            },
        )

    def form(self, alliance: Alliance) -> None:
        """Form an alliance that was proposed: it pools from its first full day on."""
        alliance.status = AllianceStatus.ACTIVE
        alliance.formed_tick = self.tick
        alliance.first_day = self._day() + 1
        alliance.proposer_mark = self._worth(alliance.proposer)
        alliance.partner_mark = self._worth(alliance.partner)
        self.alliances.changed[alliance.id] = alliance
        self._tell(
            alliance.proposer,
            "alliance_accepted",
            f"{self._name(alliance.partner)} has accepted your alliance.",
            {"allianceId": alliance.id, "agentId": self.members[alliance.partner].id},
        )
        self.facts.add(
            AllianceFormed(
                self.tick, alliance.id, alliance.proposer, alliance.partner, alliance.percent
            )
        )

    def give_notice(self, alliance: Alliance, by: int, reason: str) -> None:
        """Let an alliance end with the next close."""
        alliance.status = ENDING
        alliance.ended_by, alliance.reason = by, reason
        self.alliances.changed[alliance.id] = alliance
        self._tell_of_end(alliance, by, "ends your alliance with the next close", reason)

    def end(self, alliance: Alliance, status: AllianceStatus, by: int, reason: str) -> None:
        """End an alliance or a proposal at once, unpaid."""
        was_standing = alliance.status in STANDING
        self.alliances.end(alliance, status, self.tick, by, reason)
        if status is AllianceStatus.BETRAYED:
            self.change_reputation(by, self.rules.reputation.betrayal_millionths, "betrayal")
        if by:
            self._tell_of_end(alliance, by, _ENDINGS[status], reason)
        if was_standing:
            self.facts.add(
                AllianceEnded(
                    self.tick,
                    alliance.id,
                    alliance.proposer,
                    alliance.partner,
                    by,
                    status is AllianceStatus.BETRAYED,
                    status.value,
                )
            )

    def end_alliances(self, account: int, why: str) -> None:
        """End all alliances and proposals of an agent, unpaid."""
        self._end_all(account, why)

    def _end_all(self, account: int, why: str) -> None:
        for alliance in self.alliances.open_of(account):
            other = alliance.other(account)
            is_proposal = alliance.status is PENDING
            status = AllianceStatus.WITHDRAWN if is_proposal else AllianceStatus.BROKEN
            self.end(alliance, status, 0, why)
            what = "proposal" if is_proposal else "alliance"
            self._tell(other, "system", f"Your {what} with {self._name(account)} is over: {why}.")

    def _tell_of_end(self, alliance: Alliance, by: int, what: str, reason: str) -> None:
        data: dict[str, Any] = {"allianceId": alliance.id, "status": alliance.status.value}
        if reason:
            data["reason"] = {"untrusted": True, "author": self._name(by), "text": reason}
        self._tell(alliance.other(by), "system", f"{self._name(by)} {what}.", data)

    def _worth(self, account: int) -> Cents:
        """Return an agent's equity, transfers aside."""
        owned = self.market.accounts[account]
        return owned.equity - owned.transfers

    def _raise_marks(self, account: int) -> None:
        """Let what an agent has gained so far count for none of its alliances any more."""
        worth = self._worth(account)
        for alliance in self.alliances.open_of(account):
            if alliance.status in STANDING:
                if account == alliance.proposer:
                    alliance.proposer_mark = max(alliance.proposer_mark, worth)
                else:
                    alliance.partner_mark = max(alliance.partner_mark, worth)

    def _settle_alliances(self) -> None:
        """Share the day's profits, and end what was to end with this close."""
        for alliance in list(self.alliances.by_id.values()):
            if alliance.status in STANDING:
                if self._day() >= alliance.first_day and self._both_active(alliance):
                    self._pay_out(alliance)
                alliance.proposer_mark = max(alliance.proposer_mark, self._worth(alliance.proposer))
                alliance.partner_mark = max(alliance.partner_mark, self._worth(alliance.partner))
                if alliance.status is ENDING:
                    by, reason = alliance.ended_by, alliance.reason
                    self.alliances.end(alliance, AllianceStatus.DISSOLVED, self.tick, by, reason)
                    self.facts.add(
                        AllianceEnded(
                            self.tick,
                            alliance.id,
                            alliance.proposer,
                            alliance.partner,
                            by,
                            False,
                            AllianceStatus.DISSOLVED.value,
                        )
                    )

    def _both_active(self, alliance: Alliance) -> bool:
        return (
            self.members[alliance.proposer].status is AgentStatus.ACTIVE
            and self.members[alliance.partner].status is AgentStatus.ACTIVE
        )

    def _pay_out(self, alliance: Alliance) -> None:
        """Pay the half of the difference from who has pooled more, as far as gifts allow."""
        payer, receiver = alliance.proposer, alliance.partner
        pooled = self._pooled(payer, alliance.proposer_mark, alliance.percent)
        other = self._pooled(receiver, alliance.partner_mark, alliance.percent)
        if pooled < other:
            payer, receiver, pooled, other = receiver, payer, other, pooled
        wanted = (pooled - other) // 2
        if not wanted:
            return
        paid = min(wanted, self.giveable(payer), self.receivable(receiver))
        if paid:
            self.transfer(payer, receiver, paid, "profit_share")
            self.receive_gift(receiver, paid)
        self.alliances.payouts.append(
            Payout(self.tick, alliance.id, payer, receiver, paid, wanted - paid, pooled, other)
        )
        self.alliances.changed[alliance.id] = alliance

    def _pooled(self, account: int, mark: Cents, percent: int) -> Cents:
        return max(0, self._worth(account) - mark) * percent // 100

    # CEOs

    def _check_office(self, company: str) -> None:
        if company not in self.market.companies:
            raise Refused(Code.INVALID_SYMBOL, f"There is no company {company}.")
        if company in self.ceos:
            raise Refused(Code.CONFLICT, f"{company} has a CEO.")

    def _appoint(self, member: AgentState, company: str | None) -> None:
        """Give a CEO the company asked for, or draw one that has none: none where there is no such
        company, or one of its origin is in office.
        """
        if company is None:
            free = [symbol for symbol in self.market.companies if symbol not in self.ceos]
            same = any(
                member.origin and self.members[ceo].origin == member.origin
                for ceo in self.ceos.values()
            )
            if same or not free:
                return
            drawn = self.streams.uniform(self.tick, f"agent-{member.account}", "company")
            company = free[int(drawn * len(free))]
        member.company = company
        self.ceos[company] = member.account
        self._tell(
            member.account,
            "system",
            f"You are the CEO of {company}.",
            {"company": company},
        )

    def _leave_office(self, member: AgentState, why: str) -> None:
        if not member.company:
            return
        del self.ceos[member.company]
        self._tell(member.account, "system", f"You are the CEO of {member.company} no more: {why}.")
        member.company = ""
        self._touch(member.account)

    def _tell_ceos(self) -> None:
        """Let CEOs hear early of what happens to their companies, when it is not too much."""
        rules, heard = self.rules.ceo, []
        for event in self.market.climate.events.brewing:
            if event.ticks_ahead > rules.hears_ahead or abs(event.impact) > rules.hears_up_to:
                continue
            name = f"{event.symbol} {event.type}"
            heard.append(name)
            ceo = self.ceos.get(event.symbol, 0)
            if not ceo or name in self.heard:
                continue
            member = self.members[ceo]
            in_office = self.tick - member.admitted_tick
            if in_office >= rules.hears_after and member.status is AgentStatus.ACTIVE:
                self._tell(
                    ceo,
                    "system",
                    f"{event.symbol} will have news in {event.ticks_ahead} open ticks:"
                    f" {event.type}. To trade on it is insider trading.",
                    {
                        "symbol": event.symbol,
                        "event": event.type,
                        "impact": round(event.impact, 4),
                        "ticksAhead": event.ticks_ahead,
                    },
                )
        self.heard = heard

    def _pay_salaries(self) -> None:
        for ceo in self.ceos.values():
            if self.members[ceo].status is AgentStatus.ACTIVE:
                self.transfer(PUBLIC, ceo, self.rules.ceo.salary_cents, "salary")

    # The tick

    def open_or_close(self) -> None:
        """Let end what ends by itself; at the close, share profits and measure the day."""
        for account, until in list(self.confined.items()):
            if until <= self.tick:
                self._let_end(self.members[account])
        for proposal in self.alliances.expired(self.tick):
            self.end(proposal, AllianceStatus.EXPIRED, 0, "no answer")
            self._tell(
                proposal.proposer,
                "system",
                f"{self._name(proposal.partner)} has not answered your proposal.",
                {"allianceId": proposal.id},
            )
        for account in list(self.ceos.values()):
            member = self.members[account]
            if self.tick - member.last_action_tick > self.rules.ceo.lapses_after:
                self._leave_office(member, "two days without an action")
        if self.market.moment.closes_now:
            self._settle_alliances()
            self._measure_day()
            self._pay_salaries()
            self.alliances.forget(self.tick)
            self.mail.forget(self.tick - self.rules.messages.contact_days * self.day_ticks)
        if self.ceos:
            self._tell_ceos()

    def _let_end(self, member: AgentState) -> None:
        if member.status is AgentStatus.FLED:
            self._return(member)
        elif member.status is AgentStatus.IMPRISONED:
            self.release(member.account, "your sentence is served")
        else:
            self.release(member.account, "your suspension is over")

    def _measure_day(self) -> None:
        """Add the day to everyone's returns: those of the whole day in which they were here."""
        begun = self.tick - self.market.rules.session.open_ticks
        for account, member in self.members.items():
            owned = self.market.accounts[account]
            base = member.close_worth + owned.transfers
            if member.admitted_tick <= begun and base > 0:
                gain = (owned.equity - base) * MILLIONTHS // base
                member.return_days += 1
                member.return_sum += gain
                member.return_squares += gain * gain
                self._touch(account)
            member.last_close = owned.equity
            member.close_worth = owned.equity - owned.transfers

    def close_tick(self) -> None:
        """Hear what was decided, let time tell, and measure how far everyone has fallen."""
        self._hear_verdicts()
        if self.tick % self.rules.reputation.interval == 0:
            self._let_time_tell()
        for account, member in self.members.items():
            owned = self.market.accounts[account]
            worth = owned.equity - owned.transfers
            if worth >= member.peak_worth:
                member.peak_worth = worth
                continue
            if member.peak_worth <= 0:
                continue  # there is nothing to fall from
            fall = min(BPS_IN_ONE, (member.peak_worth - worth) * BPS_IN_ONE // member.peak_worth)
            if fall > member.max_drawdown_bps:
                member.max_drawdown_bps = fall
                self._touch(account)

    # Keeping

    def dump(self) -> Plain:
        return {
            "members": [_dump_member(member) for member in self.members.values()],
            "mail": self.mail.dump(),
            "alliances": self.alliances.dump(),
            "heard": list(self.heard),
            "house_made": self.house_made,
        }

    def load(self, state: Plain) -> None:
        for plain in state["members"]:
            member = _load_member(plain)
            self.members[member.account] = member
            self._list(member)
            if member.status_until:
                self.confined[member.account] = member.status_until
            if member.company:
                self.ceos[member.company] = member.account
        self.mail.load(state["mail"])
        self.alliances.load(state["alliances"])
        self.heard = list(state["heard"])
        self.house_made = state["house_made"]


_ENDINGS = {
    AllianceStatus.REJECTED: "has rejected your proposal of an alliance",
    AllianceStatus.WITHDRAWN: "has withdrawn its proposal of an alliance",
    AllianceStatus.BETRAYED: "has betrayed your alliance: it is over, and nothing is shared",
}

_MEMBER_FIELDS: tuple[str, ...] = (
    *("account", "id", "name", "role", "reputation", "is_house", "origin", "admitted_tick"),
    *("status_until", "clean_since", "is_accused", "is_debtor", "company", "last_action_tick"),
    *("gifts_received", "gift_day", "gifts_today", "bribes_given", "last_close", "close_worth"),
    *("peak_worth", "max_drawdown_bps", "return_days", "return_sum", "return_squares"),
)


def _dump_member(member: AgentState) -> Plain:
    plain: dict[str, Any] = {name: getattr(member, name) for name in _MEMBER_FIELDS}
    plain["status"] = member.status.value
    plain["history"] = [list(change) for change in member.history]
    plain["record"] = [list(conviction) for conviction in member.record]
    return plain


def _load_member(plain: Mapping[str, Any]) -> AgentState:
    member = AgentState(**{name: plain[name] for name in _MEMBER_FIELDS})
    member.status = AgentStatus(plain["status"])
    member.history = [ReputationChange(*row) for row in plain["history"]]
    member.record = [Conviction(*row) for row in plain["record"]]
    return member


def _suspend(registry: AgentRegistry, given: Parameters, id: str) -> Verdict:
    account = registry.resolve(given["agent"])
    member = registry.members[account]
    if member.status is not AgentStatus.ACTIVE:
        raise Refused(Code.INVALID_TARGET, f"{member.name} is {member.status.value} already.")
    why = given.get("reason") or "by an operator"
    registry.suspend(account, registry.tick + given["ticks"], why)
    return Verdict(True)


def _release(registry: AgentRegistry, given: Parameters, id: str) -> Verdict:
    account = registry.resolve(given["agent"])
    member = registry.members[account]
    if member.status is not AgentStatus.SUSPENDED:
        raise Refused(Code.INVALID_TARGET, f"{member.name} is not suspended.")
    registry.release(account, given.get("reason") or "by an operator")
    return Verdict(True)


def _cancel_orders(registry: AgentRegistry, given: Parameters, id: str) -> Verdict:
    account = registry.resolve(given["agent"])
    market = registry.market
    orders = sorted(market.accounts[account].orders.values(), key=lambda order: order.number)
    if not orders:
        raise Refused(Code.INVALID_TARGET, f"{registry.members[account].name} has no open orders.")
    for order in orders:
        market.end_open(order, OrderStatus.CANCELLED, BY_OPERATOR)
    return Verdict(True, data={"orderIds": [order.id for order in orders]})


def _set_fee(registry: AgentRegistry, given: Parameters, id: str) -> Verdict:
    market = registry.market
    market.taker_fee_bps = given["bps"]
    for account, member in registry.members.items():
        if registry.rules.role(member.role).pays_fees:
            market.accounts[account].fee_bps = market.taker_fee_bps
    return Verdict(True)
