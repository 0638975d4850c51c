"""The market as the wire shows it: camelCase, dollars, ids as strings.

REST and the tape share these shapes.
"""

from __future__ import annotations

from typing import Any, TypeAlias
from uuid import NAMESPACE_OID, uuid5

from market.engine import margin
from market.engine.halts import ORDERED_BANDS, RESTRICTION, UNTIL_RESUMED, USUAL_BANDS
from market.engine.orders import Account
from market.engine.outcome import (
    Alert,
    Bankruptcy,
    CompanyState,
    Halt,
    MarketEvent,
    OrderState,
    Split,
    Trade,
)
from market.engine.rules import MarginRules
from market.engine.short_sales import is_restricted
from market.engine.values import Cents, Shares, Tick

Wire: TypeAlias = dict[str, Any]

DAY = "day"  # the interval of daily candles
INDEX_NAME = "WSS Market Index"


def dollars(cents: Cents) -> float:
    return cents / 100


def optional_dollars(cents: Cents | None) -> float | None:
    return None if cents is None else cents / 100


def average(value: Cents, quantity: Shares) -> float:
    """Return the average price in dollars, to four decimals; zero for nothing."""
    return _quotient(100 * value, quantity) / 10_000 if quantity else 0.0


def percent(part: int, whole: int) -> float:
    """Return `part` in percent of `whole`, to four decimals; zero of nothing."""
    return _quotient(1_000_000 * part, whole) / 10_000 if whole else 0.0


def _quotient(dividend: int, divisor: int) -> int:
    """Return the quotient, rounded half up; exact, as floats are not."""
    return (2 * dividend + divisor) // (2 * divisor)


def known_tick(tick: Tick | None) -> Tick | None:
    """Return the tick at which a halt ends; None while nobody knows it."""
    return None if tick is None or tick >= UNTIL_RESUMED else tick


def price_update(company: CompanyState, tick: Tick, trading_day: int) -> Wire:
    """The PRD's PriceUpdate: `change` against the tick before, `dayChange` against the previous
    close; what keeps the company from trading, or within bounds; and what drove the price, each as
    its part of the tick's log return, in percent.
    """
    change = company.price - company.previous_price
    day_change = company.price - company.previous_close
    return {
        "symbol": company.symbol,
        "price": company.price / 100,
        "previousPrice": company.previous_price / 100,
        "change": change / 100,
        "changePercent": percent(change, company.previous_price),
        "dayChange": day_change / 100,
        "dayChangePercent": percent(day_change, company.previous_close),
        "volume": company.day_volume,
        "volume24h": company.day_ago_volume,
        "high": company.day_high / 100,
        "low": company.day_low / 100,
        "last": optional_dollars(company.last),
        "bid": optional_dollars(company.bid),
        "ask": optional_dollars(company.ask),
        "halted": company.reopens_tick is not None,
        "haltReason": company.halt_reason or None,
        "reopensTick": known_tick(company.reopens_tick),
        "bandLow": optional_dollars(company.low_band or None),
        "bandHigh": optional_dollars(company.high_band or None),
        "bandsOrdered": company.band_override_bps > 0,
        "shortRestricted": is_restricted(company.restricted_through, trading_day),
        "drivers": {name: round(100 * part, 4) for name, part in company.drivers._asdict().items()},
        "tick": tick,
    }


def optional_fraction(thousandths: int | None) -> float | None:
    return None if thousandths is None else thousandths / 1_000


def short_interest(symbol: str, thousandths: int) -> Wire:
    """What of a company's shares is short, as a fraction."""
    return {"symbol": symbol, "shortInterest": thousandths / 1_000}


def trade(trade: Trade, timestamp: str) -> Wire:
    """One trade; `side` is the taker's, null in an auction."""
    return {
        "id": trade.id,
        "symbol": trade.symbol,
        "price": trade.price / 100,
        "quantity": trade.quantity,
        "side": trade.aggressor,
        "tick": trade.tick,
        "timestamp": timestamp,
    }


def _order_named(order: OrderState) -> Wire:
    """What every event of an order begins with."""
    return {
        "orderId": order.id,
        "clientOrderId": order.client_id,
        "symbol": order.symbol,
        "side": order.side,
        "intent": order.intent,
    }


