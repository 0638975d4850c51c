"""Insider trading: a position built just before news, by somebody with access to it or with a habit
of being early, and ended after it at a profit.
"""

from __future__ import annotations

from market.engine.engine import Plain
from market.engine.values import Tick
from sec.engine.detectors.detector import Known
from sec.engine.detectors.habits import AHEAD, Early, Habit, Use, load_early, load_habit
from sec.engine.detectors.positions import Course
from sec.engine.detectors.tape import Added
from sec.engine.detectors.ties import link_seen
from sec.engine.detectors.turnover import SLOW, Turnover
from sec.engine.records import EventSeen, LinkSeen
from sec.engine.rules import INSIDER_TRADING
from sec.engine.suspicion import Conduct, Suspicion, strongest

AFTER = 150  # ticks after it, in which its end counts
LEAST_IMPACT = 0.005  # of news that is worth knowing early
LEAST_EARLY = 0.5  # usual ticks' volumes, of the position
ONE_WAY = 0.7  # of what was traded then
UNUSUAL = 2.5  # times as much a tick as the account traded before
LEAST_PART = 0.25  # of the position, ended after the news
PART_BASE, PART_WEIGHT, WHOLE = 0.5, 0.45, 0.6  # confidence by the part that is ended, of so much
NEWS_PRIOR, NEWS_PRIOR_TICKS = 0.5, 300  # news of a company, in so many ticks: before any is seen


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
                self._habit(account).note_wrong(early, added.tick)
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
        size = course.size(net)
        return Early(account, event, net, build.cents, build.first, chance, size, False, 0)

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

    def _habit(self, account: int) -> Habit:
        habit = self.habits.get(account)
        if habit is None:
            habit = self.habits[account] = Habit(account, self.window_ticks)
        return habit

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
        habit = self._habit(account)
        habit.tick = tick
        if any(one.early.is_of(early) for one in habit.uses.values()):
            return None
        habit.note_use(Use(early, part, trades, orders), tick, known)
        return habit.suspicion(known)

    def _links(self, early: Early, tick: Tick, known: Known) -> tuple[LinkSeen, ...]:
        """Return how an account is linked to who heads the company."""
        symbol = early.event.symbol
        chief = known.chiefs.get(symbol, early.through)
        return (
            LinkSeen(f"{chief}-{symbol}", tick, chief, chief, is_chief=True),
            *link_seen(sorted({early.account, early.through, chief}), known.ties, tick),
        )

    def look(self, conduct: Conduct, known: Known) -> Suspicion | None:
        """Return the strongest suspicion against an account in a conduct."""
        found = [
            self._suspicion(early, conduct.last_tick, known)
            for early in self.watched
            if early.account == conduct.account
        ]
        habit = self.habits.get(conduct.account)
        if habit is not None:
            found.append(habit.suspicion(known))
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
        if habit is not None:
            habit.judged = next(reversed(habit.uses), "")
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
            "watched": [one.dump() for one in self.watched],
            "habits": [habit.dump() for habit in self.habits.values()],
        }

    def load(self, state: Plain) -> None:
        self.watched = [load_early(one) for one in state["watched"]]
        self.news = dict(state["news"])
        habits = [load_habit(one, self.window_ticks) for one in state["habits"]]
        self.habits = {habit.account: habit for habit in habits}
