"""What proves spoofing: orders that were pulled while trades the other way had been made."""

from __future__ import annotations

from market.engine.values import Cents, Tick
from sec.engine.findings import NOTHING, Evidence, Finding, is_excused
from sec.engine.records import OrderSeen, TradeSeen

LONGEST: Tick = 41  # that a shown order stood
LARGE = 2.5  # of the market maker's best level, and of what was traded meanwhile
HONOURED = 0.4  # of what was shown, that was filled
APART: Tick = 3  # ticks between the pull of one display and the next order of another
HALF_PROVEN = 0.9  # displays that leave as much doubt as proof
LEAST = 3
BUYS = ("BUY", "COVER")


class Showing:
    """Orders of one owner and side that stood together and were pulled."""

    def __init__(self, order: OrderSeen, until: Tick) -> None:
        self.orders = [order]
        self.first, self.until = order.tick, until

    @property
    def is_bid(self) -> bool:
        return self.orders[0].intent in BUYS


def verify_spoofing(evidence: Evidence, account: int, cited: frozenset[str]) -> Finding:
    """Prove that an account has shown orders that it did not mean, or traded with the help of those
    that somebody linked to it has shown, to its benefit.
    """
    count, gain, notional = 0, 0, 0
    ids: list[str] = []
    for showing in _showings(evidence):
        owner = showing.orders[0].account
        if owner != account and not evidence.is_link(owner, account):
            continue
        served = _served(evidence, showing, cited)
        sold = sum(trade.quantity for trade in served)
        shown = sum(order.quantity for order in showing.orders)
        filled = sum(order.filled for order in showing.orders)
        before = evidence.price_at(showing.orders[0].symbol, showing.first - 1)
        if not served or before is None or shown < LARGE * max(sold, before.depth):
            continue
        if filled > HONOURED * shown:
            continue
        if owner != account and not any(_trader(evidence, t, showing) == account for t in served):
            continue
        benefits = {t.id: _benefit(t, showing, before.bid, before.ask) for t in served}
        if sum(benefits.values()) <= 0:
            continue
        count += 1
        for trade in served:
            if _trader(evidence, trade, showing) == account:
                gain += benefits[trade.id]
            notional += trade.price * trade.quantity
            ids.append(trade.id)
        ids += [order.id for order in showing.orders if order.account == account]
    if count < LEAST:
        return NOTHING
    return Finding(count / (count + HALF_PROVEN), max(0, gain), notional, tuple(ids))


def _showings(evidence: Evidence) -> list[Showing]:
    showings: list[Showing] = []
    pulled = [o for o in evidence.orders.values() if o.is_pulled and o.closed_tick is not None]
    pulled.sort(key=lambda order: (order.tick, order.id))
    for order in pulled:
        until = order.closed_tick
        if order.is_stop or order.limit is None or until is None or until - order.tick > LONGEST:
            continue
        for showing in showings:
            first = showing.orders[0]
            if (
                (first.account, first.symbol) == (order.account, order.symbol)
                and showing.is_bid == (order.intent in BUYS)
                and order.tick < showing.until
                and abs(until - showing.until) <= APART
            ):
                showing.orders.append(order)
                showing.until = max(showing.until, until)
                break
        else:
            showings.append(Showing(order, until))
    return showings


def _trader(evidence: Evidence, trade: TradeSeen, showing: Showing) -> int | None:
    """Return who traded against the side that was shown, if that is known."""
    return evidence.owner(trade.sell_order if showing.is_bid else trade.buy_order)


def _served(evidence: Evidence, showing: Showing, cited: frozenset[str]) -> list[TradeSeen]:
    """Return the trades the other way, by the owner or who is linked to it, while it was shown."""
    first = showing.orders[0]
    served = []
    for trade in evidence.trades.values():
        if trade.symbol != first.symbol or not showing.first <= trade.tick <= showing.until:
            continue
        order = evidence.orders.get(trade.sell_order if showing.is_bid else trade.buy_order)
        if order is None or (order.is_pulled and order in showing.orders):
            continue
        if is_excused(order, cited):
            continue
        if order.account == first.account or evidence.is_link(order.account, first.account):
            served.append(trade)
    return served


def _benefit(trade: TradeSeen, showing: Showing, bid: Cents, ask: Cents) -> Cents:
    """Return what a trade brought over the touch, or the middle for who waited, before."""
    took = trade.aggressor == ("SELL" if showing.is_bid else "BUY")
    usual = (bid if showing.is_bid else ask) if took else (bid + ask) / 2.0
    better = trade.price - usual if showing.is_bid else usual - trade.price
    return round(better * trade.quantity)