def order_accepted(order: OrderState, tick: Tick) -> Wire:
    """An open order as it stands: taken, triggered, replaced, restated or come to rest."""
    return {
        **_order_named(order),
        "orderType": order.kind,
        "timeInForce": order.time_in_force,
        "quantity": order.quantity,
        "filledQuantity": order.filled,
        "price": optional_dollars(order.limit),
        "stopPrice": optional_dollars(order.stop),
        "triggeredBy": order.triggered_by or None,
        "status": order.status,
        "tick": tick,
    }


def order_filled(order: OrderState, tick: Tick) -> Wire:
    return {
        **_order_named(order),
        "orderType": order.kind,
        "quantity": order.filled,
        "avgPrice": average(order.value, order.filled),
        "tick": tick,
        "totalValue": order.value / 100,
    }


def order_partial(order: OrderState, tick: Tick) -> Wire:
    return {
        **_order_named(order),
        "price": optional_dollars(order.limit),
        "filledQuantity": order.filled,
        "remainingQuantity": order.quantity - order.filled,
        "avgPrice": average(order.value, order.filled),
        "tick": tick,
    }


def order_ended(order: OrderState, tick: Tick) -> Wire:
    """An order cancelled, expired or rejected, with what it had filled."""
    return {
        **_order_named(order),
        "status": order.status,
        "quantity": order.quantity,
        "filledQuantity": order.filled,
        "avgPrice": average(order.value, order.filled) if order.filled else None,
        "reasonCode": order.reason_code,
        "note": order.note or None,
        "tick": tick,
    }


def index_line(value: int, previous_close: int) -> Wire:
    """The market's index as the PRD shows one; both figures are hundredths of a point."""
    change = value - previous_close
    return {
        "name": INDEX_NAME,
        "value": value / 100,
        "change": change / 100,
        "changePercent": percent(change, previous_close),
    }


def leaderboard_line(
    *,
    rank: int | None,
    agent_id: str,
    name: str,
    role: str,
    status: str,
    is_house: bool,
    equity: Cents,
    equity_day_ago: Cents,
) -> Wire:
    """One line of the leaderboard."""
    return {
        "rank": rank,
        "agentId": agent_id,
        "name": name,
        "role": role,
        "netWorth": equity / 100,
        "change24h": percent(equity - equity_day_ago, abs(equity_day_ago)),
        "status": status,
        "house": is_house,
    }


def portfolio_figures(
    account: Account, cost: Cents, call_deadline: Tick | None, rules: MarginRules
) -> Wire:
    """The figures of a portfolio; `cost` is what all its positions have cost."""
    equity, value = account.equity, account.long_value - account.short_value
    gain = equity - account.close_equity
    call: Wire | None = None
    if call_deadline is not None:
        call = {"amount": margin.shortfall(account, rules) / 100, "deadline": call_deadline}
    return {
        "cash": account.cash / 100,
        "marginUsed": account.margin_used / 100,
        "marginAvailable": account.margin_available / 100,
        "buyingPower": account.buying_power / 100,
        "totalPositionsValue": value / 100,
        "netWorth": equity / 100,
        "dayPnL": gain / 100,
        "dayPnLPercent": percent(gain, abs(account.close_equity)),
        "realizedPnL": account.realised / 100,
        "unrealizedPnL": (value - cost) / 100,
        "maintenanceMargin": margin.maintenance(account, rules) / 100,
        "marginCall": call,
    }


def position(
    symbol: str, quantity: Shares, cost: Cents, price: Cents, liquidation_price: Cents | None
) -> Wire:
    """One line of a portfolio; a short's quantity and value are negative."""
    unrealised = quantity * price - cost
    return {
        "symbol": symbol,
        "quantity": quantity,
        "averageCost": average(cost, quantity),
        "currentPrice": price / 100,
        "marketValue": quantity * price / 100,
        "unrealizedPnL": unrealised / 100,
        "unrealizedPnLPercent": percent(unrealised, abs(cost)),
        "liquidationPrice": optional_dollars(liquidation_price),
    }


# What happens to the market


