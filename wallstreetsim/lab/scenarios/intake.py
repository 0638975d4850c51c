"""The door of a world in memory: an action as it would come over the wire, made an input."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from itertools import count

from agents.engine.batch import ActionTable, take_rationale
from agents.engine.inputs import Input
from market.engine.action import Action as ActionType
from market.engine.action import Verdict
from market.engine.parameters import Malformed, Parameters
from market.engine.refusals import Code, Refused
from wallstreetsim.lab.scenarios.script import Action


class Intake:
    """Takes the actions of a run's agents, each numbered in the order in which it comes."""

    def __init__(self, actions: ActionTable, accounts: Mapping[str, int]) -> None:
        self.actions = actions
        self.accounts = accounts  # by the agent's name
        self._numbers = count(1)
        self._known: dict[str, set[str]] = defaultdict(set)  # the orders' ids, both, by agent

    def next_id(self) -> str:
        return action_id(next(self._numbers))

    def attempt(self, agent: str, action: Action) -> Input | Verdict:
        """Check an action as the exchange's door does, and make an input of it."""
        id = self.next_id()
        kind = self.actions.get(action["type"])
        if kind is None:
            return Verdict(False, str(Code.BAD_REQUEST), f"There is no action {action['type']}.")
        given: dict[str, object] = {k: v for k, v in action.items() if k != "type"}
        try:
            take_rationale(given)
            parameters = kind.parse(given)
            self._check_ids(self._known[agent], kind, parameters, id)
        except Malformed as malformed:
            return Verdict(False, str(Code.BAD_REQUEST), str(malformed))
        except Refused as refused:
            return Verdict(False, str(refused.code), refused.message)
        return Input(id, kind.type, parameters, self.accounts[agent])

    def _check_ids(
        self, known: set[str], kind: ActionType, parameters: Parameters, id: str
    ) -> None:
        """Raise Refused when a client id is used anew, or an order is named that never was."""
        named = {parameters[key] for key in ("id", "client_id") if key in parameters}
        if not kind.places_order:
            if named and known.isdisjoint(named):
                raise Refused(Code.ORDER_NOT_FOUND, "You have no order with that id.")
        elif known.isdisjoint(named):
            known |= {id, *named}
        else:
            raise Refused(Code.DUPLICATE, "This clientOrderId is already used.")


def action_id(number: int) -> str:
    """Name a run's `number`-th action, and the order it may place: a UUID that people can read."""
    return f"00000000-0000-8000-8000-{number:012d}"
