"""The cast of the tests, and the few words in which they trade.

    ann SELL 100 @ 10.02           a limit order; in APEX, unless another symbol is named
    bob BUY 50 NEXUS MARKET #b1    a market order; what follows # is its clientOrderId
    bob CANCEL #b1                 a cancel, by that name

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
from market.engine.accounts import (
    FIRST_AGENT_ACCOUNT,
    PUBLIC,
    SYSTEM_ACCOUNTS,
    Account,
    AccountKind,
)
from market.engine.book import Book
from market.engine.companies import Company, Listing
from market.engine.orders import Order
from market.engine.outcome import OrderState
from market.engine.parameters import Parameters
from market.engine.rules import Switches
from market.engine.values import Cents, OrderKind, Shares, Side, TimeInForce
from wallstreetsim.rules import RULES, Rules
from wallstreetsim.world import REGISTER, Outcome, World

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


_ORDER = re.compile(r"(\w+) (BUY|SELL) (\d+)(?: ([A-Z]+))?? (?:MARKET|@ ([\d,.]+))(?: #(\w+))?")
_CANCEL = re.compile(r"(\w+) CANCEL #(\w+)")


def act(line: str) -> Act:
    """Read one line of a script."""
    line = " ".join(line.split())
    if cancel := _CANCEL.fullmatch(line):
        return Act(cancel[1], "CANCEL_ORDER", {"client_id": cancel[2]})
    order = _ORDER.fullmatch(line)
    assert order, f"cannot read {line!r}"
    name, verb, quantity, symbol, price, reference = order.groups()
    parameters: Parameters = {
        "symbol": symbol or SYMBOL,
        "quantity": int(quantity),
        "kind": "LIMIT" if price else "MARKET",
        "time_in_force": "GTC",
    }
    if price:
        parameters["limit"] = cents(price)
    if reference:
        parameters["client_id"] = reference
    return Act(name, verb, parameters)


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
    no_limit = 10**9 if verb == "BUY" else 1
    order = Order(
        number=next(_numbers),
        id=line,
        account=_account(name),
        company=_company(given["symbol"]),
        side=Side[verb],
        kind=OrderKind(given["kind"]),
        quantity=given["quantity"],
        limit=given.get("limit", no_limit),
        tick=1,
    )
    order.time_in_force = TimeInForce(given["time_in_force"])
    return order


def book_of(script: str) -> Book:
    """Return a book in which these orders rest, the first line the oldest."""
    book = Book()
    for line in filter(str.strip, script.splitlines()):
        book.add(order_of(line))
    return book


def fills(book: Book, line: str) -> list[str]:
    """Match a line's order against a book and tell what each resting order gave."""
    return [
        f"{fill.maker.account.name} {fill.quantity} @ {dollars(fill.price)}"
        for fill in book.match(order_of(line))
    ]


def resting(book: Book) -> list[str]:
    """Tell what rests in a book: bids before asks, each best first, then oldest."""
    return [
        f"{order.account.name} {order.side.name} {order.unfilled} @ {dollars(order.limit)}"
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
        return self.submit(*(self.input(*one) for one in acts(script)))

    def submit(self, *inputs: Input) -> Outcome:
        """Run one tick over these inputs."""
        self.outcome = self.world.advance(inputs)
        for state in self.outcome.market.orders:
            self.orders[state.id] = self.orders[state.client_id or state.id] = state
        return self.outcome

    def run_to(self, tick: int) -> Outcome:
        """Run empty ticks up to this one."""
        while self.world.tick < tick:
            self.submit()
        return self.outcome

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
