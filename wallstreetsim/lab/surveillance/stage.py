"""A stage: a market of honest house agents, and scripted accounts that act in it.

A script is a generator that is resumed once a tick, before the tick. It sees what anyone may see at
the end of the last tick, and its own accounts; what it asks for in between are inputs of the tick.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any, TypeAlias

from agents.engine.house import FIRST_HOUSE_ACCOUNT
from agents.engine.inputs import Input
from market.engine.accounts import FIRST_AGENT_ACCOUNT
from market.engine.listings import Listing
from market.engine.operator_acts import HALT, INJECT
from market.engine.orders import Account, Company
from market.engine.outcome import Trade
from market.engine.rules import Switches
from market.engine.values import BPS_IN_ONE, Cents, Shares, Tick
from news.research.events import ResearchEvent
from wallstreetsim.lab.research_desk import DeskInMemory
from wallstreetsim.machine.rules import RULES
from wallstreetsim.machine.world import REGISTER, Outcome, World

TICKS = 400
COMPANIES = 5
PLAIN, DISGUISED, EVASIVE = "plain", "disguised", "evasive"  # styles
HOUSE = 32
# What is traded in a tick, as a part of the turnover that a company is founded with.
USUAL_PART = 0.4
# Otherwise nobody could spread a rumor within the ticks of a run.
LAB_RULES = replace(
    RULES, news=replace(RULES.news, rumors=replace(RULES.news.rumors, author_age_ticks=0))
)

Script: TypeAlias = Generator[None, None, None]

GOOD_WORDS = (
    "Word is that {} is about to report excellent growth, a record profit and a great contract",
    "A takeover offer for {} at a great premium: shareholders will be delighted, shares will soar",
    "{} wins a huge contract and beats all targets: a wonderful, record breakthrough quarter",
    "Insiders at {} speak of a superb quarter, strong growth and a very profitable partnership",
)
BAD_WORDS = (
    "Word is that {} hides terrible losses, fraud and a bankruptcy that will crash its shares",
    "A horrible scandal at {}: investigation, lawsuits and a disastrous collapse of its profits",
    "{} will miss all targets badly: layoffs, a recall and an ugly plunge of its business",
    "Insiders at {} speak of fraud, a failed audit and the worst losses in its history",
)


@dataclass(frozen=True, slots=True)
class Setting:
    """The market that a script is played into. `listings` are generated unless given."""

    house: int = HOUSE
    walks: bool = True
    news: bool = True
    listings: tuple[Listing, ...] = ()
    ticks: Tick = TICKS
    shift: Tick = 0  # by which everything that is scripted comes later
    names: str = "agent"  # with which the scripted agents' names begin
    splits: bool = False  # every scripted account is two, which are allied


@dataclass(slots=True)
class Guilt:
    """What a script has done that is forbidden.

    `proven_tick` is the first at which the record suffices to prove it, None as long as it does
    not. `also` are crimes that the same conduct may rightly be called too.
    """

    crime: str
    accounts: tuple[int, ...]
    symbol: str
    first_tick: Tick = 0
    last_tick: Tick = 0
    proven_tick: Tick | None = None
    also: tuple[str, ...] = ()
    counted: int = 0  # of what a script counts


class Actor:
    """A scripted account: the words for what it asks for in a tick."""

    def __init__(self, stage: Stage, account: int, name: str) -> None:
        self.stage = stage
        self.id = account
        self.name = name
        self.ids: tuple[int, ...] = (account,)  # its accounts: one, unless the setting splits it

    @property
    def account(self) -> Account:
        return self.stage.world.market.accounts[self.id]

    def held(self, symbol: str) -> Shares:
        return self.account.quantity_of(symbol)

    def buy(self, symbol: str, quantity: float, at: Cents | None = None, **terms: Any) -> str:
        """Buy, at market or (`at`) by a limit order, and return the order's id. What is short is
        covered first.
        """
        verb = "COVER" if self.held(symbol) < 0 else "BUY"
        return self._order(verb, symbol, quantity, at, terms)

    def sell(self, symbol: str, quantity: float, at: Cents | None = None, **terms: Any) -> str:
        """Sell what it holds, or else short."""
        verb = "SELL" if self.held(symbol) > 0 else "SHORT"
        return self._order(verb, symbol, quantity, at, terms)

    def trade(
        self, side: int, symbol: str, quantity: float, at: Cents | None = None, **terms: Any
    ) -> str:
        """Buy where `side` is positive, else sell."""
        return (self.buy if side > 0 else self.sell)(symbol, quantity, at, **terms)

    def close(self, symbol: str, part: float = 1.0) -> None:
        """Close a part of a position at market."""
        held = self.held(symbol)
        if held:
            self.trade(-1 if held > 0 else 1, symbol, abs(held) * part)

    def stop(self, symbol: str, quantity: float, at: Cents) -> str:
        """Sell by a stop."""
        terms = {"kind": "STOP", "stop": max(1, at)}
        return self._ask("SELL", self._terms(symbol, quantity) | terms)

    def cancel(self, *orders: str) -> None:
        """Cancel those of these orders that are open."""
        for order in orders:
            if order in self.account.orders:
                self._ask("CANCEL_ORDER", {"id": order})

    def cancel_all(self) -> None:
        for id in self.ids:
            self.stage.ask("CANCEL_ALL", {}, id)

    def replace(self, order: str, **terms: int) -> None:
        if order in self.account.orders:
            self._ask("REPLACE_ORDER", {"id": order} | terms)

    def filled(self, order: str) -> Shares:
        """Return how much of an open order is filled."""
        open = self.account.orders.get(order)
        return open.filled if open else 0

    def rumor(self, symbol: str, sign: int) -> str:
        words = self.stage.random.choice(GOOD_WORDS if sign > 0 else BAD_WORDS)
        name = self.stage.world.market.companies[symbol].listing.name
        return self._ask("RUMOR", {"symbol": symbol, "content": words.format(name)})

    def message(self, other: Actor, text: str) -> None:
        self._ask("MESSAGE", {"target": other.name, "content": text})

    def _order(
        self, verb: str, symbol: str, quantity: float, at: Cents | None, terms: Mapping[str, Any]
    ) -> str:
        given = self._terms(symbol, quantity) | {"kind": "MARKET"}
        if at is not None:
            given |= {"kind": "LIMIT", "limit": max(1, at)}
        return self._ask(verb, given | dict(terms))

    def _terms(self, symbol: str, quantity: float) -> dict[str, Any]:
        shares = max(1, min(RULES.market.max_quantity, round(quantity)))
        return {"symbol": symbol, "quantity": shares, "time_in_force": "GTC"}

    def _ask(self, type: str, given: Mapping[str, Any]) -> str:
        return self.stage.ask(type, given, self.id)


class SplitActor(Actor):
    """Two allied accounts that act as one: orders go to one and the other by turns."""

    def __init__(self, first: Actor, second: Actor) -> None:
        super().__init__(first.stage, first.id, first.name)
        self.halves = (first, second)
        self.ids = (first.id, second.id)
        self.placed: dict[str, Actor] = {}  # who has placed an order
        self.turns = 0

    def held(self, symbol: str) -> Shares:
        return sum(half.held(symbol) for half in self.halves)

    def close(self, symbol: str, part: float = 1.0) -> None:
        for half in self.halves:
            half.close(symbol, part)

    def cancel(self, *orders: str) -> None:
        for order in orders:
            self.placed.get(order, self.halves[0]).cancel(order)

    def replace(self, order: str, **terms: int) -> None:
        self.placed.get(order, self.halves[0]).replace(order, **terms)

    def filled(self, order: str) -> Shares:
        return self.placed.get(order, self.halves[0]).filled(order)

    def _order(
        self, verb: str, symbol: str, quantity: float, at: Cents | None, terms: Mapping[str, Any]
    ) -> str:
        """Let a half place it: the one whose turn it is, or the one that has what is closed."""
        half = self.halves[self.turns % 2]
        if verb in ("SELL", "COVER"):
            sign = 1 if verb == "SELL" else -1
            half = max((half, *self.halves), key=lambda one: sign * one.held(symbol) >= quantity)
        if terms.get("self_trade") == "allow":  # what met itself meets the other half, by turns
            half = self.halves[(verb in ("BUY", "COVER")) ^ (self.turns // 2 % 2)]
        self.turns += 1
        id = half.trade(1 if verb in ("BUY", "COVER") else -1, symbol, quantity, at, **terms)
        self.placed[id] = half
        return id


@dataclass(slots=True)
class Part:
    """One script on a stage, its accounts, and what it is guilty of."""

    name: str
    script: Script
    actors: list[Actor] = field(default_factory=list)
    guilt: Guilt | None = None
    proofs: list[Callable[[], bool]] = field(default_factory=list)
    is_over: bool = False


Play: TypeAlias = Callable[["Stage", str], Script]  # on a stage, in a company


class Stage:
    """The world of one run, and the scripts that are played in it."""

    def __init__(self, seed: str, setting: Setting | None = None) -> None:
        self.setting = setting or Setting()
        self.random = Random(seed)
        self.world = World(
            LAB_RULES,
            seed,
            Switches(
                never_closes=True,
                walk=self.setting.walks,
                events=self.setting.news,
                house=self.setting.house,
                crooks=False,
            ),
        )
        self.world.found(self.setting.listings or COMPANIES)
        self.symbols = list(self.world.market.companies)
        self.parts: list[Part] = []
        self.part: Part | None = None  # whose script is being resumed
        self.inputs: list[Input] = []
        self.later: dict[Tick, list[Callable[[], object]]] = {}
        self.asked = 0
        self.trades: list[Trade] = []  # of scripted accounts
        self.trades_of_tick: Sequence[Trade] = ()
        self.news_of_tick: dict[str, float] = {}  # impacts, of what has become known in the last
        self.newsletter: tuple[ResearchEvent, ...] = ()  # of the last tick, if it is read
        self.desk: DeskInMemory | None = None
        self.prices: dict[str, list[Cents]] = {
            s: [c.price] for s, c in self.world.market.companies.items()
        }

    # Putting on

    def add(self, name: str, play: Play, symbol: str) -> Part:
        """Put a script on the stage; its accounts are registered in the first tick."""
        script = play(self, symbol)
        part = Part(name, script)
        self.parts.append(part)
        self._resume(part)
        return part

    def actor(
        self,
        role: str = "hedge_fund_manager",
        *,
        holdings: Mapping[str, float] | None = None,
        origin: str = "",
        **given: Any,
    ) -> Actor:
        """Register an account for the script that asks. `holdings` are in usual ticks' volumes."""
        first = self._actor(role, holdings, origin, given)
        if not self.setting.splits:
            return first
        given = {key: value for key, value in given.items() if key != "company"}
        second = self._actor("hedge_fund_manager" if role == "ceo" else role, holdings, "", given)
        self.link(first, second, "alliance", tick=2)
        return SplitActor(first, second)

    def _actor(
        self,
        role: str,
        holdings: Mapping[str, float] | None,
        origin: str,
        given: Mapping[str, Any],
    ) -> Actor:
        assert self.part is not None
        number = FIRST_AGENT_ACCOUNT + sum(len(part.actors) for part in self.parts)
        name = f"{self.setting.names}-{number}"
        held = {s: max(1, round(n * self.unit(s))) for s, n in (holdings or {}).items()}
        terms = {**given, "agent": name, "name": name, "role": role, "holdings": held}
        if origin:
            terms["origin"] = f"{origin}-{_number_of(self.part, self.parts)}"
        actor = Actor(self, number, name)
        self.part.actors.append(actor)
        self.ask(REGISTER, terms, number)
        return actor

    def link(self, one: Actor, other: Actor, how: str, tick: Tick = 3) -> None:
        """Link two actors: by an `alliance`, or by `messages` that are answered."""
        if how == "alliance":
            self.at(tick, lambda: self.ask("ALLY", _proposal(other), one.id))
            self.at(tick + 2, lambda: self.ask("ALLY_ACCEPT", {"target": one.name}, other.id))
        elif how == "messages":
            self.at(tick, lambda: one.message(other, "Have you a minute to compare notes?"))
            self.at(tick + 2, lambda: other.message(one, "Gladly. What do you have in mind?"))
        else:
            raise ValueError(how)

    def at(self, tick: Tick, act: Callable[[], object]) -> None:
        """Let something be asked for in a tick."""
        self.later.setdefault(tick + self.setting.shift, []).append(act)

    def guilty(
        self, crime: str, actors: Sequence[Actor], symbol: str, also: tuple[str, ...] = ()
    ) -> Guilt:
        """Say of what the script is guilty, from now on."""
        assert self.part is not None
        accounts = tuple(sorted(id for actor in actors for id in actor.ids))
        guilt = self.part.guilt = Guilt(crime, accounts, symbol, self.tick, self.tick, also=also)
        return guilt

    def proven_when(self, proof: Callable[[], bool]) -> None:
        """Let the script's guilt be proven at the first tick at whose end this is true."""
        assert self.part is not None
        self.part.proofs.append(proof)

    # Running

    @property
    def tick(self) -> Tick:
        """Return the tick that comes next: the one in which what is asked for happens."""
        return self.world.tick + 1

    def advance(self) -> Outcome:
        """Resume the scripts, run a tick, and return its outcome."""
        if self.world.tick > self.setting.shift:
            for part in self.parts:
                if not part.is_over:
                    self._resume(part)
        for act in self.later.pop(self.tick, []):
            act()
        inputs, self.inputs = self.inputs, []
        outcome = self.world.advance(inputs)
        market = outcome.market
        self.trades_of_tick = [
            t for t in market.trades if _is_scripted(t.buyer) or _is_scripted(t.seller)
        ]
        self.trades += self.trades_of_tick
        self.news_of_tick = {e.symbol: e.impact for e in market.events if e.symbol is not None}
        if self.desk is not None:
            self.newsletter = self.desk.fold(outcome)
        for symbol, prices in self.prices.items():
            prices.append(self.world.market.companies[symbol].price)
        for part in self.parts:
            guilt = part.guilt
            if guilt is not None and guilt.proven_tick is None and any(p() for p in part.proofs):
                guilt.proven_tick = self.world.tick
        return outcome

    def run(self) -> Iterator[Outcome]:
        """Run the setting's ticks and yield their outcomes."""
        while self.world.tick < self.setting.ticks + self.setting.shift:
            yield self.advance()

    def ask(self, type: str, given: Mapping[str, Any], account: int | None) -> str:
        """Add an input to the tick, and return its id."""
        self.asked += 1
        id = f"00000000-0000-8000-8000-{self.asked:012d}"
        self.inputs.append(Input(id, type, dict(given), account))
        return id

    def inject(self, symbol: str, impact: float, *, kind: str = "") -> None:
        """Let an event happen to a company in the coming tick, which is news at its end."""
        event = kind or ("EARNINGS_BEAT" if impact > 0 else "EARNINGS_MISS")
        self.ask(
            INJECT,
            {"event": event, "symbol": symbol, "impact": impact, "duration": 10},
            None,
        )

    def halt(self, symbol: str, ticks: Tick) -> None:
        self.ask(HALT, {"symbol": symbol, "ticks": ticks, "reason": "for news"}, None)

    def _resume(self, part: Part) -> None:
        self.part = part
        try:
            next(part.script)
        except StopIteration:
            part.is_over = True
            if part.guilt is not None:
                part.guilt.last_tick = self.world.tick
        self.part = None

    # What anyone may see

    def subscribe(self) -> None:
        """Let the research desk publish from now on, for a script that reads its newsletter."""
        if self.desk is None:
            self.desk = DeskInMemory(self.world)

    def company(self, symbol: str) -> Company:
        return self.world.market.companies[symbol]

    def unit(self, symbol: str) -> float:
        """Return what is usually traded of a company in a tick."""
        rules = self.world.rules.market
        turnover = rules.pricing.founding_turnover / rules.session.open_ticks
        return max(20.0, USUAL_PART * self.company(symbol).shares * turnover)

    def price(self, symbol: str) -> Cents:
        return self.company(symbol).price

    def bid(self, symbol: str) -> Cents:
        company = self.company(symbol)
        return company.best_bid or company.price - 1

    def ask_price(self, symbol: str) -> Cents:
        company = self.company(symbol)
        return company.best_ask or company.price + 1

    def touch(self, side: int, symbol: str) -> Cents:
        """Return the best bid for a positive side, else the best ask."""
        return self.bid(symbol) if side > 0 else self.ask_price(symbol)

    def mid(self, symbol: str) -> Cents:
        return (self.bid(symbol) + self.ask_price(symbol)) // 2

    def half_spread(self, symbol: str) -> Cents:
        return max(1, (self.ask_price(symbol) - self.bid(symbol)) // 2)

    def affordable(self, actor: Actor, symbol: str) -> float:
        """Return how many shares an actor could add to a position at market."""
        account, company = actor.account, self.company(symbol)
        rate = account.margin_rate(company) / BPS_IN_ONE
        return account.buying_power / rate / (1.06 * company.price)

    def is_trading(self, symbol: str) -> bool:
        company = self.company(symbol)
        return company.is_trading and company.best_bid is not None and company.best_ask is not None

    def outermost(self, side: int, symbol: str) -> tuple[Cents, Shares]:
        """Return the outermost price that the market maker quotes on a side (positive: its bids),
        and the shares that rest there and before it.
        """
        quotes = [quote for quote in self.company(symbol).quotes if quote.side.value == side]
        prices = [quote.price for quote in quotes] or [self.price(symbol)]
        outermost = min(prices) if side > 0 else max(prices)
        book = self.company(symbol).book
        levels = (book.bids if side > 0 else book.asks).depth(100)
        resting = sum(n for p, n, _ in levels if (p >= outermost if side > 0 else p <= outermost))
        return outermost, resting

    def sigma(self, symbol: str) -> float:
        """Return how far a price usually moves in a tick, as a fraction."""
        open_ticks = self.world.rules.market.session.open_ticks
        return self.company(symbol).listing.volatility / math.sqrt(open_ticks)

    def change(self, symbol: str, ticks: int) -> float:
        """Return the log return over the last ticks."""
        prices = self.prices[symbol]
        return math.log(prices[-1] / prices[max(0, len(prices) - 1 - ticks)])

    # What the record says of scripted accounts

    def traded(
        self, symbol: str, accounts: Sequence[Actor], since: Tick = 0
    ) -> tuple[Shares, Cents, Shares, Cents]:
        """Return shares bought and the cents paid, shares sold and the cents received, by these
        accounts together, of others.
        """
        ids = {id for actor in accounts for id in actor.ids}
        bought = paid = sold = received = 0
        for trade in self.trades:
            if trade.symbol != symbol or trade.tick < since:
                continue
            if trade.buyer in ids and trade.seller not in ids:
                bought += trade.quantity
                paid += trade.quantity * trade.price
            elif trade.seller in ids and trade.buyer not in ids:
                sold += trade.quantity
                received += trade.quantity * trade.price
        return bought, paid, sold, received

    def between(self, symbol: str, accounts: Sequence[Actor], since: Tick = 0) -> list[Trade]:
        """Return the trades of these accounts with each other or themselves."""
        ids = {id for actor in accounts for id in actor.ids}
        return [
            t
            for t in self.trades
            if t.symbol == symbol and t.tick >= since and t.buyer in ids and t.seller in ids
        ]


def _is_scripted(account: int) -> bool:
    return FIRST_AGENT_ACCOUNT <= account < FIRST_HOUSE_ACCOUNT


def _number_of(part: Part, parts: Sequence[Part]) -> int:
    return next(n for n, one in enumerate(parts) if one is part)


def _proposal(other: Actor) -> dict[str, Any]:
    return {"target": other.name, "proposal": "Let us pool what we earn.", "percent": 10}


# Words for scripts


def wait(ticks: int) -> Script:
    """Let ticks pass."""
    for _ in range(ticks):
        yield


def uneven(random: Random, size: float, spread: float = 0.35) -> float:
    """Return a size with a random part."""
    return size * random.uniform(1.0 - spread, 1.0 + spread)


def odd_lot(random: Random, size: float) -> float:
    """Return a size that stays a little below a round number."""
    unit = 10.0 ** max(1, math.floor(math.log10(max(20.0, size))))
    rounded = max(unit, math.floor(size / unit) * unit)
    return rounded - random.randint(1, max(1, int(unit / 12)))
