"""Five days of different worlds: what mattered was reported in time, and nothing false was."""

from __future__ import annotations

import math
from functools import cache
from typing import NamedTuple

import pytest

from market.engine.halts import ORDERED_BANDS, USUAL_BANDS
from market.engine.outcome import CompanyState, Halt, MarketEvent, Split
from news.engine.articles import Article
from tests.news.newsroom import LIVING, Newsroom, numbers_in, reports
from wallstreetsim.machine.rules import RULES

DAYS = (("quartz", 0), ("heron", 1), ("tin", 0), ("marsh", 0), ("fennel", 1))  # seed, day
COMPANIES = 24
IN_TIME = 2  # ticks


class Tick(NamedTuple):
    """What the record says of a tick."""

    companies: dict[str, CompanyState]
    halts: list[Halt]
    events: list[MarketEvent]
    splits: list[Split]
    trades: set[tuple[str, int, int]]  # symbol, price, quantity
    points: int
    previous_points: int
    articles: list[Article]


@cache
def day_of(seed: str, day: int) -> tuple[Newsroom, dict[int, Tick]]:
    """Return a day's record by tick, the ticks just after it too."""
    room = Newsroom(seed, companies=COMPANIES, switches=LIVING)
    ticks: dict[int, Tick] = {}
    first = max(1, 630 * day)
    if day:
        room.tick(first - 1)
    for number in range(first, 630 * day + 390 + IN_TIME + 1):
        articles = room.tick()
        assert room.last is not None
        market = room.last.market
        ticks[number] = Tick(
            {company.symbol: company for company in market.companies},
            list(market.halts),
            list(market.events),
            list(market.splits),
            {(trade.symbol, trade.price, trade.quantity) for trade in market.trades},
            market.index,
            market.previous_close_index,
            articles,
        )
    return room, ticks


every_day = pytest.mark.parametrize(("seed", "day"), DAYS)


def soon(ticks: dict[int, Tick], tick: int) -> list[Article]:
    later = range(tick, tick + IN_TIME + 1)
    return [a for number in later if number in ticks for a in ticks[number].articles]


@every_day
def test_the_ten_largest_moves_of_a_day_have_their_article(seed: str, day: int) -> None:
    _, ticks = day_of(seed, day)
    moves = [
        (abs(math.log(c.price / c.previous_price)), number, symbol)
        for number, tick in ticks.items()
        for symbol, c in tick.companies.items()
        if not tick.splits
    ]
    for _, number, symbol in sorted(moves, reverse=True)[:10]:
        assert any(symbol in a.symbols for a in soon(ticks, number)), (number, symbol)


@every_day
def test_the_ten_largest_changes_of_a_day_are_reported_at_its_close(seed: str, day: int) -> None:
    _, ticks = day_of(seed, day)
    close = 630 * day + 390
    companies = ticks[close].companies.values()
    changes = sorted(companies, key=lambda c: -abs(math.log(c.price / c.previous_close)))
    reported = {symbol for a in soon(ticks, close) for symbol in a.symbols}
    assert {c.symbol for c in changes[:10]} <= reported


@every_day
def test_every_halt_has_its_article(seed: str, day: int) -> None:
    _, ticks = day_of(seed, day)
    for number, tick in ticks.items():
        for halt in tick.halts:
            if halt.reason in (ORDERED_BANDS, USUAL_BANDS):
                continue
            told = [
                a
                for a in soon(ticks, number)
                if (
                    halt.symbol in a.symbols
                    if halt.symbol
                    else a.kind in ("HALT_MARKET", "DAY_ENDED")
                )
            ]
            words = " ".join(f"{a.headline} {a.summary}" for a in told).lower()
            assert any(word in words for word in ("halt", "short", "paus", "ended")), halt


@every_day
def test_every_event_has_its_article_in_its_tick(seed: str, day: int) -> None:
    _, ticks = day_of(seed, day)
    for tick in ticks.values():
        events = [(e.number, e.kind, e.symbol, e.sector, e.impact, e.duration) for e in tick.events]
        told = [tuple(a.occasion) for a in tick.articles if a.occasion.type]
        assert sorted(map(str, told)) == sorted(map(str, events))


