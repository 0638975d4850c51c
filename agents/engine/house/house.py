"""The house: its agents, what they remember, and what they decide in a tick."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from operator import attrgetter
from typing import Any

from agents.engine.house import crooks, traders
from agents.engine.house.names import house_name
from agents.engine.house.rules import HouseRules
from agents.engine.house.view import (
    Act,
    Manipulation,
    Memory,
    Scene,
    Stock,
    Strategy,
    View,
    Worked,
)
from market.engine.accounts import PUBLIC
from market.engine.companies import Company
from market.engine.events import MarketEvent
from market.engine.exchange import Exchange
from market.engine.random_source import RandomSource
from market.engine.values import Shares

FIRST_HOUSE_ACCOUNT = 1_000_000_000  # above any agent's that registers

STRATEGIES: Mapping[str, Strategy] = {
    "noise": traders.noise,
    "metaorder": traders.metaorder,
    "value": traders.value,
    "momentum": traders.momentum,
    "mean_reverting": traders.mean_reverting,
    "news": traders.news,
    "wash": crooks.wash,
    "spoof": crooks.spoof,
    "pump": crooks.pump,
    "insider": crooks.insider,
}


@dataclass(slots=True)
class Inhabitant:
    """One house agent: its account, its way of trading, and what it trades.

    A pair shares one memory, and each is the other's partner.
    """

    account: int
    name: str
    strategy: str
    universe: list[str]
    founded_with: dict[str, Shares]
    partner: int = 0
    memory: Memory = field(default_factory=dict)


@dataclass(slots=True)
class PriceTracker:
    """What the house remembers of a company's price."""

    last: float  # logs
    fast: float
    slow: float
    size: float  # a recent |return|, in ordinary ones

    def look(self, company: Company) -> None:
        """Take in the last tick."""
        now = math.log(company.price)
        self.size += (abs(now - self.last) / company.pricing.sigma - self.size) * 0.1
        self.last = now
        self.fast += (now - self.fast) * 0.1
        self.slow += (now - self.slow) * 0.0165


class Stocks(dict[str, Stock]):
    """The companies as the house sees them, each looked at when somebody asks for it first."""

    def __init__(
        self, companies: Mapping[str, Company], trackers: Mapping[str, PriceTracker], unit: float
    ) -> None:
        super().__init__()
        self.companies = companies
        self.trackers = trackers
        self.unit = unit  # a usual order's part of a company's shares

    def __missing__(self, symbol: str) -> Stock:
        company, eye = self.companies[symbol], self.trackers[symbol]
        state, price = company.pricing, company.price
        stock = self[symbol] = Stock(
            symbol,
            price,
            company.best_bid or price,
            company.best_ask or price,
            max(1.0, company.shares * self.unit),
            state.fundamental,
            state.sigma,
            eye.last - eye.fast,
            eye.last - eye.slow,
            eye.size,
            company.is_trading,
        )
        return stock


