"""The house: its agents, their memory, and their decisions in a tick."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from operator import attrgetter
from typing import Any

from agents.engine.agent_state import AgentStatus
from agents.engine.alliances import ACTIVE as ALLIED
from agents.engine.alliances import PENDING
from agents.engine.facts import BribeExposed, BribeOffered, Manipulation, StatusChanged
from agents.engine.house import crooks, traders
from agents.engine.house.names import house_name
from agents.engine.house.rules import HouseRules
from agents.engine.house.social import CROOKS, Surrounds, deal, role_of
from agents.engine.house.view import (
    Act,
    Memory,
    Scene,
    Stock,
    Strategy,
    View,
    Worked,
)
from agents.engine.registry import AgentRegistry
from agents.engine.rules import INVESTIGATOR
from market.engine import engine
from market.engine.accounts import PUBLIC
from market.engine.action import Action, OperatorAct
from market.engine.engine import Plain, Step, Surroundings
from market.engine.market import MarketEngine
from market.engine.orders import Company
from market.engine.values import Shares, uuid_of, uuid_prefix

HOUSE_ROLE = "hedge_fund_manager"
FIRST_HOUSE_ACCOUNT = 1_000_000_000  # above any agent's that registers

NOBODY: list[str] = []
LOST = frozenset({"imprisoned", "bankrupt", "fled"})

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

HONEST = "noise"  # what sits in a crook's seat where there are none


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
        company, tracker = self.companies[symbol], self.trackers[symbol]
        state, price = company.pricing, company.price
        stock = self[symbol] = Stock(
            symbol,
            price,
            company.best_bid or price,
            company.best_ask or price,
            max(1.0, company.shares * self.unit),
            state.fundamental,
            state.sigma,
            tracker.last - tracker.fast,
            tracker.last - tracker.slow,
            tracker.size,
            company.is_trading,
        )
        return stock


class House:
    """All of them: the engine of the house. What they decide, the world performs."""

    name = "house"

    def __init__(self, surroundings: Surroundings) -> None:
        self.rules: HouseRules = surroundings.rules.house
        self.count = surroundings.switches.house
        self.has_crooks = surroundings.switches.crooks
        self.streams = surroundings.streams
        self.facts = surroundings.facts
        self.market = surroundings.engine(MarketEngine)
        self.registry = surroundings.engine(AgentRegistry)
        self.decided: list[Act] = []  # in this tick, in their order
        self.inhabitants: list[Inhabitant] = []
        self.trackers: dict[str, PriceTracker] = {}
        self.worked: list[Worked] = []
        self.letters: list[list[int]] = []  # recipient and sender, since anyone's last turn
        self.bribes: list[list[Any]] = []  # target and id of what was offered, since then too

    # As an engine

    def actions(self) -> tuple[Action, ...]:
        return ()

    def operator_acts(self) -> tuple[OperatorAct, ...]:
        return ()

    def steps(self) -> Mapping[str, Step]:
        return {
            engine.DECIDE: self.decide,
            engine.AFTER_PRICES: self.follow_splits,
            engine.CLOSE: self.hear,
        }

    def begin_tick(self, tick: int) -> None:
        self.decided, self.worked = [], []

    def report(self) -> None:
        """Nothing: what they do is the market's to report, and what is forbidden of it a fact."""

    def standing(self) -> None:
        """Nothing."""

    def concerned(self) -> Iterable[int]:
        return ()

    def digest_part(self) -> bytes:
        return b""  # what they do is in the market's part

    def check(self, *, full: bool) -> None:
        """Their books are the market's."""

    # Founding

    def found(self) -> None:
        """Open an account for each, with shares of the public's and cash to match.

        Who sits in which seat is drawn, so that neither account nor name tells who is a crook.
        """
        exchange, count = self.market, self.count
        symbols = list(exchange.companies)
        if not symbols:
            return
        roles: dict[int, str] = {}
        size = min(len(symbols), max(self.rules.universe, math.ceil(len(symbols) / max(1, count))))
        for number, seat in enumerate(self._seats(count)):
            strategy = self.rules.roster[number % len(self.rules.roster)]
            if strategy in CROOKS and not self.has_crooks:
                strategy = HONEST
            start = number * size % len(symbols)
            universe = [symbols[(start + n) % len(symbols)] for n in range(size)]
            account, name = FIRST_HOUSE_ACCOUNT + seat, house_name(seat)
            self.inhabitants.append(Inhabitant(account, name, strategy, universe, {}))
            roles[account] = role_of(number, self.rules, HOUSE_ROLE)
        self.inhabitants.sort(key=attrgetter("account"))
        self._pair_up()
        self._endow(exchange)
        for company in exchange.companies.values():
            now = math.log(company.price)
            self.trackers[company.symbol] = PriceTracker(now, now, now, 1.0)
        prefix = uuid_prefix(self.streams.derive("house"))
        for one in self.inhabitants:
            id = uuid_of(prefix, one.account)
            self.registry.admit(
                one.account, id=id, name=one.name, role=roles[one.account], is_house=True
            )

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

    def _endow(self, exchange: MarketEngine) -> None:
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

    def _open(self, exchange: MarketEngine, one: Inhabitant, cash: int) -> None:
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

    def decide(self) -> None:
        """Decide what all of them do in this tick, in their order, on what they saw at the end of
        the last; nothing while the market is closed. What the crooks have done is a fact.
        """
        exchange = self.market
        if not (exchange.moment.is_open and self.inhabitants):
            return
        for company in exchange.companies.values():
            self.trackers[company.symbol].look(company)
        scene, surrounds = self._scene(), self._surrounds()
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
                    self.decided.append(doing)
                elif isinstance(doing, Manipulation):
                    self.facts.add(doing)
                else:
                    self.worked.append(doing)
            for act in deal(view, surrounds[one.account], stream):
                self.decided.append(act)
                if act.type == "KEEP_BRIBE":
                    self._own_up(one.account)
        self.letters, self.bribes = [], []

    def _surrounds(self) -> dict[int, Surrounds]:
        """Return what each of them knows of others."""
        registry, names = self.registry, self._company_names
        active = [m for m in registry.members.values() if m.status is AgentStatus.ACTIVE]
        ids = [member.id for member in active]
        investigators = [member.id for member in active if member.role == INVESTIGATOR]
        letters: dict[int, list[str]] = {}
        for recipient, sender in self.letters:
            letters.setdefault(recipient, []).append(registry.members[sender].id)
        bribes: dict[int, list[str]] = {}
        for target, id in self.bribes:
            bribes.setdefault(target, []).append(id)
        known: dict[int, Surrounds] = {}
        for one in self.inhabitants:
            account, member = one.account, registry.members[one.account]
            open = registry.open_alliances(account)
            known[account] = Surrounds(
                member.id,
                member.role,
                one.strategy,
                ids,
                investigators,
                letters.get(account, NOBODY),
                [a.id for a in open if a.status is PENDING and a.partner == account],
                [a.id for a in open if a.status is ALLIED],
                bribes.get(account, NOBODY),
                names,
            )
        return known

    # What the tick has brought

    def hear(self) -> None:
        """Take note of letters and bribes; let others take the seats of those who are gone."""
        houses = self.registry.members
        for message in self.registry.mail.sent:
            if houses[message.recipient].is_house:
                self.letters.append([message.recipient, message.sender])
        for offered in self.facts.of(BribeOffered):
            if houses[offered.target].is_house:
                self.bribes.append([offered.target, offered.id])
            self._own_up(offered.briber)
        for exposed in self.facts.of(BribeExposed):
            if not exposed.is_reported:
                self._own_up(exposed.briber)
        for change in self.facts.of(StatusChanged):
            if change.new in LOST and houses[change.account].is_house:
                self._succeed(change.account)

    def _own_up(self, account: int) -> None:
        """Note that a house agent has given or kept a bribe, for operators."""
        if self.registry.members[account].is_house:
            tick = self.market.moment.tick
            self.facts.add(Manipulation("bribery", (account,), "", tick, tick))

    def _succeed(self, account: int) -> None:
        """Give the seat of one who is in prison or gone to another: its way of trading and its
        role, so that the market keeps its flow and the SEC its work.
        """
        lost = next(one for one in self.inhabitants if one.account == account)
        cut = crooks.cut_short(
            lost.strategy, account, lost.partner, lost.memory, self.market.moment.tick
        )
        if cut is not None:
            self.facts.add(cut)
        members = self.registry.members
        heirs = [
            one
            for one in self.inhabitants
            if one.strategy == "noise"
            and members[one.account].role == HOUSE_ROLE
            and members[one.account].status is AgentStatus.ACTIVE
        ]
        is_ordinary = lost.strategy == "noise" and members[account].role == HOUSE_ROLE
        if not heirs or is_ordinary:
            return
        u = self.streams.uniform(self.market.moment.tick, f"house-{account}", "successor")
        heir = heirs[int(u * len(heirs))]
        heir.strategy, lost.strategy = lost.strategy, heir.strategy
        heir.partner, lost.partner = lost.partner, 0
        heir.memory, lost.memory = {}, {}
        for one in self.inhabitants:
            if one.account == heir.partner:
                one.partner, one.memory = heir.account, heir.memory
        role = members[account].role
        self.registry.change_role(account, HOUSE_ROLE)
        self.registry.change_role(heir.account, role)

    @property
    def _company_names(self) -> dict[str, str]:
        return {symbol: c.listing.name for symbol, c in self.market.companies.items()}

    def _scene(self) -> Scene:
        exchange = self.market
        orders = self.rules.orders_per_tick * len(self.inhabitants) / len(exchange.companies)
        unit = self.rules.turnover / exchange.rules.session.open_ticks / orders
        return Scene(
            tick=exchange.moment.tick,
            hour=exchange.climate.hour(exchange.moment),
            ticks_until_close=exchange.moment.ticks_until_close,
            stocks=Stocks(exchange.companies, self.trackers, unit),
            news=exchange.happened_before,
            brewing=exchange.climate.events.brewing,
            parents=self._parents(len(exchange.companies)),
            rules=self.rules,
            symbols=list(exchange.companies),
        )

    def _parents(self, companies: int) -> int:
        """Return how many large orders each of those who work them keeps under way."""
        workers = max(1, sum(one.strategy == "metaorder" for one in self.inhabitants))
        wanted = round(companies * self.rules.metaorders_per_company / workers)
        return max(1, min(self.rules.metaorders_each, wanted))

    def follow_splits(self) -> None:
        for split in self.market.log.splits:
            self.rescale(split.symbol, split.of / split.into)

    def rescale(self, symbol: str, factor: float) -> None:
        """Follow a split: a price is worth `factor` of what it was."""
        tracker, shift = self.trackers[symbol], math.log(factor)
        tracker.last, tracker.fast, tracker.slow = (
            tracker.last + shift,
            tracker.fast + shift,
            tracker.slow + shift,
        )
        for one in self.inhabitants:
            if symbol in one.founded_with:
                one.founded_with[symbol] = round(one.founded_with[symbol] / factor)
            if one.account > one.partner:  # a pair shares one memory
                crooks.rescale(one.memory, symbol, factor)

    # Keeping

    def dump(self) -> Plain:
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
            "letters": [list(letter) for letter in self.letters],
            "bribes": [list(bribe) for bribe in self.bribes],
            "eyes": {
                s: [tracker.last, tracker.fast, tracker.slow, tracker.size]
                for s, tracker in self.trackers.items()
            },
        }

    def load(self, plain: Plain) -> None:
        self.inhabitants = [
            Inhabitant(**one | {"memory": _copy(one["memory"])}) for one in plain["inhabitants"]
        ]
        by_account = {one.account: one for one in self.inhabitants}
        for one in self.inhabitants:
            if one.partner > one.account:
                by_account[one.partner].memory = one.memory
        self.letters = [list(letter) for letter in plain["letters"]]
        self.bribes = [list(bribe) for bribe in plain["bribes"]]
        self.trackers = {symbol: PriceTracker(*kept) for symbol, kept in plain["eyes"].items()}


def _copy(memory: Any) -> Any:
    """Return a deep copy of plain data."""
    if isinstance(memory, dict):
        return {key: _copy(value) for key, value in memory.items()}
    if isinstance(memory, list):
        return [_copy(value) for value in memory]
    return memory
