"""The table of actions: every way in which an agent may act, put together from the engines."""

from agents.engine.batch import ActionTable
from wallstreetsim.machine.rules import RULES, Rules
from wallstreetsim.machine.world import World


def action_table(rules: Rules) -> ActionTable:
    """Return every type of action, as `rules` limit it."""
    return World(rules, "").actions


ACTIONS = action_table(RULES)
