"""What the page shows before any script runs: seven queries, however many agents trade.

Money is cents.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from tomllib import loads
from typing import Any, NamedTuple

from django.conf import settings
from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import F, QuerySet

from market import selectors, tape, wire
from market.engine import short_sales
from market.engine.halts import UNTIL_RESUMED
from market.engine.rules import SessionRules
from market.engine.sessions import Moment
from market.engine.values import BPS_IN_ONE, Bps, Cents, Shares, Tick
from market.models import Bankruptcy, Candle, Company, Split, Trade, World
from news import selectors as news
from news.models import Article
from sec.selectors import InPrison, OnTrial, in_prison, on_trial
from wallstreetsim.machine.rules import RULES
from wallstreetsim.terminal.shared import LIMITS, said
from wallstreetsim.terminal.template_tags import clock

VERSION: str = loads((settings.BASE_DIR / "pyproject.toml").read_text())["project"]["version"]

FEED_TRADES = 30
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


@dataclass(frozen=True, slots=True)
class Index:
    """The market's index, in hundredths of a point, with the line that leads to it."""

    value: int
    change_percent: float
    line: list[int]

    @property
    def highest(self) -> int:
        return max(self.line)

    @property
    def lowest(self) -> int:
        return min(self.line)


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

    @property
    def tick_seconds(self) -> int:
        return settings.TICK_SECONDS

    @property
    def version(self) -> str:
        return VERSION

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
    def new_trades(self) -> list[Sale]:
        return [trade for trade in self.trades if trade.tick == self.world.tick]

    @property
    def older_trades(self) -> list[Sale]:
        return [trade for trade in self.trades if trade.tick < self.world.tick]

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


def newest_digest() -> str | None:
    """Return what names the last committed tick, its epoch and digest; None before the founding."""
    newest = World.objects.values_list("epoch", "digest").first()
    return "{}:{}".format(*newest) if newest else None


def load() -> Dashboard:
    """Return the page as of the last committed tick."""
    with selectors.one_instant():
        world = selectors.world()
        told = _told_in(world)
        quotes = _quotes(world)
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
        index=_index(world, quotes, update),
        active_agents=update.get("activeAgents", 0),
        standings=_standings(told.get("leaderboard:update", {})),
        trades=trades,
        active_events=_active_events(update),
        bankruptcies=bankruptcies,
        wanted=wanted,
        inmates=inmates,
        articles=articles,
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
        quotes = _quotes_then(tick, {price["symbol"]: price for price in prices})
        then = _world_then(now, update)
        return Dashboard(
            world=then,
            moment=selectors.moment(then),
            quotes=quotes,
            index=_index(then, quotes, update),
            active_agents=update["activeAgents"],
            standings=_standings(told["leaderboard:update"]),
            trades=_last_trades_until(tick),
            active_events=_active_events(update),
            bankruptcies=_falls(Bankruptcy.objects.filter(tick__lte=tick)),
            wanted=on_trial(tick, LIMITS["wanted"]),
            inmates=in_prison(tick, LIMITS["inmates"]),
            articles=list(news.articles_until(tick)[: LIMITS["articles"]]),
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


def _quotes_then(tick: Tick, prices: dict[str, wire.Wire]) -> list[Quote]:
    closes = _closes(tick)
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
    adjusted = [
        selectors.adjusted_price(close, power, company.split_power) for close, power in closes
    ]
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
        closes=[*adjusted, _cents(price["price"])],
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


def _told_in(world: World) -> dict[str, Any]:
    """Return what the world's tick said in public, by type; nothing before the first tick."""
    entries = tape.read_tick(epoch=world.epoch, tick=world.tick, streams=[tape.PUBLIC_STREAM])
    return {event["type"]: event["data"] for entry in entries for event in entry.read()}


def _quotes(world: World) -> list[Quote]:
    closes, day = _closes(world.tick), selectors.moment(world).trading_day
    companies = selectors.companies(sort="-marketCap")
    return [_quote(company, closes.get(company.symbol, []), day) for company in companies]


def _closes(tick: Tick) -> dict[str, list[tuple[Cents, int]]]:
    """Return each company's prices over the last ticks that the market was open, oldest first,
    each with the power to which its shares had been split.
    """
    session = RULES.market.session
    earliest = tick - LIMITS["pointTicks"] * LIMITS["points"] - session.closed_ticks
    candles = Candle.objects.alias(tick_in_day=F("tick") % session.day_ticks).filter(
        interval=LIMITS["pointTicks"],
        tick__gt=earliest,
        tick__lte=tick,
        tick_in_day__lt=session.open_ticks,
    )
    lines = candles.values("symbol").annotate(
        ticks=ArrayAgg("tick", order_by="tick"),
        closes=ArrayAgg("close", order_by="tick"),
        powers=ArrayAgg("split_power", order_by="tick"),
    )
    known = {
        symbol: dict(zip(ticks, zip(closes, powers, strict=True), strict=True))
        for symbol, ticks, closes, powers in lines.values_list(
            "symbol", "ticks", "closes", "powers"
        )
    }
    times = sorted({tick for line in known.values() for tick in line})
    return {
        symbol: _without_gaps(line, times)[-LIMITS["points"] :] for symbol, line in known.items()
    }


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
    adjusted = [
        selectors.adjusted_price(close, power, company.split_power) for close, power in closes
    ]
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
        closes=[*adjusted, company.price],
        low_band=company.low_band,
        high_band=company.high_band,
        is_halted=company.is_halted,
        halt_reason=company.halt_reason,
        reopens_tick=wire.known_tick(company.reopens_tick),
        is_restricted=short_sales.is_restricted(company.restricted_through, trading_day),
        has_band_override=company.band_override_bps > 0,
    )


def _index(world: World, quotes: list[Quote], update: wire.Wire) -> Index:
    """Return the index; its line is drawn from the companies' own, weighted as it is."""
    capitals = [
        sum(close * quote.shares for close, quote in zip(closes, quotes, strict=True))
        for closes in zip(*(quote.closes for quote in quotes), strict=False)
    ]
    change_percent = update["indices"][0]["changePercent"] if update else 0.0
    line = [round(world.index * capital / capitals[-1]) for capital in capitals]
    return Index(world.index, change_percent, line)


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


def _standings(leaderboard: wire.Wire) -> list[Standing]:
    return [
        Standing(
            rank=entry["rank"],
            name=entry["name"],
            role=entry["role"],
            net_worth=round(entry["netWorth"] * 100),
            change_percent=entry["change24h"],
            is_house=entry["house"],
        )
        for entry in leaderboard.get("entries", [])
    ]
