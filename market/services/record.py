"""Write what a tick decided into the record: a fixed number of statements, however many orders
there were.
"""

from __future__ import annotations

from collections.abc import Iterable
from operator import attrgetter

import orjson
from django.db.backends.utils import CursorWrapper

from market.bulk import copy_rows, update_rows, upsert_rows
from market.engine.accounts import Account
from market.engine.companies import Listing
from market.engine.outcome import (
    AccountState,
    Bankruptcy,
    Candle,
    CompanyState,
    Halt,
    HoldingState,
    LedgerEntry,
    MarketEvent,
    OrderState,
    Split,
    Trade,
)
from market.engine.values import Tick
from market.models import Company

_ORDER_COLUMNS = (
    "number",
    "id",
    "account_id",
    "symbol",
    "side",
    "intent",
    "kind",
    "time_in_force",
    "post_only",
    "self_trade",
    "tick_submitted",
    "client_id",
    "quantity",
    "limit",
    "stop",
    "filled",
    "value",
    "status",
    "reason",
    "triggered_by",
    "tick_closed",
)
# What a tick may change of an order of an earlier one.
_ORDER_CHANGES = {
    "quantity": "bigint",
    '"limit"': "bigint",
    "stop": "bigint",
    "filled": "bigint",
    "value": "bigint",
    "status": "text",
    "reason": "text",
    "triggered_by": "text",
    "tick_closed": "bigint",
}
_ACCOUNT_IDENTITY = ("id", "name", "kind", "leverage", "fee_bps", "endowment")
_ACCOUNT_FIGURES = (
    "cash",
    "long_value",
    "short_value",
    "reserved",
    "realised",
    "equity",
    "equity_day_ago",
    "close_equity",
    "peak_equity",
    "call_deadline",
)
_NO_FIGURES = (*(0,) * (len(_ACCOUNT_FIGURES) - 1), None)
_COMPANY_PRICES = (
    "price",
    "previous_price",
    "previous_close",
    "day_open",
    "day_high",
    "day_low",
)
_COMPANY_FIGURES = {
    **dict.fromkeys(_COMPANY_PRICES, "bigint"),
    "last": "bigint",
    "bid": "bigint",
    "ask": "bigint",
    "day_volume": "bigint",
    "day_ago_volume": "bigint",
    "split_power": "smallint",
    "is_trading": "bool",
    "reopens_tick": "bigint",
    "halt_reason": "text",
    "low_band": "bigint",
    "high_band": "bigint",
    "restricted_through": "bigint",
    "shorted": "bigint",
    "shorts_offered": "bigint",
    "sentiment": "float8",
}


def insert_orders(cursor: CursorWrapper, orders: Iterable[OrderState]) -> None:
    """Append the orders that have no row yet."""
    copy_rows(
        cursor,
        "market_order",
        _ORDER_COLUMNS,
        (order[:21] for order in orders if order.is_new),
    )


def update_orders(cursor: CursorWrapper, orders: Iterable[OrderState]) -> None:
    """Bring the rows of orders of earlier ticks up to date."""
    update_rows(
        cursor,
        "market_order",
        {"number": "bigint", **_ORDER_CHANGES},
        ((o.number, *o[12:21]) for o in orders if not o.is_new),
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
    identity = attrgetter(*_ACCOUNT_IDENTITY)
    copy_rows(
        cursor,
        "market_account",
        (*_ACCOUNT_IDENTITY, "opened_tick", *_ACCOUNT_FIGURES),
        ((*identity(account), tick, *_NO_FIGURES) for account in accounts),
    )


def update_accounts(cursor: CursorWrapper, accounts: Iterable[AccountState]) -> None:
    update_rows(
        cursor,
        "market_account",
        dict.fromkeys(("id", *_ACCOUNT_FIGURES), "bigint"),
        (account[:11] for account in accounts),
    )


def upsert_holdings(cursor: CursorWrapper, holdings: Iterable[HoldingState]) -> None:
    """Write changed holdings; one that is gone keeps a row of nought."""
    upsert_rows(
        cursor,
        "market_holding",
        {"account_id": "bigint", "symbol": "text", "quantity": "bigint", "cost": "bigint"},
        ("account_id", "symbol"),
        holdings,
    )


def insert_companies(listings: Iterable[Listing]) -> None:
    """Give the founded companies their rows; the rest follows with `update_companies`."""
    Company.objects.bulk_create(
        Company(
            symbol=listing.symbol,
            name=listing.name,
            sector=listing.sector,
            industry=listing.industry,
            shares_issued=listing.shares,
            volatility=listing.volatility,
            beta=listing.beta,
            **dict.fromkeys(_COMPANY_PRICES, listing.price),
        )
        for listing in listings
    )


def update_companies(cursor: CursorWrapper, companies: Iterable[CompanyState]) -> None:
    figures = attrgetter("symbol", *_COMPANY_FIGURES)
    update_rows(
        cursor,
        "market_company",
        {
            "symbol": "text",
            **_COMPANY_FIGURES,
            "shares_issued": "bigint",
            "bids": "jsonb",
            "asks": "jsonb",
        },
        ((*figures(c), c.shares, _json(c.bids), _json(c.asks)) for c in companies),
    )


def insert_candles(cursor: CursorWrapper, candles: Iterable[Candle]) -> None:
    copy_rows(
        cursor,
        "market_candle",
        Candle._fields,
        candles,
    )


def insert_halts(cursor: CursorWrapper, halts: list[Halt]) -> None:
    if halts:
        copy_rows(cursor, "market_halt", Halt._fields, halts)


def insert_splits(cursor: CursorWrapper, splits: list[Split]) -> None:
    if splits:
        copy_rows(cursor, "market_split", Split._fields, splits)


def insert_events(cursor: CursorWrapper, events: list[MarketEvent]) -> None:
    if events:
        copy_rows(cursor, "market_marketevent", MarketEvent._fields, events)


def insert_bankruptcies(cursor: CursorWrapper, bankruptcies: list[Bankruptcy]) -> None:
    columns = ("tick", "account_id", "peak", "final", "cause")
    if bankruptcies:
        copy_rows(cursor, "market_bankruptcy", columns, bankruptcies)


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
