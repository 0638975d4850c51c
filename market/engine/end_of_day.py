"""What loans and borrowed shares cost, tick by tick, and the close: it charges for them, and day
orders expire.
"""

from __future__ import annotations

from market.engine.accounts import BANK, PUBLIC
from market.engine.exchange import Exchange
from market.engine.orders import Account
from market.engine.reasons import Reason
from market.engine.short_sales import borrow_fee_bps
from market.engine.values import BPS_IN_ONE, Cents, OrderStatus, Tick, TimeInForce


def count_tick(exchange: Exchange, account: Account) -> None:
    """Count an open tick of what an account owes towards what the close charges: who closes all
    before it has had the loan too.
    """
    account.loan_sum += account.loan
    account.borrow_sum += _borrow_fee(exchange, account)


def close_day(exchange: Exchange) -> None:
    """Do the day's accounting for every account, oldest first, and publish short interests."""
    for company in exchange.companies.values():
        company.publish_short_interest()
    ticks = _ticks_between_closes(exchange)
    year = BPS_IN_ONE * exchange.rules.margin.days_in_year * ticks
    rate = exchange.macro.interest_bps + exchange.rules.margin.loan_spread_bps
    for account in exchange.accounts.values():
        _expire_day_orders(exchange, account)
        if account.is_agent:
            # What is owed now bears interest: neither charge counts towards the other.
            loan = max(account.loan_sum, account.loan * ticks)
            borrowed = max(account.borrow_sum, _borrow_fee(exchange, account) * ticks)
            account.loan_sum = account.borrow_sum = 0
            interest, fee = _rounded(loan * rate, year), _rounded(borrowed, year)
            if interest:
                exchange.pay(account.id, BANK, interest, kind="interest")
            if fee:
                exchange.pay(account.id, PUBLIC, fee, kind="borrow_fee")


def _ticks_between_closes(exchange: Exchange) -> Tick:
    session = exchange.rules.session
    return session.day_ticks if exchange.switches.never_closes else session.open_ticks


def _borrow_fee(exchange: Exchange, account: Account) -> int:
    """Return a year's fee on the account's shorts, in cents times basis points."""
    if not account.short_value:
        return 0
    lending = exchange.rules.lending
    fee = 0
    for symbol, holding in account.holdings.items():
        if holding.quantity < 0:
            company = exchange.companies[symbol]
            fee_bps = borrow_fee_bps(company.shares, company.shorted, lending)
            fee -= holding.quantity * company.price * fee_bps
    return fee


def _expire_day_orders(exchange: Exchange, account: Account) -> None:
    expiring = [o for o in account.orders.values() if o.time_in_force is TimeInForce.DAY]
    for order in sorted(expiring, key=lambda order: order.number):
        exchange.end_open(order, OrderStatus.EXPIRED, Reason.DAY_ENDED)


def _rounded(numerator: int, denominator: int) -> Cents:
    return (2 * numerator + denominator) // (2 * denominator)
