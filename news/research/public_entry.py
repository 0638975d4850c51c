"""One entry of the stream `public`, sorted for the desk: all that it may read of the world."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from market.engine.values import Cents, Shares, Tick

Item: TypeAlias = Mapping[str, Any]
Told: TypeAlias = Callable[[Sequence[str]], Iterable[Item]]  # types → their events

_TRADES, _PRICES = "trade:executed", "price:update"
_READ = ("tick:update", _PRICES, "market:event", "news:breaking", "short:interest")


class Traded(NamedTuple):
    """What a company traded in a tick: the lowest and the highest price, and all shares."""

    low: Cents
    high: Cents
    volume: Shares


class Session(NamedTuple):
    """Where a tick lies in its day; `opens`: it is the first that the desk sees of it."""

    is_open: bool
    trading_day: int
    tick_in_day: Tick
    opens: bool


BEFORE = Session(False, 0, 0, False)  # anything is seen


class PublicEntry(NamedTuple):
    """What one tick said in public. `prices` are the price updates by symbol; `traded` is by
    symbol, of those that traded; `short_interest` is by symbol, in thousandths of the shares, and
    empty but at a close.
    """

    tick: Tick
    update: Item
    prices: Mapping[str, Item]
    traded: Mapping[str, Traded]
    events: list[Item]
    articles: list[Item]
    short_interest: Mapping[str, int]


def parse(tick: Tick, told: Told) -> PublicEntry:
    """Return a tape entry, of which no more is asked for than the desk reads. Its trades, which are
    most of it, are read only on a tape of before, which does not say what each company traded.
    """
    events = list(told(_READ))
    if not any("traded" in event for event in events):
        events += told((_TRADES,))
    return read(tick, events)


def read(tick: Tick, events: Iterable[Item]) -> PublicEntry:
    """Return a tape entry's events ({type, channel, data}, as the wire shows them), sorted."""
    by_type = {event["type"]: event for event in events}
    told = {type: event["data"] for type, event in by_type.items()}
    traded = by_type[_PRICES].get("traded")
    return PublicEntry(
        tick=tick,
        update=told["tick:update"],
        prices={price["symbol"]: price for price in told[_PRICES]["prices"]},
        traded=_summed(told.get(_TRADES, ()))
        if traded is None
        else {symbol: Traded(*its) for symbol, its in traded.items()},
        events=told.get("market:event", []),
        articles=told.get("news:breaking", []),
        short_interest={
            line["symbol"]: round(line["shortInterest"] * 1_000)
            for line in told.get("short:interest", ())
        },
    )


def _summed(trades: Iterable[Item]) -> dict[str, Traded]:
    found: dict[str, Traded] = {}
    for trade in trades:
        symbol, price = trade["symbol"], cents(trade["price"])
        low, high, volume = found.get(symbol, (price, price, 0))
        found[symbol] = Traded(min(low, price), max(high, price), volume + trade["quantity"])
    return found


def cents(dollars: float) -> Cents:
    return round(dollars * 100)


def optional_cents(dollars: float | None) -> Cents | None:
    return None if dollars is None else cents(dollars)
