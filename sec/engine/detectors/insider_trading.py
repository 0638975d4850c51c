"""Insider trading: a position built just before news, by somebody with access to it or with a habit
of being early, and ended after it at a profit.
"""

from __future__ import annotations

from math import exp, log
from typing import NamedTuple

from market.engine.engine import Plain
from market.engine.values import Cents, Shares, Tick
from sec.engine.detectors.detector import Known
from sec.engine.detectors.positions import PART_OF_LARGEST, Course, Run
from sec.engine.detectors.tape import Added
from sec.engine.detectors.ties import link_seen
from sec.engine.detectors.turnover import SLOW, Turnover
from sec.engine.records import EventSeen, LinkSeen, OrderSeen, TradeSeen
from sec.engine.rules import INSIDER_TRADING
from sec.engine.suspicion import Conduct, Suspicion, strongest

AHEAD = 60  # ticks before news, in which a position built is early
AFTER = 150  # ticks after it, in which its end counts
LEAST_IMPACT = 0.005  # of news that is worth knowing early
LEAST_EARLY = 0.5  # usual ticks' volumes, of the position
ONE_WAY = 0.7  # of what was traded then
UNUSUAL = 2.5  # times as much a tick as the account traded before
LEAST_PART = 0.25  # of the position, ended after the news
PART_BASE, PART_WEIGHT, WHOLE = 0.5, 0.45, 0.6  # confidence by the part that is ended, of so much
RIGHT = 0.7  # of the positions that one builds who knows: those followed by the right news
NEWS_PRIOR, NEWS_PRIOR_TICKS = 0.5, 300  # news of a company, in so many ticks: before any is seen
HABIT_CERTAINTY = 7.0  # nats, for a confidence of 1 − 1/e
LEAST_BUILDING = 10  # ticks, in which a position is built fast
KEPT_HABITS, KEPT_WRONG = 12, 120
LEAST_HABITS = 3


class Early(NamedTuple):
    """A position built before news; `has_access`: by who may have known of it."""

    account: int
    event: EventSeen
    shares: Shares
    cents: Cents
    first_tick: Tick
    chance: float  # that it would be early by chance
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


class Use(NamedTuple):
    """An early position that was ended at a profit, as far as it was by then."""

    early: Early
    part: float
    trades: tuple[TradeSeen, ...]
    orders: tuple[OrderSeen, ...]


class Habit:
    """What an account without access made of news so far."""

    __slots__ = ("judged", "tick", "uses", "wrong")

    def __init__(self) -> None:
        self.judged = ""  # the event of the last use that a dismissed case rested on
        self.wrong: list[Tick] = []  # since when positions had been built that news was against
        self.uses: dict[str, Use] = {}  # by event
        self.tick: Tick = 0


