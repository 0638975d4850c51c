"""Alliances from the proposal to the end, and the profits that they share."""

from __future__ import annotations

from typing import Any

from agents.engine.agent_state import AgentStatus
from agents.engine.alliances import ENDING, PENDING, STANDING, Alliance, AllianceStatus, Payout
from agents.engine.facts import AllianceEnded, AllianceFormed
from agents.engine.gifts import Gifts
from market.engine.values import Cents

_ENDINGS = {
    AllianceStatus.REJECTED: "has rejected your proposal of an alliance",
    AllianceStatus.WITHDRAWN: "has withdrawn its proposal of an alliance",
    AllianceStatus.BETRAYED: "has betrayed your alliance: it is over, and nothing is shared",
}


class Pacts(Gifts):
    """The agents, with their alliances."""

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
