"""Run the machine in memory and keep what the report needs."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable

import numpy as np

from market.engine.accounts import MARKET_MAKER
from market.engine.orders import Company
from market.engine.outcome import Trade
from market.engine.pricing import Drivers
from market.engine.rules import Switches
from market.engine.values import Shares
from news.engine.desk import NewsReport
from wallstreetsim.lab.realism.authors import attempts_of
from wallstreetsim.lab.realism.history import (
    CompanyHistory,
    Headline,
    History,
    Metaorder,
    Report,
    Series,
)
from wallstreetsim.machine.rules import RULES, Rules
from wallstreetsim.machine.world import Outcome, World

HOUSE_AGENTS = 24
_DEPTH_EVERY = 30  # ticks
_LEVELS = 5


class Watcher:
    """One company's open ticks, as they pass."""

    def __init__(self, company: Company) -> None:
        self.company = company
        self.prices: list[float] = []
        self.returns: list[float] = []
        self.volumes: list[float] = []
        self.flows: list[float] = []
        self.spreads: list[float] = []
        self.drivers: list[Drivers] = []
        self.was_halted = False
        self.away = 0  # ticks in which the mid was more than a spread from the price

    def watch(self, flow: Shares, *, after_night: bool) -> None:
        """Take in a tick; `flow` is the signed volume of its takers."""
        company = self.company
        left_out = after_night or company.is_halted or self.was_halted
        move = math.log(company.price / company.previous_price)
        self.returns.append(math.nan if left_out else move)
        self.prices.append(company.price)
        self.volumes.append(company.tick_volume)
        self.flows.append(flow)
        self.spreads.append(_spread(company))
        if not left_out:
            self.drivers.append(company.pricing.drivers)
        self.was_halted = company.is_halted
        if company.best_bid and company.best_ask and not company.is_halted:
            spread = company.best_ask - company.best_bid
            self.away += abs(2 * company.price - company.best_bid - company.best_ask) > 2 * spread

    def history(self) -> CompanyHistory:
        listing = self.company.listing
        return CompanyHistory(
            listing.symbol,
            listing.sector,
            listing.volatility,
            *(
                np.array(values, dtype=np.float64)
                for values in (self.prices, self.returns, self.volumes, self.flows, self.spreads)
            ),
        )


