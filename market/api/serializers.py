"""The market on the wire: what a request may ask, and the shapes of the answers."""

from __future__ import annotations

from typing import Any, TypedDict

from django.conf import settings
from rest_framework.fields import empty
from rest_framework.serializers import ValidationError

from market import selectors, wire
from market.common.fields import Choice, Number, Pattern, Query
from market.common.lists import PageQuery
from market.engine import short_sales
from market.engine.values import BPS_IN_ONE, Cents
from market.models import Company, Trade
from market.selectors import SORTS

RULES = settings.RULES.market
SYMBOL = r"\A[A-Za-z0-9.]{1,12}\Z"


class CompanyFilter(Pattern):
    """A company's symbol in a query string, in any case of letters; one that there is not is
    refused, or a typing error would pass for a company of which nothing is to be told.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(SYMBOL, **options)

    def run_validation(self, data: Any = empty) -> str:
        symbol = str(super().run_validation(data)).upper()
        if not Company.objects.filter(symbol=symbol).exists():
            raise ValidationError("There is no company with that symbol: see GET /market/stocks.")
        return symbol


class StocksQuery(PageQuery):
    sector = Choice(choices=[sector.name for sector in RULES.sectors], required=False)
    sort = Choice(choices=SORTS, default="symbol", help_text="A minus sign puts the largest first.")


class HistoryQuery(Query):
    interval = Choice(
        choices=(*map(str, RULES.candle_intervals), wire.DAY),
        default="1",
        help_text="Ticks in a candle, or a day's session.",
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
    """A listed company and its market at the last tick. `change` is against the previous close; it
    stands until the open. `bid` and `ask` are null while nothing trades.

    Nothing trades outside the bands, which an operator may have ordered. `reopensTick` is null
    where an operator will say; `borrowable` are the shares that may yet be sold short, `borrowFee`
    what that costs, a year.
    """

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
    haltReason: str | None
    reopensTick: int | None
    bandLow: float | None
    bandHigh: float | None
    bandsOrdered: bool
    shortRestricted: bool
    borrowable: int
    borrowFee: float


class StockDetail(Stock):
    """One listed company, with what changes rarely. The margins are the least of its positions, as
    parts of their value; an account of little leverage needs more. `shortInterest` is what part of
    the shares was short at the last close but one, to a thousandth.
    """

    initialMargin: float
    maintenanceMarginLong: float
    maintenanceMarginShort: float
    industry: str
    open: float
    previousClose: float
    sharesIssued: int
    beta: float
    sentiment: float
    shortInterest: float | None


class CandleLine(TypedDict):
    """A finished candle, in today's shares; `tick` is its last one."""

    tick: int
    open: float
    high: float
    low: float
    close: float
    volume: int


class History(TypedDict):
    """The last finished candles of a company, oldest first.

    They are counted from the session's beginning and cut at its end; there is none of a time in
    which the company did not trade. `gap` says that there are fewer because older days have been
    dropped; of 60 ticks and of a day all are kept.
    """

    symbol: str
    interval: int | str
    candles: list[CandleLine]
    gap: bool


class IndexHistory(TypedDict):
    """The last finished candles of the market's index in points, oldest first; their volume is the
    shares that all companies traded. `gap` as in a company's history.
    """

    name: str
    interval: int | str
    candles: list[CandleLine]
    gap: bool


class OrderBook(TypedDict):
    """The book after the last tick: levels of price, quantity and number of orders, best first.

    While the company does not trade it is what waits for the auction, market orders at their
    collars, and its sides may cross.
    """

    symbol: str
    tick: int
    seq: int
    lastPrice: float | None
    bids: list[list[float]]
    asks: list[list[float]]


class PublicTrade(TypedDict):
    """One trade; `side` is the taker's, null in an auction."""

    id: str
    symbol: str
    price: float
    quantity: int
    side: str | None
    tick: int


class Trades(TypedDict):
    """The last trades in a company, newest first. `gap` says that there are fewer because older
    days have been dropped.
    """

    symbol: str
    trades: list[PublicTrade]
    gap: bool


def stock(company: Company, trading_day: int) -> Stock:
    change = company.price - company.previous_close
    shares, shorted, lending = company.shares_issued, company.shorted, RULES.lending
    borrowable = short_sales.borrowable(shares, shorted, company.shorts_offered, lending)
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
        "haltReason": company.halt_reason or None,
        "reopensTick": wire.known_tick(company.reopens_tick),
        "bandLow": wire.optional_dollars(company.low_band or None),
        "bandHigh": wire.optional_dollars(company.high_band or None),
        "bandsOrdered": company.band_override_bps > 0,
        "shortRestricted": short_sales.is_restricted(company.restricted_through, trading_day),
        "borrowable": max(0, borrowable),
        "borrowFee": short_sales.borrow_fee_bps(shares, shorted, lending) / BPS_IN_ONE,
    }


def stock_detail(company: Company, trading_day: int) -> StockDetail:
    initial_bps = RULES.margin_bps(company.sector)
    return {
        **stock(company, trading_day),
        "initialMargin": initial_bps / BPS_IN_ONE,
        "maintenanceMarginLong": initial_bps * RULES.margin.long_weight / (10 * BPS_IN_ONE),
        "maintenanceMarginShort": initial_bps * RULES.margin.short_weight / (10 * BPS_IN_ONE),
        "industry": company.industry,
        "open": company.day_open / 100,
        "previousClose": company.previous_close / 100,
        "sharesIssued": company.shares_issued,
        "beta": company.beta,
        "sentiment": company.sentiment,
        "shortInterest": wire.optional_fraction(company.short_interest),
    }


def candle(row: selectors.AdjustedCandle) -> CandleLine:
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
