"""The pages of the markets: all companies, and one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Any, NamedTuple

from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache

from market import selectors, wire
from market.engine.values import Cents, Shares, Tick
from market.models import Company
from market.selectors import AdjustedCandle
from news import selectors as news
from wallstreetsim.api.envelope import only_read
from wallstreetsim.machine.rules import RULES
from wallstreetsim.terminal.frame import framed, one_of

SORTS = (
    ("-marketCap", "market cap"),
    ("-changePercent", "gain"),
    ("changePercent", "loss"),
    ("-volume24h", "volume"),
    ("-price", "price"),
    ("symbol", "symbol"),
)
BOOK_LEVELS = 10
TRADES = 30
ARTICLES = 8
CANDLES = 90
INTERVALS = (("1", "1 tick"), ("5", "5"), ("15", "15"), ("60", "60"), ("day", "day"))
CHART_WIDTH, CHART_HEIGHT = 900, 300
PRICES_HEIGHT = 240  # above the volumes


@never_cache
@only_read
def markets(request: HttpRequest) -> HttpResponse:
    return framed(request, "markets/list.html", "MARKETS", lambda: _markets(request))


@never_cache
@only_read
def company(request: HttpRequest, symbol: str) -> HttpResponse:
    if not Company.objects.filter(symbol=symbol.upper()).exists():
        raise Http404
    return framed(
        request, "markets/company.html", "MARKETS", lambda: _company(request, symbol.upper())
    )


def _markets(request: HttpRequest) -> Mapping[str, Any]:
    sectors = [sector.name for sector in RULES.market.sectors]
    query = {
        "q": request.GET.get("q", "").strip()[:40],
        "sector": one_of(request.GET.get("sector"), sectors, ""),
        "sort": one_of(request.GET.get("sort"), [value for value, _ in SORTS], SORTS[0][0]),
    }
    rows = selectors.companies(sector=query["sector"] or None, sort=query["sort"])
    total = Company.objects.count()
    if query["q"]:
        words = query["q"].replace("\0", "")
        rows = rows.filter(Q(symbol__icontains=words) | Q(name__icontains=words))
    return {
        "query": query,
        "sectors": sectors,
        "sorts": SORTS,
        "total": total,
        "companies": [_with_percent(row) for row in rows],
    }


def _with_percent(row: Any) -> Any:
    row.change_percent = wire.percent(row.price - row.previous_close, row.previous_close)
    return row


def _company(request: HttpRequest, symbol: str) -> Mapping[str, Any]:
    interval = one_of(request.GET.get("interval"), [value for value, _ in INTERVALS], "5")
    row = _with_percent(selectors.company(symbol, with_book=True))
    day = selectors.trading_day()
    length: int | str = interval if interval == wire.DAY else int(interval)
    candles = selectors.candles(row, interval=length, limit=CANDLES)
    return {
        "company": row,
        "is_restricted": row.restricted_through >= day,
        "halt_end": _end_of_halt(row),
        "volatility_percent": 100 * row.volatility,
        "intervals": INTERVALS,
        "interval": interval,
        "candles": candles,
        "chart": chart_of(candles) if candles else None,
        "levels": list(zip_longest(row.bids[:BOOK_LEVELS], row.asks[:BOOK_LEVELS])),
        "trades": selectors.recent_trades(symbol, limit=TRADES),
        "articles": list(news.articles(symbol=symbol)[:ARTICLES]),
    }


def _end_of_halt(row: Company) -> str:
    tick = wire.known_tick(row.reopens_tick)
    return f"until tick {tick:,}" if tick else "until resumed"


class Bar(NamedTuple):
    """A candle in the chart's drawing space, with its volume below."""

    direction: str
    x: float
    left: float
    width: float
    high: float
    low: float
    top: float
    height: float
    volume_top: float
    volume_height: float


class Chart(NamedTuple):
    """Candles placed in a drawing space; prices in cents."""

    width: int
    height: int
    bars: list[Bar]
    lowest: Cents
    highest: Cents
    first: Tick
    last: Tick


def chart_of(candles: Sequence[AdjustedCandle]) -> Chart:
    """Place candles, oldest first; there must be one."""
    lowest = min(candle.low for candle in candles)
    highest = max(candle.high for candle in candles)
    most: Shares = max(candle.volume for candle in candles) or 1
    step = CHART_WIDTH / len(candles)

    def height_of(price: Cents) -> float:
        if highest == lowest:
            return PRICES_HEIGHT / 2
        return round(PRICES_HEIGHT * (highest - price) / (highest - lowest), 1)

    bars = []
    for place, candle in enumerate(candles):
        upper, lower = max(candle.open, candle.close), min(candle.open, candle.close)
        top, bottom = height_of(upper), height_of(lower)
        volume = round((CHART_HEIGHT - PRICES_HEIGHT - 10) * candle.volume / most, 1)
        bars.append(
            Bar(
                "down" if candle.close < candle.open else "up",
                round((place + 0.5) * step, 1),
                round((place + 0.15) * step, 1),
                round(0.7 * step, 1),
                height_of(candle.high),
                height_of(candle.low),
                top,
                max(0.5, round(bottom - top, 1)),
                CHART_HEIGHT - volume,
                volume,
            )
        )
    return Chart(
        CHART_WIDTH, CHART_HEIGHT, bars, lowest, highest, candles[0].tick, candles[-1].tick
    )
