"""What a case rests on, and what it is found to prove."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from market.engine.values import Cents
from sec.engine.records import (
    EventSeen,
    LinkSeen,
    OrderSeen,
    PaymentSeen,
    PriceSeen,
    RumorSeen,
    TradeSeen,
)


@dataclass(slots=True)
class Evidence:
    """Copies of all that a case rests on, by id."""

    orders: dict[str, OrderSeen] = field(default_factory=dict)
    trades: dict[str, TradeSeen] = field(default_factory=dict)
    rumors: dict[str, RumorSeen] = field(default_factory=dict)
    payments: dict[str, PaymentSeen] = field(default_factory=dict)
    events: dict[str, EventSeen] = field(default_factory=dict)
    links: dict[str, LinkSeen] = field(default_factory=dict)
    prices: dict[str, PriceSeen] = field(default_factory=dict)

    def owner(self, order: str) -> int | None:
        """Return whose an order is, as far as it is among the evidence."""
        seen = self.orders.get(order)
        return None if seen is None else seen.account

    def price_at(self, symbol: str, tick: int) -> PriceSeen | None:
        """Return a company's price at the end of a tick, if it is among the evidence."""
        return self.prices.get(f"{symbol}:{tick}")

    def is_link(self, one: int, other: int) -> bool:
        return f"{min(one, other)}-{max(one, other)}" in self.links


class Finding(NamedTuple):
    """How far the evidence proves the crime of one accused, and what it has gained by it.

    `notional` is the value of the trades, or payments, of the conduct.
    """

    confidence: float
    gain_cents: Cents
    notional_cents: Cents
    ids: tuple[str, ...] = ()


NOTHING = Finding(0.0, 0, 0)

Verify: TypeAlias = Callable[[Evidence, int, frozenset[str]], Finding]


def is_excused(order: OrderSeen, cited: frozenset[str]) -> bool:
    """Say whether an order is the exchange's own, or a stop that the accused has cited."""
    return order.is_liquidation or (order.is_stop and order.id in cited)
