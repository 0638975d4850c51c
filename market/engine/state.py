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

from market.engine.accounts import AccountKind, Holding, MarginCall
from market.engine.book_orders import Ticket
from market.engine.clearing import reserve
from market.engine.events import MarketEvent
from market.engine.exchange import Exchange
from market.engine.listings import Listing
from market.engine.orders import Account, Company, Order
from market.engine.pricing import PriceState
from market.engine.values import Intent, OrderKind, OrderStatus, SelfTrade, Side, TimeInForce

Plain: TypeAlias = dict[str, Any]  # numbers, strings, lists and dicts: what JSON can hold

_ACCOUNT_FIELDS: tuple[str, ...] = (
    "id",
    "name",
    "leverage",
    "fee_bps",
    "cash",
    "endowment",
    "long_value",
    "short_value",
    "long_margin",
    "short_margin",
    "realised",
    "close_equity",
    "least_equity",
    "loan_sum",
    "borrow_sum",
    "transfers",
    "trade_count",
    "peak_equity",
    "is_bankrupt",
    "is_reduce_only",
    "debt",
    "tape_seq",
)
_COMPANY_FIELDS: tuple[str, ...] = (
    "shares",
    "split_power",
    "price",
    "previous_price",
    "previous_close",
    "last",
    "last_bid",
    "best_bid",
    "best_ask",
    "day_open",
    "day_high",
    "day_low",
    "day_volume",
    "net_flow",
    "volume_absorbed",
    "sentiment",
    "in_session",
    "is_trading",
    "reopens_tick",
    "halt_reason",
    "low_band",
    "high_band",
    "band_override_bps",
    "bands_until",
    "is_limit_state",
    "restricted_through",
    "shorted",
    "last_short_interest",
    "short_interest",
)
_ORDER_FIELDS: tuple[str, ...] = (
    "number",
    "id",
    "priority",
    "price",
    "filled",
    "value",
    "reserved",
    "status",
    "reason_code",
    "triggered_by",
    "tick_submitted",
    "is_recorded",
    "side",
)
_TICKET_FIELDS: tuple[str, ...] = (
    "intent",
    "quantity",
    "kind",
    "limit",
    "stop",
    "time_in_force",
    "post_only",
    "self_trade",
    "client_id",
)
# An order is kept as a row, not as a dict: a busy market has a hundred thousand of them.
_order_row = attrgetter(*_ORDER_FIELDS, *_TICKET_FIELDS, "account.id", "company.symbol")


def dump(exchange: Exchange) -> Plain:
    """Return everything the exchange remembers between two ticks."""
    return {
        "taker_fee_bps": exchange.taker_fee_bps,
        "orders_numbered": exchange.orders_numbered,
        "trades_numbered": exchange.trades_numbered,
        "dollar_volumes": list(exchange.dollar_volumes),
        "index_forming": [[interval, list(c)] for interval, c in exchange.index_forming.items()],
        "climate": exchange.climate.dump(),
        "happened": [list(event) for event in exchange.happened],
        "is_day_over": exchange.is_day_over,
        "market_halts_today": exchange.market_halts_today,
        "accounts": [_dump_account(account) for account in exchange.accounts.values()],
        "companies": [_dump_company(company) for company in exchange.companies.values()],
        "triggered": [_order_row(order) for order in exchange.triggered],
    }


def load(exchange: Exchange, state: Plain) -> None:
    """Fill a fresh exchange with a dumped state."""
    exchange.taker_fee_bps = state["taker_fee_bps"]
    exchange.orders_numbered = state["orders_numbered"]
    exchange.trades_numbered = state["trades_numbered"]
    exchange.dollar_volumes.extend(state["dollar_volumes"])
    exchange.index_forming = {interval: list(c) for interval, c in state["index_forming"]}
    exchange.climate.load(state["climate"])
    exchange.happened = [MarketEvent(*event) for event in state["happened"]]
    exchange.is_day_over = state["is_day_over"]
    exchange.market_halts_today = state["market_halts_today"]
    exchange.accounts = {plain["id"]: _load_account(plain) for plain in state["accounts"]}
    for plain in state["companies"]:
        company = _load_company(exchange, plain)
        exchange.companies[company.symbol] = company
        _load_orders(exchange, company, plain)
    exchange.triggered = [_load_order(exchange, row) for row in state["triggered"]]


