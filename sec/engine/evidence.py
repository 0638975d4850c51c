"""What speaks for a crime: functions of a conduct and of what the SEC remembers of the last day.

Each returns a suspicion, however weak, or None when nothing speaks for it. What convicts is judged
anew elsewhere, by functions that share nothing with these.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from market.engine.values import Shares
from sec.engine.records import (
    KEPT,
    OrderSeen,
    PaymentSeen,
    Records,
    RumorSeen,
    TradeSeen,
    behind,
)
from sec.engine.rules import BRIBERY, PUMP_AND_DUMP, WASH_TRADING
from sec.engine.suspicion import Conduct, Suspicion

DOUBT_LEFT = 0.7  # by each order that traded with its own account
DUMP_TICKS = 120  # after a rumor, in which its author's sales count
SALE_WEIGHT, SALE_BASE = 0.65, 0.35  # of the part of a position that is sold after its rumor

EvidenceFunction: TypeAlias = Callable[
    [
        Conduct,
        Mapping[str, OrderSeen],
        Sequence[TradeSeen],
        Sequence[RumorSeen],
        Sequence[PaymentSeen],
    ],
    Suspicion | None,
]


def self_trades(
    conduct: Conduct,
    orders: Mapping[str, OrderSeen],
    trades: Sequence[TradeSeen],
    rumors: Sequence[RumorSeen],
    ledger: Sequence[PaymentSeen],
) -> Suspicion | None:
    """Return the suspicion of wash trading that trades of an account with itself raise."""
    own = [t for t in trades if t.buyer == t.seller == conduct.account and _within(t, conduct)]
    by_symbol: dict[str, list[TradeSeen]] = {}
    for trade in own:
        by_symbol.setdefault(trade.symbol, []).append(trade)
    if not by_symbol:
        return None
    symbol, most = max(by_symbol.items(), key=lambda item: (_crossings(item[1]), item[0]))
    doubt = 1.0
    for _ in range(_crossings(most)):
        doubt *= DOUBT_LEFT
    return Suspicion(
        WASH_TRADING,
        (conduct.account,),
        symbol,
        1.0 - doubt,
        most[0].tick,
        most[-1].tick,
        orders=behind(orders, most),
        trades=tuple(most),
    )


def sale_after_rumor(
    conduct: Conduct,
    orders: Mapping[str, OrderSeen],
    trades: Sequence[TradeSeen],
    rumors: Sequence[RumorSeen],
    ledger: Sequence[PaymentSeen],
) -> Suspicion | None:
    """Return the suspicion of a pump and dump, or its mirror, that an author raises by closing into
    its own rumor what it held, at a better price than before it.
    """
    strongest: Suspicion | None = None
    for rumor in rumors:
        if rumor.account != conduct.account or not _concerns(rumor, conduct):
            continue
        after = [
            t
            for t in trades
            if t.symbol == rumor.symbol
            and rumor.tick <= t.tick <= rumor.tick + DUMP_TICKS
            and t.buyer != t.seller
        ]
        closed, gain = _closed(rumor, after)
        if closed <= 0 or gain <= 0:
            continue
        part = min(1.0, closed / abs(rumor.held))
        confidence = SALE_BASE + SALE_WEIGHT * part
        if strongest is None or confidence > strongest.confidence:
            strongest = Suspicion(
                PUMP_AND_DUMP,
                (conduct.account,),
                rumor.symbol,
                confidence,
                rumor.tick,
                max(t.tick for t in after),
                orders=behind(orders, after),
                trades=tuple(after),
                rumors=(rumor,),
                price_before=rumor.price_before,
            )
    return strongest


def kept_bribe(
    conduct: Conduct,
    orders: Mapping[str, OrderSeen],
    trades: Sequence[TradeSeen],
    rumors: Sequence[RumorSeen],
    ledger: Sequence[PaymentSeen],
) -> Suspicion | None:
    """Return the suspicion of bribery that the newest kept bribe of an account raises, against who
    gave it and who took it.
    """
    for payment in reversed(ledger):
        if (
            payment.kind == KEPT
            and conduct.account in (payment.giver, payment.taker)
            and conduct.first_tick <= payment.tick <= conduct.last_tick
        ):
            return bribery(payment)
    return None


def bribery(payment: PaymentSeen) -> Suspicion:
    """Return the suspicion that one bribe raises: giving is bribery, and so is keeping."""
    accused = (payment.giver, payment.taker) if payment.kind == KEPT else (payment.giver,)
    return Suspicion(BRIBERY, accused, None, 1.0, payment.tick, payment.tick, payments=(payment,))


EVIDENCE: Mapping[str, EvidenceFunction] = {
    WASH_TRADING: self_trades,
    PUMP_AND_DUMP: sale_after_rumor,
    BRIBERY: kept_bribe,
}


def look(crime: str, conduct: Conduct, records: Records) -> Suspicion | None:
    """Return what speaks for a crime in a conduct, if there is a function that knows it."""
    function = EVIDENCE.get(crime)
    if function is None:
        return None
    trades = records.trades.get(conduct.account, [])
    return function(conduct, records.orders, trades, records.rumors, records.payments)


def _within(trade: TradeSeen, conduct: Conduct) -> bool:
    return (
        conduct.symbol in (None, trade.symbol)
        and conduct.first_tick <= trade.tick <= conduct.last_tick
    )


def _concerns(rumor: RumorSeen, conduct: Conduct) -> bool:
    return (
        conduct.symbol in (None, rumor.symbol)
        and conduct.first_tick <= rumor.tick <= conduct.last_tick
        and rumor.sign * rumor.held > 0
    )


def _crossings(trades: Sequence[TradeSeen]) -> int:
    """Return how many orders came in to meet one of their own account's."""
    return len({t.sell_order if t.aggressor == "SELL" else t.buy_order for t in trades})


def _closed(rumor: RumorSeen, trades: Sequence[TradeSeen]) -> tuple[Shares, int]:
    """Return the shares by which an author has closed its position since its rumor, and what each
    has brought more than before it, summed in cents.
    """
    closed = gain = 0
    for trade in trades:
        is_closing = (trade.seller if rumor.sign > 0 else trade.buyer) == rumor.account
        shares = trade.quantity if is_closing else -trade.quantity
        closed += shares
        gain += shares * (trade.price - rumor.price_before) * rumor.sign
    return closed, gain
