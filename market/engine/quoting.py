"""The market maker at work: its quotes, every tick anew around the price."""

from __future__ import annotations

from market.engine import maker
from market.engine.accounts import MARKET_MAKER
from market.engine.book_orders import Ticket
from market.engine.desk import Desk
from market.engine.orders import Company, Order
from market.engine.pricing import expected_multiple
from market.engine.reasons import Reason
from market.engine.values import Intent, OrderKind, OrderStatus, Side

_INTENTS = {Side.BUY: Intent.BUY, Side.SELL: Intent.SELL}


def quote(desk: Desk, company: Company) -> None:
    """Quote a company that trades, its last quotes withdrawn; one that crosses trades."""
    for order in fresh_quotes(desk, company):
        order.price = desk.price_of(order)
        if company.book.would_trade(order):
            desk.give_id(order)
            desk.log.touch_order(order)
            desk.trade_at_once(order)
        if order.filled < order.quantity:
            order.status = OrderStatus.PARTIAL if order.filled else OrderStatus.OPEN
            company.book.add(order)
            company.quotes.append(order)
        else:
            desk.end(order, OrderStatus.FILLED, "")


def withdraw_quotes(desk: Desk, company: Company) -> None:
    for quote in company.quotes:
        if quote.resting:
            company.book.cancel(quote)
            if quote.filled:
                desk.log.touch_order(quote)
                desk.end(quote, OrderStatus.CANCELLED, Reason.REQUOTED)
    company.quotes = []


def fresh_quotes(desk: Desk, company: Company) -> list[Order]:
    """Return new quotes around a company's price, not yet in its book; none if the maker is off."""
    if not desk.switches.maker:
        return []
    account = desk.accounts[MARKET_MAKER]
    quotes = maker.quotes(
        price=company.price,
        volatility=company.listing.volatility,
        volatility_multiple=expected_multiple(company.pricing, desk.rules.pricing),
        usual_volume=company.pricing.usual_volume,
        inventory=account.quantity_of(company.symbol),
        shares=company.shares,
        rules=desk.rules.maker,
        cash=max(0, account.cash) // len(desk.companies),
    )
    return [
        desk.new_order(
            account,
            company,
            side,
            Ticket(company.symbol, _INTENTS[side], quantity, OrderKind.LIMIT, price),
        )
        for side, price, quantity in quotes
    ]
