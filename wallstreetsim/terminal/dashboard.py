"""What the page shows before any script runs: a fixed number of queries, however many trade.

Money is cents.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from json import dumps
from time import monotonic
from tomllib import loads
from typing import Any, NamedTuple, TypeAlias

from django.conf import settings
from django.contrib.postgres.aggregates import ArrayAgg
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, OuterRef, Q, QuerySet
from django.urls import reverse
from orjson import loads as loads_json

from agents.models import Agent
from market import selectors, tape, wire
from market.engine import short_sales
from market.engine.candles import INDEX
from market.engine.halts import UNTIL_RESUMED
from market.engine.rules import SessionRules
from market.engine.sessions import Moment
from market.engine.values import BPS_IN_ONE, Bps, Cents, Shares, Tick
from market.models import (
    Bankruptcy,
    Candle,
    Company,
    EquityPoint,
    Split,
    Trade,
    World,
)
from market.selectors import AdjustedCandle
from news import selectors as news
from news.engine.articles import CRIME, REGULATORY, RUMOR
from news.models import Article
from sec.selectors import InPrison, OnTrial, in_prison, on_trial
from wallstreetsim.machine.rules import RULES
from wallstreetsim.terminal.shared import (
    CANDLE_WIDTH,
    CANDLES_HEIGHT,
    CANDLES_WIDTH,
    HEAT_PERCENT,
    LIMITS,
    said,
)
from wallstreetsim.terminal.template_tags import (
    arrow,
    clock,
    compact_dollars,
    direction,
    grouped,
    price,
    signed_percent,
)

VERSION: str = loads((settings.BASE_DIR / "pyproject.toml").read_text())["project"]["version"]

STARTED = monotonic()  # this process
TICKS_A_MINUTE = max(1, 60 // settings.TICK_SECONDS)
FEED_TRADES = 30
FEED_FILTERS = (
    ("", "ALL"),
    ("trades", "TRADES"),
    ("moves", "MOVES"),
    ("news", "NEWS"),
    ("events", "EVENTS"),
    ("sec", "SEC"),
)
FEED_TICKS = 30  # whose trades a tick that is shown again shows
TICKER_COMPANIES = 40


@dataclass(frozen=True, slots=True)
class Quote:
    """A company's line in the market. `closes` are its prices every few ticks, oldest first."""

    symbol: str
    name: str
    sector: str
    shares: Shares
    price: Cents
    previous_price: Cents
    previous_close: Cents
    bid: Cents | None
    ask: Cents | None
    volume: Shares
    closes: list[Cents]
    low_band: Cents = 0
    high_band: Cents = 0  # zero: there are no bands
    is_halted: bool = False
    halt_reason: str = ""
    reopens_tick: Tick | None = None  # when that is known
    is_restricted: bool = False  # shorts are
    has_band_override: bool = False  # by an operator

    @property
    def state(self) -> str:
        """What keeps it from trading as usual, in a word."""
        if self.is_halted:
            return said("halted")
        if self.is_restricted:
            return said("shortsRestricted")
        return said("bandsSet") if self.has_band_override else ""

    @property
    def note(self) -> str:
        """Say why, and until when: all that holds, of which the state is the first."""
        notes = (
            self.is_halted and said("haltedNote", end=self.end, reason=self.reason),
            self.is_restricted and said("shortsRestrictedNote"),
            self.has_band_override and said("bandsSetNote"),
        )
        return ". ".join(note for note in notes if note)

    @property
    def end(self) -> str:
        """Say until when it is halted."""
        if self.reopens_tick:
            return said("untilTick", tick=self.reopens_tick)
        return said("untilResumed")

    @property
    def reason(self) -> str:
        return self.halt_reason.replace("_", "-")

    @property
    def market_cap(self) -> Cents:
        return self.price * self.shares

    @property
    def change(self) -> Cents:
        return self.price - self.previous_price

    @property
    def change_percent(self) -> float:
        return wire.percent(self.change, self.previous_price)

    @property
    def day_change_percent(self) -> float:
        return wire.percent(self.price - self.previous_close, self.previous_close)