class House:
    """All of them."""

    def __init__(self, rules: HouseRules, streams: RandomSource) -> None:
        self.rules = rules
        self.streams = streams
        self.inhabitants: list[Inhabitant] = []
        self.trackers: dict[str, PriceTracker] = {}
        self.deeds: list[Manipulation] = []  # of the last tick
        self.worked: list[Worked] = []

    # Founding

    def found(self, exchange: Exchange, count: int) -> None:
        """Open `count` accounts, with shares of the public's and cash to match.

        Who sits in which seat is drawn, so that neither account nor name tells who is a crook.
        """
        symbols = list(exchange.companies)
        if not symbols:
            return
        size = min(len(symbols), max(self.rules.universe, math.ceil(len(symbols) / max(1, count))))
        for number, seat in enumerate(self._seats(count)):
            strategy = self.rules.roster[number % len(self.rules.roster)]
            start = number * size % len(symbols)
            universe = [symbols[(start + n) % len(symbols)] for n in range(size)]
            account, name = FIRST_HOUSE_ACCOUNT + seat, house_name(seat)
            self.inhabitants.append(Inhabitant(account, name, strategy, universe, {}))
        self.inhabitants.sort(key=attrgetter("account"))
        self._pair_up()
        self._endow(exchange)
        for company in exchange.companies.values():
            now = math.log(company.price)
            self.trackers[company.symbol] = PriceTracker(now, now, now, 1.0)

    def _seats(self, count: int) -> list[int]:
        """Return the numbers below `count`, shuffled."""
        return sorted(
            range(count), key=lambda seat: self.streams.uniform(0, f"house-{seat}", "seat")
        )

    def _pair_up(self) -> None:
        """Make partners of each wash trader and the next; one left over trades like others."""
        lonely: Inhabitant | None = None
        for one in self.inhabitants:
            if one.strategy != "wash":
                continue
            if lonely is None:
                lonely = one
            else:
                one.partner, lonely.partner = lonely.account, one.account
                one.memory, one.universe = lonely.memory, list(lonely.universe)
                lonely = None
        if lonely is not None:
            lonely.strategy = "noise"

    def _endow(self, exchange: Exchange) -> None:
        holders: dict[str, int] = {}
        for one in self.inhabitants:
            for symbol in one.universe:
                holders[symbol] = holders.get(symbol, 0) + 1
        for one in self.inhabitants:
            worth = 0
            for symbol in one.universe:
                company = exchange.companies[symbol]
                shares = self.rules.share_of(company.shares) // holders[symbol]
                one.founded_with[symbol] = shares
                worth += shares * company.price
            self._open(exchange, one, round(worth * self.rules.cash_per_share_value))

    def _open(self, exchange: Exchange, one: Inhabitant, cash: int) -> None:
        account = exchange.open_account(
            one.account, one.name, cash=cash, leverage=1, fee_bps=exchange.rules.taker_fee_bps
        )
        for symbol, shares in one.founded_with.items():
            if shares:
                exchange.give_shares(
                    PUBLIC, account.id, exchange.companies[symbol], shares, kind="endowment"
                )
        account.endowment = account.close_equity = account.equity

    # The tick

    def decide(self, exchange: Exchange, news: list[MarketEvent]) -> list[Act]:
        """Return what all of them do in this tick, in their order, on what they saw at the end of
        the last; nothing while the market is closed. What the crooks have done is in `deeds`.
        """
        self.deeds, self.worked = [], []
        if not (exchange.moment.is_open and self.inhabitants):
            return []
        for company in exchange.companies.values():
            self.trackers[company.symbol].look(company)
        scene = self._scene(exchange, news)
        acts: list[Act] = []
        for one in self.inhabitants:
            view = View(
                scene,
                exchange.accounts[one.account],
                one.universe,
                one.partner,
                one.founded_with,
            )
            stream = partial(self.streams.uniforms, scene.tick, f"house-{one.account}")
            for doing in STRATEGIES[one.strategy](view, one.memory, stream):
                if isinstance(doing, Act):
                    acts.append(doing)
                elif isinstance(doing, Manipulation):
                    self.deeds.append(doing)
                else:
                    self.worked.append(doing)
        return acts

    def _scene(self, exchange: Exchange, news: list[MarketEvent]) -> Scene:
        orders = self.rules.orders_per_tick * len(self.inhabitants) / len(exchange.companies)
        unit = self.rules.turnover / exchange.rules.session.open_ticks / orders
        return Scene(
            tick=exchange.moment.tick,
            hour=exchange.climate.hour(exchange.moment),
            ticks_until_close=exchange.moment.ticks_until_close,
            stocks=Stocks(exchange.companies, self.trackers, unit),
            news=news,
            brewing=exchange.climate.events.brewing,
            parents=self._parents(len(exchange.companies)),
            rules=self.rules,
        )

    def _parents(self, companies: int) -> int:
        """Return how many large orders each of those who work them keeps under way."""
        workers = max(1, sum(one.strategy == "metaorder" for one in self.inhabitants))
        wanted = round(companies * self.rules.metaorders_per_company / workers)
        return max(1, min(self.rules.metaorders_each, wanted))

    def rescale(self, symbol: str, factor: float) -> None:
        """Follow a split: a price is worth `factor` of what it was."""
        eye, shift = self.trackers[symbol], math.log(factor)
        eye.last, eye.fast, eye.slow = eye.last + shift, eye.fast + shift, eye.slow + shift
        for one in self.inhabitants:
            if symbol in one.founded_with:
                one.founded_with[symbol] = round(one.founded_with[symbol] / factor)

    # Keeping

    def dump(self) -> dict[str, Any]:
        return {
            "inhabitants": [
                {
                    "account": one.account,
                    "name": one.name,
                    "strategy": one.strategy,
                    "universe": list(one.universe),
                    "founded_with": dict(one.founded_with),
                    "partner": one.partner,
                    "memory": _copy(one.memory),
                }
                for one in self.inhabitants
            ],
            "eyes": {
                s: [eye.last, eye.fast, eye.slow, eye.size] for s, eye in self.trackers.items()
            },
        }

    def load(self, plain: dict[str, Any]) -> None:
        self.inhabitants = [
            Inhabitant(**one | {"memory": _copy(one["memory"])}) for one in plain["inhabitants"]
        ]
        by_account = {one.account: one for one in self.inhabitants}
        for one in self.inhabitants:
            if one.partner > one.account:
                by_account[one.partner].memory = one.memory
        self.trackers = {symbol: PriceTracker(*kept) for symbol, kept in plain["eyes"].items()}


def _copy(memory: Any) -> Any:
    """Copy plain data all the way down."""
    if isinstance(memory, dict):
        return {key: _copy(value) for key, value in memory.items()}
    if isinstance(memory, list):
        return [_copy(value) for value in memory]
    return memory
