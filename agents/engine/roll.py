"""Who is there: every agent by its account, by its id and by its name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agents.engine.agent_state import AgentState, AgentStatus, allow
from agents.engine.alliances import Alliance, AllianceBook
from agents.engine.facts import AgentAdmitted
from agents.engine.messages import Contact, Mail, MessageSent, Received
from agents.engine.names import folded
from agents.engine.rules import AgentRules
from market.engine.action import Action, Actor
from market.engine.engine import Surroundings
from market.engine.market import MarketEngine
from market.engine.outcome import Standing
from market.engine.refusals import Code, Refused
from market.engine.values import Tick, new_tuple, uuid_of, uuid_prefix


class Roll:
    """Every agent, what binds them to each other, and how they are found and told of things."""

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

    def change_role(self, account: int, role: str) -> None:
        """Give a house agent another role: who sits in a seat changes, the seats do not."""
        self.members[account].role = role
        self._touch(account)

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

    def send(self, sender: int, recipient: int, text: str, id: str) -> MessageSent:
        """Deliver a message that was checked."""
        is_first = self.mail.is_first(sender, recipient)
        message = MessageSent(self.id_of(id), self.tick, sender, recipient, text, is_first)
        self.mail.send(message)
        return message

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

    def _touch(self, account: int) -> None:
        self.changed[account] = self.members[account]

    def _day(self) -> int:
        return self.tick // self.day_ticks
