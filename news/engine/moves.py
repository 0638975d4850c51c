"""Stories of what prices and volumes do, where it is out of the ordinary for the company."""

from __future__ import annotations

import math
from bisect import insort
from dataclasses import dataclass, field
from typing import Any

from market.engine.exchange import Exchange
from market.engine.orders import Company
from market.engine.outcome import Trade
from market.engine.values import Cents
from news.engine import articles, grammar
from news.engine.articles import Story, tone
from news.engine.cooldowns import Cooldowns
from news.engine.happenings import change_of, put_index, put_several
from news.engine.rules import JudgementRules

_WILDEST = 8.0  # what a single move counts at most towards volatility, in sigmas
_FLAT = 0.0005  # an index that moved less has not moved
_KEPT_DAYS = 10


@dataclass(slots=True)
class Record:
    """What the desk remembers of a company's prices.

    `levels` are how many of the day's levels it has passed, up and down; `ranges` the lows and
    highs of the last days, oldest first; `swing` the average square of its moves, in sigmas.
    """

    high: Cents
    low: Cents
    day_high: Cents
    day_low: Cents
    days: int = 0
    swing: float = 1.0
    levels: list[int] = field(default_factory=lambda: [0, 0])
    ranges: list[list[Cents]] = field(default_factory=list)

    def rescale(self, of: int, into: int) -> None:
        """Follow a split of `into` shares for `of`."""
        self.high, self.low = _split(self.high, of, into), _split(self.low, of, into)
        self.day_high = _split(self.day_high, of, into)
        self.day_low = _split(self.day_low, of, into)
        self.ranges = [[_split(price, of, into) for price in one] for one in self.ranges]

    def end_day(self) -> None:
        self.ranges = [*self.ranges, [self.day_low, self.day_high]][-_KEPT_DAYS:]
        self.days += 1

    def dump(self) -> list[Any]:
        ranges = [list(one) for one in self.ranges]
        figures = [self.high, self.low, self.day_high, self.day_low, self.days, self.swing]
        return [*figures, list(self.levels), ranges]