@dataclass(frozen=True, slots=True)
class Standing:
    rank: int
    name: str
    role: str
    net_worth: Cents
    change_percent: float
    is_house: bool
    curve: Sequence[Cents] = ()  # its net worth every so many ticks, oldest first, and now


class Fall(NamedTuple):
    """One bankruptcy."""

    tick: Tick
    name: str
    peak: Cents
    final: Cents
    cause: str


class ActiveEvent(NamedTuple):
    """A market event that is not over."""

    headline: str
    impact: float  # a fraction
    ticks_left: Tick

    @property
    def impact_percent(self) -> float:
        return 100 * self.impact


class Sale(NamedTuple):
    """One trade as the feed shows it."""

    tick: Tick
    side: str  # the taker's; an auction has none
    symbol: str
    quantity: Shares
    price: Cents

    @property
    def value(self) -> Cents:
        return self.price * self.quantity


class SectorChange(NamedTuple):
    """A sector's day, weighted by what its companies are worth."""

    name: str
    change_percent: float
    companies: int

    @property
    def heat(self) -> int:
        """Return how hot or, below zero, cold it is, to three."""
        size = sum(abs(self.change_percent) >= least for least in HEAT_PERCENT)
        return size if self.change_percent > 0 else -size


@dataclass(frozen=True, slots=True)
class Index:
    """The market's index, in hundredths of a point, with the candles that lead to it."""

    value: int
    change_percent: float
    candles: Sequence[AdjustedCandle]  # of the last one there is only a part so far

    @property
    def highest(self) -> int:
        return max((candle.high for candle in self.candles), default=self.value)

    @property
    def lowest(self) -> int:
        return min((candle.low for candle in self.candles), default=self.value)

    @property
    def figures(self) -> str:
        """The candles for scripts: those of each between commas."""
        return ";".join(
            f"{one.tick},{one.open},{one.high},{one.low},{one.close}" for one in self.candles
        )

    @property
    def rising(self) -> str:
        return self._path(one.close >= one.open for one in self.candles)

    @property
    def falling(self) -> str:
        return self._path(one.close < one.open for one in self.candles)

    def _path(self, chosen: Iterable[bool]) -> str:
        """Draw the chosen candles; static/dashboard/candles.js draws alike."""
        step = CANDLES_WIDTH / (LIMITS["candles"] + 1)
        lowest, highest = self.lowest, self.highest

        def height(value: int) -> float:
            if lowest == highest:
                return CANDLES_HEIGHT / 2
            return 1 + (CANDLES_HEIGHT - 2) * (highest - value) / (highest - lowest)

        return "".join(
            _candle(one, place * step, CANDLE_WIDTH * step, height)
            for place, (one, is_chosen) in enumerate(zip(self.candles, chosen, strict=True))
            if is_chosen
        )


def _candle(one: AdjustedCandle, left: float, width: float, height: Callable[[int], float]) -> str:
    top, foot = height(max(one.open, one.close)), height(min(one.open, one.close))
    return (
        f"M{left + width / 2:.1f},{height(one.high):.1f}V{height(one.low):.1f}"
        f"M{left:.1f},{top:.1f}h{width:.1f}V{foot:.1f}h-{width:.1f}z"
    )


