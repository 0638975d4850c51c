"""Every read of the market that an API, a page or a feed needs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple, TypeAlias

from django.conf import settings
from django.db.models import (
    BooleanField,
    Count,
    ExpressionWrapper,
    F,
    FloatField,
    Max,
    Model,
    Q,
    QuerySet,
    Sum,
    Value,
)
from django.db.models.functions import Cast, Coalesce

from market import wire
from market.common.instants import note_tick as note_tick
from market.common.instants import one_instant as one_instant
from market.common.instants import tick_of_data
from market.common.instants import tick_seen as tick_seen
from market.engine import outcome
from market.engine.candles import INDEX
from market.engine.sessions import Moment, closed_early, moment_of
from market.engine.values import Cents, Shares, Tick
from market.models import (
    Candle,
    Company,
    Halt,
    MarketEvent,
    SalesPage,
    SealedDay,
    Split,
    Trade,
    World,
)
from market.wire import Wire

_SORT_COLUMNS = {
    "symbol": "symbol",
    "price": "price",
    "change": "change",
    "changePercent": "change_percent",
    "volume": "day_volume",
    "volume24h": "day_ago_volume",
    "marketCap": "capital",
    "volatility": "volatility",
}
SORTS = (*_SORT_COLUMNS, *(f"-{name}" for name in _SORT_COLUMNS))


class Totals(NamedTuple):
    """All companies together; money in cents."""

    companies: int
    market_cap: int


class AdjustedCandle(NamedTuple):
    """A finished candle, in today's shares."""

    tick: Tick
    open: Cents
    high: Cents
    low: Cents
    close: Cents
    volume: Shares


def world() -> World:
    """Return the world's row. Raises World.DoesNotExist before the founding."""
    row = World.objects.get()
    note_tick(row.tick)
    return row


def moment(world: World) -> Moment:
    """Place the world in its trading day, which may have ended before its time."""
    rules = settings.RULES.market.session
    moment = moment_of(world.tick, rules)
    return moment if world.is_open else closed_early(moment, rules)


def trading_day() -> int:
    """Return the day in which the last tick lies, that of the founding before there is a world."""
    tick = tick_of_data() or tick_seen() or 0
    return moment_of(tick, settings.RULES.market.session).trading_day


def companies(*, sector: str | None = None, sort: str = "symbol") -> QuerySet[Company]:
    """Return the companies without their books, by one of SORTS; a minus sign turns it round."""
    rows = Company.objects.defer("bids", "asks").annotate(
        change=F("price") - F("previous_close"),
        change_percent=ExpressionWrapper(
            Cast(F("price") - F("previous_close"), FloatField()) / F("previous_close"),
            output_field=FloatField(),
        ),
        capital=F("price") * F("shares_issued"),
    )
    if sector is not None:
        rows = rows.filter(sector=sector)
    column = _SORT_COLUMNS[sort.removeprefix("-")]
    ordering = F(column).desc() if sort.startswith("-") else F(column).asc()
    return rows.order_by(ordering, "symbol")


def company(symbol: str, *, with_book: bool = False) -> Company:
    """Return one company. Raises Company.DoesNotExist."""
    rows = Company.objects.all() if with_book else Company.objects.defer("bids", "asks")
    return rows.get(symbol=symbol)


def candles(company: Company, *, interval: int | str, limit: int) -> list[AdjustedCandle]:
    """Return the last finished candles of a company, oldest first, in today's shares. The interval
    is in ticks, or the day.
    """
    rows = _last_candles(company.symbol, interval, limit)
    return [_adjusted(row, company.split_power) for row in rows]


def index_candles(*, interval: int | str, limit: int) -> list[AdjustedCandle]:
    """Return the last finished candles of the index, oldest first, in hundredths of a point."""
    return [_adjusted(row, 0) for row in _last_candles(INDEX, interval, limit)]


def index_candles_until(tick: Tick, *, interval: int, limit: int) -> list[AdjustedCandle]:
    """Return the last candles of the index that were finished at a tick, oldest first."""
    return [_adjusted(row, 0) for row in _last_candles(INDEX, interval, limit, upto=tick)]


def index_at(ticks: Sequence[Tick]) -> list[int]:
    """Return the index after each of these ticks, in their order; by night, as the last of them
    left it, and before the first that has a candle, as that began. One query.
    """
    known = {
        row.tick: row for row in Candle.objects.filter(symbol=INDEX, interval=1, tick__in=ticks)
    }
    first = min(known, default=None)
    value = settings.RULES.market.index_base * 100 if first is None else known[first].open
    values = []
    for tick in ticks:
        value = known[tick].close if tick in known else value
        values.append(value)
    return values


def _last_candles(
    symbol: str, interval: int | str, limit: int, *, upto: Tick | None = None
) -> list[Candle]:
    ticks = settings.RULES.market.session.day_ticks if interval == wire.DAY else int(interval)
    rows = Candle.objects.filter(symbol=symbol, interval=ticks).order_by("-tick")
    if ticks < Candle.COARSE:  # the index keeps some of a dropped day's, with gaps between them
        dropped = SealedDay.objects.order_by("-day").values("last_tick")[:1]
        rows = rows.filter(tick__gt=Coalesce(dropped, Value(0)))
    if upto is not None:
        rows = rows.filter(tick__lte=upto)
    return list(reversed(rows[:limit]))


