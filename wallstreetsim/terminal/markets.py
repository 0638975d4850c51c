"""The pages of the markets: all companies, and one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Any, NamedTuple, TypeAlias

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache

from market import selectors, wire
from market.engine.values import Cents, Shares, Tick
from market.models import Company, Trade, World
from market.selectors import AdjustedCandle
from market.wire import Wire
from news import selectors as news
from news.models import Article
from wallstreetsim.api.envelope import only_read
from wallstreetsim.machine.rules import RULES
from wallstreetsim.terminal import dashboard, moves, reader, research
from wallstreetsim.terminal.frame import framed, one_of
from wallstreetsim.terminal.guards import refusal_of
from wallstreetsim.terminal.shared import DEPTH_HEIGHT, DEPTH_MARGIN, DEPTH_REACH, DEPTH_WIDTH
from wallstreetsim.terminal.template_tags import words
from wallstreetsim.terminal.ticket import own_panels

Levels: TypeAlias = Sequence[Sequence[int]]  # price, shares, orders

SORTS = (
    ("-marketCap", "market cap"),
    ("-changePercent", "gain"),
    ("changePercent", "loss"),
    ("-volume24h", "volume"),
    ("-price", "price"),
    ("-volatility", "volatility"),
    ("symbol", "symbol"),
)
BOOK_LEVELS = 10
TRADES = 40
MARKED_TRADES = 3  # the largest of those shown
ARTICLES = 8
MARKS = 40  # of a kind, on the chart
RANGES = (("60", "60"), ("120", "120"), ("300", "300"))  # candles
INTERVALS = (("1", "1 tick"), ("5", "5"), ("15", "15"), ("60", "60"), ("day", "day"))
CHART_WIDTH, CHART_HEIGHT = 900, 300
PRICES_HEIGHT = 240  # above the volumes


@never_cache
@only_read
def markets(request: HttpRequest) -> HttpResponse:
    return framed(request, "markets/list.html", "MARKETS", lambda world: _markets(request, world))


@never_cache
@only_read
def company(request: HttpRequest, symbol: str) -> HttpResponse:
    symbols = list(Company.objects.order_by("symbol").values_list("symbol", flat=True))
    symbol = symbol.upper()
    if symbol not in symbols:
        raise Http404
    agent = reader.agent_of(request)
    refused = refusal_of(request, agent) if agent else None
    return refused or framed(
        request,
        "markets/company.html",
        "MARKETS",
        lambda world: {**_company(request, symbol, world), "others": _others(symbol, symbols)},
        own=own_panels(request, symbol),
    )


class Column(NamedTuple):
    """A column of the list, and how a reader sorts by it."""

    title: str
    sort: str = ""  # the address's word for this column's own order, if there is one
    kind: str = ""  # of its cells
    order: str = "none"  # as it is sorted now, in ARIA's words


COLUMNS = (
    Column("Symbol", "symbol", "text"),
    Column("Company", "", "text least"),
    Column("Sector", "", "text least"),
    Column("Price", "price"),
    Column("Day", "changePercent"),
    Column("Trend", "", "least trend"),
    Column("Bid", "", "less"),
    Column("Ask", "", "less"),
    Column("Volume 24h", "volume24h", "less"),
    Column("Volatility", "volatility", "less"),
    Column("Market cap", "marketCap", "less"),
    Column("State", "", "text"),
)
MOVERS = 5


def _markets(request: HttpRequest, world: World) -> Mapping[str, Any]:
    sectors = [sector.name for sector in RULES.market.sectors]
    query = {
        "q": request.GET.get("q", "").strip()[:40],
        "sector": one_of(request.GET.get("sector"), sectors, ""),
        "sort": one_of(request.GET.get("sort"), selectors.SORTS, SORTS[0][0]),
    }
    rows = [with_percent(row) for row in selectors.companies(sort=query["sort"])]
    curves, _ = dashboard.last_closes(world.tick)
    for row in rows:
        row.curve = [*dashboard.adjusted(curves.get(row.symbol, ()), row.split_power), row.price]
    by_gain = sorted(rows, key=lambda row: row.change_percent)
    wanted = query["q"].casefold()
    return {
        "query": query,
        "sectors": sectors,
        "sorts": SORTS,
        "columns": [_column(column, query) for column in COLUMNS],
        "total": len(rows),
        "gainers": [row for row in by_gain[: -MOVERS - 1 : -1] if row.change_percent > 0],
        "losers": [row for row in by_gain[:MOVERS] if row.change_percent < 0],
        "halted": [row for row in rows if row.is_halted],
        "companies": [
            row
            for row in rows
            if (not query["sector"] or row.sector == query["sector"])
            and (wanted in row.symbol.casefold() or wanted in row.name.casefold())
        ],
    }


def _column(column: Column, query: Mapping[str, str]) -> tuple[Column, str]:
    """Return a column as it is sorted now, and the address that sorts by it, or turns it round."""
    if not column.sort:
        return column, ""
    falling = f"-{column.sort}"
    order = {column.sort: "ascending", falling: "descending"}.get(query["sort"], "none")
    other = column.sort if order == "descending" or column.sort == "symbol" else falling
    if column.sort == "symbol" and order == "ascending":
        other = falling
    return column._replace(order=order), urlencode({**query, "sort": other})


def with_percent(row: Any) -> Any:
    """Return a company's row with its day's change and, if it is halted, the known end of that."""
    row.known_end = wire.known_tick(row.reopens_tick)
    row.change_percent = wire.percent(row.price - row.previous_close, row.previous_close)
    return row


def _company(request: HttpRequest, symbol: str, world: World) -> Mapping[str, Any]:
    interval = one_of(request.GET.get("interval"), [value for value, _ in INTERVALS], "5")
    shown = one_of(request.GET.get("range"), [value for value, _ in RANGES], "120")
    row = with_percent(selectors.company(symbol, with_book=True))
    length: int | str = interval if interval == wire.DAY else int(interval)
    candles = selectors.candles(row, interval=length, limit=int(shown))
    forming = selectors.forming_candle(row, world.tick, interval=length)
    trades = list(selectors.recent_trades(symbol, limit=TRADES))
    articles = list(news.articles(symbol=symbol)[:MARKS])
    moved = moves.recent(world, symbol)
    found = research.of_company(symbol)
    chart = chart_of(candles) if candles else None
    return {
        "company": row,
        "is_restricted": row.restricted_through >= selectors.trading_day(),
        "halt_end": end_of_halt(row),
        "volatility_percent": 100 * row.volatility,
        "intervals": INTERVALS,
        "interval": interval,
        "ranges": RANGES,
        "range": shown,
        "candles": candles,
        "forming": forming,
        "chart": chart,
        "research": found,
        "level_lines": _level_lines(chart, found.levels) if chart else [],
        "marks": _marks(candles[0].tick, row, trades, articles) if candles else [],
        "levels": list(zip_longest(row.bids[:BOOK_LEVELS], row.asks[:BOOK_LEVELS])),
        "depth": depth_of(row.bids, row.asks),
        "trades": trades,
        "moves": moved,
        "moved": _sums(moved),
        "events": moves.events_behind(row),
        "articles": articles[:ARTICLES],
    }


def _others(symbol: str, symbols: Sequence[str]) -> tuple[str, str] | None:
    """Return the companies before and after one by symbol, round the end; None if it is alone."""
    if len(symbols) < 2:
        return None
    place = symbols.index(symbol)
    return symbols[place - 1], symbols[(place + 1) % len(symbols)]


class Mark(NamedTuple):
    """Something that is marked on the chart."""

    tick: Tick
    kind: str
    words: str
    address: str = ""


def _marks(
    since: Tick, company: Company, trades: Sequence[Trade], articles: Sequence[Article]
) -> list[Mark]:
    """Return the halts, the news and the largest of the last trades, oldest first."""
    largest = sorted(trades, key=lambda one: one.price * one.quantity)[-MARKED_TRADES:]
    marks = [
        Mark(one.tick, "trade", f"{one.aggressor or 'auction'} {one.quantity:,}") for one in largest
    ]
    marks += [
        Mark(one.tick, "halt", f"halted: {words(one.reason)}")
        for one in selectors.halts_of(company.symbol, since=since)[:MARKS]
    ]
    for one in articles:
        address = reverse("article-page", args=[one.id])
        marks.append(Mark(one.tick, "news", one.headline, address))
    return sorted((mark for mark in marks if mark.tick >= since), key=lambda mark: mark.tick)


def _sums(moved: Sequence[moves.Move]) -> Mapping[str, float]:
    """Return what each part of the moves adds up to, in percent."""
    return {
        "flow": sum(move.flow for move in moved),
        "shock": sum(move.shock for move in moved),
        "world": sum(move.world for move in moved),
    }


def end_of_halt(row: Company) -> str:
    """Return until when a company is halted, in words."""
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


def _level_lines(chart: Chart, levels: Sequence[Wire]) -> list[float]:
    """Return where in the drawing space the levels lie that are within the chart's prices."""
    span = chart.highest - chart.lowest
    places = [round(100 * level["price"]) for level in levels]
    return [
        round(PRICES_HEIGHT * (chart.highest - price) / span, 1)
        for price in places
        if span and chart.lowest <= price <= chart.highest
    ]


