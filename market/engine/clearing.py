"""Clearing: a fill becomes a trade, and cash, shares and fee change hands at once."""

from market.engine.accounts import MARKET_MAKER, Account
from market.engine.book import Fill
from market.engine.companies import Company
from market.engine.orders import Order
from market.engine.rules import MarketRules
from market.engine.values import BPS_IN_ONE, Cents, OrderKind, Side, ceil_div, share_of


def taker_fee(taker: Account, value: Cents) -> Cents:
    """Return the fee on a trade of `value`, in cents, half up; the market maker's rate is nought."""
    return 0 if taker.id == MARKET_MAKER else share_of(value, taker.fee_bps)


def settle(fill: Fill, taker: Order, treasury: Account) -> Cents:
    """Exchange one fill's cash and shares between its two accounts and return the fee that the taker paid."""
    maker, company = fill.maker, taker.company
    value = fill.price * fill.quantity
    buyer, seller = (
        (taker.account, maker.account) if taker.side is Side.BUY else (maker.account, taker.account)
    )
    buyer.cash -= value
    seller.cash += value
    buyer.receive(company, fill.quantity, value)
    seller.receive(company, -fill.quantity, -value)
    fee = taker_fee(taker.account, value)
    if fee:
        taker.account.cash -= fee
        treasury.cash += fee
    release(maker, fill.quantity)
    return fee


def worst_cost(
    kind: OrderKind, quantity: int, limit: Cents, company: Company, rules: MarketRules
) -> Cents:
    """Return what a buy could cost at worst, in cents: its limit, or the price and its collar, rounded up."""
    if kind is OrderKind.LIMIT:
        return quantity * limit
    return ceil_div(quantity * company.price * (BPS_IN_ONE + rules.collar_bps), BPS_IN_ONE)


def reserve(order: Order) -> None:
    """Hold back what a resting order may need: buying power for a buy, shares for a sell."""
    account, unfilled = order.account, order.quantity - order.filled
    account.orders[order.id] = order
    if order.side is Side.BUY:
        account.reserved += unfilled * order.limit
    else:
        symbol = order.company.symbol
        account.offered[symbol] = account.offered.get(symbol, 0) + unfilled


def release(order: Order, quantity: int) -> None:
    """Give back what `quantity` shares of a reserved order held; market maker's quotes reserve nothing."""
    account = order.account
    if order.id not in account.orders:
        return
    if order.side is Side.BUY:
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
