"""The exchange's whole state as plain data, and back: what a checkpoint holds of the market.

Every list keeps the machine's own order, so that a restored machine goes on exactly as the old one
would have.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import asdict
from operator import attrgetter
from typing import Any, TypeAlias

from market.engine.accounts import Account, AccountKind, Holding
from market.engine.clearing import reserve
from market.engine.companies import Company, Listing
from market.engine.events import MarketEvent
from market.engine.exchange import Exchange
from market.engine.orders import Order
from market.engine.pricing import PriceState
from market.engine.values import BUY, SELL

Plain: TypeAlias = dict[str, Any]  # numbers, strings, lists and dicts: what JSON can hold

_ACCOUNT_FIELDS = (
    "id",
    "name",
    "leverage",
    "fee_bps",
    "cash",
    "endowment",
    "long_value",
    "short_value",
    "realised",
    "close_equity",
    "tape_seq",
)
_COMPANY_FIELDS = (
    "price",
    "previous_price",
    "previous_close",
    "last",
    "best_bid",
    "best_ask",
    "day_open",
    "day_high",
    "day_low",
    "day_volume",
    "sentiment",
    "is_halted",
    "halted_until",
)
_ORDER_FIELDS = (
    "number",
    "id",
    "quantity",
    "limit",
    "filled",
    "value",
    "reason",
    "tick_submitted",
    "client_id",
    "is_recorded",
    "kind",
    "time_in_force",
    "status",
    "side",
)
# An order is kept as a row, not as a dict: a busy market has a hundred thousand of them.
_order_row = attrgetter(*_ORDER_FIELDS, "account.id", "company.symbol")


def dump(exchange: Exchange) -> Plain:
    """Return everything the exchange remembers between two ticks."""
    return {
        "orders_numbered": exchange.orders_numbered,
        "trades_numbered": exchange.trades_numbered,
        "dollar_volumes": list(exchange.dollar_volumes),
        "climate": exchange.climate.dump(),
        "happened": [list(event) for event in exchange.happened],
        "accounts": [_dump_account(account) for account in exchange.accounts.values()],
        "companies": [_dump_company(company) for company in exchange.companies.values()],
        "queue": [_order_row(order) for order in exchange.queue],
    }


def load(exchange: Exchange, state: Plain) -> None:
    """Fill a fresh exchange with a dumped state."""
    exchange.orders_numbered = state["orders_numbered"]
    exchange.trades_numbered = state["trades_numbered"]
    exchange.dollar_volumes.extend(state["dollar_volumes"])
    exchange.climate.load(state["climate"])
    exchange.happened = [MarketEvent(*event) for event in state["happened"]]
    exchange.accounts = {plain["id"]: _load_account(plain) for plain in state["accounts"]}
    for plain in state["companies"]:
        company = _load_company(exchange, plain)
        exchange.companies[company.symbol] = company
        _load_book(exchange, company, plain)
    exchange.queue = [_load_order(exchange, plain) for plain in state["queue"]]
    for order in _reserving(exchange):
        reserve(order)


def _reserving(exchange: Exchange) -> list[Order]:
    """Return every order that reserves something, by number: the order in which accounts list
    theirs.
    """
    resting = [
        order
        for company in exchange.companies.values()
        for side in (company.book.bids, company.book.asks)
        for order in side.orders()
        if order.account.is_agent
    ]
    return sorted(resting + exchange.queue, key=lambda order: order.number)


def _dump_account(account: Account) -> Plain:
    plain: Plain = {name: getattr(account, name) for name in _ACCOUNT_FIELDS}
    plain["kind"] = account.kind.value
    plain["holdings"] = [[s, h.quantity, h.cost] for s, h in account.holdings.items()]
    plain["equity_samples"] = list(account.equity_samples)
    return plain


def _load_account(plain: Plain) -> Account:
    account = Account(plain["id"], plain["name"], AccountKind(plain["kind"]))
    for name in _ACCOUNT_FIELDS:
        setattr(account, name, plain[name])
    account.holdings = {s: Holding(quantity, cost) for s, quantity, cost in plain["holdings"]}
    account.equity_samples = deque(plain["equity_samples"])
    return account


def _dump_company(company: Company) -> Plain:
    plain: Plain = {name: getattr(company, name) for name in _COMPANY_FIELDS}
    plain["listing"] = asdict(company.listing)
    plain["pricing"] = company.pricing.dump()
    plain["volumes"] = list(company.volumes)
    plain["forming"] = [[interval, list(candle)] for interval, candle in company.forming.items()]
    plain["bids"] = [_order_row(order) for order in company.book.bids.orders()]
    plain["asks"] = [_order_row(order) for order in company.book.asks.orders()]
    plain["quotes"] = [quote.number for quote in company.quotes if quote.resting]
    return plain


def _load_company(exchange: Exchange, plain: Plain) -> Company:
    company = Company(Listing(**plain["listing"]), exchange.rules)
    for name in _COMPANY_FIELDS:
        setattr(company, name, plain[name])
    company.pricing = PriceState.load(plain["pricing"])
    company.volumes.extend(plain["volumes"])
    company.forming = {interval: list(candle) for interval, candle in plain["forming"]}
    return company


def _load_book(exchange: Exchange, company: Company, plain: Plain) -> None:
    quotes = set(plain["quotes"])
    for kept in (*plain["bids"], *plain["asks"]):
        order = _load_order(exchange, kept)
        company.book.add(order)
        if order.number in quotes:
            company.quotes.append(order)
    company.quotes.sort(key=lambda order: order.number)


def _load_order(exchange: Exchange, row: Sequence[Any]) -> Order:
    *fields, account, symbol = row
    plain = dict(zip(_ORDER_FIELDS, fields, strict=True))
    order = Order(
        number=plain["number"],
        id=plain["id"],
        account=exchange.accounts[account],
        company=exchange.companies[symbol],
        side=BUY if plain["side"] == BUY else SELL,
        kind=plain["kind"],
        quantity=plain["quantity"],
        limit=plain["limit"],
        tick=plain["tick_submitted"],
        client_id=plain["client_id"],
    )
    order.time_in_force, order.status = plain["time_in_force"], plain["status"]
    order.filled, order.value = plain["filled"], plain["value"]
    order.reason, order.is_recorded = plain["reason"], plain["is_recorded"]
    return order