class FeedLine(NamedTuple):
    """A line of the feed: a trade, a price's move, or something that was written."""

    tick: Tick
    order: int  # among those of its tick
    kind: str
    mark: str
    direction: str = ""
    symbol: str = ""
    amount: str = ""
    price: str = ""
    value: str = ""
    headline: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Dashboard:
    """The whole page, as the last tick left it."""

    world: World
    moment: Moment
    quotes: list[Quote]  # the most valuable first
    index: Index
    active_agents: int
    standings: list[Standing]
    trades: list[Sale]  # the newest first
    active_events: Sequence[ActiveEvent] = ()  # the newest first
    bankruptcies: Sequence[Fall] = ()  # the newest first
    wanted: Sequence[OnTrial] = ()
    inmates: Sequence[InPrison] = ()
    articles: Sequence[Article] = ()  # events and halts too, the newest first
    trades_a_minute: int = 0

    @property
    def tick_seconds(self) -> int:
        return settings.TICK_SECONDS

    @property
    def version(self) -> str:
        return VERSION

    @property
    def uptime(self) -> int:
        """Return for how many seconds this process has answered."""
        return round(monotonic() - STARTED)

    @property
    def is_paused(self) -> bool:
        return self.world.stands_still

    @property
    def market_cap(self) -> Cents:
        return sum(quote.market_cap for quote in self.quotes)

    @property
    def session(self) -> SessionRules:
        return RULES.market.session

    @property
    def bell(self) -> str:
        """When the market opens, closes, or trades again, as text."""
        moment = self.moment
        if self.state == "halted" and self.halt:
            return self.halt.end
        if self.state == "open":
            return said("closesIn", time=clock(moment.ticks_until_close * self.tick_seconds))
        if self.state == "closed":
            return said("opensIn", time=clock(moment.ticks_until_open * self.tick_seconds))
        return ""

    @property
    def companies(self) -> str:
        """Each company's sector and shares, as JSON."""
        return dumps({q.symbol: (q.sector, q.shares) for q in self.quotes}, separators=(",", ":"))

    @property
    def sectors(self) -> list[SectorChange]:
        """The sectors that have companies, as the rules list them."""
        return [
            SectorChange(sector.name, _change_of(quotes), len(quotes))
            for sector in RULES.market.sectors
            if (quotes := [quote for quote in self.quotes if quote.sector == sector.name])
        ]

    @property
    def feed(self) -> list[FeedLine]:
        """What happened, the newest first: of a tick what was written, the trades, the moves."""
        lines = [_article_line(article) for article in self.articles]
        lines += [_trade_line(trade) for trade in self.trades]
        lines += [_move_line(quote, self.world.tick) for quote in self.largest_moves]
        return sorted(lines, key=lambda line: (-line.tick, line.order))

    @property
    def feed_filters(self) -> Sequence[tuple[str, str]]:
        return FEED_FILTERS

    @property
    def ticker(self) -> list[Quote]:
        return self.quotes[:TICKER_COMPANIES]

    @property
    def gainers(self) -> list[Quote]:
        up = [quote for quote in self.quotes if quote.price > quote.previous_close]
        return sorted(up, key=lambda quote: -quote.day_change_percent)[: LIMITS["movers"]]

    @property
    def losers(self) -> list[Quote]:
        down = [quote for quote in self.quotes if quote.price < quote.previous_close]
        return sorted(down, key=lambda quote: quote.day_change_percent)[: LIMITS["movers"]]

    @property
    def halt(self) -> Quote | None:
        """While the market is open and no company trades, the one that trades again first; of
        several, the first by name.
        """
        if not self.moment.is_open or not all(quote.is_halted for quote in self.quotes):
            return None
        by_symbol = sorted(self.quotes, key=lambda quote: quote.symbol)
        return min(by_symbol, key=lambda q: q.reopens_tick or UNTIL_RESUMED, default=None)

    @property
    def state(self) -> str:
        """What the market does, in a word."""
        if self.is_paused:
            return "paused"
        return "closed" if not self.moment.is_open else "halted" if self.halt else "open"

    @property
    def largest_moves(self) -> list[Quote]:
        """The companies whose prices the last tick moved most."""
        moved = [quote for quote in self.quotes if quote.change]
        return sorted(moved, key=lambda quote: -abs(quote.change_percent))[: LIMITS["moves"]]


