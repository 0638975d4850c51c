"""What an environment is like: the market, what an agent sees and does, and when it ends."""

from __future__ import annotations

from dataclasses import dataclass

from market.engine.values import Shares, Tick
from wallstreetsim.machine.rules import RULES, Rules

HOLD, CANCEL_ALL = "HOLD", "CANCEL_ALL"
TYPES = (HOLD, "BUY", "SELL", "SHORT", "COVER", CANCEL_ALL)


@dataclass(frozen=True, slots=True)
class EnvSettings:
    """An offset places a limit order so many half-spreads from the middle, towards buyers below
    zero; None is an order at market.
    """

    companies: int = 10
    house: int = 50
    role: str = "quant"
    books: int = 3  # the largest companies, whose books are seen and which are traded
    levels: int = 5  # of a book's side
    news: int = 4  # the last articles on these companies
    ticks: Tick = 390
    sizes: tuple[Shares, ...] = (10, 100, 1_000)
    offsets: tuple[float | None, ...] = (None, -1.0, -0.5, 0.0, 0.5, 1.0)
    never_closes: bool = True
    events: bool = True
    reward_scale: float = 1.0  # by which a dollar of equity is multiplied
    rules: Rules = RULES

    def __post_init__(self) -> None:
        if not 1 <= self.books <= self.companies:
            raise ValueError("books must lie between 1 and the number of companies")
        if min(self.levels, self.ticks, len(self.sizes), len(self.offsets)) < 1:
            raise ValueError("levels, ticks, sizes and offsets must not be empty")
        self.rules.agents.role(self.role)  # raises KeyError
