"""A suspicion: what a detector, a tip's judge or an operator lays before the SEC."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from market.engine.values import Cents, Tick
from sec.engine.records import (
    EventSeen,
    LinkSeen,
    OrderSeen,
    PaymentSeen,
    PriceSeen,
    RumorSeen,
    TradeSeen,
)


class Conduct(NamedTuple):
    """What is looked at: an account, in one company or (None) in all, between two ticks."""

    account: int
    symbol: str | None
    first_tick: Tick
    last_tick: Tick


class Suspicion(NamedTuple):
    """Why accounts are suspected of a crime, with copies of all that it rests on.

    `confidence` goes from 0 to 1. `price_before` is the company's before the conduct, 0 where none
    is meant: losses against the accused's orders are measured from it.
    """

    crime: str
    accounts: tuple[int, ...]
    symbol: str | None
    confidence: float
    first_tick: Tick
    last_tick: Tick
    orders: tuple[OrderSeen, ...] = ()
    trades: tuple[TradeSeen, ...] = ()
    rumors: tuple[RumorSeen, ...] = ()
    payments: tuple[PaymentSeen, ...] = ()
    price_before: Cents = 0
    events: tuple[EventSeen, ...] = ()
    links: tuple[LinkSeen, ...] = ()
    prices: tuple[PriceSeen, ...] = ()

    @property
    def ids(self) -> list[str]:
        """The ids of its orders, trades, rumors, payments and events."""
        return [
            *(order.id for order in self.orders),
            *(trade.id for trade in self.trades),
            *(rumor.id for rumor in self.rumors),
            *(payment.id for payment in self.payments),
            *(event.id for event in self.events),
        ]


def strongest(suspicions: Iterable[Suspicion], conduct: Conduct) -> Suspicion | None:
    """Return the strongest of suspicions that belong to a conduct, if there is one."""
    best: Suspicion | None = None
    for one in suspicions:
        symbols = {None, one.symbol, *(event.symbol for event in one.events)}
        if conduct.account not in one.accounts or conduct.symbol not in symbols:
            continue
        if one.first_tick > conduct.last_tick or one.last_tick < conduct.first_tick:
            continue
        if best is None or one.confidence > best.confidence:
            best = one
    return best