class Kept(NamedTuple):
    """The ticks that can be shown again."""

    epoch: int
    first: Tick
    last: Tick


def load() -> Dashboard:
    """Return the page as of the last committed tick."""
    with selectors.one_instant():
        world = selectors.world()
        told = _told_in(world)
        closes, index_candles = last_closes(world.tick)
        quotes = _quotes(world, closes)
        board = told.get("leaderboard:update", {})
        curves = _curves(board, world.tick)
        trades = _last_trades()
        bankruptcies = _last_bankruptcies()
        wanted = on_trial(world.tick, LIMITS["wanted"])
        inmates = in_prison(world.tick, LIMITS["inmates"])
        articles = list(news.articles()[: LIMITS["articles"]])
    update = told.get("tick:update", {})
    return Dashboard(
        world=world,
        moment=selectors.moment(world),
        quotes=quotes,
        index=_index(world, index_candles, update),
        active_agents=update.get("activeAgents", 0),
        standings=_standings(board, curves),
        trades=trades,
        active_events=_active_events(update),
        bankruptcies=bankruptcies,
        wanted=wanted,
        inmates=inmates,
        articles=articles,
        trades_a_minute=_trades_a_minute(world),
    )


def kept() -> Kept | None:
    """Return which ticks the tape still has, None when it has none."""
    epoch = World.objects.values_list("epoch", flat=True).first()
    extent = tape.extent(epoch=epoch, stream=tape.PUBLIC_STREAM) if epoch else None
    return Kept(epoch, *extent) if epoch and extent else None


def load_at(tick: Tick) -> Dashboard | None:
    """Return the page as a kept tick left it, None when the tape has that tick no longer."""
    with selectors.one_instant():
        now = selectors.world()
        told = _told_in(World(epoch=now.epoch, tick=tick))
        if not told:
            return None
        update, prices = told["tick:update"], told["price:update"]["prices"]
        closes, index_candles = last_closes(tick)
        quotes = _quotes_then(tick, {price["symbol"]: price for price in prices}, closes)
        then = _world_then(now, update)
        board = told["leaderboard:update"]
        return Dashboard(
            world=then,
            moment=selectors.moment(then),
            quotes=quotes,
            index=_index(then, index_candles, update),
            active_agents=update["activeAgents"],
            standings=_standings(board, _curves(board, tick)),
            trades=_last_trades_until(tick),
            active_events=_active_events(update),
            bankruptcies=_falls(Bankruptcy.objects.filter(tick__lte=tick)),
            wanted=on_trial(tick, LIMITS["wanted"]),
            inmates=in_prison(tick, LIMITS["inmates"]),
            articles=list(news.articles_until(tick)[: LIMITS["articles"]]),
            trades_a_minute=_trades_a_minute(then),
        )


def _world_then(now: World, update: wire.Wire) -> World:
    """Return the world's row as it was, of which the page shows what a tick tells."""
    return World(
        epoch=now.epoch,
        tick=update["tick"],
        is_paused=update["paused"],
        is_open=update["marketOpen"],
        regime=update["regime"],
        # A tape may be older than its rates.
        interest_bps=_bps(update.get("interestRate"), now.interest_bps),
        inflation_bps=_bps(update.get("inflationRate"), now.inflation_bps),
        gdp_growth_bps=_bps(update.get("gdpGrowth"), now.gdp_growth_bps),
        index=round(update["indices"][0]["value"] * 100),
        dollar_volume_day=round(update["volume24h"] * 100),
    )


def _quotes_then(tick: Tick, prices: dict[str, wire.Wire], closes: Closes) -> list[Quote]:
    companies = {company.symbol: company for company in selectors.companies()}
    for split in Split.objects.filter(tick__gt=tick).order_by("-tick"):
        company = companies[split.symbol]
        company.shares_issued = company.shares_issued * split.of // split.into
        company.split_power -= 1 if split.into > split.of else -1
    quotes = [
        _quote_then(company, prices[symbol], closes.get(symbol, []))
        for symbol, company in companies.items()
        if symbol in prices
    ]
    return sorted(quotes, key=lambda quote: (-quote.market_cap, quote.symbol))