class Observer:
    """A run of the machine over whole days, its first tick the first of day 0."""

    def __init__(
        self, seed: str, *, companies: int, house: int = HOUSE_AGENTS, rules: Rules = RULES
    ) -> None:
        self.seed = seed
        self.world = World(rules, seed, Switches(events=True, house=house))
        self.world.found(companies)
        self.watchers = [Watcher(company) for company in self.world.market.companies.values()]
        self.ticks_in_day: list[int] = []
        self.days: list[int] = []
        self.index: list[float] = []
        self.headlines: list[Headline] = []
        self.metaorders: list[Metaorder] = []
        self.reports: list[Report] = []
        self.depths: list[list[int]] = []
        self.manipulations = 0
        self.maker_equities: list[int] = []

    def run(self, days: int, each_day: Callable[[int], None] = lambda day: None) -> History:
        """Run whole days and return their history; `each_day` hears the end of each."""
        session = self.world.rules.market.session
        while self.world.tick < days * session.day_ticks - 1:
            outcome = self.world.advance([])
            if outcome.moment.is_open:
                self._watch(outcome)
            if outcome.moment.closes_now:
                each_day(outcome.moment.trading_day)
        return self._history()

    def _watch(self, outcome: Outcome) -> None:
        moment, at = outcome.moment, len(self.index)
        self.ticks_in_day.append(moment.tick_in_day)
        self.days.append(moment.trading_day)
        self.index.append(outcome.market.index)
        flows = _flows(outcome.market.trades)
        for watcher in self.watchers:
            watcher.watch(flows[watcher.company.symbol], after_night=moment.opens_now)
        for event in self.world.market.happened:
            if event.symbol is not None:
                self.headlines.append(Headline(at, event.symbol, event.impact))
        news: NewsReport = outcome.reports["news"]
        self.reports += [
            Report(at, article.symbols[0], article.sentiment)
            for article in news.articles
            if len(article.symbols) == 1 and article.sentiment
        ]
        self.manipulations += len(self.world.registry.report().manipulations)
        self.maker_equities.append(self.world.market.accounts[MARKET_MAKER].equity)
        for done in self.world.house.worked:
            first = at - (done.last_tick - done.first_tick)
            if first >= 0 and done.last_tick - done.first_tick < moment.tick_in_day:
                self.metaorders.append(Metaorder(done.symbol, done.side, first, at, done.shares))
        if moment.tick_in_day % _DEPTH_EVERY == 0:
            self.depths += [
                [shares for _, shares, _ in side][:_LEVELS]
                for company in outcome.market.companies
                for side in (company.bids, company.asks)
            ]

    def _history(self) -> History:
        return History(
            self.seed,
            self.world.rules.market.session.open_ticks,
            [watcher.history() for watcher in self.watchers],
            np.array(self.ticks_in_day, dtype=np.float64),
            np.array(self.days, dtype=np.float64),
            np.array(self.index, dtype=np.float64),
            self.headlines,
            self.metaorders,
            self.reports,
            attempts_of(self.seed, self.world.rules),
            self._depth(),
            self._driver_shares(),
            self._notes(),
        )

    def _notes(self) -> dict[str, float]:
        """Return what tells whether the run was stable and its books straight."""
        market, rules = self.world.market, self.world.rules.market.pricing
        prices = np.array([watcher.prices for watcher in self.watchers])
        moves = np.abs(np.nan_to_num([watcher.returns for watcher in self.watchers]))
        pinned = (prices <= rules.lowest_cents) | (prices >= rules.highest_cents)
        pinned |= moves >= 0.999 * rules.tick_cap
        equities = np.array(self.maker_equities) / self.maker_equities[0]
        away = sum(watcher.away for watcher in self.watchers)
        return {
            "lowest index": min(self.index) / 100,
            "highest index": max(self.index) / 100,
            "lowest price": float(prices.min()) / 100,
            "highest price": float(prices.max()) / 100,
            "share of ticks at a bound or the cap": float(pinned.mean()),
            "share of ticks that move": float((np.diff(prices, axis=1) != 0).mean()),
            "maker's equity, least": float(equities.min()),
            "maker's equity, most": float(equities.max()),
            "maker's cash $": market.accounts[MARKET_MAKER].cash / 100,
            "share of ticks with the mid a spread off the price": away / prices.size,
            "events": float(market.climate.events.numbered),
            "schemes": float(self.manipulations),
            "cash in all": sum(account.cash for account in market.accounts.values()) / 100,
            "shares amiss": float(sum(_amiss(company, self.world) for company in self._companies)),
        }

    @property
    def _companies(self) -> list[Company]:
        return [watcher.company for watcher in self.watchers]

    def _depth(self) -> Series:
        """Return the mean shares at each level of the book, 1 on average, where it has so many."""
        whole = np.array([levels for levels in self.depths if len(levels) == _LEVELS], dtype=float)
        if not whole.size:
            return np.zeros(0)
        return np.asarray(np.mean(whole / whole.mean(axis=1, keepdims=True), axis=0))

    def _driver_shares(self) -> tuple[float, float, float]:
        """Return the shares of the variance of flow, shock and world, over all companies."""
        variances = np.array(
            [
                np.var(np.array(w.drivers), axis=0) / w.company.pricing.sigma**2
                for w in self.watchers
            ]
        ).mean(axis=0)
        flow, shock, world = variances / variances.sum()
        return float(flow), float(shock), float(world)


def _amiss(company: Company, world: World) -> int:
    """Return how many shares there are more or less than were issued."""
    held = sum(account.quantity_of(company.symbol) for account in world.market.accounts.values())
    return abs(held - company.shares)


def _flows(trades: Iterable[Trade]) -> Counter[str]:
    """Return each company's signed volume of takers, the market maker's own aggression left out."""
    flows: Counter[str] = Counter()
    for trade in trades:
        taker = trade.buyer if trade.aggressor == "BUY" else trade.seller
        if trade.aggressor and taker != MARKET_MAKER:
            flows[trade.symbol] += trade.quantity if trade.aggressor == "BUY" else -trade.quantity
    return flows


def _spread(company: Company) -> float:
    if company.best_bid is None or company.best_ask is None:
        return math.nan
    return 2e4 * (company.best_ask - company.best_bid) / (company.best_ask + company.best_bid)
