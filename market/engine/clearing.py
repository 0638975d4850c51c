"""Clearing: a trade's cash, shares and fee change hands at once; and what an open order holds back
of its account meanwhile.
"""

from __future__ import annotations

from market.engine.orders import Account, Company, Order
from market.engine.rules import MarketRules
from market.engine.values import BPS_IN_ONE, Bps, Cents, Intent, OrderKind, Shares, Side, ceil_div

BUY, SHORT = Intent.BUY, Intent.SHORT


def taker_fee(value: Cents, rate: Bps) -> Cents:
    """Return the fee on a trade of `value`, rounded half up to the cent."""
    return (value * rate + BPS_IN_ONE // 2) // BPS_IN_ONE


def settle(
    company: Company, buyer: Account, seller: Account, price: Cents, quantity: Shares
) -> None:
    """Exchange a trade's cash and shares."""
    value = price * quantity
    buyer.cash -= value
    seller.cash += value
    buyer.receive(company, quantity, value)
    seller.receive(company, -quantity, -value)


def charge_fee(payer: Account, value: Cents, treasury: Account) -> Cents:
    """Take the taker's fee on a trade of `value`, and return it."""
    fee = taker_fee(value, payer.fee_bps)
    payer.cash -= fee
    payer.least_equity -= fee
    treasury.cash += fee
    return fee


def at_collar(value: Cents, side: Side, rules: MarketRules) -> int:
    """Return what a value at the price comes to at a side's collar, the furthest from the price
    that anything trades: in cents times basis points, which the caller rounds.
    """
    away = rules.collar_bps if side is Side.BUY else -rules.collar_bps
    return value * (BPS_IN_ONE + away)


def worst_cost(order: Order, rules: MarketRules) -> Cents:
    """Return by how much an order could raise its account's exposure at worst, rounded up: nothing
    if it closes a position. Source: market-model, section 3.
    """
    intent, quantity = order.intent, order.quantity - order.filled
    if intent is BUY:
        if order.limit is not None:
            return quantity * order.limit
        price = order.stop if order.awaits_trigger else order.company.price
        assert price is not None
        return ceil_div(at_collar(quantity * price, Side.BUY, rules), BPS_IN_ONE)
    if intent is SHORT:
        asked = order.limit or (order.stop if order.kind == OrderKind.STOP else 0) or 0
        return quantity * max(asked, order.company.price)
    return 0


def reserve(order: Order, cost: Cents) -> None:
    """Enter an open order with its account, which holds back what it may need: exposure of `cost`,
    or the shares that it closes.
    """
    account = order.account
    account.orders[order.id] = order
    order.reserved = cost
    account.reserve(cost, order.company)
    if order.intent is SHORT or (order.intent is BUY and order.limit is None):
        order.company.floating[order.number] = order
    _hold(order, order.quantity - order.filled)


def revalue(company: Company, rules: MarketRules) -> None:
    """Set what the company's open orders hold back to what they may cost at worst now: a short may
    be filled where the price has gone.
    """
    for order in company.floating.values():
        restate(order, rules)


def restate(order: Order, rules: MarketRules) -> None:
    """Set what an open order holds back to what it may cost at worst as it is now."""
    cost = worst_cost(order, rules)
    order.account.reserve(cost - order.reserved, order.company)
    order.reserved = cost


def release_part(order: Order, quantity: Shares) -> None:
    """Give back what `quantity` shares, just filled or cut, of an open order held.

    The market maker's quotes hold nothing.
    """
    account = order.account
    if order.id not in account.orders:
        return
    left = order.quantity - order.filled
    if order.reserved:
        freed = order.reserved * quantity // (left + quantity)
        order.reserved -= freed
        account.reserve(-freed, order.company)
    _hold(order, -quantity)
    if not left:
        del account.orders[order.id]
        order.company.floating.pop(order.number, None)


def release(order: Order) -> None:
    """Give back all that an open order still holds, and drop it from its account."""
    account = order.account
    if account.orders.pop(order.id, None) is None:
        return
    account.reserve(-order.reserved, order.company)
    order.reserved = 0
    order.company.floating.pop(order.number, None)
    _hold(order, order.filled - order.quantity)


def _hold(order: Order, shares: Shares) -> None:
    """Add `shares`, which may be negative, to what its account's open orders open or close."""
    intent, symbol = order.intent, order.company.symbol
    held = order.account.closing
    if intent is BUY:
        held = order.account.opening
    elif intent is SHORT:
        held = order.account.opening
        order.company.shorts_offered += shares
        shares = -shares
    after = held.get(symbol, 0) + shares
    if after:
        held[symbol] = after
    else:
        held.pop(symbol, None)