def _quote_then(company: Company, price: wire.Wire, closes: list[tuple[Cents, int]]) -> Quote:
    """Return a company's figures as a tick told them, in shares as they were split then."""
    return Quote(
        symbol=company.symbol,
        name=company.name,
        sector=company.sector,
        shares=company.shares_issued,
        price=_cents(price["price"]),
        previous_price=_cents(price["previousPrice"]),
        previous_close=_cents(price["price"] - price["dayChange"]),
        bid=_cents(price["bid"]) if price["bid"] else None,
        ask=_cents(price["ask"]) if price["ask"] else None,
        volume=price["volume24h"],
        closes=[*adjusted(closes, company.split_power), _cents(price["price"])],
        low_band=_cents(price["bandLow"] or 0),
        high_band=_cents(price["bandHigh"] or 0),
        is_halted=price["halted"],
        halt_reason=price["haltReason"] or "",
        reopens_tick=price["reopensTick"],
        is_restricted=price["shortRestricted"],
        has_band_override=price.get("bandsOrdered", False),  # a tape may be older than they are
    )


def _cents(dollars: float) -> Cents:
    return round(dollars * 100)


def _bps(rate: float | None, unknown: Bps) -> Bps:
    return unknown if rate is None else round(rate * BPS_IN_ONE)


_trade_counts: OrderedDict[tuple[int, Tick], int] = OrderedDict()  # by epoch and tick


def _told_in(world: World) -> dict[str, Any]:
    """Return what the world's tick said in public, by type; nothing before the first tick. It notes
    as well how much was traded in each tick of the last minute. One query.
    """
    unknown = [tick for tick in _last_minute(world) if (world.epoch, tick) not in _trade_counts]
    told: dict[str, Any] = {}
    for entry in tape.read_public(epoch=world.epoch, ticks={world.tick, *unknown}):
        if entry.is_damaged:
            _trade_counts[world.epoch, entry.tick] = 0
            continue
        first = loads_json(tape.lines(entry.events)[0])
        _trade_counts[world.epoch, entry.tick] = first["data"]["tradeCount"]
        if entry.tick == world.tick:
            told = {event["type"]: event["data"] for event in entry.read()}
    while len(_trade_counts) > 10 * TICKS_A_MINUTE:
        _trade_counts.popitem(last=False)
    return told


def _last_minute(world: World) -> range:
    return range(max(1, world.tick - TICKS_A_MINUTE + 1), world.tick + 1)


def _trades_a_minute(world: World) -> int:
    """Return the trades of the last minute, as far as the tape tells of it."""
    return sum(_trade_counts.get((world.epoch, tick), 0) for tick in _last_minute(world))


Closes: TypeAlias = dict[str, list[tuple[Cents, int]]]


def _quotes(world: World, closes: Closes) -> list[Quote]:
    day = selectors.moment(world).trading_day
    companies = selectors.companies(sort="-marketCap")
    return [_quote(company, closes.get(company.symbol, []), day) for company in companies]