def halt(halt: Halt) -> Wire:
    """A halt, of one company or (no symbol) of all; a short-sale restriction of one; or bands that
    an operator sets.
    """
    subject = halt.symbol or "The market"
    until = known_tick(halt.until)
    if halt.reason == RESTRICTION:
        type, headline = "SHORT_SALE_RESTRICTION", f"{subject}: short sales are restricted"
    elif halt.reason in (ORDERED_BANDS, USUAL_BANDS):
        return _bands(halt, subject)
    else:
        type, headline = "HALT", f"{subject} is halted{f' until tick {until}' if until else ''}"
    duration = None if until is None else until - halt.tick
    return {
        **happening(type, halt.tick, headline, symbol=halt.symbol, duration=duration),
        "reason": halt.reason,
        "note": halt.note or None,
        "reopensTick": until,
    }


def _bands(halt: Halt, subject: str) -> Wire:
    """Bands that an operator sets, or that are the rules' again."""
    until = known_tick(halt.until)
    if halt.band_bps is None:
        headline = f"{subject}: bands are as usual again"
    else:
        headline = f"{subject}: bands of {halt.band_bps / 100:g} %"
    return {
        **happening(
            "BANDS",
            halt.tick,
            f"{headline} until tick {until}" if until else headline,
            symbol=halt.symbol,
            duration=None if until is None else until - halt.tick,
        ),
        "reason": halt.reason,
        "note": halt.note or None,
        "bandPercent": halt.band_bps and halt.band_bps / 100,
    }


def resumption(symbol: str, tick: Tick) -> Wire:
    """Trading in a company that was halted goes on."""
    return happening("RESUMPTION", tick, f"{symbol} trades again", symbol=symbol)


def split(split: Split) -> Wire:
    """`into` new shares for `of` old ones."""
    headline = f"{split.symbol} is split: {split.into} for {split.of}"
    return {
        **happening("SPLIT", split.tick, headline, symbol=split.symbol),
        "into": split.into,
        "of": split.of,
        "sharesIssued": split.shares,
    }


def market_event(event: MarketEvent) -> Wire:
    """Something that befell a company, a sector or all; the impact is a fraction."""
    subject = event.symbol or event.sector or "The market"
    return happening(
        event.kind,
        event.tick,
        f"{subject}: {event.kind.replace('_', ' ').lower()}",
        symbol=event.symbol,
        sector=event.sector,
        impact=event.impact,
        duration=event.duration,
    )


def standing_event(event: MarketEvent, ticks_remaining: Tick) -> Wire:
    """A market event with the ticks that it is active yet, the present one among them: its clock
    stands while what it concerns does not trade.
    """
    return {**market_event(event), "ticksRemaining": ticks_remaining}


def bankruptcy(bankruptcy: Bankruptcy, agent_id: str, name: str, role: str) -> Wire:
    """The end of an agent whose account came to owe more than it had."""
    return {
        **happening("BANKRUPTCY", bankruptcy.tick, f"{name} is bankrupt", subject=agent_id),
        **bankruptcy_line(bankruptcy, agent_id, name, role),
    }


def bankruptcy_line(bankruptcy: Bankruptcy, agent_id: str, name: str, role: str) -> Wire:
    return {
        "agentId": agent_id,
        "name": name,
        "role": role,
        "tick": bankruptcy.tick,
        "peakNetWorth": bankruptcy.peak / 100,
        "finalNetWorth": bankruptcy.final / 100,
        "cause": bankruptcy.cause,
    }


def untrusted(author: str | None, text: str) -> Wire:
    """What an agent wrote, as it reaches others: marked, so that none takes it for ours."""
    return {"untrusted": True, "author": author, "text": text}


def happening(
    type: str,
    tick: Tick,
    headline: str,
    *,
    symbol: str | None = None,
    sector: str | None = None,
    impact: float = 0.0,
    duration: Tick | None = 0,
    subject: str = "",
) -> Wire:
    """The PRD's EventPayload. Its id is the same on every replay."""
    name = f"{type} {tick} {symbol} {sector} {impact} {subject}"
    return {
        "id": str(uuid5(NAMESPACE_OID, name)),
        "type": type,
        "symbol": symbol,
        "sector": sector,
        "headline": headline,
        "impact": impact,
        "duration": duration,
        "tick": tick,
    }


_SEVERITIES = {
    "margin_call": "warning",
    "liquidation": "critical",
    "bankrupt": "critical",
    "webhook_disabled": "warning",
}


def alert(alert: Alert, tick: Tick) -> Wire:
    return {
        "type": alert.kind,
        "message": alert.message,
        "severity": _SEVERITIES.get(alert.kind, "info"),
        "data": dict(alert.data),
        "tick": tick,
    }
