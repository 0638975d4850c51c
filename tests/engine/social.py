"""A stage whose agents also deal with each other."""

from __future__ import annotations

from typing import Any

from agents.engine.agent_state import AgentState
from agents.engine.alliances import Alliance
from agents.engine.registry import AgentRegistry
from market.engine.action import Verdict
from tests.cast import Stage, cents

CLOSE, DAY = 390, 630


class SocialStage(Stage):
    """A stage in which agents act by the table of actions, one act a tick."""

    @property
    def registry(self) -> AgentRegistry:
        return self.world.registry

    def do(self, name: str, type: str, target: str | None = None, **parameters: Any) -> str:
        """Let an agent act, alone in a tick, and return the verdict's code."""
        return self.verdict(name, type, target, **parameters).code

    def verdict(self, name: str, type: str, target: str | None = None, **given: Any) -> Verdict:
        [result] = self.act_at_once((name, type, target, given)).results
        verdict: Verdict = result.verdict
        return verdict

    def act_at_once(self, *acts: tuple[str, str, str | None, dict[str, Any]]) -> Any:
        """Run one tick over several agents' acts."""
        return self.submit(
            *(
                self.input(name, type, parameters | ({"target": target} if target else {}))
                for name, type, target, parameters in acts
            )
        )

    def message(self, name: str, target: str, content: str = "How do you do?") -> str:
        return self.do(name, "MESSAGE", target, content=content)

    def ally(self, one: str, other: str, percent: int = 20) -> Alliance:
        """Form an alliance of two agents."""
        self.propose(one, other, percent)
        assert self.do(other, "ALLY_ACCEPT", one) == "OK"
        [alliance] = [
            a for a in self.registry.open_alliances(self.ids[one]) if a.has(self.ids[other])
        ]
        return alliance

    def propose(self, one: str, other: str, percent: int = 20) -> str:
        return self.do(one, "ALLY", other, percent=percent, proposal="Let us share what we gain.")

    def state(self, name: str) -> AgentState:
        return self.registry.members[self.ids[name]]

    def earn(self, name: str, dollars: str) -> None:
        """Let an agent gain or lose cash, as by trading with the public."""
        amount = cents(dollars)
        market = self.world.market
        if amount > 0:
            market.pay(self.ids["public"], self.ids[name], amount, kind="test")
        else:
            market.pay(self.ids[name], self.ids["public"], -amount, kind="test")

    def alerts(self, name: str) -> list[str]:
        """Return the kinds of what the last tick alerts an agent of."""
        return [a.kind for a in self.outcome.market.alerts if a.account == self.ids[name]]
