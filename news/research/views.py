"""What checkers see: the companies, the market, and the alerts of late."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from market.engine.values import Tick
from news.research.companies import CompanyView
from news.research.events import Alert
from news.research.market_view import MarketView
from news.research.public_entry import BEFORE, Item, Session
from news.research.rules import ResearchRules


@dataclass(slots=True)
class DeskView:
    """The desk as of the last entry: `happened` and `articles` are that tick's own, `alerts` are
    those of late, the oldest first, the tick's own so far among them; `day_ended` says whether a
    day has come to its end in this tick.
    """

    rules: ResearchRules
    market: MarketView
    companies: Mapping[str, CompanyView]
    session: Session = BEFORE
    happened: list[Item] = field(default_factory=list)
    articles: list[Item] = field(default_factory=list)
    day_ended: bool = False
    alerts: deque[Alert] = field(default_factory=deque)
    alerts_today: dict[str, int] = field(default_factory=dict)  # by kind

    @property
    def tick(self) -> Tick:
        return self.market.tick
