"""Rumors: who may spread one, how far it reaches, what it moves, and whether it comes true.

A rumor moves its company's price at once, out of a budget that all authors share; nobody gains by
repeating it, and its author's reputation follows its truth.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

from market.engine.events import Brewing
from market.engine.outcome import MarketEvent
from market.engine.values import Tick
from news.engine.rules import RumorRules

INFLUENCER, JOURNALIST, RETAIL = "influencer", "financial_journalist", "retail_trader"
TRUE, FALSE = "true", "false"

Linked = Callable[[int, int], bool]


class Author(NamedTuple):
    """Who spreads a rumor, as it stands before."""

    account: int
    role: str
    reputation: int  # millionths
    has_access: bool  # it runs the company, so a true rumor earns it nothing


@dataclass(slots=True)
class Rumor:
    """A rumor and what became of it.

    `strength` is what its words are worth after repeats, 0 to 1; `impact` the log return that it
    moved the price by. `brewing` are the kinds of event that some already knew of.
    """

    number: int
    id: str
    tick: Tick
    day: int
    account: int
    role: str
    symbol: str
    text: str
    sentiment: float
    sign: int
    strength: float
    reach: float
    impact: float
    has_access: bool
    brewing: list[str] = field(default_factory=list)
    verdict: str = ""  # true or false, once judged
    judged_tick: Tick | None = None

    def dump(self) -> dict[str, Any]:
        return asdict(self)


def cost_of(role: str, rules: RumorRules) -> int:
    """Return what a rumor costs an agent of a role, in millionths of a point."""
    return rules.press_cost if role in (INFLUENCER, JOURNALIST) else rules.cost


class RumorBook:
    """The rumors of the last day, and how much of each company's budget is spent."""

    def __init__(self, rules: RumorRules) -> None:
        self.rules = rules
        self.rumors: list[Rumor] = []  # oldest first
        self.numbered = 0
        self.budget_day = -1
        self.left: dict[str, float] = {}  # of today's budgets, by company and sign, once touched

    # Spreading

    def spread_on(self, account: int, day: int) -> int:
        """Return how many rumors an account has spread on a trading day."""
        return sum(r.account == account and r.day == day for r in self.rumors)

    def spread(
        self,
        author: Author,
        *,
        id: str,
        tick: Tick,
        day: int,
        symbol: str,
        text: str,
        sentiment: float,
        sigma: float,
        brewing: Iterable[Brewing],
        linked: Linked,
    ) -> Rumor:
        """Add a rumor, take its impact out of the budget, and return it.

        `sigma` is the company's σ0.
        """
        sign = (sentiment > 0.0) - (sentiment < 0.0)
        repeats = self._repeats(author, tick, symbol, sign, linked)
        strength = abs(sentiment) * self.rules.repeat_factor**repeats
        reach = self._reach(author, tick, symbol, sign)
        self.numbered += 1
        rumor = Rumor(
            self.numbered,
            id,
            tick,
            day,
            author.account,
            author.role,
            symbol,
            text,
            sentiment,
            sign,
            strength,
            reach,
            self._take(day, symbol, sign, sigma, strength * reach / self.rules.longest_reach),
            author.has_access,
            [event.type for event in brewing if event.symbol == symbol],
        )
        self.rumors.append(rumor)
        return rumor

    def _repeats(self, author: Author, tick: Tick, symbol: str, sign: int, linked: Linked) -> int:
        """Return how often the author, or who is linked to it, has said as much within a day."""
        since = tick - self.rules.repeat_ticks
        return sum(
            r.symbol == symbol
            and r.sign == sign
            and r.tick > since
            and (r.account == author.account or linked(r.account, author.account))
            for r in self.rumors
        )

    def _reach(self, author: Author, tick: Tick, symbol: str, sign: int) -> float:
        rules = self.rules
        reach = 1.0
        if author.role == INFLUENCER:
            reach = rules.influencer_reach
        elif author.role == JOURNALIST:
            reach = rules.journalist_reach
        elif author.role == RETAIL:
            chorus = {
                r.account
                for r in self.rumors
                if r.role == RETAIL
                and r.symbol == symbol
                and r.sign == sign
                and r.account != author.account
                and r.tick > tick - rules.chorus_ticks
            }
            reach = min(rules.longest_chorus, 1.0 + rules.chorus_step * len(chorus))
        return min(rules.longest_reach, reach * author.reputation / rules.usual_reputation)

    def _take(self, day: int, symbol: str, sign: int, sigma: float, part: float) -> float:
        """Take a part of what is left of a budget, and return it with its sign."""
        if day != self.budget_day:
            self.budget_day, self.left = day, {}
        if not sign:
            return 0.0
        key = f"{symbol}{'+' if sign > 0 else '-'}"
        left = self.left.get(key, self.rules.budget_sigmas * sigma)
        impact = left * part
        self.left[key] = left - impact
        return sign * impact

    # Judging

    def judge(
        self, tick: Tick, events: Iterable[MarketEvent], sector_of: Callable[[str], str]
    ) -> list[Rumor]:
        """Judge the rumors that an event of this tick bears out, and those whose time is up; forget
        the old ones, and return the judged.
        """
        happened = list(events)
        judged = []
        for rumor in self.rumors:
            if rumor.verdict or not rumor.sign or rumor.tick >= tick:
                continue
            is_true = False
            for event in happened:
                is_true = self._bears_out(event, rumor, sector_of) or is_true
            if is_true or tick - rumor.tick >= self.rules.judged_ticks:
                rumor.verdict, rumor.judged_tick = TRUE if is_true else FALSE, tick
                judged.append(rumor)
        kept = tick - max(self.rules.judged_ticks, self.rules.repeat_ticks)
        self.rumors = [r for r in self.rumors if r.tick > kept]
        return judged

    def _bears_out(self, event: MarketEvent, rumor: Rumor, sector_of: Callable[[str], str]) -> bool:
        """Say whether an event makes a rumor true. What was brewing then does not, once."""
        if event.symbol == rumor.symbol and event.kind in rumor.brewing:
            rumor.brewing.remove(event.kind)
            return False
        if event.impact * rumor.sign <= 0.0:
            return False
        if event.symbol is not None:
            return event.symbol == rumor.symbol
        if event.sector is None:
            return False
        least = self.rules.least_sector_impact
        return event.sector == sector_of(rumor.symbol) and abs(event.impact) >= least

    def reward(self, rumor: Rumor) -> int:
        """Return by how much a judged rumor changes its author's reputation, in millionths."""
        if rumor.verdict == FALSE:
            return -self.rules.false_cost
        return 0 if rumor.has_access else self.rules.true_reward

    # Keeping

    def dump(self) -> dict[str, Any]:
        return {
            "rumors": [rumor.dump() for rumor in self.rumors],
            "numbered": self.numbered,
            "budget_day": self.budget_day,
            "left": dict(self.left),
        }

    def load(self, plain: dict[str, Any]) -> None:
        self.rumors = [Rumor(**one) for one in plain["rumors"]]
        self.numbered = plain["numbered"]
        self.budget_day, self.left = plain["budget_day"], dict(plain["left"])