def last_closes(tick: Tick) -> tuple[Closes, list[AdjustedCandle]]:
    """Return each company's prices over the last ticks that the market was open, oldest first,
    each with the power to which its shares had been split; and the candles of the index over the
    same ticks, the last as far as it has come. One query.
    """
    session, length = RULES.market.session, LIMITS["pointTicks"]
    earliest = tick - length * LIMITS["points"] - session.closed_ticks
    of_index = Q(symbol=INDEX)
    forming = of_index & Q(interval=1, tick__gt=tick - (tick % session.day_ticks + 1) % length)
    candles = Candle.objects.alias(tick_in_day=F("tick") % session.day_ticks).filter(
        Q(interval=length) | forming,
        tick__gt=earliest,
        tick__lte=tick,
        tick_in_day__lt=session.open_ticks,
    )
    columns = ("open", "high", "low", "close", "volume")
    lines: Iterable[Any] = candles.values("symbol", "interval").annotate(
        ticks=ArrayAgg("tick", order_by="tick"),
        closes=ArrayAgg("close", order_by="tick"),
        powers=ArrayAgg("split_power", order_by="tick"),
        **{
            f"{name}s_of_index": ArrayAgg(name, order_by="tick", filter=of_index)
            for name in columns
        },
    )
    known: dict[str, dict[Tick, tuple[Cents, int]]] = {}
    index: dict[int, list[AdjustedCandle]] = {}
    for line in lines:
        ticks, closes, powers = line["ticks"], line["closes"], line["powers"]
        if line["symbol"] == INDEX:
            figures = (line[f"{name}s_of_index"] for name in columns)
            rows = zip(ticks, *figures, strict=True)
            index[line["interval"]] = [AdjustedCandle(*row) for row in rows]
        else:
            known[line["symbol"]] = dict(zip(ticks, zip(closes, powers, strict=True), strict=True))
    times = sorted({tick for line in known.values() for tick in line})
    points = {
        symbol: _without_gaps(line, times)[-LIMITS["points"] :] for symbol, line in known.items()
    }
    whole = index.get(length, [])[-LIMITS["candles"] :]
    return points, [*whole, *_merged(index.get(1, []))]


def adjusted(closes: Iterable[tuple[Cents, int]], power: int) -> list[Cents]:
    """Return prices in today's shares, which have been split to that power."""
    return [
        close if then == power else selectors.adjusted_price(close, then, power)
        for close, then in closes
    ]


def _merged(parts: Sequence[AdjustedCandle]) -> list[AdjustedCandle]:
    """Return the one candle that these ticks make so far, none of no ticks."""
    if not parts:
        return []
    return [
        AdjustedCandle(
            tick=parts[-1].tick,
            open=parts[0].open,
            high=max(part.high for part in parts),
            low=min(part.low for part in parts),
            close=parts[-1].close,
            volume=sum(part.volume for part in parts),
        )
    ]


def _without_gaps(
    line: dict[Tick, tuple[Cents, int]], times: list[Tick]
) -> list[tuple[Cents, int]]:
    """Return a line's points at these times; where a company was halted, the last one before, and
    where there is none the first one after.
    """
    points: list[tuple[Cents, int]] = []
    last = line[min(line)]
    for time in times:
        last = line.get(time, last)
        points.append(last)
    return points


def _quote(company: Company, closes: list[tuple[Cents, int]], trading_day: int) -> Quote:
    return Quote(
        symbol=company.symbol,
        name=company.name,
        sector=company.sector,
        shares=company.shares_issued,
        price=company.price,
        previous_price=company.previous_price,
        previous_close=company.previous_close,
        bid=company.bid,
        ask=company.ask,
        volume=company.day_ago_volume,
        closes=[*adjusted(closes, company.split_power), company.price],
        low_band=company.low_band,
        high_band=company.high_band,
        is_halted=company.is_halted,
        halt_reason=company.halt_reason,
        reopens_tick=wire.known_tick(company.reopens_tick),
        is_restricted=short_sales.is_restricted(company.restricted_through, trading_day),
        has_band_override=company.band_override_bps > 0,
    )


def _index(world: World, candles: Sequence[AdjustedCandle], update: wire.Wire) -> Index:
    change_percent = update["indices"][0]["changePercent"] if update else 0.0
    return Index(world.index, change_percent, candles)


def _change_of(quotes: Sequence[Quote]) -> float:
    """Return what companies are worth more than at the previous close, in percent."""
    worth = sum(quote.price * quote.shares for quote in quotes)
    before = sum(quote.previous_close * quote.shares for quote in quotes)
    return wire.percent(worth - before, before)


