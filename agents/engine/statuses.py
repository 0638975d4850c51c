"""Standing with the law: suspension, prison, flight, bankruptcy, and what each ends."""

from __future__ import annotations

from agents.engine.agent_state import GONE, AgentState, AgentStatus, refusal_of
from agents.engine.ceos import Offices
from agents.engine.facts import StatusChanged
from market.engine.refusals import Code
from market.engine.values import OrderStatus, Tick


class Statuses(Offices):
    """The agents, with statuses that change."""

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
            self._cancel_orders(account, refusal_of(status), why)
        if status in GONE:
            self._end_all(account, why)
            self._leave_office(member, why)
        self._raise_marks(account)
        self.facts.add(StatusChanged(self.tick, account, old.value, status.value, why, until))

    def _cancel_orders(self, account: int, code: Code, why: str) -> None:
        orders = self.market.accounts[account].orders.values()
        for order in sorted(orders, key=lambda order: order.number):
            self.market.end_open(order, OrderStatus.CANCELLED, code, why)

    def _let_end(self, member: AgentState) -> None:
        if member.status is AgentStatus.FLED:
            self._return(member)
        elif member.status is AgentStatus.IMPRISONED:
            self.release(member.account, "your sentence is served")
        else:
            self.release(member.account, "your suspension is over")

    def _return(self, member: AgentState) -> None:
        """Let one who has fled be an agent again."""
        self._set_status(member, AgentStatus.ACTIVE, 0, "back from flight")
        self.change_reputation(member.account, -member.reputation, "back from flight")
        self._tell(member.account, "released", "You are back, and free to act again.")
