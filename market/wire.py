"""The market as the wire shows it: camelCase, dollars, ids as strings.

REST and the tape share these shapes.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from market.engine.outcome import CompanyState, OrderState, Trade
from market.engine.values import Cents, Shares, Tick

Wire: TypeAlias = dict[str, Any]


def dollars(cents: Cents) -> float:
    return cents / 100


def optional_dollars(cents: Cents | None) -> float | None:
    return None if cents is None else cents / 100


def average(value: Cents, quantity: Shares) -> float:
    """Return the average price in dollars, to four decimals; nought for nothing."""
    return round(value / quantity / 100, 4) if quantity else 0.0


def percent(part: float, whole: float) -> float:
    """Return `part` in percent of `whole`, to four decimals; nought of nothing."""
    return round(100 * part / whole, 4) if whole else 0.0


def price_update(company: CompanyState, tick: Tick) -> Wire:
    """The PRD's PriceUpdate: `change` against the tick before, `dayChange` against the previous
    close.
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
        "halted": company.is_halted,
        "tick": tick,
    }


def trade(trade: Trade, timestamp: str) -> Wire:
    return {
        "id": trade.id,
        "symbol": trade.symbol,
        "price": trade.price / 100,
        "quantity": trade.quantity,
        "side": trade.aggressor,
        "tick": trade.tick,
        "timestamp": timestamp,
    }


def order_accepted(order: OrderState) -> Wire:
    return {
        "orderId": order.id,
        "clientOrderId": order.client_id,
        "symbol": order.symbol,
        "side": order.side,
        "orderType": order.kind,
        "quantity": order.quantity,
        "price": optional_dollars(order.limit),
        "status": order.status,
        "tick": order.tick_submitted,
    }


def order_filled(order: OrderState, tick: Tick) -> Wire:
    return {
        "orderId": order.id,
        "clientOrderId": order.client_id,
        "symbol": order.symbol,
        "side": order.side,
        "orderType": order.kind,
        "quantity": order.filled,
        "avgPrice": average(order.value, order.filled),
        "tick": tick,
        "totalValue": order.value / 100,
    }


def order_partial(order: OrderState, tick: Tick) -> Wire:
    return {
        "orderId": order.id,
        "clientOrderId": order.client_id,
        "symbol": order.symbol,
        "side": order.side,
        "filledQuantity": order.filled,
        "remainingQuantity": order.quantity - order.filled,
        "avgPrice": average(order.value, order.filled),
        "tick": tick,
    }


def order_ended(order: OrderState, tick: Tick) -> Wire:
    """An order cancelled or rejected, with what it had filled."""
    return {
        "orderId": order.id,
        "clientOrderId": order.client_id,
        "symbol": order.symbol,
        "side": order.side,
        "quantity": order.quantity,
        "filledQuantity": order.filled,
        "avgPrice": average(order.value, order.filled),
        "reason": order.reason,
        "tick": tick,
    }


def position(symbol: str, quantity: Shares, cost: Cents, price: Cents) -> Wire:
    """One line of a portfolio; a short's quantity, value and cost are negative."""
    unrealised = quantity * price - cost
    return {
        "symbol": symbol,
        "quantity": quantity,
        "averageCost": average(cost, quantity),
        "currentPrice": price / 100,
        "marketValue": quantity * price / 100,
        "unrealizedPnL": unrealised / 100,
        "unrealizedPnLPercent": percent(unrealised, abs(cost)),
    }
