"""House agents: the market's own inhabitants, who decide inside the machine.

A strategy is a pure function (view, memory, stream) → what it does. What it does enters the market
through the same table of actions as everyone's, after everyone's.
"""

from agents.engine.house.house import FIRST_HOUSE_ACCOUNT, House
from agents.engine.house.names import house_names
from agents.engine.house.rules import HouseRules
from agents.engine.house.view import Act, Worked

__all__ = ["FIRST_HOUSE_ACCOUNT", "Act", "House", "HouseRules", "Worked", "house_names"]
