"""What a house agent sees, and the values in which it answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from agents.engine.facts import Manipulation
from agents.engine.house.rules import HouseRules
from market.engine.events import Brewing, MarketEvent
from market.engine.orders import Account
from market.engine.parameters import Parameters
from market.engine.values import Cents, Shares, Side, Tick

Memory: TypeAlias = dict[str, Any]  # plain data: numbers, strings, lists and dicts
Uniforms: TypeAlias = tuple[float, float, float, float]
Stream: TypeAlias = Callable[[str], Uniforms]  # four uniforms for a purpose, this tick's


class Stock(NamedTuple):
    """A company as the house sees it at the end of the last tick; prices are in cents."""

    symbol: str
    price: Cents
    bid: Cents
    ask: Cents
    unit: float  # shares of a house order's usual size
    fundamental: float
    sigma: float  # of a log return per tick, ordinarily
    fast: float  # log price above its average of about ten ticks
    slow: float  # and of about sixty
    activity: float  # recent |return| in its ordinary size
    is_tradable: bool


class Scene(NamedTuple):
    """What all of them see."""

    tick: Tick
    hour: float  # the day's U
    ticks_until_close: Tick
    stocks: Mapping[str, Stock]
    news: list[MarketEvent]  # the last tick's
    brewing: list[Brewing]  # what only insiders know
    parents: int  # large orders that each of those who work them keeps under way
    rules: HouseRules
    symbols: Sequence[str]  # all companies'


class View(NamedTuple):
    """What one of them sees: the scene, and what is its own."""

    scene: Scene
    me: Account
    universe: list[str]  # the companies it trades
    partner: int  # the account with which it conspires
    founded_with: Mapping[str, Shares]


class Act(NamedTuple):
    """One action: a type of the table, and its parameters as the machine wants them."""

    account: int
    type: str
    parameters: Parameters


class Worked(NamedTuple):
    """A metaorder that is done."""

    symbol: str
    side: int
    first_tick: Tick
    last_tick: Tick
    shares: Shares


Doing: TypeAlias = Act | Manipulation | Worked
Strategy: TypeAlias = Callable[[View, Memory, Stream], list[Doing]]

MOST_SHARES = 1_000_000


def order(
    view: View,
    stock: Stock,
    side: Side | int,
    units: float,
    limit: Cents | None = None,
    client_id: str | None = None,
) -> list[Doing]:
    """Return the order for so many units, or for what cash and shares allow; nothing if that is
    nothing.
    """
    me = view.me
    shares = min(MOST_SHARES, max(1, round(units * stock.unit)))
    if side > 0:
        shares = min(shares, int(max(0, me.cash - me.reserved) * 0.9) // (limit or stock.price))
    else:
        shares = min(shares, me.closable(stock.symbol))
    if shares < 1 or not stock.is_tradable:
        return []
    parameters: Parameters = {
        "symbol": stock.symbol,
        "quantity": shares,
        "kind": "MARKET" if limit is None else "LIMIT",
        "time_in_force": "GTC",
    }
    if limit is not None:
        parameters["limit"] = limit
    if client_id is not None:
        parameters["client_id"] = client_id
    return [Act(me.id, "BUY" if side > 0 else "SELL", parameters)]


def cancel(view: View, client_id: str) -> Act:
    return Act(view.me.id, "CANCEL_ORDER", {"client_id": client_id})


def choose(view: View, u: float) -> Stock:
    """Return the company at quantile `u` of those it trades."""
    return view.scene.stocks[view.universe[int(u * len(view.universe))]]
