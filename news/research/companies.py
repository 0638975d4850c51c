"""What the desk knows of a company: its past, as far as anything is judged by it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, fields
from math import floor, log, sqrt
from typing import Any, NamedTuple

from market.engine.values import Cents, Shares, Tick
from news.research.public_entry import Item, Session, Traded, cents, optional_cents
from news.research.rules import ViewRules


class Listed(NamedTuple):
    """A company as the desk is made with it; its volatility is the usual one of its sector."""

    symbol: str
    name: str
    sector: str
    daily_volatility: float


class DayBar(NamedTuple):
    """A day that is over; prices in cents of today's shares."""

    day: int
    open: Cents
    high: Cents
    low: Cents
    close: Cents
    volume: Shares


VISIT, AWAY = "visit", "away"  # notes: of the level that a price is at, and that it is at none


@dataclass(slots=True)
class CompanyView:
    """A company as of the last entry that was folded. Prices are cents, the touch None while there
    is none. `prices` and `volumes` are of the last open ticks, the newest last.
    """

    symbol: str
    name: str
    sector: str
    rules: ViewRules
    open_ticks: Tick
    price: Cents = 0
    previous_price: Cents = 0
    previous_close: Cents = 0
    bid: Cents | None = None
    ask: Cents | None = None
    last: Cents | None = None
    is_trading: bool = False  # the session is open and the company not halted
    is_halted: bool = False
    short_restricted: bool = False
    tick_low: Cents = 0  # of the price and of the tick's trades
    tick_high: Cents = 0
    split: tuple[int, int] | None = None  # (into, of), in this very tick
    day_open: Cents = 0
    day_high: Cents = 0
    day_low: Cents = 0
    day_volume: Shares = 0
    tick_in_day: Tick = 0
    seen_ticks: int = 0  # open ones
    variance: float = 0.0  # of a tick's log return
    usual_volume: float = 0.0  # of a tick
    prices: deque[Cents] = field(default_factory=deque)
    volumes: deque[Shares] = field(default_factory=deque)
    days: deque[DayBar] = field(default_factory=deque)
    slots: list[float] = field(default_factory=list)  # a day's usual volume, by part of the day
    slots_today: list[Shares] = field(default_factory=list)
    profile: dict[int, list[float]] = field(default_factory=dict)  # bucket: volume, value
    levels: list[Cents] = field(default_factory=list)
    short_interest: int | None = None  # thousandths of the shares, of the last close but one
    short_interests: deque[int] = field(default_factory=deque)  # a day each, the newest last
    rumors: deque[tuple[Tick, int]] = field(default_factory=deque)  # (tick, sign)
    news: deque[tuple[Tick, float]] = field(default_factory=deque)  # (tick, sentiment)
    squeeze: int = 0  # 0 to 100, as the checker last scored it
    notes: dict[str, Any] = field(default_factory=dict)  # what checkers remember of it

    @classmethod
    def of(cls, listed: Listed, rules: ViewRules, open_ticks: Tick) -> CompanyView:
        view = cls(listed.symbol, listed.name, listed.sector, rules, open_ticks)
        view.variance = listed.daily_volatility**2 / open_ticks
        view.slots = [0.0] * rules.volume_slots
        view.slots_today = [0] * rules.volume_slots
        return view

    # What is asked of it

    @property
    def is_seasoned(self) -> bool:
        """Say whether enough is known of it for anything to be unusual."""
        return self.seen_ticks >= self.rules.seasoned_ticks

    @property
    def sigma(self) -> float:
        """Its usual move in a tick, a fraction."""
        return max(self.rules.least_sigma, sqrt(self.variance))

    @property
    def daily_sigma(self) -> float:
        """Its usual move in a day, a fraction."""
        return self.sigma * sqrt(self.open_ticks)

    @property
    def day_change(self) -> float:
        """Its move since the previous close, a fraction."""
        return self.price / self.previous_close - 1.0 if self.previous_close else 0.0

    def log_return(self, ticks: int) -> float:
        """Return its log return over so many open ticks, or over as many as are known."""
        if len(self.prices) < 2:
            return 0.0
        return log(self.price / self.prices[max(0, len(self.prices) - 1 - ticks)])

    def sigmas(self, ticks: int) -> float:
        """Return its log return over so many open ticks, in usual moves of that time."""
        known = min(ticks, len(self.prices) - 1)
        return self.log_return(ticks) / (self.sigma * sqrt(known)) if known > 0 else 0.0

    def volume_over(self, ticks: int) -> float:
        """Return the volume of the last open ticks, as a multiple of the usual."""
        recent = list(self.volumes)[-ticks:]
        usual = self.usual_volume * len(recent)
        return sum(recent) / usual if usual > 0 else 1.0

    @property
    def volume_multiple(self) -> float:
        """The day's volume beside its usual by this time of the day; 1 while none is known."""
        length = self.open_ticks / self.rules.volume_slots
        done = min(self.rules.volume_slots - 1, int(self.tick_in_day / length))
        part = min(1.0, (self.tick_in_day + 1 - done * length) / length)
        usual = sum(self.slots[:done]) + self.slots[done] * part
        return self.day_volume / usual if usual > 0 else 1.0

    def rumors_since(self, tick: Tick) -> list[int]:
        """Return the signs of the rumors since a tick."""
        return [sign for at, sign in self.rumors if at >= tick]

    # What it is told

    def take(self, price: Item, traded: Traded | None, session: Session) -> None:
        """Take a tick's price update, and what it traded."""
        self.previous_price = cents(price["previousPrice"])
        self.price = cents(price["price"])
        self.previous_close = cents(price["price"] - price["dayChange"])
        self.bid, self.ask = optional_cents(price["bid"]), optional_cents(price["ask"])
        self.last = optional_cents(price["last"])
        self.is_halted = price["halted"]
        self.short_restricted = price["shortRestricted"]
        self.is_trading = session.is_open and not self.is_halted
        self.tick_in_day = session.tick_in_day
        if traded and self.split:
            traded = self._restated(traded, self.split)
        low, high, volume = traded or (self.price, self.price, 0)
        self.tick_low, self.tick_high = min(self.price, low), max(self.price, high)
        self.day_high, self.day_low = cents(price["high"]), cents(price["low"])
        self.day_volume = price["volume"]
        if session.opens or not self.day_open:
            self.day_open = self.price
        if session.is_open:
            self._take_open_tick(volume, session)

    def _restated(self, traded: Traded, split: tuple[int, int]) -> Traded:
        """Return what was traded in the tick of a split in new shares: most was before it."""
        into, of = split

        def is_new(price: Cents) -> bool:
            return abs(log(price / self.price)) < abs(log(into / of)) / 2

        if is_new(traded.low) and is_new(traded.high):
            return traded
        low, high = sorted(
            price if is_new(price) else max(1, round(price * of / into))
            for price in (traded.low, traded.high)
        )
        return Traded(low, high, round(traded.volume * into / of))

    def _take_open_tick(self, volume: Shares, session: Session) -> None:
        rules = self.rules
        if self.is_trading:
            decay = 0.5 ** (1.0 / rules.half_life_ticks)
            if self.prices and not session.opens:
                move = log(self.price / self.prices[-1])
                self.variance = decay * self.variance + (1.0 - decay) * move * move
            # A plain mean at first, for nothing is known of its volume when the desk begins.
            weight = max(1.0 - decay, 1.0 / (self.seen_ticks + 1))
            self.usual_volume += weight * (volume - self.usual_volume)
            self.seen_ticks += 1
        self.prices.append(self.price)
        self.volumes.append(volume)
        if len(self.prices) > rules.ticks:
            self.prices.popleft()
            self.volumes.popleft()
        slot = session.tick_in_day * rules.volume_slots // self.open_ticks
        self.slots_today[min(rules.volume_slots - 1, slot)] += volume
        if volume:
            bucket = self.profile.setdefault(floor(log(self.price) / rules.level_width), [0.0, 0.0])
            bucket[0] += volume
            bucket[1] += float(volume) * self.price

    def end_day(self, day: int) -> None:
        """Close the day: its bar, its usual volumes, and the levels of the next."""
        rules = self.rules
        self.days.append(
            DayBar(day, self.day_open, self.day_high, self.day_low, self.price, self.day_volume)
        )
        if len(self.days) > rules.days:
            self.days.popleft()
        weight = max(0.2, 1.0 / len(self.days))
        self.slots = [
            usual + weight * (today - usual)
            for usual, today in zip(self.slots, self.slots_today, strict=True)
        ]
        self.slots_today = [0] * rules.volume_slots
        self._find_levels()

    def _find_levels(self) -> None:
        """Take as levels the prices at which most has traded, if it is much; forget the rest, and
        whether the price was away from those of the day.
        """
        self.notes.pop(AWAY, None)
        rules = self.rules
        most = sorted(self.profile.items(), key=lambda one: (-one[1][0], one[0]))
        most = most[: rules.prices_kept]
        total = sum(volume for _, (volume, _) in most)
        levels: list[int] = []
        for bucket, (volume, _) in most:
            is_large = volume >= rules.level_share * total
            if is_large and all(abs(bucket - other) > 2 for other in levels):
                levels.append(bucket)
        self.levels = sorted(
            round(self.profile[bucket][1] / self.profile[bucket][0])
            for bucket in levels[: rules.most_levels]
        )
        self.profile = {
            bucket: [volume * rules.level_memory, value * rules.level_memory]
            for bucket, (volume, value) in sorted(most)
        }

    def take_short_interest(self, thousandths: int) -> None:
        self.short_interest = thousandths
        self.short_interests.append(thousandths)
        if len(self.short_interests) > self.rules.days:
            self.short_interests.popleft()

    def take_article(self, tick: Tick, sentiment: float, *, is_rumor: bool) -> None:
        """Take the sign of a rumor, or the sentiment of any other article."""
        if is_rumor:
            self.rumors.append((tick, (sentiment > 0) - (sentiment < 0)))
        else:
            self.news.append((tick, sentiment))

    def forget_articles(self, tick: Tick) -> None:
        """Forget articles that are too old, or too many."""
        rules = self.rules
        for kept in (self.rumors, self.news):
            while kept and (kept[0][0] <= tick - rules.article_ticks or len(kept) > rules.articles):
                kept.popleft()

    def forget_ticks(self) -> None:
        """Forget the last ticks: some were missed since."""
        self.prices.clear()
        self.volumes.clear()

    def restate(self, into: int, of: int) -> None:
        """Restate the past in the shares after a split: `into` new ones for `of` old ones."""
        self.split = (into, of)

        def price(old: Cents) -> Cents:
            return max(1, round(old * of / into))

        def shares(old: float) -> float:
            return old * into / of

        self.prices = deque(map(price, self.prices))
        self.volumes = deque(round(shares(volume)) for volume in self.volumes)
        self.day_open = price(self.day_open)
        self.day_volume = round(shares(self.day_volume))
        self.usual_volume = shares(self.usual_volume)
        self.slots = [shares(volume) for volume in self.slots]
        self.slots_today = [round(shares(volume)) for volume in self.slots_today]
        self.levels = [price(level) for level in self.levels]
        self.days = deque(
            DayBar(
                bar.day,
                price(bar.open),
                price(bar.high),
                price(bar.low),
                price(bar.close),
                round(shares(bar.volume)),
            )
            for bar in self.days
        )
        moved = floor(log(of / into) / self.rules.level_width)
        self.profile = {
            bucket + moved: [shares(volume), value]
            for bucket, (volume, value) in self.profile.items()
        }
        self.notes.pop(VISIT, None)

    # Keeping

    def dump(self) -> list[Any]:
        """Return all that it remembers, as plain data."""
        plain: list[Any] = []
        for name in _KEPT:
            value = getattr(self, name)
            if isinstance(value, deque):
                value = [list(one) if isinstance(one, tuple) else one for one in value]
            elif name == "profile":
                value = [[bucket, *kept] for bucket, kept in value.items()]
            elif name == "split":
                value = list(value) if value else None
            plain.append(value)
        return plain

    def load(self, plain: list[Any]) -> None:
        """Remember what was dumped."""
        for name, value in zip(_KEPT, plain, strict=True):
            setattr(self, name, _LOADERS.get(name, _as_it_is)(value))


def _as_it_is(value: Any) -> Any:
    return value


_KEPT = tuple(
    one.name
    for one in fields(CompanyView)
    if one.name not in {"symbol", "name", "sector", "rules", "open_ticks"}
)
_LOADERS: dict[str, Any] = {
    "prices": deque,
    "volumes": deque,
    "short_interests": deque,
    "days": lambda bars: deque(DayBar(*bar) for bar in bars),
    "rumors": lambda rows: deque((tick, sign) for tick, sign in rows),
    "news": lambda rows: deque((tick, sentiment) for tick, sentiment in rows),
    "profile": lambda rows: {bucket: [volume, value] for bucket, volume, value in rows},
    "split": lambda pair: tuple(pair) if pair else None,
}