class InsiderTrading:
    """Looks, when there is news, at who had built a position, and then how it is ended."""

    def __init__(self, window_ticks: Tick) -> None:
        self.window_ticks = window_ticks
        self.watched: list[Early] = []
        self.habits: dict[int, Habit] = {}
        self.news: dict[str, int] = {}  # by company: how much of it there was

    def see(self, added: Added, known: Known) -> list[Suspicion]:
        """Return those who have, in this tick, gone on to end what they built before news."""
        suspicions = []
        for early in self.watched:
            if added.tick <= early.event.tick:
                continue
            if added.flows.of(early.account, early.event.symbol) is not None:
                found = self._suspicion(early, added.tick, known)
                if found is not None:
                    suspicions.append(found)
        for event in added.events:
            self.news[event.symbol] = self.news.get(event.symbol, 0) + 1
            if not event.is_wide and abs(event.impact) >= LEAST_IMPACT:
                self._look_back(event, added, known)
        if added.tick % 25 == 0:
            self._prune(added.tick)
        return suspicions

    def _look_back(self, event: EventSeen, added: Added, known: Known) -> None:
        """Watch those who were early for an event."""
        sign = 1 if event.impact > 0 else -1
        chief = known.chiefs.get(event.symbol)
        found: list[Early] = []
        for account, course in known.positions.in_company(event.symbol).items():
            early = self._early(account, course, event, added, known.turnover)
            if early is None:
                continue
            if early.shares * sign < 0:
                self._note_wrong(early, added.tick)
                continue
            if chief is not None and known.ties.linked(account, chief):
                early = early._replace(has_access=True, through=chief)
            found.append(early)
        insiders = [one.account for one in found if one.has_access]
        for early in found:
            if not early.has_access:
                through = known.ties.among(early.account, insiders)
                if through:
                    early = early._replace(has_access=True, through=through[0])
            self.watched.append(early)

    def _early(
        self, account: int, course: Course, event: EventSeen, added: Added, turnover: Turnover
    ) -> Early | None:
        """Return what an account has built up before an event, if that was much for it."""
        tick, symbol = event.tick, event.symbol
        run = course.runs(account, tick)[-1]
        build = run.built_last(account, tick, within=AHEAD)
        net, gross = build.net, build.gross
        if abs(net) < LEAST_EARLY * added.quotes[symbol].usual_volume or (
            abs(net) < ONE_WAY * gross
        ):
            return None
        before = self._usual(account, course, symbol, tick, turnover)
        if gross / (tick - build.first + 1) < UNUSUAL * before:
            return None
        chance = self._chance(symbol, tick - build.first + 1, tick)
        return Early(account, event, net, build.cents, build.first, chance, False, 0)

    def _usual(
        self, account: int, course: Course, symbol: str, tick: Tick, turnover: Turnover
    ) -> float:
        """Return how much an account traded a tick, before it might have begun to be early. What it
        made of earlier news was no more usual than this.
        """
        volume = turnover.volumes[symbol][account]
        weight = (SLOW**AHEAD - SLOW ** max(AHEAD, tick - volume.first)) / (1.0 - SLOW)
        if weight <= 1.0:
            return 0.0
        apart = {trade.id: trade for trade in course.trades if trade.tick >= tick - AHEAD}
        habit = self.habits.get(account)
        if habit is not None:
            for use in habit.uses.values():
                if use.early.event.symbol == symbol:
                    apart.update((trade.id, trade) for trade in use.trades)
        _, slow = volume.at(tick)
        other = sum((one.quantity * SLOW ** (tick - one.tick) for one in apart.values()), 0.0)
        return max(0.0, slow - other) / weight

    def _chance(self, symbol: str, ticks: Tick, now: Tick) -> float:
        """Return the chance that good news of a company falls within so many ticks, or bad news."""
        rate = (self.news.get(symbol, 0) + NEWS_PRIOR) / (now + NEWS_PRIOR_TICKS)
        return min(0.5, max(0.05, 0.5 * rate * ticks))

    def _note_wrong(self, early: Early, tick: Tick) -> None:
        habit = self.habits.get(early.account)
        if habit is None:
            habit = self.habits[early.account] = Habit()
        habit.tick = tick
        habit.wrong.append(early.first_tick)
        del habit.wrong[:-KEPT_WRONG]

    def _suspicion(self, early: Early, tick: Tick, known: Known) -> Suspicion | None:
        event, account, symbol = early.event, early.account, early.event.symbol
        course = known.positions.of(account, symbol)
        if course is None:
            return None
        after = course.between(account, event.tick + 1, tick)
        built = abs(early.shares)
        if early.shares > 0:
            closed, back = after.sold, after.bought
            brought = after.received - after.paid
        else:
            closed, back = after.bought, after.sold
            brought = after.received - after.paid
        ended = min(closed - back, built)
        if ended <= 0:
            return None
        part = ended / built
        # Both in the direction of the position: what a share was had for, and what it has brought.
        cost, price = abs(early.cents) / built, abs(brought) / (closed - back)
        if part < LEAST_PART or (price - cost) * early.shares <= 0:
            return None
        trades = tuple(t for t in course.trades if t.tick >= early.first_tick)
        orders = tuple(course.orders.values())
        if early.has_access:
            confidence = PART_BASE + PART_WEIGHT * min(1.0, part / WHOLE)
            return Suspicion(
                INSIDER_TRADING,
                (account,),
                symbol,
                confidence,
                early.first_tick,
                tick,
                orders=orders,
                trades=trades,
                events=(event,),
                price_before=round(cost),
                links=self._links(early, tick, known),
            )
        habit = self.habits.get(account)
        if habit is None:
            habit = self.habits[account] = Habit()
        habit.tick = tick
        if any(one.early.is_of(early) for one in habit.uses.values()):
            return None
        habit.uses[event.id] = Use(early, part, trades, orders)
        if len(habit.uses) > KEPT_HABITS:
            del habit.uses[next(iter(habit.uses))]
        return self._habitual(habit, known)

    def _links(self, early: Early, tick: Tick, known: Known) -> tuple[LinkSeen, ...]:
        """Return how an account is linked to who heads the company."""
        symbol = early.event.symbol
        chief = known.chiefs.get(symbol, early.through)
        return (
            LinkSeen(f"{chief}-{symbol}", tick, chief, chief, is_chief=True),
            *link_seen(sorted({early.account, early.through, chief}), known.ties, tick),
        )

    def _habitual(self, habit: Habit, known: Known) -> Suspicion | None:
        """Return the suspicion that an account's habit of being early raises. The habit may have
        begun with any of its uses of news: to try them all takes the more to convince.
        """
        uses = list(habit.uses.values())
        if len(uses) < 2 or uses[-1].early.event.id == habit.judged:
            return None
        account = uses[0].early.account
        courses = known.positions.by(account)
        runs = [(course, course.runs(account, habit.tick)) for course in courses]
        nats, told = _told(uses, self._others(uses, 0, habit, runs, known)), uses
        for begun in range(len(uses) - LEAST_HABITS + 1):
            some = uses[begun:]
            since = min(use.early.first_tick for use in some)
            more = _told(some, self._others(some, since, habit, runs, known)) - log(len(uses))
            if more > nats:
                nats, told = more, some
        confidence = 1.0 - exp(-max(0.0, nats) / HABIT_CERTAINTY)
        if len(uses) < LEAST_HABITS:
            confidence = min(confidence, 0.55)
        trades = {trade.id: trade for use in told for trade in use.trades}
        orders = {order.id: order for use in told for order in use.orders}
        return Suspicion(
            INSIDER_TRADING,
            (account,),
            uses[0].early.event.symbol,  # of one course of conduct, wherever it goes on
            confidence,
            told[0].early.first_tick,
            habit.tick,
            orders=tuple(orders.values()),
            trades=tuple(trades.values()),
            events=tuple(use.early.event for use in told),
        )

    def _others(
        self,
        uses: list[Use],
        since: Tick,
        habit: Habit,
        runs: list[tuple[Course, list[Run]]],
        known: Known,
    ) -> int:
        """Return how many positions the account has built since a tick that compare with its early
        ones, without these: about as large, against their company's volume, as the middle one of
        them, and as fast as the slowest. Small trades all day hide no large ones before news, and
        neither do slow ones. Those that news was against count for as long as uses do.
        """
        account, sizes, slowest = uses[0].early.account, [], LEAST_BUILDING
        for use in uses:
            early = use.early
            slowest = max(slowest, early.event.tick - early.first_tick + 1)
            course = known.positions.of(account, early.event.symbol)
            if course is not None and course.much:
                sizes.append(abs(early.shares) / course.much)
        sizes.sort()
        least = PART_OF_LARGEST * sizes[(len(sizes) - 1) // 2] if sizes else 0.0
        within = min(AHEAD, slowest)
        built = sum(
            course.built(of_course, account, since, least=least, within=within)
            for course, of_course in runs
        )
        forgotten = habit.tick - self.window_ticks  # what was built before
        built -= sum(use.early.first_tick > forgotten for use in uses)
        return max(built, sum(first >= since for first in habit.wrong))

    def look(self, conduct: Conduct, known: Known) -> Suspicion | None:
        """Return the strongest suspicion against an account in a conduct."""
        found = [
            self._suspicion(early, conduct.last_tick, known)
            for early in self.watched
            if early.account == conduct.account
        ]
        habit = self.habits.get(conduct.account)
        if habit is not None:
            found.append(self._habitual(habit, known))
        return strongest((one for one in found if one is not None), conduct)

    def forget(self, account: int, symbol: str | None) -> None:
        self.watched = [
            early
            for early in self.watched
            if early.account != account or symbol not in (None, early.event.symbol)
        ]
        self.habits.pop(account, None)

    def keep_habit(self, account: int, symbol: str | None) -> None:
        """Forget an account's conduct but for its habit, to which each further use of news adds:
        what there is of it has not sufficed, and raises no other suspicion by itself.
        """
        habit = self.habits.get(account)
        self.forget(account, symbol)
        if habit is not None and habit.uses:
            habit.judged = next(reversed(habit.uses))
            self.habits[account] = habit

    # Keeping

    def _prune(self, tick: Tick) -> None:
        self.watched = [one for one in self.watched if one.event.tick > tick - AFTER]
        long_ago = tick - 8 * self.window_ticks
        self.habits = {a: habit for a, habit in self.habits.items() if habit.tick > long_ago}

    def split(self, symbol: str, into: int, of: int) -> None:
        self.watched = [
            one._replace(shares=one.shares * into // of) if one.event.symbol == symbol else one
            for one in self.watched
        ]

    def size(self) -> int:
        return len(self.watched) + len(self.habits)

    def dump(self) -> Plain:
        return {
            "news": [list(item) for item in self.news.items()],
            "watched": [_dump_early(one) for one in self.watched],
            "habits": [
                [
                    account,
                    list(habit.wrong),
                    habit.tick,
                    habit.judged,
                    [
                        [
                            _dump_early(use.early),
                            use.part,
                            [list(trade) for trade in use.trades],
                            [list(order) for order in use.orders],
                        ]
                        for use in habit.uses.values()
                    ],
                ]
                for account, habit in self.habits.items()
            ],
        }

    def load(self, state: Plain) -> None:
        self.watched = [_load_early(one) for one in state["watched"]]
        self.news = dict(state["news"])
        self.habits = {}
        for account, wrong, tick, judged, uses in state["habits"]:
            habit = self.habits[account] = Habit()
            habit.wrong, habit.tick, habit.judged = list(wrong), tick, judged
            for early, part, trades, orders in uses:
                use = Use(
                    _load_early(early),
                    part,
                    tuple(TradeSeen(*trade) for trade in trades),
                    tuple(OrderSeen(*order) for order in orders),
                )
                habit.uses[use.early.event.id] = use


def _told(uses: list[Use], others: int) -> float:
    """Return what uses of news tell, in nats, where so many other positions were not followed by
    the right news: how much likelier that is of who knows than by chance.
    """
    nats = mean = 0.0
    for use in uses:
        nats += log(RIGHT / use.early.chance)
        mean += use.early.chance / len(uses)
    return nats + others * log((1.0 - RIGHT) / (1.0 - mean))


def _dump_early(one: Early) -> Plain:
    account, event, *more = one
    return [account, list(event), *more]


def _load_early(plain: Plain) -> Early:
    account, event, *more = plain
    return Early(account, EventSeen(*event), *more)
