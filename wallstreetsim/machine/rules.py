"""What the simulation is, as one frozen value: it charges, and it is published at /config."""

from dataclasses import dataclass, field

from agents.engine.house import HouseRules
from agents.engine.rules import AgentRules
from market.engine.rules import MarketRules
from news.engine.rules import NewsRules
from sec.engine.rules import SecRules


@dataclass(frozen=True, slots=True)
class Rules:
    market: MarketRules = field(default_factory=MarketRules)
    agents: AgentRules = field(default_factory=AgentRules)
    house: HouseRules = field(default_factory=HouseRules)
    news: NewsRules = field(default_factory=NewsRules)
    sec: SecRules = field(default_factory=SecRules)


RULES = Rules()