class Depth(NamedTuple):
    """The shares that a book holds up to each price, as steps in the chart's drawing space."""

    width: int
    height: int
    bids: str
    asks: str
    lowest: Cents
    highest: Cents
    most: Shares


def depth_of(bids: Levels, asks: Levels) -> Depth | None:
    """Place a book, each side best first, in the chart, as far as it is near its side's best price;
    None of an empty one.

    static/markets/book.js draws alike.
    """
    bids, asks = _near(bids), _near(asks)
    prices = [level[0] for level in (*bids, *asks)]
    if not prices:
        return None
    lowest, highest = min(prices), max(prices)
    most = max(sum(level[1] for level in side) for side in (bids, asks))
    margin = max(1.0, DEPTH_MARGIN * (highest - lowest))
    span = highest - lowest + 2 * margin

    def steps_of(side: Levels) -> str:
        points, total = [], 0
        for price, shares, _ in side:
            x = round(DEPTH_WIDTH * (price - lowest + margin) / span, 1)
            before, total = total, total + shares
            points += [f"{x},{_fall(before, most)}", f"{x},{_fall(total, most)}"]
        if points:
            edge = DEPTH_WIDTH if side is asks else 0
            points += [f"{edge},{_fall(total, most)}", f"{edge},{DEPTH_HEIGHT}"]
        return " ".join(points)

    return Depth(DEPTH_WIDTH, DEPTH_HEIGHT, steps_of(bids), steps_of(asks), lowest, highest, most)


def _near(side: Levels) -> Levels:
    return [level for level in side if abs(level[0] - side[0][0]) <= DEPTH_REACH * side[0][0]]


def _fall(shares: Shares, most: Shares) -> float:
    return round(DEPTH_HEIGHT * (1 - shares / most), 1)
