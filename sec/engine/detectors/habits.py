"""Habits: how often an account has been early for news, and how often it was for none."""

from __future__ import annotations

from math import exp, log
from typing import NamedTuple

from market.engine.engine import Plain
from market.engine.values import Cents, Shares, Tick
from sec.engine.detectors.detector import Known
from sec.engine.detectors.positions import PART_OF_LARGEST, Course, Run
from sec.engine.records import EventSeen, OrderSeen, TradeSeen
from sec.engine.rules import INSIDER_TRADING
from sec.engine.suspicion import Suspicion

AHEAD = 60  # ticks before news, in which a position built is early
RIGHT = 0.7  # of the positions that one builds who knows: those followed by the right news
CERTAINTY = 7.0  # nats, for a confidence of 1 − 1/e
LEAST_BUILDING = 10  # ticks, in which a position is built fast
LEAST_USES, KEPT_USES = 3, 12
FEW = 0.55  # the most confidence of fewer uses than make a habit
KEPT_WRONG = 120


class Early(NamedTuple):
    """A position built before news; `has_access`: by who may have known of it."""

    account: int
    event: EventSeen
    shares: Shares
    cents: Cents
    first_tick: Tick
    chance: float  # that it would be early by chance
    size: float  # in times what is much
    has_access: bool
    through: int  # the account through which it has access

    def is_of(self, other: Early) -> bool:
        """Say whether another event found this same position: news often comes in a row."""
        return (
            self.event.symbol == other.event.symbol
            and self.event.id != other.event.id
            and self.first_tick <= other.event.tick
            and other.first_tick <= self.event.tick
        )

    def dump(self) -> Plain:
        account, event, *more = self
        return [account, list(event), *more]


def load_early(plain: Plain) -> Early:
    account, event, *more = plain
    return Early(account, EventSeen(*event), *more)


class Use(NamedTuple):
    """An early position that was ended at a profit, as far as it was by then; and how many others
    were built, and not followed by the right news, since the use before it.
    """

    early: Early
    part: float
    trades: tuple[TradeSeen, ...]
    orders: tuple[OrderSeen, ...]
    others: int = 0


class Wrong(NamedTuple):
    """A position that news was against: since when it was built, and its size, in times what is
    much.
    """

    first_tick: Tick
    size: float


