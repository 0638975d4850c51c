"""A small market in memory, told to the research desk tick by tick as the tape would tell it."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

from market.engine.rules import MarketRules
from news.research import public_entry
from news.research.companies import CompanyView, Listed
from news.research.desk import Folded, ResearchDesk
from news.research.events import Alert
from news.research.rules import RESEARCH_RULES, ResearchRules

MARKET = MarketRules()
OPEN, DAY = MARKET.session.open_ticks, MARKET.session.day_ticks
STEP = 0.001  # the usual move of a tick, a fraction
VOLUME = 100  # the usual volume of a tick
SYMBOLS = ("AAA", "BBB", "CCC")
SEASONED = 150  # ticks after which enough is known for anything to be unusual

Item = dict[str, Any]


class SmallMarket:
    """Some companies that walk quietly on their usual volume, until a test says otherwise."""

    def __init__(
        self,
        rules: ResearchRules = RESEARCH_RULES,
        market: MarketRules = MARKET,
        symbols: Sequence[str] = SYMBOLS,
    ) -> None:
        self.symbols = symbols
        listed = [
            Listed(symbol, f"{symbol} Inc", "Finance", STEP * OPEN**0.5) for symbol in symbols
        ]
        self.desk = ResearchDesk(rules, market, listed)
        self.random = Random(7)
        self.ticks = 0
        self.prices = dict.fromkeys(symbols, 10_000)
        self.closes = dict(self.prices)
        self.highs, self.lows = dict(self.prices), dict(self.prices)
        self.volumes = dict.fromkeys(symbols, 0)
        self.regime, self.interest = "normal", 0.05
        self.alerts: list[Alert] = []

    def tick(
        self,
        prices: dict[str, int] | None = None,
        volumes: dict[str, int] | None = None,
        *,
        events: list[Item] | None = None,
        articles: list[Item] | None = None,
        short_interest: dict[str, int] | None = None,
    ) -> Folded:
        """Tell the desk the next tick; what is not said of a company is as usual."""
        self.ticks += 1
        day, in_day = divmod(self.ticks, DAY)
        is_open = in_day < OPEN
        if in_day == 0:
            self.closes = dict(self.prices)
            self.volumes = dict.fromkeys(self.symbols, 0)
        before = dict(self.prices)
        traded: dict[str, list[int]] = {}
        for symbol in self.symbols:
            if is_open:
                self._move(symbol, (prices or {}).get(symbol), is_first=in_day == 0)
                quantity = (volumes or {}).get(symbol, VOLUME)
                self.volumes[symbol] += quantity
                traded[symbol] = [self.prices[symbol], self.prices[symbol], quantity]
        told: list[Item] = [
            {"type": "tick:update", "data": self._update(day, in_day, is_open=is_open)},
            {
                "type": "price:update",
                "data": {"prices": self._price_updates(before)},
                "traded": traded,
            },
            {"type": "market:event", "data": events or []},
            {"type": "news:breaking", "data": articles or []},
        ]
        if short_interest:
            lines = [{"symbol": s, "shortInterest": n / 1_000} for s, n in short_interest.items()]
            told.append({"type": "short:interest", "data": lines})
        folded = self.desk.fold(public_entry.read(self.ticks, told))
        self.alerts += folded.admission.sent
        return folded

    def run(self, ticks: int, **of_each: Any) -> None:
        for _ in range(ticks):
            self.tick(**of_each)

    def run_to(self, day: int, in_day: int) -> None:
        """Run quietly to just before a tick of a day."""
        self.run(day * DAY + in_day - 1 - self.ticks)

    def walk(self, symbol: str, step: float, ticks: int, volume: int = VOLUME) -> None:
        """Move a company by this fraction each tick."""
        for _ in range(ticks):
            price = round(self.prices[symbol] * (1 + step))
            self.tick({symbol: price}, {symbol: volume})

    def kinds(self, symbol: str | None, *, since: int = 0) -> list[str]:
        """Return the kinds of what was sent about a company (None: about none), in order."""
        return [a.kind for a in self.alerts if a.symbol == symbol and a.tick > since]

    def alert(self, kind: str) -> Alert:
        """Return the one alert of a kind."""
        [found] = [alert for alert in self.alerts if alert.kind == kind]
        return found

    def view(self, symbol: str) -> CompanyView:
        return self.desk.companies[symbol]

    def _move(self, symbol: str, price: int | None, *, is_first: bool) -> None:
        step = STEP * self.random.choice((-1, 1))
        if self.prices[symbol] * (1 + step) > 10_100 or self.prices[symbol] * (1 + step) < 9_900:
            step = -step if price is None else step  # a quiet company stays near where it was
        self.prices[symbol] = price or round(self.prices[symbol] * (1 + step))
        if is_first:
            self.highs[symbol] = self.lows[symbol] = self.prices[symbol]
        self.highs[symbol] = max(self.highs[symbol], self.prices[symbol])
        self.lows[symbol] = min(self.lows[symbol], self.prices[symbol])

    def _price_updates(self, before: dict[str, int]) -> list[Item]:
        return [
            {
                "symbol": symbol,
                "price": price / 100,
                "previousPrice": before[symbol] / 100,
                "dayChange": (price - self.closes[symbol]) / 100,
                "volume": self.volumes[symbol],
                "high": self.highs[symbol] / 100,
                "low": self.lows[symbol] / 100,
                "last": price / 100,
                "bid": (price - 1) / 100,
                "ask": (price + 1) / 100,
                "halted": False,
                "shortRestricted": False,
            }
            for symbol, price in self.prices.items()
        ]

    def _level(self, prices: dict[str, int]) -> float:
        return sum(prices.values()) / 100 / len(self.symbols)

    def _update(self, day: int, in_day: int, *, is_open: bool) -> Item:
        index, close = self._level(self.prices), self._level(self.closes)
        return {
            "marketOpen": is_open,
            "tradingDay": day,
            "tickInDay": in_day,
            "ticksUntilClose": max(0, OPEN - in_day),
            "regime": self.regime,
            "interestRate": self.interest,
            "inflationRate": 0.02,
            "gdpGrowth": 0.025,
            "activeEvents": [],
            "indices": [{"value": round(index, 2), "change": round(index - close, 2)}],
        }


def article(
    symbol: str, sentiment: float, *, is_rumor: bool = False, is_breaking: bool = False
) -> Item:
    return {
        "symbols": [symbol],
        "sentiment": sentiment,
        "rumor": {"untrusted": True, "author": None, "text": "secret words"} if is_rumor else None,
        "isBreaking": is_breaking,
        "headline": f"{symbol} does well",
        "content": f"{symbol} does very well.",
        "section": "company",
    }


def rumors(market: SmallMarket, count: int, sentiment: float = 0.8) -> None:
    """Have rumors of AAA spread in the next tick."""
    market.tick(articles=[article("AAA", sentiment, is_rumor=True) for _ in range(count)])
