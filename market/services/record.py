"""What a tick decided, as the writes that record it: a fixed number of statements, however many
orders there were.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Container, Iterable
from operator import attrgetter, itemgetter
from typing import Any

import orjson

from market.common.bulk import Write, insertion, update, upsert
from market.engine.listings import Listing
from market.engine.outcome import (
    AccountState,
    Bankruptcy,
    Candle,
    CompanyState,
    Halt,
    HoldingState,
    LedgerEntry,
    MarketEvent,
    OpenedAccount,
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
    "reason_code",
    "note",
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
    "reason_code": "text",
    "note": "text",
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
    "transfers",
    "trade_count",
    "peak_equity",
    "debt",
    "call_deadline",
    "long_margin",
    "short_margin",
    "reserved_margin",
)
_NO_FIGURES = tuple(None if name == "call_deadline" else 0 for name in _ACCOUNT_FIGURES)
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
    "band_override_bps": "int",
    "restricted_through": "bigint",
    "shorted": "bigint",
    "shorts_offered": "bigint",
    "short_interest": "smallint",
    "sentiment": "float8",
}


def _by_name(
    row: type[tuple[Any, ...]], columns: Iterable[str]
) -> Callable[[tuple[Any, ...]], tuple[Any, ...]]:
    """Return what picks the fields of these columns out of a row: attrgetter, but faster."""
    fields: tuple[str, ...] = row._fields  # type: ignore[attr-defined]  # of a NamedTuple
    names = (column.strip('"') for column in columns)
    return itemgetter(
        *(fields.index(name if name in fields else name.removesuffix("_id")) for name in names)
    )


_order_row = _by_name(OrderState, _ORDER_COLUMNS)
_order_changes = _by_name(OrderState, ("number", *_ORDER_CHANGES))
_account_figures = _by_name(AccountState, ("id", *_ACCOUNT_FIGURES))


def insert_orders(orders: Iterable[OrderState], *, written: Container[int] = frozenset()) -> Write:
    """Append the orders that have no row yet, but those with the numbers that are `written`."""
    return insertion(
        "market_order",
        _ORDER_COLUMNS,
        (_order_row(order) for order in orders if order.is_new and order.number not in written),
    )


def update_orders(orders: Iterable[OrderState]) -> Write:
    """Bring the rows of orders of earlier ticks up to date."""
    return update(
        "market_order",
        {"number": "bigint", **_ORDER_CHANGES},
        (_order_changes(order) for order in orders if not order.is_new),
    )


def insert_trades(trades: Iterable[Trade]) -> Write:
    return insertion(
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


def insert_blotter(tick: Tick, orders: Iterable[OrderState], trades: Iterable[Trade]) -> Write:
    """Write each account's page of the tick: its new orders, and the trades it was in, one with
    itself once for each of its orders.
    """
    placed: dict[int, list[int]] = defaultdict(list)
    made: dict[int, list[int]] = defaultdict(list)
    for order in orders:
        if order.is_new:
            placed[order.account].append(order.number)
    for trade in trades:
        made[trade.buyer].append(trade.number)
        made[trade.seller].append(trade.number)
    return insertion(
        "market_blotterpage",
        ("account_id", "tick", "orders", "trades"),
        (
            (account, tick, _newest_first(placed[account]), _newest_first(made[account]))
            for account in sorted({*placed, *made})
        ),
    )


def insert_sales(tick: Tick, trades: Iterable[Trade]) -> Write:
    """Write each company's page of the tick: the trades in it."""
    made: dict[str, list[int]] = defaultdict(list)
    for trade in trades:
        made[trade.symbol].append(trade.number)
    return insertion(
        "market_salespage",
        ("symbol", "tick", "trades"),
        ((symbol, tick, _newest_first(numbers)) for symbol, numbers in made.items()),
    )


def _newest_first(numbers: list[int]) -> str:
    return f"{{{str(sorted(numbers, reverse=True))[1:-1]}}}"


def insert_entries(entries: list[LedgerEntry]) -> Write:
    return insertion(
        "market_ledgerentry",
        ("tick", "kind", "debit_id", "credit_id", "cents", "symbol", "shares"),
        entries,
    )


def insert_accounts(tick: Tick, accounts: Iterable[OpenedAccount]) -> Write:
    """Give newly opened accounts their rows; the figures follow with `update_accounts`."""
    identity = attrgetter(*_ACCOUNT_IDENTITY)
    return insertion(
        "market_account",
        (*_ACCOUNT_IDENTITY, "opened_tick", *_ACCOUNT_FIGURES),
        ((*identity(account), tick, *_NO_FIGURES) for account in accounts),
    )


def update_accounts(accounts: Iterable[AccountState]) -> Write:
    return update(
        "market_account",
        dict.fromkeys(("id", *_ACCOUNT_FIGURES), "bigint"),
        (_account_figures(account) for account in accounts),
    )


def upsert_holdings(holdings: Iterable[HoldingState]) -> Write:
    """Write changed holdings; one that is gone keeps a row of zero."""
    return upsert(
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


def update_companies(companies: Iterable[CompanyState]) -> Write:
    figures = attrgetter("symbol", *_COMPANY_FIGURES)
    return update(
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


def insert_candles(candles: Iterable[Candle]) -> Write:
    return insertion(
        "market_candle",
        Candle._fields,
        candles,
    )


def insert_halts(halts: Iterable[Halt]) -> Write:
    return insertion("market_halt", Halt._fields, halts)


def insert_splits(splits: Iterable[Split]) -> Write:
    return insertion("market_split", Split._fields, splits)


def insert_events(events: Iterable[MarketEvent]) -> Write:
    return insertion("market_marketevent", MarketEvent._fields, events)


def insert_bankruptcies(bankruptcies: Iterable[Bankruptcy]) -> Write:
    columns = ("tick", "account_id", "peak", "final", "cause")
    return insertion("market_bankruptcy", columns, bankruptcies)


def insert_equity_points(tick: Tick, accounts: Iterable[AccountState]) -> Write:
    return insertion(
        "market_equitypoint",
        ("account_id", "tick", "equity"),
        ((account.id, tick, account.equity) for account in accounts),
    )


def _json(value: object) -> str:
    return orjson.dumps(value).decode()