def _split(price: Cents, of: int, into: int) -> Cents:
    return max(1, (2 * price * of + into) // (2 * into))


class Moves:
    """Watches every price, and reports what is out of the ordinary."""

    def __init__(self, market: Exchange, rules: JudgementRules, cooldowns: Cooldowns) -> None:
        self.market = market
        self.rules = rules
        self.cooldowns = cooldowns
        self.records: dict[str, Record] = {}
        self.largest: list[float] = []  # moves of the day so far, ascending
        self.sector_levels: dict[str, list[int]] = {}
        self.turnover: Cents = 0  # of the day

    def stories(self, told: set[str]) -> list[Story]:
        """Return the tick's stories. `told`: companies that another story of the tick is about."""
        market, moment = self.market, self.market.moment
        tick = moment.tick
        for split in market.log.splits:
            if split.symbol in self.records:
                self.records[split.symbol].rescale(split.of, split.into)
        opened = moment.opens_now and tick > 0
        if opened:
            self._begin_day()
        self._open_records()
        blocks = self._note_trades()
        stories: list[Story] = []
        if market.is_open:
            stories += self._jumps(told, opened)
            told = told | {symbol for story in stories for symbol in story.symbols}
            if opened:
                stories += self._opening()
            else:
                for company in market.companies.values():
                    stories += self._of_company(company, company.symbol in told)
            stories += self._sectors()
            stories += [self._block(trade) for trade in blocks if self._is_new_block(trade)]
        if moment.closes_now:
            stories += self._closing()
        return stories

    # The day

    def _begin_day(self) -> None:
        for symbol, record in self.records.items():
            record.end_day()
            record.levels = [0, 0]
            price = self.market.companies[symbol].price
            record.day_high = record.day_low = price
        self.largest = []
        self.sector_levels = {}
        self.turnover = 0

    def _open_records(self) -> None:
        if len(self.records) == len(self.market.companies):
            return
        for symbol, company in self.market.companies.items():
            if symbol not in self.records:
                price = company.price
                self.records[symbol] = Record(price, price, price, price)

    def _note_trades(self) -> list[Trade]:
        """Count the day's turnover, and return the largest trade of each company that had an
        unusually large one.
        """
        rules, companies = self.rules, self.market.companies
        least = {
            symbol: max(
                rules.block_multiple * company.pricing.usual_volume,
                rules.block_cents / max(1, company.price),
            )
            for symbol, company in companies.items()
        }
        largest: dict[str, Trade] = {}
        turnover = 0
        for trade in self.market.log.trades:
            quantity, symbol = trade.quantity, trade.symbol
            turnover += trade.price * quantity
            if quantity >= least[symbol] and trade.aggressor is not None:
                other = largest.get(symbol)
                if other is None or quantity > other.quantity:
                    largest[symbol] = trade
        self.turnover += turnover
        return list(largest.values())

    # One tick's moves

    def _jumps(self, told: set[str], opened: bool) -> list[Story]:
        """Report moves that are large for the company, or among the day's largest so far; many at
        once are one story.
        """
        tick = self.market.moment.tick
        found: list[tuple[float, Company]] = []
        for symbol, company in self.market.companies.items():
            if company.price == company.previous_price:
                continue
            move = math.log(company.price / company.previous_price)
            is_large = self._is_among_largest(abs(move))
            walks = company.is_halted
            if symbol in told:
                if walks:
                    self.cooldowns.begin(f"walk/{symbol}", tick, self.rules.walk_ticks)
                continue
            if walks:
                if self.cooldowns.allow(f"walk/{symbol}", tick, self.rules.walk_ticks):
                    found.append((move, company))
            elif is_large or abs(move) >= self.rules.move_sigmas * company.pricing.sigma:
                found.append((move, company))
        if opened:
            return []  # the night's moves have their own story
        if len(found) >= self.rules.grouped_from:
            return [self._sweep(found)]
        return [self._jump(move, company) for move, company in found]

    def _is_among_largest(self, move: float) -> bool:
        count = len(self.market.companies)
        if move < self.rules.least_large_move + self.rules.least_large_move_each * count:
            return False
        if len(self.largest) >= self.rules.largest_moves:
            if move <= self.largest[0]:
                return False
            del self.largest[0]
        insort(self.largest, move)
        return True

    def _jump(self, move: float, company: Company) -> Story:
        change = company.price / company.previous_price - 1.0
        way = change > 0.0
        kind = "JUMP" if way else "DROP"
        if company.is_halted:
            kind = "INDICATED_UP" if way else "INDICATED_DOWN"
        story = self._about(kind, company, 40.0 + 1000.0 * abs(move), tone(change, 0.05))
        story.is_needed = True
        story.dollars("before", company.previous_price)
        if company.is_halted:
            day = change_of(company)
            if way and day <= 0.0:
                story.kind = "JUMP"
                story.percent("move", change)
                return story
            story.percent("move", day)
            story.signed("signed_move", day)
            story.percent("tick_move", change)
        else:
            story.percent("move", change)
        return story

    def _sweep(self, found: list[tuple[float, Company]]) -> Story:
        ups = sum(move > 0.0 for move, _ in found)
        kind = "SWEEP_UP" if ups == len(found) else "SWEEP_MIXED" if ups else "SWEEP_DOWN"
        leader_move, leader = max(found, key=lambda one: (abs(one[0]), one[1].symbol))
        change = leader.price / leader.previous_price - 1.0
        total = sum(move for move, _ in found)
        story = Story(
            kind,
            articles.MARKET,
            key=kind,
            weight=80.0 + 1000.0 * abs(leader_move),
            sentiment=0.0 if kind == "SWEEP_MIXED" else tone(total / len(found), 0.05),
            symbols=tuple(company.symbol for _, company in found),
            is_needed=True,
        )
        put_several(story, self.market)
        self._lead(story, leader)
        story.percent("move", change)
        story.signed("signed_move", change)
        return story

    # Companies

    def _of_company(self, company: Company, told: bool) -> list[Story]:
        """Report at most one thing about a company, and note all of it."""
        record = self.records[company.symbol]
        sigma, price = company.pricing.sigma, company.price
        move = math.log(price / company.previous_price)
        hour = self.market.climate.hour(self.market.moment)
        size = min(_WILDEST, abs(move) / (sigma * hour)) if sigma > 0.0 else 0.0
        memory = self.rules.volatile_memory
        record.swing = memory * record.swing + (1.0 - memory) * size * size
        stories = (
            self._day_move(company, record, told),
            self._extreme(company, record, told),
            self._volume(company, told),
            self._volatility(company, record, told),
        )
        found = [story for story in stories if story is not None]
        return found[:1]

    def _day_move(self, company: Company, record: Record, told: bool) -> Story | None:
        change = change_of(company)
        daily = company.pricing.sigma * math.sqrt(self.market.rules.session.open_ticks)
        if daily <= 0.0 or not change:
            return None
        sigmas = abs(math.log1p(change)) / daily
        side = 0 if change > 0.0 else 1
        passed = sum(sigmas >= level for level in self.rules.day_move_levels)
        if passed <= record.levels[side]:
            return None
        key = f"day/{company.symbol}"
        tick = self.market.moment.tick
        if told:
            record.levels[side] = passed
            return None
        if not self.cooldowns.allow(key, tick, self.rules.day_move_cooldown):
            return None
        record.levels[side] = passed
        kind = "RALLY_DAY" if side == 0 else "SLIDE_DAY"
        story = self._about(kind, company, 5.0 * sigmas, tone(change, 0.10))
        story.percent("move", change)
        story.times("sigmas", sigmas)
        story.dollars("close", company.previous_close)
        return story

    def _extreme(self, company: Company, record: Record, told: bool) -> Story | None:
        price, before_high, before_low = company.price, record.high, record.low
        record.day_high, record.day_low = max(record.day_high, price), min(record.day_low, price)
        record.high, record.low = max(before_high, price), min(before_low, price)
        if told or len(record.ranges) < 2:
            return None
        last = record.ranges[-self.rules.extremes_days :]
        is_record = record.days >= _KEPT_DAYS
        high, low = max(one[1] for one in last), min(one[0] for one in last)
        if price > high:
            way, level = "up", high
            kind = "NEW_HIGH" if is_record and price > before_high else "BREAKOUT"
            level = before_high if kind == "NEW_HIGH" else high
        elif price < low:
            way, level = "down", low
            kind = "NEW_LOW" if is_record and price < before_low else "BREAKDOWN"
            level = before_low if kind == "NEW_LOW" else low
        else:
            return None
        key = f"extreme/{way}/{company.symbol}"
        tick = self.market.moment.tick
        if not self.cooldowns.are_over("extremes", tick):
            return None
        if not self.cooldowns.allow(key, tick, self.rules.extremes_cooldown):
            return None
        self.cooldowns.begin("extremes", tick, self.rules.extremes_pause)
        mood = (0.3 if kind.startswith("NEW") else 0.2) * (1.0 if way == "up" else -1.0)
        story = self._about(kind, company, 12.0, mood)
        story.dollars("level", level)
        story.counted("days", len(last), "day")
        story.words("span", f"{len(last)}-day")
        return story

    def _volume(self, company: Company, told: bool) -> Story | None:
        usual = company.pricing.usual_volume
        if told or company.tick_volume < self.rules.volume_multiple * usual:
            return None
        tick = self.market.moment.tick
        if not self.cooldowns.allow(f"volume/{company.symbol}", tick, self.rules.volume_cooldown):
            return None
        multiple = company.tick_volume / usual
        story = self._about("UNUSUAL_VOLUME", company, min(30.0, multiple / 2.0), 0.0)
        story.counted("shares", company.tick_volume, "share")
        story.times("multiple", multiple)
        return story

    def _volatility(self, company: Company, record: Record, told: bool) -> Story | None:
        multiple = math.sqrt(record.swing)
        if told or multiple < self.rules.volatile_multiple:
            return None
        tick = self.market.moment.tick
        if not self.cooldowns.allow(
            f"volatile/{company.symbol}", tick, self.rules.volatile_cooldown
        ):
            return None
        story = self._about("VOLATILE", company, 4.0 * multiple, -0.1)
        story.times("multiple", multiple)
        return story

    # Sectors

    def _sectors(self) -> list[Story]:
        """Report a sector whose average change passes a level."""
        members: dict[str, list[Company]] = {}
        for company in self.market.companies.values():
            members.setdefault(company.listing.sector, []).append(company)
        stories = []
        for sector in self.market.rules.sectors:
            companies = members.get(sector.name, [])
            if len(companies) < 3:
                continue
            change = sum(change_of(company) for company in companies) / len(companies)
            sigmas = abs(change) / sector.daily_volatility
            side = 0 if change > 0.0 else 1
            levels = self.sector_levels.setdefault(sector.name, [0, 0])
            passed = sum(sigmas >= level for level in self.rules.sector_levels)
            tick = self.market.moment.tick
            if passed <= levels[side] or not self.cooldowns.allow(
                f"sector/{sector.name}", tick, self.rules.sector_cooldown
            ):
                continue
            levels[side] = passed
            stories.append(self._sector(sector.name, companies, change, sigmas))
        return stories

    def _sector(self, sector: str, companies: list[Company], change: float, sigmas: float) -> Story:
        story = Story(
            "SECTOR_UP" if change > 0.0 else "SECTOR_DOWN",
            articles.MARKET,
            key=f"sector/{sector}",
            weight=15.0 + 5.0 * sigmas,
            sentiment=tone(change, 0.05),
            symbols=tuple(company.symbol for company in companies),
        )
        name = articles.sector_name(sector)
        story.words("sector_title", name[:1].upper() + name[1:])
        story.percent("move", change)
        story.counted("companies", len(companies), "company", "companies")
        self._put_counts(story, companies)
        sign = 1.0 if change > 0.0 else -1.0
        leader = max(companies, key=lambda company: (sign * change_of(company), company.symbol))
        self._lead(story, leader)
        story.percent("leader_move", change_of(leader))
        return story

    # Opening and close

    def _opening(self) -> list[Story]:
        story = self._session("OPEN", 35.0)
        return [story, *self._movers("OPENING_MOVES")]

    def _closing(self) -> list[Story]:
        for company in self.market.companies.values():
            record = self.records[company.symbol]
            record.day_high = max(record.day_high, company.day_high)
            record.day_low = min(record.day_low, company.day_low)
        story = self._session("CLOSE", 35.0)
        story.dollars("turnover", self.turnover)
        return [story, *self._movers("MOVERS")]

    def _session(self, kind: str, weight: float) -> Story:
        index, before = self.market.index(), self.market.previous_close_index()
        change = index / before - 1.0 if before else 0.0
        way = "FLAT" if abs(change) < _FLAT else "UP" if change > 0.0 else "DOWN"
        story = Story(
            f"{kind}_{way}",
            articles.MARKET,
            key=kind,
            weight=weight,
            sentiment=tone(change, 0.03),
            is_needed=True,
        )
        put_index(story, self.market)
        self._put_counts(story, list(self.market.companies.values()))
        return story

    def _movers(self, kind: str) -> list[Story]:
        """Report the largest changes since the previous close, in one story."""
        moved = [c for c in self.market.companies.values() if c.price != c.previous_close]
        if not moved:
            return []
        moved.sort(key=lambda company: (-abs(math.log1p(change_of(company))), company.symbol))
        first = moved[: self.rules.movers_listed]
        story = Story(
            kind,
            articles.MARKET,
            key=kind,
            weight=34.0,
            symbols=tuple(company.symbol for company in first),
            is_needed=True,
        )
        self._lead(story, first[0])
        moves = []
        for company in first:
            change = change_of(company)
            story.figures[company.symbol] = round(100.0 * change, 6)
            moves.append(f"{company.symbol} {grammar.signed_percent(change)}")
        story.words("moves", ", ".join(moves))
        return [story]

    def _put_counts(self, story: Story, companies: list[Company]) -> None:
        story.number("risers", sum(c.price > c.previous_close for c in companies))
        story.number("fallers", sum(c.price < c.previous_close for c in companies))

    # Block trades

    def _is_new_block(self, trade: Trade) -> bool:
        tick = self.market.moment.tick
        return self.cooldowns.allow(f"block/{trade.symbol}", tick, self.rules.block_cooldown)

    def _block(self, trade: Trade) -> Story:
        company = self.market.companies[trade.symbol]
        multiple = trade.quantity / company.pricing.usual_volume
        story = self._about("BLOCK_TRADE", company, min(30.0, 3.0 * multiple), 0.0)
        story.dollars("price", trade.price)
        story.counted("shares", trade.quantity, "share")
        story.dollars("value", trade.price * trade.quantity)
        story.times("multiple", multiple)
        return story

    # Parts of stories

    def _about(self, kind: str, company: Company, weight: float, sentiment: float) -> Story:
        story = Story(
            kind,
            articles.COMPANY if kind != "BLOCK_TRADE" else articles.MARKET,
            key=f"{kind}/{company.symbol}",
            weight=weight,
            sentiment=sentiment,
            symbols=(company.symbol,),
        )
        story.company(company)
        story.dollars("price", company.price)
        return story

    def _lead(self, story: Story, company: Company) -> None:
        name = grammar.short_name(company.listing.name, company.symbol)
        story.words("leader", name)
        story.words("leader_s", grammar.possessive(name))

    # Keeping

    def dump(self) -> dict[str, Any]:
        return {
            "records": {symbol: record.dump() for symbol, record in self.records.items()},
            "largest": list(self.largest),
            "sector_levels": {name: list(levels) for name, levels in self.sector_levels.items()},
            "turnover": self.turnover,
        }

    def load(self, plain: dict[str, Any]) -> None:
        self.records = {symbol: Record(*one) for symbol, one in plain["records"].items()}
        self.largest = list(plain["largest"])
        self.sector_levels = {name: list(one) for name, one in plain["sector_levels"].items()}
        self.turnover = plain["turnover"]
