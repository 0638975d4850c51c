"""The table of actions: every way in which an agent may act, put together from the engines."""

from agents.engine.batch import ActionTable
from market.engine.actions import market_actions
from wallstreetsim.machine.rules import RULES, Rules


def action_table(rules: Rules) -> ActionTable:
    """Return every type of action, as `rules` limit it."""
    return {action.type: action for action in market_actions(rules.market)}


ACTIONS = action_table(RULES)
