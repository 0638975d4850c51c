"""One entry of the stream `public`, sorted for the desk: all that it may read of the world."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, TypeAlias

from market.engine.values import Cents, Shares, Tick

Item: TypeAlias = Mapping[str, Any]
Trade: TypeAlias = tuple[Cents, Shares]  # its price and its quantity


class Session(NamedTuple):
    """Where a tick lies in its day; `opens`: it is the first that the desk sees of it."""

    is_open: bool
    trading_day: int
    tick_in_day: Tick
    opens: bool


BEFORE = Session(False, 0, 0, False)  # anything is seen


class PublicEntry(NamedTuple):
    """What one tick said in public. `prices` are the price updates by symbol; `trades` are by
    symbol, in cents and shares; `short_interest` is by symbol, in thousandths of
    the shares, and empty but at a close.
    """

    tick: Tick
    update: Item
    prices: Mapping[str, Item]
    trades: Mapping[str, list[Trade]]
    events: list[Item]
    articles: list[Item]
    short_interest: Mapping[str, int]


def read(tick: Tick, events: Iterable[Item]) -> PublicEntry:
    """Return a tape entry's events ({type, channel, data}, as the wire shows them), sorted."""
    told = {event["type"]: event["data"] for event in events}
    trades: dict[str, list[Trade]] = defaultdict(list)
    for trade in told.get("trade:executed", ()):
        trades[trade["symbol"]].append((cents(trade["price"]), trade["quantity"]))
    return PublicEntry(
        tick=tick,
        update=told["tick:update"],
        prices={price["symbol"]: price for price in told["price:update"]["prices"]},
        trades=trades,
        events=told.get("market:event", []),
        articles=told.get("news:breaking", []),
        short_interest={
            line["symbol"]: round(line["shortInterest"] * 1_000)
            for line in told.get("short:interest", ())
        },
    )


def cents(dollars: float) -> Cents:
    return round(dollars * 100)


def optional_cents(dollars: float | None) -> Cents | None:
    return None if dollars is None else cents(dollars)
