"""Rounds: what linked accounts have done at the same time, and how much that says."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import exp, log
from typing import NamedTuple

from market.engine.values import Shares, Tick
from sec.engine.records import OrderSeen, TradeSeen

LAG = 5  # ticks from the first to the last act of a round
# Lags up to so many ticks, and how many of all are such by chance.
LAGS = ((0, 1 / 11), (2, 4 / 11), (LAG, 6 / 11))
GAP = 3  # ticks without an act, after which another round begins
DISSENT = 0.07  # of those who act together: who takes the other side in a round
HORIZONS = (3, 8, 20, 50)  # ticks of the returns that a public strategy might follow, or fade
AVERAGED = (12, 30)  # ticks of the averages that it might compare the price to
RANGED = (12, 30)  # ticks of the ranges of which it might ask which end the price was at last
EITHER = 2  # the sign of a range both ends of which are new: who follows it may take either side
SIGNS = len(HORIZONS) + len(AVERAGED) + len(RANGED) + 1  # and how the quotes lean
LEAST_HABIT, MOST_HABIT = 0.35, 0.92  # chances: no habit is known better than that
SURE_LEAST, SURE_MOST = 0.06, 0.94  # the same of a leaning or a strategy
TOGETHER = 0.85  # of what those who act together do: at the same time
MOST_TIMELY = 0.4  # nats a round, for acting at the same time alone
MIXED = 0.35  # of what an account did on one side in a round, that it did on the other


class Acted:
    """What a linked account chose of a company in one tick: what it traded, and what it left open,
    which may be filled later.
    """

    __slots__ = ("account", "habit", "net", "orders", "signs", "tick", "trades")

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


class Side(NamedTuple):
    """Which side an account took in a round (1 where it bought), and the chance of that by its own
    habit.
    """

    account: int
    sign: int
    habit: float


class Agreement(NamedTuple):
    """How much the rounds of a group say: nats, that its members act together and not each for a
    reason of its own or a public one, and that by their sides alone; in how many rounds; and the
    acts of those.
    """

    nats: float
    by_sides: float
    rounds: int
    acts: Sequence[Acted]


class Explanation:
    """A way in which members may have chosen their sides, each by itself: the log likelihood of
    what they did, foretold from round to round by what they had done before.
    """

    __slots__ = ("followed", "nats", "seen")

    def __init__(self) -> None:
        self.nats = 0.0
        self.seen: dict[int, int] = {}  # by account, or 0 for all
        self.followed: dict[int, int] = {}

    def chance(self, who: int, followed: bool) -> float:
        """Return the chance that one follows, or does not."""
        part = (self.followed.get(who, 0) + 1.0) / (self.seen.get(who, 0) + 2.0)
        return min(SURE_MOST, max(SURE_LEAST, part if followed else 1.0 - part))

    def learn(self, who: int, followed: bool) -> None:
        self.seen[who] = self.seen.get(who, 0) + 1
        self.followed[who] = self.followed.get(who, 0) + (1 if followed else 0)


def agreement(acts: Iterable[Acted], alone: int, chance: float) -> Agreement:
    """Return what a group's acts in a company say. `alone` is how often a member acted with nobody
    near, `chance` how likely it is that another acts beside one that does.
    """
    together = by_chance = by_habit = prompt = 0.0
    lags = [1.0 for _ in LAGS]
    leaning, persisting = Explanation(), Explanation()
    last: dict[int, int] = {}  # the sign of each account's last act
    strategies = [Explanation() for _ in range(SIGNS)]
    kept: list[Acted] = []
    count = 0
    for round in rounds_of(acts):
        sides = sides_of(round)
        signs = _signs_of(round)
        if sides[0].account == sides[-1].account:
            alone += 1
        else:
            count += 1
            kept += round
            prompt += _prompt(round, lags)
            together += _together(sides)
            by_chance += len(sides) * log(0.5)
            by_habit += sum((log(side.habit) for side in sides), 0.0)
            for side in sides:
                leaning.nats += log(leaning.chance(side.account, side.sign > 0))
                persisting.nats += log(_going_on(persisting, side, last.get(side.account, 0)))
            for sign, strategy in zip(signs, strategies, strict=True):
                strategy.nats += _by_strategy(strategy, sign, sides)
        for side in sides:
            leaning.learn(side.account, side.sign > 0)
            if side.account in last:
                persisting.learn(side.account, side.sign == last[side.account])
            last[side.account] = side.sign
        for sign, strategy in zip(signs, strategies, strict=True):
            if sign not in (0, EITHER):
                for side in sides:
                    strategy.learn(0, side.sign == sign)
    if not count:
        return Agreement(0.0, 0.0, 0, ())
    # Which of the strategies it was, nobody knows: that so many are tried counts.
    strategic = _mixed([strategy.nats for strategy in strategies])
    explained = max(by_chance, by_habit, leaning.nats, persisting.nats, strategic)
    # A strategy that makes them agree makes them act at the same time as well.
    apart = together - by_chance
    unexplained = min(1.0, max(0.0, (together - strategic) / apart)) if apart > 0.0 else 0.0
    timely = count * log(TOGETHER / chance) + alone * log((1.0 - TOGETHER) / (1.0 - chance))
    timely += prompt
    most = MOST_TIMELY * count
    by_sides = together - explained
    return Agreement(by_sides + min(most * unexplained, timely), by_sides, count, kept)


def rounds_of(acts: Iterable[Acted]) -> list[list[Acted]]:
    """Return acts as rounds: those that follow each other closely."""
    rounds: list[list[Acted]] = []
    last = -GAP - 1
    for act in sorted(acts, key=when):
        if act.tick - last > GAP or act.tick - rounds[-1][0].tick > LAG:
            rounds.append([])
        rounds[-1].append(act)
        last = act.tick
    return rounds


def sides_of(round: Sequence[Acted]) -> list[Side]:
    """Return the sides that accounts took in a round, in the order in which they came; who bought
    and sold alike took both.
    """
    bought: dict[int, Shares] = {}
    sold: dict[int, Shares] = {}
    first: dict[int, Acted] = {}
    for act in round:
        of_side = bought if act.net > 0 else sold
        of_side[act.account] = of_side.get(act.account, 0) + abs(act.net)
        first.setdefault(act.account, act)
    sides: list[Side] = []
    for account, act in first.items():
        much, less = bought.get(account, 0), sold.get(account, 0)
        sign = 1 if much >= less else -1
        chance = act.habit if act.net * sign > 0 else 1.0 - act.habit
        sides.append(Side(account, sign, chance))
        if min(much, less) > MIXED * max(much, less):
            sides.append(Side(account, -sign, 1.0 - chance))
    return sides


def _signs_of(round: Sequence[Acted]) -> list[int]:
    """Return the signs that all had seen before a round, which its own acts have not moved: but
    `EITHER` where a range has reached its other end while the round went on, for then some may
    have followed the one and some the other.
    """
    signs = round[0].signs
    for act in round:
        if EITHER in act.signs:
            signs = [
                EITHER if now == EITHER else sign
                for sign, now in zip(signs, act.signs, strict=True)
            ]
    return signs


def _by_strategy(strategy: Explanation, sign: int, sides: Sequence[Side]) -> float:
    """Return the log likelihood of a round's sides where each went by a strategy of this sign: by
    chance where it says nothing (0), all the same way where it said both within a few ticks.
    """
    if sign == EITHER:
        return _together(sides)
    if not sign:
        return len(sides) * log(0.5)
    return sum((log(strategy.chance(0, side.sign == sign)) for side in sides), 0.0)


def _going_on(persisting: Explanation, side: Side, last: int) -> float:
    """Return the chance of a side by itself, where most go on for a while as they have begun."""
    if not last:
        return 0.5
    on = max(0.5, persisting.chance(side.account, True))
    return on if side.sign == last else 1.0 - on


def _prompt(round: Sequence[Acted], lags: list[float]) -> float:
    """Return how much the lags of a round say, by those of the rounds before, against lags that are
    chance; and count them.
    """
    nats = 0.0
    seen = {round[0].account}
    fresh: list[int] = []
    for act in round:
        if act.account in seen:
            continue
        seen.add(act.account)
        lag = act.tick - round[0].tick
        n = next(n for n, (last, _) in enumerate(LAGS) if lag <= last)
        nats += log(lags[n] / sum(lags) / LAGS[n][1])
        fresh.append(n)
    for n in fresh:
        lags[n] += 1.0
    return nats


def _mixed(nats: Sequence[float]) -> float:
    """Return the log of the mean of likelihoods that are given by their logs."""
    most = max(nats)
    return most + log(sum(exp(one - most) for one in nats) / len(nats))


def _together(sides: Sequence[Side]) -> float:
    """Return the log likelihood of a round's sides where one plan chose them, either at random."""
    buyers = sum(1 for side in sides if side.sign > 0)
    sellers = len(sides) - buyers
    bought = (1.0 - DISSENT) ** buyers * DISSENT**sellers
    sold = (1.0 - DISSENT) ** sellers * DISSENT**buyers
    return log(0.5 * (bought + sold))


def when(act: Acted) -> tuple[Tick, int]:
    return act.tick, act.account