class Habit:
    """What an account without access made of news so far."""

    __slots__ = ("account", "judged", "tick", "uses", "window_ticks", "wrong")

    def __init__(self, account: int, window_ticks: Tick) -> None:
        self.account = account
        self.window_ticks = window_ticks
        self.judged = ""  # the event of the last use that a dismissed case rested on
        self.wrong: list[Wrong] = []  # oldest first
        self.uses: dict[str, Use] = {}  # by event
        self.tick: Tick = 0

    def note_wrong(self, early: Early, tick: Tick) -> None:
        """Note a position that news was against."""
        self.tick = tick
        self.wrong.append(Wrong(early.first_tick, early.size))
        del self.wrong[:-KEPT_WRONG]

    def note_use(self, use: Use, tick: Tick, known: Known) -> None:
        """Note a use of news, or how much further the last one has gone. The others that came
        before are counted the first time: they are forgotten before uses are.
        """
        event = use.early.event.id
        before = self.uses.get(event)
        self.tick = tick
        self.uses[event] = use
        others = self._others_before(known) if before is None else before.others
        self.uses[event] = use._replace(others=others)
        if len(self.uses) > KEPT_USES:
            del self.uses[next(iter(self.uses))]

    def suspicion(self, known: Known) -> Suspicion | None:
        """Return the suspicion that it raises. It may have begun with any of its uses of news: to
        try them all takes the more to convince.
        """
        uses = list(self.uses.values())
        if len(uses) < 2 or uses[-1].early.event.id == self.judged:
            return None
        built = known.positions.runs_by(self.account, self.tick)
        others = max(self._others(uses, uses, 0, built), sum(use.others for use in uses))
        nats, told = _nats(uses, others), uses
        for begun in range(len(uses) - LEAST_USES + 1):
            of_it = uses[begun:]
            since = min(use.early.first_tick for use in of_it)
            others = self._others(of_it, of_it, since, built)
            others = max(others, sum(use.others for use in of_it[1:]))
            more = _nats(of_it, others) - log(len(uses))
            if more > nats:
                nats, told = more, of_it
        confidence = 1.0 - exp(-max(0.0, nats) / CERTAINTY)
        if len(uses) < LEAST_USES:
            confidence = min(confidence, FEW)
        trades = {trade.id: trade for use in told for trade in use.trades}
        orders = {order.id: order for use in told for order in use.orders}
        return Suspicion(
            INSIDER_TRADING,
            (self.account,),
            told[0].early.event.symbol,
            confidence,
            told[0].early.first_tick,
            self.tick,
            orders=tuple(orders.values()),
            trades=tuple(trades.values()),
            events=tuple(use.early.event for use in told),
        )

    def _others_before(self, known: Known) -> int:
        """Return how many other positions the account has built between its last two uses."""
        uses = list(self.uses.values())
        since = uses[-2].early.event.tick + 1 if len(uses) > 1 else 0
        built = known.positions.runs_by(self.account, self.tick)
        return self._others(uses, uses[-1:], since, built)

    def _others(
        self,
        uses: list[Use],
        without: list[Use],
        since: Tick,
        built: list[tuple[Course, list[Run]]],
    ) -> int:
        """Return how many positions the account has built since a tick, as far as they are
        remembered, that compare with these uses, and are none of some of them: about as large,
        against their company's volume, as the middle one, and as fast as the slowest. Small trades
        all day hide no large ones before news, and neither do slow ones. Those that news was
        against count for as long as uses do.
        """
        slowest = max(use.early.event.tick - use.early.first_tick + 1 for use in uses)
        sizes = sorted(use.early.size for use in uses)
        least = PART_OF_LARGEST * sizes[(len(sizes) - 1) // 2]
        within = min(AHEAD, max(LEAST_BUILDING, slowest))
        first = max(since, self.tick - self.window_ticks + 1)
        others = sum(
            course.built(runs, self.account, first, least=least, within=within)
            for course, runs in built
        )
        others -= sum(use.early.first_tick >= first for use in without)
        alike = sum(one.first_tick >= since and one.size >= least for one in self.wrong)
        return max(0, others, alike)

    # Keeping

    def dump(self) -> Plain:
        return [
            self.account,
            self.tick,
            self.judged,
            [list(one) for one in self.wrong],
            [
                [
                    use.early.dump(),
                    use.part,
                    [list(trade) for trade in use.trades],
                    [list(order) for order in use.orders],
                    use.others,
                ]
                for use in self.uses.values()
            ],
        ]


def load_habit(plain: Plain, window_ticks: Tick) -> Habit:
    account, tick, judged, wrong, uses = plain
    habit = Habit(account, window_ticks)
    habit.tick, habit.judged = tick, judged
    habit.wrong = [Wrong(*one) for one in wrong]
    for early, part, trades, orders, others in uses:
        use = Use(
            load_early(early),
            part,
            tuple(TradeSeen(*trade) for trade in trades),
            tuple(OrderSeen(*order) for order in orders),
            others,
        )
        habit.uses[use.early.event.id] = use
    return habit


def _nats(uses: list[Use], others: int) -> float:
    """Return what uses of news tell, in nats, where so many other positions were not followed by
    the right news: how much likelier that is of who knows than by chance.
    """
    nats = mean = 0.0
    for use in uses:
        nats += log(RIGHT / use.early.chance)
        mean += use.early.chance / len(uses)
    return nats + others * log((1.0 - RIGHT) / (1.0 - mean))
