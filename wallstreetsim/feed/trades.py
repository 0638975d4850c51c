"""A tick's trades as the wire shows them: the largest, with totals. The tape has every one."""

from __future__ import annotations

from collections import defaultdict
from heapq import nlargest

from market.tape import Event
from market.wire import Wire

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


def _abridged(event: Event) -> Event:
    if "totals" in event:
        return event
    return event | {"data": _largest(event["data"]), "totals": _totals(event["data"])}


def _largest(trades: list[Wire]) -> list[Wire]:
    if len(trades) <= SHOWN:
        return trades
    chosen = nlargest(SHOWN, range(len(trades)), key=lambda place: _cents(trades[place]))
    return [trades[place] for place in sorted(chosen)]


def _totals(trades: list[Wire]) -> Totals:
    totals: Totals = defaultdict(lambda: [0, 0, 0])
    for trade in trades:
        total = totals[trade["symbol"]]
        total[0] += 1
        total[1] += trade["quantity"]
        total[2] += _cents(trade)
    return dict(totals)


def _cents(trade: Wire) -> int:
    cents: int = round(trade["price"] * 100) * trade["quantity"]
    return cents
