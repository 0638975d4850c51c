"""The cast of the tests, and the few words in which they trade.

    ann SELL 100 @ 10.02           a limit order; in APEX, unless another symbol is named
    bob BUY 50 NEXUS MARKET #b1    a market order; what follows # is its clientOrderId
    cid SHORT 5 STOP 9.50 DAY      a stop order; with @ 9.40 after it, a stop-limit order
    dee BUY 9 @ 9.00 IOC           a time in force; POST is post only, decrement a self-trade mode
    bob REPLACE #b1 40 @ 9.90      a replacement, by that name, of quantity, price or both
    bob CANCEL #b1                 a cancel, by that name; CANCEL ALL, or CANCEL ALL NEXUS

`book_of` and `fills` speak of one bare book; a `Stage` is a small world whose agents have names.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cache
from itertools import count
from typing import Any, NamedTuple

from agents.engine.inputs import Input
from market.engine.accounts import FIRST_AGENT_ACCOUNT, PUBLIC, SYSTEM_ACCOUNTS, AccountKind
from market.engine.book import Book
from market.engine.book_orders import Ticket
from market.engine.listings import Listing
from market.engine.orders import Account, Company, Order
from market.engine.outcome import OrderState
from market.engine.parameters import Parameters
from market.engine.rules import Switches
from market.engine.values import SIDE_OF, Cents, Intent, OrderKind, SelfTrade, Shares, Side
from wallstreetsim.machine.rules import RULES, Rules
from wallstreetsim.machine.world import REGISTER, Outcome, World

CAST = ("ann", "bob", "cid", "dee", "eve", "fay", "gus")
SYMBOL = "APEX"
STILL = Switches(never_closes=True, maker=False, walk=False)


def rules_with(**changes: Any) -> Rules:
    """Return the rules with some of the market's changed."""
    return replace(RULES, market=replace(RULES.market, **changes))


UNMOVED = rules_with(pricing=replace(RULES.market.pricing, flow_weight=0.0))  # by orders


def cents(dollars: str) -> Cents:
    return int(Decimal(dollars.replace(",", "")) * 100)


def dollars(cents: Cents) -> str:
    return f"{Decimal(cents) / 100:.2f}"


def listing(
    symbol: str = SYMBOL,
    price: str = "10.00",
    *,
    shares: Shares = 1_000_000,
    volatility: float = 0.02,
    sector: str = "Technology",
) -> Listing:
    return Listing(
        symbol=symbol,
        name=f"{symbol} Inc.",
        sector=sector,
        industry="Software",
        price=cents(price),
        shares=shares,
        volatility=volatility,
        beta=1.0,
    )


class Act(NamedTuple):
    """One line of a script: who does what, with the parameters as the machine wants them."""

    name: str
    type: str
    parameters: Parameters


_ORDER = re.compile(
    r"(?P<name>\w+) (?P<verb>BUY|SELL|SHORT|COVER) (?P<quantity>\d+)(?: (?P<symbol>[A-Z]+))??"
    r"(?: (?P<market>MARKET))?(?: STOP (?P<stop>[\d,.]+))?(?: @ (?P<limit>[\d,.]+))?"
    r"(?: (?P<time_in_force>GTC|DAY|IOC|FOK))?(?: (?P<post_only>POST))?"
    rf"(?: (?P<self_trade>{'|'.join(SelfTrade)}))?(?: #(?P<client_id>\w+))?"
)
_CANCEL = re.compile(r"(\w+) CANCEL #(\w+)")
_CANCEL_ALL = re.compile(r"(\w+) CANCEL ALL(?: (\w+))?")
_REPLACE = re.compile(r"(\w+) REPLACE #(\w+)(?: (\d+))?(?: @ ([\d,.]+))?")


