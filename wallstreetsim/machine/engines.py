"""The world's engines, lowest first: each app brings one, and this is where it is registered."""

from agents.engine.house import House
from agents.engine.registry import AgentRegistry
from market.engine.engine import EngineFactory
from market.engine.market import MarketEngine
from news.engine.desk import NewsDesk
from sec.engine.engine import SecEngine

ENGINES: list[EngineFactory] = [MarketEngine, AgentRegistry, House, NewsDesk, SecEngine]
