"""What of the market goes into the digest: every order, trade, movement, balance and price."""

from __future__ import annotations

import struct

from market.engine.outcome import CompanyState, MarketOutcome

_ORDER, _TRADE, _ENTRY = struct.Struct("<7q"), struct.Struct("<6q"), struct.Struct("<4q")
_ACCOUNT, _HOLDING = struct.Struct("<12q"), struct.Struct("<3q")
_COMPANY, _INDEX = struct.Struct("<17q"), struct.Struct("<q")


def digest_of(market: MarketOutcome) -> bytes:
    """Return what one tick decided in the market, as bytes to hash."""
    numbers = [_INDEX.pack(market.index)]
    numbers += [
        _ORDER.pack(o.number, o.account, o.quantity, o.limit or 0, o.stop or 0, o.filled, o.value)
        for o in market.orders
    ]
    numbers += [
        _TRADE.pack(t.number, t.price, t.quantity, t.buyer, t.seller, t.fee) for t in market.trades
    ]
    numbers += [_ENTRY.pack(e.debit or 0, e.credit, e.cents, e.shares) for e in market.entries]
    numbers += [
        _ACCOUNT.pack(
            a.id,
            a.cash,
            a.long_value,
            a.short_value,
            a.reserved,
            a.realised,
            a.equity,
            a.equity_day_ago,
            a.close_equity,
            a.peak_equity,
            a.call_deadline or 0,
            a.tape_seq,
        )
        for a in market.accounts
    ]
    numbers += [_HOLDING.pack(h.account, h.quantity, h.cost) for h in market.holdings]
    numbers += [_COMPANY.pack(*_company_numbers(c)) for c in market.companies]
    words = [
        f"{o.id} {o.symbol} {o.intent} {o.status} {o.reason_code} {o.note}" for o in market.orders
    ]
    words += [trade.symbol for trade in market.trades]
    words += [f"{entry.kind} {entry.symbol}" for entry in market.entries]
    words += [holding.symbol for holding in market.holdings]
    words += [f"{h.symbol} {h.reason} {h.until}" for h in market.halts]
    words += [f"{alert.account} {alert.kind}" for alert in market.alerts]
    words += [f"{event.symbol} {event.kind}" for event in market.events]
    return b"".join(numbers) + "\x1f".join(words).encode()


def _company_numbers(c: CompanyState) -> tuple[int, ...]:
    prices = (c.price, c.previous_close, c.last or 0, c.bid or 0, c.ask or 0)
    day = (c.day_open, c.day_high, c.day_low, c.day_volume, c.day_ago_volume)
    halt = (c.is_trading, c.reopens_tick or 0, c.low_band, c.high_band, c.restricted_through)
    return (*prices, *day, *halt, c.shares, c.shorted)