def act(line: str) -> Act:
    """Read one line of a script."""
    line = " ".join(line.split())
    if cancel := _CANCEL.fullmatch(line):
        return Act(cancel[1], "CANCEL_ORDER", {"client_id": cancel[2]})
    if cancel := _CANCEL_ALL.fullmatch(line):
        return Act(cancel[1], "CANCEL_ALL", {"symbol": cancel[2]} if cancel[2] else {})
    if replace := _REPLACE.fullmatch(line):
        given = {"client_id": replace[2]}
        changes = {"quantity": replace[3] and int(replace[3])}
        changes["limit"] = replace[4] and cents(replace[4])
        return Act(replace[1], "REPLACE_ORDER", given | {k: v for k, v in changes.items() if v})
    order = _ORDER.fullmatch(line)
    assert order, f"cannot read {line!r}"
    return Act(order["name"], order["verb"], _order_parameters(order))


def _order_parameters(order: re.Match[str]) -> Parameters:
    stop, limit = order["stop"], order["limit"]
    assert (order["market"] is None) == bool(stop or limit), f"of what kind is {order[0]!r}?"
    kind = ("STOP_LIMIT" if limit else "STOP") if stop else ("LIMIT" if limit else "MARKET")
    parameters: Parameters = {
        "symbol": order["symbol"] or SYMBOL,
        "quantity": int(order["quantity"]),
        "kind": kind,
        "time_in_force": order["time_in_force"] or "GTC",
    }
    prices = {"limit": limit and cents(limit), "stop": stop and cents(stop)}
    named = {key: order[key] for key in ("self_trade", "client_id")}
    given = {**prices, **named, "post_only": bool(order["post_only"])}
    return parameters | {key: value for key, value in given.items() if value}


def acts(script: str) -> Iterator[Act]:
    return (act(line) for line in script.splitlines() if line.strip())


# One bare book

_numbers = count(1)


@cache
def _company(symbol: str) -> Company:
    return Company(listing(symbol), RULES.market)


@cache
def _account(name: str) -> Account:
    return Account(FIRST_AGENT_ACCOUNT + CAST.index(name), name, AccountKind.AGENT)


def order_of(line: str) -> Order:
    """Return a line's order, younger than all before it; a market order takes any price here."""
    name, verb, given = act(line)
    intent = Intent(verb)
    ticket = Ticket(
        given["symbol"],
        intent,
        given["quantity"],
        OrderKind(given["kind"]),
        given.get("limit"),
        self_trade=SelfTrade(given.get("self_trade", "allow")),
    )
    account, company = _account(name), _company(given["symbol"])
    order = Order(next(_numbers), line, account, company, SIDE_OF[intent], ticket, 1)
    order.price = order.limit or (10**9 if order.side is Side.BUY else 1)
    return order


def book_of(script: str) -> Book[Order]:
    """Return a book in which these orders rest, the first line the oldest."""
    book: Book[Order] = Book()
    for line in filter(str.strip, script.splitlines()):
        book.add(order_of(line))
    return book


def fills(book: Book[Order], line: str) -> list[str]:
    """Match a line's order against a book and tell what each resting order gave."""
    return [
        f"{fill.maker.account.name} {fill.quantity} @ {dollars(fill.price)}"
        for fill in book.match(order_of(line))
    ]


def resting(book: Book[Order]) -> list[str]:
    """Tell what rests in a book: bids before asks, each best first, then oldest."""
    return [
        f"{order.account.name} {order.side.name} {order.unfilled} @ {dollars(order.price)}"
        for side in (book.bids, book.asks)
        for order in side.orders()
    ]


# A small world


@dataclass(frozen=True)
class Player:
    """An agent of the cast: $1,000,000, no loan and no shares, unless the test says otherwise."""

    name: str
    cash: str = "1,000,000.00"
    leverage: int = 1
    role: str = "quant"
    holds: Mapping[str, Shares] = field(default_factory=dict)