@every_day
def test_no_article_contradicts_the_record(seed: str, day: int) -> None:
    room, ticks = day_of(seed, day)
    names = [c.listing.name for c in room.world.market.companies.values()]
    names += [member.name for member in room.world.registry.members.values()]
    names += list(room.world.market.companies)
    for number, tick in ticks.items():
        for article in tick.articles:
            assert article.tick == number
            check_against(tick, article)
            for text in (article.headline, article.summary):
                for written in numbers_in(text, names):
                    assert reports(written, article.figures.values()), (written, article)
            assert len(article.headline.split()) < 15 and len(article.summary.split()) < 50


def check_against(tick: Tick, article: Article) -> None:
    """Compare each figure of an article with what the record says."""
    figures, kind = article.figures, article.kind
    if len(article.symbols) == 1:
        company = tick.companies[article.symbols[0]]
        day_change = 100 * (company.price / company.previous_close - 1)
        tick_change = 100 * (company.price / company.previous_price - 1)
        if kind == "BLOCK_TRADE":
            cents, shares = round(100 * figures["price"]), figures["shares"]
            assert (company.symbol, cents, shares) in tick.trades
            return
        if "price" in figures:
            assert figures["price"] == company.price / 100, article
        if "before" in figures:
            assert figures["before"] == company.previous_price / 100, article
        if "close" in figures:
            assert figures["close"] == company.previous_close / 100, article
        if kind in ("JUMP", "DROP"):
            assert figures["move"] == pytest.approx(tick_change, abs=1e-5)
            assert (tick_change > 0) == (kind == "JUMP")
        if kind in ("RALLY_DAY", "SLIDE_DAY"):
            assert figures["move"] == pytest.approx(day_change, abs=1e-5)
            assert (day_change > 0) == (kind == "RALLY_DAY")
        if kind in ("BREAKOUT", "NEW_HIGH"):
            assert figures["price"] > figures["level"]
        if kind in ("BREAKDOWN", "NEW_LOW"):
            assert figures["price"] < figures["level"]
        if "until" in figures and kind != "SUSPENDED":
            assert figures["until"] == company.reopens_tick
        if "signed_move" in figures:
            assert figures["signed_move"] == pytest.approx(day_change, abs=1e-5)
    if "index" in figures:
        assert figures["index"] == tick.points / 100
    if kind.startswith(("OPEN_", "CLOSE_")):
        change = 100 * (tick.points / tick.previous_points - 1)
        assert figures["move"] == pytest.approx(change, abs=1e-5)
        companies = tick.companies.values()
        assert figures["risers"] == sum(c.price > c.previous_close for c in companies)
        assert figures["fallers"] == sum(c.price < c.previous_close for c in companies)
    if kind in ("MOVERS", "OPENING_MOVES"):
        for symbol in article.symbols:
            c = tick.companies[symbol]
            change = 100 * (c.price / c.previous_close - 1)
            assert figures[symbol] == pytest.approx(change, abs=1e-5)
    if article.occasion.type:
        assert figures["impact"] == pytest.approx(100 * (article.occasion.impact or 0), abs=1e-5)


@every_day
def test_few_articles_come_at_once_and_no_headline_twice(seed: str, day: int) -> None:
    room, ticks = day_of(seed, day)
    for tick in ticks.values():
        optional = [a for a in tick.articles if not a.quote]
        assert len(optional) <= RULES.news.judgement.articles_a_tick + 6
    seen: dict[str, int] = {}
    for article in room.articles:
        assert article.tick - seen.get(article.headline, -50) >= 50
        seen[article.headline] = article.tick


def test_a_day_says_a_few_dozen_things_and_little_of_it_is_breaking() -> None:
    articles = [a for seed, day in DAYS for t in day_of(seed, day)[1].values() for a in t.articles]
    assert 10 < len(articles) / len(DAYS) < 150
    everything = [a for seed, day in DAYS for a in day_of(seed, day)[0].articles]
    assert sum(a.is_breaking for a in everything) < len(everything) / 20
