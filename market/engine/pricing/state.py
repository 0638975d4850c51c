"""What the price engine remembers of one company between ticks."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

from market.engine.listings import Listing
from market.engine.rules import PricingRules, SessionRules
from market.engine.values import Tick


class Drivers(NamedTuple):
    """What moved a price this tick, each as its part of the log return."""

    flow: float
    shock: float
    world: float  # sector, regime, the pull to the fundamental, and what happened


NO_DRIVERS = Drivers(0.0, 0.0, 0.0)


@dataclass(slots=True)
class PriceState:
    """One company's price and what moves it."""

    value: float  # the unrounded price, in cents
    fundamental: float  # in cents: the price without what of the flow's impact will pass
    sigma: float  # σ0, of the log return of one ordinary open tick
    beta: float
    usual_volume: float  # shares per open tick
    impact_averages: list[float]  # one exponential average of past impact per half-life
    volatility_phases: list[float]  # radians; a log-volatility is in proportion to its sine
    unrest: list[int] = field(default_factory=lambda: [0, 1])  # an event's ticks left, and all
    lean: float = 0.0  # how far below the price the middle of the touch lay, in half-spreads
    jump: float = 0.0  # log return that has happened and is not in the price yet
    is_news_due: bool = False  # the jump is news that the company halts to tell
    multiple: float = 1.0  # σ_t of the last tick
    drivers: Drivers = NO_DRIVERS

    @classmethod
    def founded(cls, listing: Listing, rules: PricingRules, session: SessionRules) -> PriceState:
        return cls(
            value=float(listing.price),
            fundamental=float(listing.price),
            sigma=listing.volatility / math.sqrt(session.open_ticks),
            beta=listing.beta,
            usual_volume=max(1.0, listing.shares * rules.founding_turnover / session.open_ticks),
            impact_averages=[0.0] * len(rules.impact_half_lives),
            volatility_phases=[0.0] * len(rules.volatility_half_lives),
        )

    def jump_by(self, jump: float, duration: Tick, *, is_news: bool) -> None:
        """Take in something worth `jump` in logs, at once and for good; prices are unruly for
        `duration` ticks.

        `is_news`: the company halts to tell it, if it is material.
        """
        self.jump += jump
        self.fundamental *= math.exp(jump)
        self.is_news_due = self.is_news_due or is_news
        if duration > self.unrest[0]:
            self.unrest = [duration, duration]

    def rescale(self, factor: float) -> None:
        """Follow a split: a price is worth `factor` of what it was (0.1 after a 10:1 split)."""
        self.value *= factor
        self.fundamental *= factor
        self.usual_volume = max(1.0, self.usual_volume / factor)

    def dump(self) -> dict[str, Any]:
        """Return the state as plain data."""
        return asdict(self) | {"drivers": list(self.drivers)}

    @classmethod
    def load(cls, plain: dict[str, Any]) -> PriceState:
        """Return the state that `dump` described."""
        kept = ("impact_averages", "volatility_phases", "unrest")
        lists = {name: list(plain[name]) for name in kept}
        return cls(**plain | lists | {"drivers": Drivers(*plain["drivers"])})