class Stage:
    """A small world whose first tick has registered the cast.

    Its market never closes and its prices stand still, unless the test says otherwise.
    """

    def __init__(
        self,
        *cast: str | Player,
        companies: Sequence[Listing] | int = (listing(),),
        switches: Switches = STILL,
        rules: Rules = UNMOVED,
        seed: str = "a seed",
    ) -> None:
        self.world = World(rules, seed, switches)
        self.orders: dict[str, OrderState] = {}  # as last reported, by clientOrderId and by id
        self.founded = self.outcome = self.world.found(companies)
        self._inputs = count(1)
        players = [Player(one) if isinstance(one, str) else one for one in cast]
        self.ids = {id: name for name, id in SYSTEM_ACCOUNTS.items()}
        self.ids |= {player.name: 1_000 + n for n, player in enumerate(players)}
        self.names = {id: name for name, id in self.ids.items()}
        self.submit(*(self._registration(player) for player in players))

    # Acting

    def tick(self, script: str = "") -> Outcome:
        """Run one tick over the acts of a script."""
        return self.submit(*self.inputs(script))

    def operate(self, type: str, **parameters: Any) -> Outcome:
        """Run one tick over an operator's act."""
        return self.submit(self.input(None, type, parameters))

    def submit(self, *inputs: Input) -> Outcome:
        """Run one tick over these inputs."""
        return self.take(self.world.advance(inputs))

    def take(self, outcome: Outcome) -> Outcome:
        """Take note of what a tick has decided."""
        self.outcome = outcome
        for state in outcome.market.orders:
            self.orders[state.id] = self.orders[state.client_id or state.id] = state
        return outcome

    def run_to(self, tick: int) -> Outcome:
        """Run empty ticks up to this one."""
        while self.world.tick < tick:
            self.submit()
        return self.outcome

    def inputs(self, script: str) -> list[Input]:
        """Return the inputs of a script."""
        return [self.input(*one) for one in acts(script)]

    def input(self, name: str | None, type: str, parameters: Parameters, **more: Any) -> Input:
        """Return the next input of the inbox; an operator's has no name."""
        id = f"00000000-0000-4000-8000-{next(self._inputs):012d}"
        return Input(id, type, parameters, self.ids[name] if name else None, **more)

    def give(self, name: str, shares: Shares, symbol: str = SYMBOL) -> None:
        """Give an account shares of the public's, at the company's price."""
        self.world.market.give_shares(
            PUBLIC, self.ids[name], self.company(symbol), shares, kind="endowment"
        )

    def reprice(self, price: str, symbol: str = SYMBOL) -> None:
        """Let a company's price jump here in the next tick."""
        state = self.company(symbol).pricing
        state.value = state.fundamental = float(cents(price))

    def reload(self) -> None:
        """Go on with the machine that a checkpoint of this one would restore."""
        kept = json.loads(json.dumps(self.world.dump()))
        self.world = World.load(self.world.rules, kept)

    def _registration(self, player: Player) -> Input:
        return self.input(
            player.name,
            REGISTER,
            {
                "agent": f"agent-{player.name}",
                "name": player.name,
                "role": player.role,
                "cash": cents(player.cash),
                "leverage": player.leverage,
                "holdings": dict(player.holds),
            },
        )

    # Looking

    def account(self, name: str) -> Account:
        return self.world.market.accounts[self.ids[name]]

    def company(self, symbol: str = SYMBOL) -> Company:
        return self.world.market.companies[symbol]

    @property
    def codes(self) -> list[str]:
        """The last tick's verdicts, in the order of its inputs."""
        return [result.verdict.code for result in self.outcome.results]

    @property
    def trades(self) -> list[str]:
        """The last tick's trades, in order."""
        return [
            f"{self.names[trade.buyer]} bought {trade.quantity}"
            f" from {self.names[trade.seller]} @ {dollars(trade.price)}"
            for trade in self.outcome.market.trades
        ]

    def resting(self, symbol: str = SYMBOL) -> list[str]:
        return resting(self.company(symbol).book)

    def holding(self, name: str, symbol: str = SYMBOL) -> Shares:
        return self.account(name).quantity_of(symbol)
