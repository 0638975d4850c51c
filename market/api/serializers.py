"""The market on the wire: what a request may ask, and the shapes of the answers."""

from __future__ import annotations

from typing import TypedDict

from django.conf import settings
from rest_framework import serializers

from market import wire
from market.api.fields import Number, Query
from market.api.lists import PageQuery
from market.engine.values import Cents
from market.models import Candle, Company, Trade
from market.selectors import SORTS

RULES = settings.RULES.market


class StocksQuery(PageQuery):
    sector = serializers.ChoiceField(
        choices=[sector.name for sector in RULES.sectors], required=False
    )
    sort = serializers.ChoiceField(
        choices=SORTS, default="symbol", help_text="A minus sign puts the largest first."
    )


class HistoryQuery(Query):
    interval = serializers.ChoiceField(
        choices=RULES.candle_intervals,
        default=1,
        help_text="Ticks in a candle.",
    )
    limit = Number(min_value=1, max_value=1_000, default=100)


class OrderBookQuery(Query):
    depth = Number(
        min_value=1,
        max_value=RULES.book_levels_published,
        default=10,
        help_text="Levels on each side.",
    )


class TradesQuery(Query):
    limit = Number(min_value=1, max_value=500, default=50)


class Stock(TypedDict):
    """A listed company and its market at the last tick. `change` is against the previous close."""

    symbol: str
    name: str
    sector: str
    price: float
    last: float | None
    bid: float | None
    ask: float | None
    change: float
    changePercent: float
    volume: int
    volume24h: int
    high: float
    low: float
    marketCap: float
    volatility: float
    halted: bool


class StockDetail(Stock):
    """One listed company, with what changes rarely."""

    industry: str
    open: float
    previousClose: float
    sharesIssued: int
    beta: float
    sentiment: float


class CandleLine(TypedDict):
    """A finished candle; `tick` is its last one."""

    tick: int
    open: float
    high: float
    low: float
    close: float
    volume: int


class History(TypedDict):
    """The last finished candles of a company, oldest first."""

    symbol: str
    interval: int
    candles: list[CandleLine]


class OrderBook(TypedDict):
    """The book after the last tick: levels of price, quantity and number of orders, best first."""

    symbol: str
    tick: int
    seq: int
    lastPrice: float | None
    bids: list[list[float]]
    asks: list[list[float]]


class PublicTrade(TypedDict):
    """One trade; `side` is the taker's."""

    id: str
    symbol: str
    price: float
    quantity: int
    side: str
    tick: int


class Trades(TypedDict):
    """The last trades in a company, newest first."""

    symbol: str
    trades: list[PublicTrade]


def stock(company: Company) -> Stock:
    change = company.price - company.previous_close
    return {
        "symbol": company.symbol,
        "name": company.name,
        "sector": company.sector,
        "price": company.price / 100,
        "last": wire.optional_dollars(company.last),
        "bid": wire.optional_dollars(company.bid),
        "ask": wire.optional_dollars(company.ask),
        "change": change / 100,
        "changePercent": wire.percent(change, company.previous_close),
        "volume": company.day_volume,
        "volume24h": company.day_ago_volume,
        "high": company.day_high / 100,
        "low": company.day_low / 100,
        "marketCap": company.market_cap / 100,
        "volatility": company.volatility,
        "halted": company.is_halted,
    }


def stock_detail(company: Company) -> StockDetail:
    return {
        **stock(company),
        "industry": company.industry,
        "open": company.day_open / 100,
        "previousClose": company.previous_close / 100,
        "sharesIssued": company.shares_issued,
        "beta": company.beta,
        "sentiment": company.sentiment,
    }


def candle(row: Candle) -> CandleLine:
    return {
        "tick": row.tick,
        "open": row.open / 100,
        "high": row.high / 100,
        "low": row.low / 100,
        "close": row.close / 100,
        "volume": row.volume,
    }


def order_book(company: Company, tick: int, depth: int) -> OrderBook:
    return {
        "symbol": company.symbol,
        "tick": tick,
        "seq": tick,  # the public stream has an entry every tick
        "lastPrice": wire.optional_dollars(company.last),
        "bids": _levels(company.bids[:depth]),
        "asks": _levels(company.asks[:depth]),
    }


def trade(row: Trade) -> PublicTrade:
    return {
        "id": str(row.id),
        "symbol": row.symbol,
        "price": row.price / 100,
        "quantity": row.quantity,
        "side": row.aggressor,
        "tick": row.tick,
    }


def _levels(levels: list[tuple[Cents, int, int]]) -> list[list[float]]:
    return [[price / 100, quantity, orders] for price, quantity, orders in levels]
