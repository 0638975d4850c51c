"""An adversary: a small program that looks for money on public data alone, and what it earned.

Each has accounts of its own and companies of its own, so that several live in one world. It sees
what anyone may see at the end of a tick, and its own accounts; it acts within the limits of an
agent. What it earns in a day is how its accounts' net worth changed, all together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from agents.engine.inputs import Input
from market.engine.accounts import FIRST_AGENT_ACCOUNT
from market.engine.listings import Listing, generate_listings
from market.engine.orders import Account, Company
from market.engine.outcome import MarketOutcome
from market.engine.random_source import RandomSource
from market.engine.rules import Switches
from market.engine.values import BPS_IN_ONE, Cents, Shares
from wallstreetsim.lab.realism.lunch import t_statistic
from wallstreetsim.machine.rules import RULES, Rules
from wallstreetsim.machine.world import REGISTER, World

LEAST_T = 2.0  # from which what an adversary earns is more than luck
SEEDS = ("adversary-1", "adversary-2")  # that no number of the rules was fitted to
NEWS_TICKS = 60  # for which an event may be why an account owes more than it has
ACTIONS_IN_A_TICK = RULES.agents.actions_per_request


class Sight(NamedTuple):
    """What is published of a company at the end of a tick; prices are in cents."""

    symbol: str
    price: Cents
    bid: Cents | None
    ask: Cents | None
    bids: Sequence[tuple[Cents, Shares, int]]
    asks: Sequence[tuple[Cents, Shares, int]]
    is_trading: bool
    volatility: float  # daily
    initial_margin: float  # the least, as a part of a position's value
    usual: float  # shares in a usual tick: the turnover at founding
    bought: Shares  # by takers in the tick
    sold: Shares

    @property
    def mid(self) -> Cents:
        if self.bid is None or self.ask is None:
            return self.price
        return (self.bid + self.ask) // 2


class Scene(NamedTuple):
    """A tick as an adversary sees it before it acts."""

    tick_in_day: int
    is_open: bool
    ticks_until_close: int
    sights: dict[str, Sight]


@dataclass
class Adversary:
    """The base of all: its name, its roles (one an account), and how many companies it wants."""

    name: str = ""
    roles: tuple[str, ...] = ("hedge_fund_manager",)
    companies: int = 1
    sectors: tuple[str, ...] = ()  # that it must have, if any
    price: Cents = 0  # at which its companies are founded, if that matters
    symbols: list[str] = field(default_factory=list)
    accounts: list[Account] = field(default_factory=list)
    orders: list[tuple[int, str, dict[str, Any]]] = field(default_factory=list)

    def act(self, scene: Scene) -> None:
        """Order what it wants in this tick."""
        raise NotImplementedError

    def helpers(self) -> tuple[int, ...]:
        """Return the places of the accounts whose money is not its own: its victims'."""
        return ()

    # Words for its orders

    def market(self, who: int, verb: str, symbol: str, quantity: float) -> None:
        self._place(who, verb, symbol, quantity, {"kind": "MARKET"})

    def limit(
        self, who: int, verb: str, symbol: str, quantity: float, at: float, **more: Any
    ) -> None:
        self._place(who, verb, symbol, quantity, {"kind": "LIMIT", "limit": max(1, int(at))} | more)

    def stop(self, who: int, verb: str, symbol: str, quantity: float, at: float) -> None:
        self._place(who, verb, symbol, quantity, {"kind": "STOP", "stop": max(1, int(at))})

    def cancel_all(self, who: int) -> None:
        if self.accounts[who].orders:
            self.orders.append((who, "CANCEL_ALL", {}))

    def trade_between(
        self, seller: tuple[int, str], buyer: tuple[int, str], sight: Sight, quantity: float
    ) -> None:
        """Let two of its accounts trade with each other between the quotes, if there is room."""
        if sight.bid is not None and sight.ask is not None and sight.ask - sight.bid >= 2:
            self.limit(seller[0], seller[1], sight.symbol, quantity, sight.mid)
            self.limit(buyer[0], buyer[1], sight.symbol, quantity, sight.mid, time_in_force="IOC")

    def held(self, who: int, symbol: str) -> Shares:
        return self.accounts[who].quantity_of(symbol)

    def close(self, who: int, symbol: str) -> None:
        """Close a position at market."""
        held = self.held(who, symbol)
        if held:
            self.market(who, "SELL" if held > 0 else "COVER", symbol, abs(held))

    def _place(
        self, who: int, verb: str, symbol: str, quantity: float, more: dict[str, Any]
    ) -> None:
        shares = min(RULES.market.max_quantity, int(quantity))
        if shares >= 1:
            terms = {"symbol": symbol, "quantity": shares, "time_in_force": "GTC"}
            self.orders.append((who, verb, terms | more))


