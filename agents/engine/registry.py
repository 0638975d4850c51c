"""The agents as the machine knows them: role, standing with the law, reputation, and what binds
them to each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from agents.engine.actions import AGENTS, social_actions
from agents.engine.agent_state import AgentState, Named, dump_member, load_member
from agents.engine.alliances import STANDING, AllianceState, AllianceStatus, Payout
from agents.engine.facts import AllianceEnded, AllianceFormed, Manipulation
from agents.engine.inputs import Input
from agents.engine.messages import BlockChange, MessageSent
from agents.engine.operator_acts import registry_acts
from agents.engine.rules import CEO
from agents.engine.statuses import Statuses
from market.engine import engine
from market.engine.accounts import FIRST_AGENT_ACCOUNT, PUBLIC
from market.engine.action import Action, OperatorAct, Verdict
from market.engine.engine import InvariantBroken, Plain, Step
from market.engine.parameters import Parameters
from market.engine.values import BPS_IN_ONE, Tick

MILLIONTHS = 1_000_000


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


class AgentRegistry(Statuses):
    """Every agent by its account: the engine of the agents.

    Who is there, reputations, gifts, alliances, CEOs and statuses are a class each, in this order:
    each knows those before it.
    """

    name = AGENTS

    # As an engine

    def actions(self) -> tuple[Action, ...]:
        return social_actions(self.rules)

    def operator_acts(self) -> tuple[OperatorAct, ...]:
        return registry_acts(self.name)

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

    # Who comes

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
            "members": [dump_member(member) for member in self.members.values()],
            "mail": self.mail.dump(),
            "alliances": self.alliances.dump(),
            "heard": list(self.heard),
            "house_made": self.house_made,
        }

    def load(self, state: Plain) -> None:
        for plain in state["members"]:
            member = load_member(plain)
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
