"""Clearing: a fill becomes a trade, and cash, shares and fee change hands at once."""

from market.engine.accounts import Account
from market.engine.book import Fill
from market.engine.orders import Order
from market.engine.rules import MarketRules
from market.engine.values import BPS_IN_ONE, BUY, Bps, Cents, OrderKind, Shares, ceil_div


def taker_fee(value: Cents, rate: Bps) -> Cents:
    """Return the fee on a trade of `value`, rounded half up to the cent."""
    return (value * rate + BPS_IN_ONE // 2) // BPS_IN_ONE


def settle(fill: Fill, taker: Order, treasury: Account) -> Cents:
    """Exchange one fill's cash and shares between its accounts and return the taker's fee."""
    maker, price, quantity = fill
    payer, company = taker.account, taker.company
    value = price * quantity
    if taker.side is BUY:
        buyer, seller = payer, maker.account
    else:
        buyer, seller = maker.account, payer
    buyer.cash -= value
    seller.cash += value
    buyer.receive(company, quantity, value)
    seller.receive(company, -quantity, -value)
    release(maker, quantity)
    fee = taker_fee(value, payer.fee_bps)
    payer.cash -= fee
    treasury.cash += fee
    return fee


def worst_cost(order: Order, rules: MarketRules) -> Cents:
    """Return what a buy could cost at worst: its limit, or the price and its collar, rounded up."""
    if order.kind == OrderKind.LIMIT:
        return order.quantity * order.limit
    price = order.company.price
    return ceil_div(order.quantity * price * (BPS_IN_ONE + rules.collar_bps), BPS_IN_ONE)


def reserve(order: Order) -> None:
    """Hold back what a resting order may need: buying power for a buy, shares for a sell."""
    account, unfilled = order.account, order.quantity - order.filled
    account.orders[order.id] = order
    if order.side is BUY:
        account.reserved += unfilled * order.limit
    else:
        symbol = order.company.symbol
        account.offered[symbol] = account.offered.get(symbol, 0) + unfilled


def release(order: Order, quantity: Shares) -> None:
    """Give back what `quantity` shares of an order held; the market maker's reserve nothing."""
    account = order.account
    if order.id not in account.orders:
        return
    if order.side is BUY:
        account.reserved -= quantity * order.limit
    else:
        symbol = order.company.symbol
        left = account.offered[symbol] - quantity
        if left:
            account.offered[symbol] = left
        else:
            del account.offered[symbol]
    if order.filled == order.quantity:
        del account.orders[order.id]