class WriteOff(NamedTuple):
    """What the treasury lost to an account of an adversary, in dollars, and by what."""

    tick: int
    symbol: str
    dollars: float
    news: str  # the kind of what happened to its companies shortly before, if anything did


Run: TypeAlias = tuple[list[float], list[float], list[WriteOff]]  # earned and exposed a day


class Earned(NamedTuple):
    """What an adversary earned: dollars a day, over all days and seeds."""

    adversary: str
    companies: int  # of the world
    days: int
    mean: float
    t: float
    sharpe: float  # of a day
    capacity: float  # dollars in positions, at most, on an average day
    written_off: float  # dollars, in all, that the treasury lost to its accounts
    without_news: float  # dollars of these that no event took
    is_marked: bool

    @property
    def is_free(self) -> bool:
        """Say whether it earns, or takes of the treasury what no event has moved."""
        pays = self.mean > 0.0 and self.t >= LEAST_T
        return self.is_marked and (pays or self.without_news > 0.0)


class Arena:
    """A world in which adversaries live beside the house, each in its own companies."""

    def __init__(
        self,
        seed: str,
        adversaries: Sequence[Adversary],
        *,
        companies: int,
        house: int,
        rules: Rules = RULES,
    ) -> None:
        self.adversaries = adversaries
        self.world = World(rules, seed, Switches(events=True, house=house))
        listings = generate_listings(companies, RandomSource(seed), rules.market)
        self.world.found(self._shared_out(listings))
        self.inputs_numbered = 0
        self.accounts_numbered = FIRST_AGENT_ACCOUNT
        self.earned: list[list[float]] = [[] for _ in adversaries]
        self.exposures: list[list[float]] = [[] for _ in adversaries]
        self.written_off: list[list[WriteOff]] = [[] for _ in adversaries]
        self.news: dict[str, tuple[int, str]] = {}  # the last tick and kind, by symbol
        self._register_missing()

    def run(self, days: int) -> list[Run]:
        """Run whole days; return each adversary's earnings a day, its largest exposure a day, and
        what the treasury wrote off for it, and why.
        """
        session = self.world.rules.market.session
        for day in range(days):
            self._register_missing()
            before = [self._worths(a) for a in self.adversaries]
            most = [0.0 for _ in self.adversaries]
            while self.world.tick < (day + 1) * session.day_ticks - 1:
                self._tick(most)
            for n, adversary in enumerate(self.adversaries):
                after = self._worths(adversary)
                self.earned[n].append((sum(after) - sum(before[n])) / 100)
                self.exposures[n].append(most[n] / 100)
        return list(zip(self.earned, self.exposures, self.written_off, strict=True))

    def _tick(self, most: list[float]) -> None:
        outcome = self.world.advance(self._decide())
        self._take(outcome.market)
        for n, adversary in enumerate(self.adversaries):
            exposure = sum(a.long_value + a.short_value for a in adversary.accounts)
            most[n] = max(most[n], float(exposure))

    def _decide(self) -> list[Input]:
        scene = self._scene()
        inputs = []
        for adversary in self.adversaries:
            adversary.orders = []
            adversary.act(scene)
            counts: dict[int, int] = {}
            for who, type, parameters in adversary.orders:
                counts[who] = counts.get(who, 0) + 1
                if counts[who] <= ACTIONS_IN_A_TICK:
                    inputs.append(self._input(type, parameters, adversary.accounts[who].id))
        return inputs

    def _scene(self) -> Scene:
        market = self.world.market
        next_moment = market.moment_at(self.world.tick + 1)
        bought: dict[str, int] = {}
        sold: dict[str, int] = {}
        for trade in market.log.trades:
            if trade.aggressor == "BUY":
                bought[trade.symbol] = bought.get(trade.symbol, 0) + trade.quantity
            elif trade.aggressor == "SELL":
                sold[trade.symbol] = sold.get(trade.symbol, 0) + trade.quantity
        sights = {
            symbol: self._sight(company, bought.get(symbol, 0), sold.get(symbol, 0))
            for adversary in self.adversaries
            for symbol in adversary.symbols
            for company in [market.companies[symbol]]
        }
        return Scene(
            next_moment.tick_in_day,
            next_moment.is_open and not market.is_day_over,
            next_moment.ticks_until_close,
            sights,
        )

    def _sight(self, company: Company, bought: Shares, sold: Shares) -> Sight:
        rules = self.world.rules.market
        book = company.book
        return Sight(
            company.symbol,
            company.price,
            company.best_bid,
            company.best_ask,
            book.bids.depth(rules.book_levels_published),
            book.asks.depth(rules.book_levels_published),
            company.is_trading,
            company.listing.volatility,
            company.margin_bps / BPS_IN_ONE,
            company.shares * rules.pricing.founding_turnover / rules.session.open_ticks,
            bought,
            sold,
        )

    def _take(self, market: MarketOutcome) -> None:
        tick = self.world.tick
        for event in self.world.market.happened:
            for company in self.world.market.companies.values():
                is_its = event.symbol in (None, company.symbol)
                if is_its and event.sector in (None, company.listing.sector):
                    self.news[company.symbol] = tick, event.type
        owners = {a.id: n for n, adv in enumerate(self.adversaries) for a in adv.accounts}
        for entry in market.entries:
            if entry.kind == "write_off" and entry.credit in owners:
                n = owners[entry.credit]
                symbols = self.adversaries[n].symbols
                last, kind, symbol = max(
                    (*self.news.get(one, (-NEWS_TICKS - 1, "")), one) for one in symbols
                )
                news = kind if tick - last <= NEWS_TICKS else ""
                self.written_off[n].append(WriteOff(tick, symbol, entry.cents / 100, news))

    def _worths(self, adversary: Adversary) -> list[Cents]:
        victims = adversary.helpers()
        return [a.equity for who, a in enumerate(adversary.accounts) if who not in victims]

    # Who lives there

    def _shared_out(self, listings: list[Listing]) -> list[Listing]:
        """Give every adversary its companies, those that want a sector first."""
        free = list(listings)
        for adversary in sorted(self.adversaries, key=lambda a: not a.sectors):
            fitting = (
                [one for one in free if one.sector in adversary.sectors]
                if (adversary.sectors)
                else free
            )
            for one in fitting[: adversary.companies]:
                free.remove(one)
                adversary.symbols.append(one.symbol)
                if adversary.price:
                    place = listings.index(one)
                    shares = max(1_000_000, one.shares * one.price // adversary.price)
                    listings[place] = replace(one, price=adversary.price, shares=shares)
        return listings

    def _register_missing(self) -> None:
        """Register the accounts that are not there yet, or are bankrupt."""
        inputs, places = [], []
        for adversary in self.adversaries:
            for who, role in enumerate(adversary.roles):
                is_new = who >= len(adversary.accounts)
                if is_new or adversary.accounts[who].is_bankrupt:
                    id, self.accounts_numbered = self.accounts_numbered, self.accounts_numbered + 1
                    given = {"agent": f"agent-{id}", "name": f"adversary {id}", "role": role}
                    inputs.append(self._input(REGISTER, given, id))
                    places.append((adversary, who, id, is_new))
        if inputs:
            self.world.advance(inputs)
        for adversary, who, id, is_new in places:
            account = self.world.market.accounts[id]
            if is_new:
                adversary.accounts.append(account)
            else:
                adversary.accounts[who] = account

    def _input(self, type: str, parameters: dict[str, Any], account: int) -> Input:
        self.inputs_numbered += 1
        id = f"00000000-0000-4000-8000-{self.inputs_numbered:012d}"
        return Input(id, type, parameters, account)


def earned_by(
    name: str,
    runs: Sequence[Run],
    companies: int,
    *,
    is_marked: bool,
) -> Earned:
    """Return what the runs of one adversary come to."""
    days = np.array([day for earnings, _, _ in runs for day in earnings])
    exposures = [most for _, exposure, _ in runs for most in exposure]
    deviation = float(days.std(ddof=1)) if len(days) > 1 else 0.0
    return Earned(
        name,
        companies,
        len(days),
        float(days.mean()),
        t_statistic(days),
        float(days.mean()) / deviation if deviation else 0.0,
        float(np.mean(exposures)),
        sum(one.dollars for _, _, written_off in runs for one in written_off),
        sum(one.dollars for _, _, written_off in runs for one in written_off if not one.news),
        is_marked,
    )