def forming_candle(company: Company, tick: Tick, *, interval: int | str) -> AdjustedCandle | None:
    """Return what there is of the candle that is not finished: the ticks of one since the last
    that ended, None where there are none. One query.
    """
    rules = settings.RULES.market.session
    length = rules.open_ticks if interval == wire.DAY else int(interval)
    in_day = tick % rules.day_ticks
    if length == 1 or in_day >= rules.open_ticks or (in_day + 1) % length == 0:
        return None
    first = tick - in_day % length
    rows = Candle.objects.filter(
        symbol=company.symbol, interval=1, tick__gte=first, tick__lte=tick
    ).order_by("tick")
    parts = [_adjusted(row, company.split_power) for row in rows]
    if not parts:
        return None
    return AdjustedCandle(
        tick=first + length - 1,
        open=parts[0].open,
        high=max(part.high for part in parts),
        low=min(part.low for part in parts),
        close=parts[-1].close,
        volume=sum(part.volume for part in parts),
    )


def halts_of(symbol: str, *, since: Tick) -> QuerySet[Halt]:
    """Return the halts and restrictions of a company, or of all, since a tick, newest first."""
    rows = Halt.objects.filter(Q(symbol=symbol) | Q(symbol=None), tick__gte=since)
    return rows.order_by("-tick", "-id")


def _adjusted(row: Candle, now: int) -> AdjustedCandle:
    then = row.split_power
    return AdjustedCandle(
        tick=row.tick,
        open=adjusted_price(row.open, then, now),
        high=adjusted_price(row.high, then, now),
        low=adjusted_price(row.low, then, now),
        close=adjusted_price(row.close, then, now),
        volume=row.volume * _ten_to(now - then) // _ten_to(then - now),
    )


def adjusted_price(price: Cents, then: int, now: int) -> Cents:
    """Return a price of the past in today's shares, rounded half up: they have been split by ten
    to the power of `now` since founding, and had been to that of `then`.
    """
    into, of = _ten_to(now - then), _ten_to(then - now)
    return max(1, (2 * price * of + into) // (2 * into))


def _ten_to(power: int) -> int:
    return int(10 ** max(0, power))


def recent_trades(symbol: str, *, limit: int) -> QuerySet[Trade]:
    """Return the last trades in a company, newest first."""
    numbers = SalesPage.objects.filter(symbol=symbol).numbers("trades")[:limit]
    return Trade.objects.filter(number__in=numbers).order_by("-number")


def has_dropped_days() -> bool:
    """Say whether old days have been dropped. One query."""
    return SealedDay.objects.exists()


def last_dropped_at() -> datetime | None:
    """Return when a day was last dropped, None if none was. One query."""
    last: datetime | None = SealedDay.objects.aggregate(last=Max("sealed_at"))["last"]
    return last


def active_events(world: World) -> list[Wire]:
    """Return the market events that are not over, the newest first, as the wire shows them."""
    remaining: dict[int, Tick] = dict(world.active_events)
    rows = MarketEvent.objects.filter(number__in=remaining).order_by("-number")
    events = map(outcome.MarketEvent._make, rows.values_list(*outcome.MarketEvent._fields))
    return [wire.standing_event(event, remaining[event.number]) for event in events]


Remaining: TypeAlias = dict[int, Tick]  # of the active events, by number
_HAPPENINGS: tuple[tuple[type[Model], type[Any], Callable[[Any, Remaining], Wire]], ...] = (
    (
        MarketEvent,
        outcome.MarketEvent,
        lambda event, remaining: wire.standing_event(event, remaining.get(event.number, 0)),
    ),
    (Halt, outcome.Halt, lambda halt, remaining: wire.halt(halt)),
    (Split, outcome.Split, lambda split, remaining: wire.split(split)),
)


def happenings(rows: slice, world: World) -> tuple[list[Wire], int]:
    """Return a slice of what happened to companies or the market, as the wire shows it: first the
    events that are active, then all else, events, halts, restrictions and splits, each newest
    first; and how many there are. Five queries at most.
    """
    remaining: Remaining = dict(world.active_events)
    first, *others = (
        model._default_manager.annotate(
            is_active=_is_among(remaining) if model is MarketEvent else Value(False),
            kind_of=Value(kind),
        ).values_list("is_active", "tick", "kind_of", "id")
        for kind, (model, _, _) in enumerate(_HAPPENINGS)
    )
    everything = first.union(*others, all=True).order_by("-is_active", "-tick", "kind_of", "-id")
    keys = list(everything[rows])
    told: dict[tuple[int, int], Wire] = {}
    for kind, (model, value, shape) in enumerate(_HAPPENINGS):
        ids = [id for _, _, of, id in keys if of == kind]
        if ids:
            lines = model._default_manager.filter(id__in=ids).values_list("id", *value._fields)
            told |= {(kind, id): shape(value(*row), remaining) for id, *row in lines}
    return [told[kind, id] for _, _, kind, id in keys], everything.count()


def _is_among(numbers: Collection[int]) -> ExpressionWrapper[Any]:
    """Say of an event whether its number is one of these. Nought is nobody's: without it an empty
    list would be a number in SQL, not a truth value.
    """
    return ExpressionWrapper(Q(number__in=[0, *numbers]), output_field=BooleanField())


def totals() -> Totals:
    """Return the sums over all companies."""
    sums = Company.objects.aggregate(
        companies=Count("symbol"),
        market_cap=Sum(F("price") * F("shares_issued")),
    )
    return Totals(sums["companies"], int(sums["market_cap"] or 0))
