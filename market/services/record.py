"""Write what a tick decided into the record: a fixed number of statements, however many orders there were."""

from __future__ import annotations

from collections.abc import Iterable

import orjson
from django.db.backends.utils import CursorWrapper

from market.bulk import copy_rows, execute_with_rows
from market.engine.accounts import Account
from market.engine.companies import Listing
from market.engine.outcome import (
    AccountState,
    Candle,
    CompanyState,
    HoldingState,
    LedgerEntry,
    OrderState,
    Trade,
)
from market.engine.values import Tick

_ORDER_COLUMNS = (
    "number",
    "id",
    "account_id",
    "symbol",
    "side",
    "kind",
    "time_in_force",
    "quantity",
    "limit",
    "filled",
    "value",
    "status",
    "reason",
    "tick_submitted",
    "tick_closed",
    "client_id",
)


def insert_orders(cursor: CursorWrapper, orders: Iterable[OrderState]) -> None:
    """Append the orders that have no row yet."""
    copy_rows(
        cursor,
        "market_order",
        _ORDER_COLUMNS,
        (order[:11] + order[12:17] for order in orders if order.is_new),
    )


def update_orders(cursor: CursorWrapper, orders: Iterable[OrderState]) -> None:
    """Bring the rows of orders of earlier ticks up to date."""
    execute_with_rows(
        cursor,
        "UPDATE market_order SET filled = u.filled, value = u.value, status = u.status, reason = u.reason,"
        " tick_closed = u.tick_closed FROM {rows} AS u(number, filled, value, status, reason, tick_closed)"
        " WHERE market_order.number = u.number",
        ("bigint", "bigint", "bigint", "text", "text", "bigint"),
        (
            (o.number, o.filled, o.value, o.status, o.reason, o.tick_closed)
            for o in orders
            if not o.is_new
        ),
    )


def insert_trades(cursor: CursorWrapper, trades: Iterable[Trade]) -> None:
    copy_rows(
        cursor,
        "market_trade",
        (
            "number",
            "id",
            "tick",
            "symbol",
            "price",
            "quantity",
            "buyer_id",
            "seller_id",
            "buy_order",
            "sell_order",
            "aggressor",
            "fee",
        ),
        trades,
    )


def insert_entries(cursor: CursorWrapper, entries: list[LedgerEntry]) -> None:
    if entries:
        copy_rows(
            cursor,
            "market_ledgerentry",
            ("tick", "kind", "debit_id", "credit_id", "cents", "symbol", "shares"),
            entries,
        )


def insert_accounts(cursor: CursorWrapper, tick: Tick, accounts: Iterable[Account]) -> None:
    """Give newly opened accounts their rows; the figures follow with `update_accounts`."""
    copy_rows(
        cursor,
        "market_account",
        (
            "id",
            "name",
            "kind",
            "leverage",
            "fee_bps",
            "cash",
            "endowment",
            "long_value",
            "short_value",
            "reserved",
            "realised",
            "equity",
            "equity_day_ago",
            "close_equity",
            "opened_tick",
        ),
        (
            (a.id, a.name, a.kind.value, a.leverage, a.fee_bps, a.cash, a.endowment)
            + (0, 0, 0, 0, 0, 0, 0, tick)
            for a in accounts
        ),
    )


def update_accounts(cursor: CursorWrapper, accounts: Iterable[AccountState]) -> None:
    execute_with_rows(
        cursor,
        "UPDATE market_account SET cash = u.cash, long_value = u.long_value, short_value = u.short_value,"
        " reserved = u.reserved, realised = u.realised, equity = u.equity, equity_day_ago = u.equity_day_ago,"
        " close_equity = u.close_equity FROM {rows} AS u(id, cash, long_value, short_value, reserved, realised,"
        " equity, equity_day_ago, close_equity) WHERE market_account.id = u.id",
        ("bigint",) * 9,
        (account[:9] for account in accounts),
    )


def upsert_holdings(cursor: CursorWrapper, holdings: Iterable[HoldingState]) -> None:
    """Write changed holdings; one that is gone keeps a row of nought."""
    execute_with_rows(
        cursor,
        "INSERT INTO market_holding (account_id, symbol, quantity, cost) SELECT * FROM {rows}"
        " ON CONFLICT (account_id, symbol) DO UPDATE SET quantity = EXCLUDED.quantity, cost = EXCLUDED.cost",
        ("bigint", "text", "bigint", "bigint"),
        holdings,
    )


def insert_companies(cursor: CursorWrapper, listings: Iterable[Listing]) -> None:
    """Give the founded companies their rows; the market's figures follow with `update_companies`."""
    copy_rows(
        cursor,
        "market_company",
        ("symbol", "name", "sector", "industry", "shares_issued", "volatility", "beta")
        + ("price", "previous_price", "previous_close", "day_open", "day_high", "day_low")
        + ("day_volume", "day_ago_volume", "sentiment", "is_halted", "bids", "asks"),
        (
            (c.symbol, c.name, c.sector, c.industry, c.shares, c.volatility, c.beta)
            + (c.price,) * 6
            + (0, 0, 0.0, False, "[]", "[]")
            for c in listings
        ),
    )


def update_companies(cursor: CursorWrapper, companies: Iterable[CompanyState]) -> None:
    execute_with_rows(
        cursor,
        "UPDATE market_company SET price = u.price, previous_price = u.previous_price,"
        " previous_close = u.previous_close, last = u.last, bid = u.bid, ask = u.ask, day_open = u.day_open,"
        " day_high = u.day_high, day_low = u.day_low, day_volume = u.day_volume,"
        " day_ago_volume = u.day_ago_volume, sentiment = u.sentiment, is_halted = u.is_halted, bids = u.bids,"
        " asks = u.asks FROM {rows} AS u(symbol, price, previous_price, previous_close, last, bid, ask, day_open,"
        " day_high, day_low, day_volume, day_ago_volume, sentiment, is_halted, bids, asks)"
        " WHERE market_company.symbol = u.symbol",
        ("text",) + ("bigint",) * 11 + ("float8", "bool", "jsonb", "jsonb"),
        (
            (c.symbol, c.price, c.previous_price, c.previous_close, c.last, c.bid, c.ask)
            + (c.day_open, c.day_high, c.day_low, c.day_volume, c.day_ago_volume)
            + (c.sentiment, c.is_halted, _json(c.bids), _json(c.asks))
            for c in companies
        ),
    )


def insert_candles(cursor: CursorWrapper, candles: Iterable[Candle]) -> None:
    copy_rows(
        cursor,
        "market_candle",
        ("symbol", "interval", "tick", "open", "high", "low", "close", "volume"),
        candles,
    )


def insert_equity_points(
    cursor: CursorWrapper, tick: Tick, accounts: Iterable[AccountState]
) -> None:
    copy_rows(
        cursor,
        "market_equitypoint",
        ("account_id", "tick", "equity"),
        ((account.id, tick, account.equity) for account in accounts),
    )


def _json(value: object) -> str:
    return orjson.dumps(value).decode()
