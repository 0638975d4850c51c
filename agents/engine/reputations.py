"""Reputations: what changes them, and what time does."""

from __future__ import annotations

from agents.engine.agent_state import AgentStatus, Conviction, ReputationChange
from agents.engine.facts import CaseDecided
from agents.engine.roll import Roll

OVER_TIME = "time"  # why a reputation changes by itself
CONVICTIONS = frozenset({"convicted", "settled"})
OVERTURNED = "overturned"
RECORD_KEPT = 20  # convictions that a profile lists


class Reputations(Roll):
    """The agents, with reputations that change."""

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