def _article_line(article: Article) -> FeedLine:
    kind = kind_of(article.section, article.topic, article.event_type)
    return FeedLine(
        article.tick,
        0,
        kind,
        kind.upper(),
        headline=article.headline,
        address=address_of(article),
    )


def address_of(article: Article) -> str:
    """Return where an article is read."""
    return reverse("article-page", args=[article.id])


def kind_of(section: str, topic: str, event_type: str) -> str:
    """Return which lines of the feed an article is among; static/dashboard/feed.js sorts alike."""
    if section == REGULATORY or topic == CRIME:
        return "sec"
    return "event" if event_type else "rumor" if section == RUMOR else "news"


def _trade_line(trade: Sale) -> FeedLine:
    return FeedLine(
        trade.tick,
        1,
        trade.side,
        trade.side,
        symbol=trade.symbol,
        amount=grouped(trade.quantity),
        price=price(trade.price),
        value=compact_dollars(trade.value),
    )


def _move_line(quote: Quote, tick: Tick) -> FeedLine:
    return FeedLine(
        tick,
        2,
        "price",
        arrow(quote.change),
        direction=direction(quote.change_percent),
        symbol=quote.symbol,
        amount=signed_percent(quote.change_percent),
        price=price(quote.price),
    )


def _last_trades() -> list[Sale]:
    return _sales(Trade.objects.all())


def _last_trades_until(tick: Tick) -> list[Sale]:
    """Return the last trades of some ticks; where none has any, of those before the night, or of a
    day.
    """
    session = RULES.market.session
    for reach in (FEED_TICKS, FEED_TICKS + session.closed_ticks, session.day_ticks):
        if trades := _sales(Trade.objects.filter(tick__gt=tick - reach, tick__lte=tick)):
            return trades
    return []


def _sales(rows: QuerySet[Trade]) -> list[Sale]:
    trades = rows.order_by("-number")[:FEED_TRADES]
    return [
        Sale(t.tick, t.aggressor or said("auction"), t.symbol, t.quantity, t.price) for t in trades
    ]


def _active_events(update: wire.Wire) -> list[ActiveEvent]:
    active = update.get("activeEvents", [])
    return [ActiveEvent(e["headline"], e["impact"], e["ticksRemaining"]) for e in active]


def _last_bankruptcies() -> list[Fall]:
    return _falls(Bankruptcy.objects.all())


def _falls(rows: QuerySet[Bankruptcy]) -> list[Fall]:
    last = rows.select_related("account").order_by("-id")[: LIMITS["bankruptcies"]]
    return [Fall(row.tick, row.account.name, row.peak, row.final, row.cause) for row in last]


def _curves(leaderboard: wire.Wire, tick: Tick) -> dict[str, list[Cents]]:
    """Return the net worth that agents on the board had every so many ticks, oldest first. One
    query.
    """
    names = [entry["name"] for entry in leaderboard.get("entries", [])]
    points = EquityPoint.objects.filter(account=OuterRef("id"), tick__lte=tick).order_by("-tick")
    last = ArraySubquery(points.values("equity")[: LIMITS["equityPoints"]])
    rows = Agent.objects.filter(name__in=names or [""]).annotate(points=last)
    return {name: points[::-1] for name, points in rows.values_list("name", "points")}


def _standings(leaderboard: wire.Wire, curves: dict[str, list[Cents]]) -> list[Standing]:
    return [
        Standing(
            rank=entry["rank"],
            name=entry["name"],
            role=entry["role"],
            net_worth=(net_worth := round(entry["netWorth"] * 100)),
            change_percent=entry["change24h"],
            is_house=entry["house"],
            curve=[*curves.get(entry["name"], ()), net_worth],
        )
        for entry in leaderboard.get("entries", [])
    ]