def _dump_account(account: Account) -> Plain:
    plain: Plain = {name: getattr(account, name) for name in _ACCOUNT_FIELDS}
    plain["kind"] = account.kind.value
    plain["holdings"] = [[s, h.quantity, h.cost] for s, h in account.holdings.items()]
    plain["equity_samples"] = list(account.equity_samples)
    call = account.call
    plain["call"] = [call.tick, call.deadline, call.positions, call.tries] if call else None
    return plain


def _load_account(plain: Plain) -> Account:
    account = Account(plain["id"], plain["name"], AccountKind(plain["kind"]))
    for name in _ACCOUNT_FIELDS:
        setattr(account, name, plain[name])
    account.holdings = {s: Holding(quantity, cost) for s, quantity, cost in plain["holdings"]}
    account.equity_samples = deque(plain["equity_samples"])
    account.call = MarginCall(*plain["call"]) if plain["call"] else None
    return account


def _dump_company(company: Company) -> Plain:
    plain: Plain = {name: getattr(company, name) for name in _COMPANY_FIELDS}
    plain["listing"] = asdict(company.listing)
    plain["pricing"] = company.pricing.dump()
    plain["volumes"] = list(company.volumes)
    plain["recent_prices"] = list(company.recent_prices)
    plain["forming"] = [[interval, list(candle)] for interval, candle in company.forming.items()]
    plain["bids"] = [_order_row(order) for order in company.book.bids.orders()]
    plain["asks"] = [_order_row(order) for order in company.book.asks.orders()]
    plain["queue"] = [_order_row(order) for order in company.queue]
    plain["stops"] = [_order_row(order) for order in company.stops]
    plain["touched_stops"] = [order.number for order in company.stops.touched()]
    plain["quotes"] = [quote.number for quote in company.quotes if quote.resting]
    return plain


def _load_company(exchange: Exchange, plain: Plain) -> Company:
    company = Company(Listing(**plain["listing"]), exchange.rules)
    for name in _COMPANY_FIELDS:
        setattr(company, name, plain[name])
    company.pricing = PriceState.load(plain["pricing"])
    company.volumes.extend(plain["volumes"])
    company.recent_prices = deque(plain["recent_prices"], company.recent_prices.maxlen)
    company.forming = {interval: list(candle) for interval, candle in plain["forming"]}
    return company


def _load_orders(exchange: Exchange, company: Company, plain: Plain) -> None:
    quotes = set(plain["quotes"])
    for row in (*plain["bids"], *plain["asks"]):
        order = _load_order(exchange, row)
        company.book.add(order)
        if order.number in quotes:
            company.quotes.append(order)
    company.quotes.sort(key=lambda order: order.number)
    company.queue = [_load_order(exchange, row) for row in plain["queue"]]
    touched = set(plain["touched_stops"])
    for row in plain["stops"]:
        order = _load_order(exchange, row)
        company.stops.add(order, is_touched=order.number in touched)


def _load_order(exchange: Exchange, row: Sequence[Any]) -> Order:
    *fields, account, symbol = row
    plain = dict(zip((*_ORDER_FIELDS, *_TICKET_FIELDS), fields, strict=True))
    ticket = Ticket(
        symbol,
        Intent(plain["intent"]),
        plain["quantity"],
        OrderKind(plain["kind"]),
        plain["limit"],
        plain["stop"],
        TimeInForce(plain["time_in_force"]),
        plain["post_only"],
        SelfTrade(plain["self_trade"]),
        plain["client_id"],
    )
    order = Order(
        plain["number"],
        plain["id"],
        exchange.accounts[account],
        exchange.companies[symbol],
        Side(plain["side"]),
        ticket,
        plain["tick_submitted"],
    )
    order.status = OrderStatus(plain["status"])
    for name in (
        "priority",
        "price",
        "filled",
        "value",
        "reason_code",
        "triggered_by",
        "is_recorded",
    ):
        setattr(order, name, plain[name])
    if order.account.is_agent:
        reserve(order, plain["reserved"])
    return order
