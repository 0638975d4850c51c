"""What a case's own evidence proves: judged anew from the copies that the case holds, before the
charge, at the verdict and on appeal.

It shares no code with what raised the suspicion, so that a fault of one is not believed by the
other. What the accused has cited in its answer is weighed here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from market.engine.values import Cents
from sec.engine.records import (
    DETECTED,
    KEPT,
    REPORTED,
    EventSeen,
    LinkSeen,
    OrderSeen,
    PaymentSeen,
    RumorSeen,
    TradeSeen,
)
from sec.engine.rules import BRIBERY, PUMP_AND_DUMP, WASH_TRADING

HALF_PROVEN = 1.25  # self-trading orders that leave as much doubt as proof
WITHIN = 120  # ticks after a rumor
LEAST_PROOF, PROOF_A_PART = 0.2, 0.9  # of a position sold after its rumor


@dataclass(slots=True)
class Evidence:
    """Copies of all that a case rests on, by id."""

    orders: dict[str, OrderSeen] = field(default_factory=dict)
    trades: dict[str, TradeSeen] = field(default_factory=dict)
    rumors: dict[str, RumorSeen] = field(default_factory=dict)
    payments: dict[str, PaymentSeen] = field(default_factory=dict)
    events: dict[str, EventSeen] = field(default_factory=dict)
    links: dict[str, LinkSeen] = field(default_factory=dict)


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


def verify_wash(evidence: Evidence, account: int, cited: frozenset[str]) -> Finding:
    """Prove that an account has traded with itself by orders that asked for it.

    An order of the exchange's own proves nothing; neither does a stop, once it is cited.
    """
    incoming: set[str] = set()
    proven: list[TradeSeen] = []
    for trade in evidence.trades.values():
        buy = evidence.orders.get(trade.buy_order)
        sell = evidence.orders.get(trade.sell_order)
        if buy is None or sell is None or {buy.account, sell.account} != {account}:
            continue
        if any(_is_excused(order, cited) for order in (buy, sell)):
            continue
        youngest = sell if trade.aggressor == "SELL" else buy
        if youngest.self_trade == "allow":
            incoming.add(youngest.id)
            proven.append(trade)
    count = len(incoming)
    notional = sum(trade.price * trade.quantity for trade in proven)
    ids = tuple(trade.id for trade in proven)
    return Finding(count / (count + HALF_PROVEN), 0, notional, ids) if count else NOTHING


def _is_excused(order: OrderSeen, cited: frozenset[str]) -> bool:
    return order.is_liquidation or (order.is_stop and order.id in cited)


def verify_pump(evidence: Evidence, account: int, cited: frozenset[str]) -> Finding:
    """Prove that an author has closed its position into its own rumor, with a profit.

    A sale by a stop that stood before the rumor is left out once it is cited.
    """
    best = NOTHING
    for rumor in evidence.rumors.values():
        if rumor.account != account or not rumor.held:
            continue
        is_long = rumor.held > 0
        out = {"shares": 0, "cents": 0}
        back = {"shares": 0, "cents": 0}
        ids = [rumor.id]
        for trade in evidence.trades.values():
            if trade.symbol != rumor.symbol or trade.buyer == trade.seller:
                continue
            if not rumor.tick <= trade.tick <= rumor.tick + WITHIN:
                continue
            closes = trade.seller == account if is_long else trade.buyer == account
            opens = trade.buyer == account if is_long else trade.seller == account
            order = evidence.orders.get(trade.sell_order if is_long else trade.buy_order)
            if closes and order is not None and _stood_before(order, rumor, cited):
                continue
            side = out if closes else back if opens else None
            if side is not None:
                side["shares"] += trade.quantity
                side["cents"] += trade.quantity * trade.price
                ids.append(trade.id)
        net = out["shares"] - back["shares"]
        if net <= 0:
            continue
        brought = out["cents"] - back["cents"] - net * rumor.price_before
        gain = brought if is_long else -brought
        part = min(1.0, net / abs(rumor.held))
        proof = min(1.0, LEAST_PROOF + PROOF_A_PART * part)
        if gain > 0 and proof > best.confidence:
            best = Finding(proof, gain, out["cents"], tuple(ids))
    return best


def _stood_before(order: OrderSeen, rumor: RumorSeen, cited: frozenset[str]) -> bool:
    return order.is_stop and order.id in cited and order.tick < rumor.tick


def verify_bribery(evidence: Evidence, account: int, cited: frozenset[str]) -> Finding:
    """Prove that an account has given a bribe, or kept one."""
    involved = [
        payment
        for payment in evidence.payments.values()
        if (payment.giver == account and payment.kind in (KEPT, DETECTED, REPORTED))
        or (payment.taker == account and payment.kind == KEPT)
    ]
    if not involved:
        return NOTHING
    cents = sum(payment.cents for payment in involved)
    return Finding(1.0, cents, cents, tuple(payment.id for payment in involved))


VERIFIERS: Mapping[str, Verify] = {
    WASH_TRADING: verify_wash,
    PUMP_AND_DUMP: verify_pump,
    BRIBERY: verify_bribery,
}


def verify(crime: str, evidence: Evidence, account: int, cited: frozenset[str]) -> Finding:
    """Return what a case's evidence proves against one accused."""
    verifier = VERIFIERS.get(crime)
    return verifier(evidence, account, cited) if verifier else NOTHING
