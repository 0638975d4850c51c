"""CEOs: who heads which company, what it hears early, and its salary."""

from __future__ import annotations

from agents.engine.agent_state import AgentState, AgentStatus
from agents.engine.pacts import Pacts
from market.engine.accounts import PUBLIC
from market.engine.refusals import Code, Refused


class Offices(Pacts):
    """The agents, with the CEOs among them."""

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
        self._tell(member.account, "system", f"You are the CEO of {company}.", {"company": company})

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
