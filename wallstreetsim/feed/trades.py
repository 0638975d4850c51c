"""A tick's trades as the wire shows them: the largest, with totals. The tape has every one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from heapq import nlargest

from market import wire
from market.engine.outcome import Trade
from market.tape import Event
from market.wire import Wire
from wallstreetsim.feed import channels

TYPE = "trade:executed"
SHOWN = 500

Totals = dict[str, list[int]]  # by symbol: trades, shares, cents


def abridge(events: list[Event]) -> list[Event]:
    """Return the events with at most the `SHOWN` largest trades, and totals of all beside them.

    They stay in the order in which they happened. What is abridged already comes back as it is.
    """
    return [_abridged(event) if event["type"] == TYPE else event for event in events]


def sum_of(totals: Totals) -> Wire:
    """Return the totals over these symbols, as the wire shows them."""
    trades, shares, cents = (sum(column) for column in zip(*totals.values(), strict=True))
    return {"trades": trades, "shares": shares, "value": cents / 100}


def abridged(happened: Sequence[Trade], timestamp: str) -> Event:
    """Return the event of a tick's trades, abridged, as `abridge` makes it of the tape's: for who
    has the trades themselves it is a fifth of the work.
    """
    cents = [trade.price * trade.quantity for trade in happened]
    told = (
        (trade.symbol, trade.quantity, value) for trade, value in zip(happened, cents, strict=True)
    )
    return {
        "type": TYPE,
        "channel": channels.TRADES,
        "data": [wire.trade(happened[place], timestamp) for place in _largest(cents)],
        "totals": _totals(told),
    }


def _abridged(event: Event) -> Event:
    if "totals" in event:
        return event
    happened = event["data"]
    cents = [round(trade["price"] * 100) * trade["quantity"] for trade in happened]
    told = (
        (trade["symbol"], trade["quantity"], value)
        for trade, value in zip(happened, cents, strict=True)
    )
    return event | {
        "data": [happened[place] for place in _largest(cents)],
        "totals": _totals(told),
    }


def _largest(cents: list[int]) -> Iterable[int]:
    """Return the places of the largest, in order."""
    if len(cents) <= SHOWN:
        return range(len(cents))
    return sorted(nlargest(SHOWN, range(len(cents)), key=cents.__getitem__))


def _totals(told: Iterable[tuple[str, int, int]]) -> Totals:
    """Add up shares and cents by symbol."""
    totals: Totals = defaultdict(lambda: [0, 0, 0])
    for symbol, shares, cents in told:
        total = totals[symbol]
        total[0] += 1
        total[1] += shares
        total[2] += cents
    return dict(totals)
