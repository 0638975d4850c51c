"""Rounds: what two accounts have done at the same time, and how much that says."""

from __future__ import annotations

from math import log
from typing import NamedTuple

from market.engine.values import Shares, Tick
from sec.engine.records import OrderSeen, TradeSeen

LAG = 5  # ticks between trades that may be one round
AGREEING = 0.93  # of a coordinated pair's rounds
HORIZONS = (3, 8, 20, 50)  # ticks of the returns that a public strategy might follow, or fade
SIGNS = len(HORIZONS) + 1  # and how the quotes lean
LEAST_HABIT, MOST_HABIT = 0.35, 0.92  # chances: no habit is known better than that
MOST_USUAL = 0.92  # the chance of agreement
MOST_TIMELY = 0.2  # nats a round, by acting at the same time alone


class Acted:
    """What a linked account traded of a company in one tick."""

    __slots__ = ("account", "habit", "matched", "net", "orders", "signs", "tick", "trades")

    def __init__(
        self,
        tick: Tick,
        account: int,
        net: Shares,
        habit: float,
        signs: list[int],
        trades: list[TradeSeen],
        orders: list[OrderSeen],
    ) -> None:
        self.tick = tick
        self.account = account
        self.net = net
        self.habit = min(MOST_HABIT, max(LEAST_HABIT, habit))  # the chance of its side, by itself
        self.signs = signs  # of what all have seen before it
        self.trades = trades
        self.orders = orders
        self.matched: list[int] = []  # partners who acted within the lag


class Round(NamedTuple):
    """Two acts at the same time."""

    low: Acted
    high: Acted

    @property
    def agrees(self) -> bool:
        return self.low.net * self.high.net > 0

    def against_habits(self) -> float:
        """Return the evidence that the two act together, and not each by its own habit: where both
        leave it at once, that says most.
        """
        low, high = self.low.habit, self.high.habit
        if self.agrees:
            return log(AGREEING * (low + high) / (2.0 * low * high))
        return log((1.0 - AGREEING) / (2.0 * low * high))

    def against_chance(self, usual: float) -> float:
        """Return the same against a chance of agreement that strategies and leanings leave."""
        if self.agrees:
            return log(AGREEING / usual)
        return log((1.0 - AGREEING) / (1.0 - usual))


class Pair:
    """What two linked accounts have done at the same time in one company, since it last meant
    nothing.
    """

    __slots__ = ("rounds", "tick", "timely")

    def __init__(self, tick: Tick) -> None:
        self.tick = tick  # of the last round
        self.timely = 0.0  # nats, that they act at the same time
        self.rounds: list[Round] = []

    def clear(self) -> None:
        self.timely = 0.0
        self.rounds = []

    def nats(self) -> float:
        """Return the evidence that the two act together."""
        return sum((nats for _, nats in self.weighed()), 0.0)

    def weighed(self) -> list[tuple[Round, float]]:
        """Return each round with the evidence that it adds."""
        count = len(self.rounds)
        if not count:
            return []
        strategy = self._strategy_chance(count)
        usual = min(MOST_USUAL, max(strategy, self._leaning_chance(count)))
        # A strategy that makes them agree makes them act at the same time as well.
        unexplained = max(0.0, 1.0 - 3.0 * (strategy - 0.5))
        timely = min(self.timely / count, MOST_TIMELY * unexplained)
        # What explains all of them best without a plan is what counts.
        habits = [round.against_habits() for round in self.rounds]
        chance = [round.against_chance(usual) for round in self.rounds]
        least = habits if sum(habits, 0.0) < sum(chance, 0.0) else chance
        return [(round, nats + timely) for round, nats in zip(self.rounds, least, strict=True)]

    def _leaning_chance(self, count: int) -> float:
        """Return the chance of agreement that each one's leaning to a side leaves."""
        one = (sum(1 for round in self.rounds if round.low.net > 0) + 1.0) / (count + 2.0)
        other = (sum(1 for round in self.rounds if round.high.net > 0) + 1.0) / (count + 2.0)
        return one * other + (1.0 - one) * (1.0 - other)

    def _strategy_chance(self, count: int) -> float:
        """Return the chance of agreement that a strategy leaves which goes with the market's moves,
        or with how its quotes lean, or against them.
        """
        with_it = [0] * SIGNS
        for low, high in self.rounds:
            first = low if low.tick <= high.tick else high
            for act in (low, high):
                for n, sign in enumerate(first.signs):
                    with_it[n] += sign if act.net > 0 else -sign
        chance = 0.5
        for excess in with_it:  # of twice as many acts
            part = (0.5 + abs(excess) / (4.0 * count)) * count
            part = (part + 0.5) / (count + 1.0)
            chance = max(chance, part * part + (1.0 - part) * (1.0 - part))
        return chance


def when(weighed: tuple[Round, float]) -> Tick:
    return max(weighed[0].low.tick, weighed[0].high.tick)


def nats_together(weighed: list[tuple[Round, float]]) -> tuple[float, int]:
    """Return the evidence of a group's rounds, in the order of their ticks, and how many times it
    has acted. Of m who act together m - 1 follow one: pairs say it m / 2 times.
    """
    nats, count, began = 0.0, 0, -2 * LAG
    sum_of_round = 0.0
    acting: set[int] = set()
    for round, one in weighed:
        tick = max(round.low.tick, round.high.tick)
        if tick > began + LAG:
            nats += sum_of_round * 2.0 / max(2, len(acting))
            sum_of_round, acting, began = 0.0, set(), tick
            count += 1
        sum_of_round += one
        acting.update((round.low.account, round.high.account))
    return nats + sum_of_round * 2.0 / max(2, len(acting)), count
