"""Rounds: what linked accounts have done at the same time, and how much that says."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import exp, inf, log
from typing import NamedTuple

from market.engine.values import Shares, Tick
from sec.engine.records import OrderSeen, TradeSeen, split_order, split_trade

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


class Side:
    """Which side an account took in a round (1 where it bought), and the chance of that by its own
    habit.
    """

    __slots__ = ("account", "habit", "sign")

    def __init__(self, account: int, sign: int, habit: float) -> None:
        self.account = account
        self.sign = sign
        self.habit = habit


class Acted:
    """What a linked account chose of a company in one tick: what it traded, and what it left open,
    which may be filled later. `side` is the one that it took by this alone.
    """

    __slots__ = ("account", "habit", "net", "orders", "side", "signs", "tick", "trades")

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
        self.side = self._on_side(1 if net >= 0 else -1)

    def _on_side(self, sign: int) -> Side:
        return Side(self.account, sign, self.habit if self.net * sign > 0 else 1.0 - self.habit)

    def on_side(self, sign: int) -> Side:
        """Return a side, as one that it took."""
        return self.side if self.side.sign == sign else self._on_side(sign)

    def split(self, symbol: str, into: int, of: int) -> None:
        """Restate it in its company's new shares."""
        self.net = self.net * into // of
        self.trades = [split_trade(trade, symbol, into, of) for trade in self.trades]
        self.orders = [split_order(order, symbol, into, of) for order in self.orders]
        self.side = self._on_side(1 if self.net >= 0 else -1)


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
        self.seen: dict[int, int] = {}  # by account
        self.followed: dict[int, int] = {}

    def chance(self, who: int, followed: bool) -> float:
        """Return the chance that one follows, or does not."""
        part = _part(self.followed.get(who, 0), self.seen.get(who, 0))
        return min(SURE_MOST, max(SURE_LEAST, part if followed else 1.0 - part))

    def learn(self, who: int, followed: bool) -> None:
        self.seen[who] = self.seen.get(who, 0) + 1
        self.followed[who] = self.followed.get(who, 0) + (1 if followed else 0)


class Round:
    """Acts that follow each other closely, and the sides that accounts took in them."""

    __slots__ = ("acts", "is_shared", "sides")

    def __init__(self, acts: list[Acted]) -> None:
        self.acts = acts
        self.sides = sides_of(acts)
        self.is_shared = self.sides[0].account != self.sides[-1].account


class Rounds:
    """What a group's acts in a company say. `alone` is how often a member acted with nobody near,
    `chance` how likely it is that another acts beside one that does.

    `most_nats` and `most_by_sides` are what they say at the most, where sides are mere chance:
    other explanations take longer to weigh.
    """

    def __init__(self, acts: Iterable[Acted], alone: int, chance: float) -> None:
        self._rounds = [Round(of_round) for of_round in rounds_of(acts)]
        self._alone, self._chance = alone, chance
        self._count = 0
        self._together = self._by_chance = 0.0
        for round in self._rounds:
            if round.is_shared:
                self._count += 1
                self._together += _together(round.sides)
                self._by_chance += len(round.sides) * log(0.5)
            else:
                self._alone += 1
        self.most_by_sides = self._together - self._by_chance
        self.most_nats = self.most_by_sides + MOST_TIMELY * self._count

    def agreement(self) -> Agreement:
        """Return how much they say."""
        agreement = self.agreement_of(-inf)
        assert agreement is not None
        return agreement

    def agreement_of(self, least: float) -> Agreement | None:
        """Return how much they say, if that is so many nats at least. If not, it may show early."""
        if not self._count:
            return None if least > 0.0 else Agreement(0.0, 0.0, 0, ())
        timely = self._timely()
        explained = self._by_themselves()
        if self._nats(self._together - explained, 1.0, timely) < least:
            return None
        strategic = self._by_strategies()
        # A strategy that makes them agree makes them act at the same time as well.
        apart = self._together - self._by_chance
        unexplained = 0.0
        if apart > 0.0:
            unexplained = min(1.0, max(0.0, (self._together - strategic) / apart))
        by_sides = self._together - max(explained, strategic)
        nats = self._nats(by_sides, unexplained, timely)
        if nats < least:
            return None
        kept = [act for round in self._rounds if round.is_shared for act in round.acts]
        return Agreement(nats, by_sides, self._count, kept)

    def _nats(self, by_sides: float, unexplained: float, timely: float) -> float:
        return by_sides + min(MOST_TIMELY * self._count * unexplained, timely)

    def _timely(self) -> float:
        """Return what it says, in nats, that they act at the same time, and how promptly."""
        prompt = 0.0
        lags = [1.0 for _ in LAGS]
        for round in self._rounds:
            if round.is_shared:
                prompt += _prompt(round.acts, lags)
        timely = self._count * log(TOGETHER / self._chance)
        return timely + self._alone * log((1.0 - TOGETHER) / (1.0 - self._chance)) + prompt

    def _by_themselves(self) -> float:
        """Return the log likelihood of all sides where each member chose its own: by chance, by its
        habits, by a leaning to one side, or by going on as it has begun.
        """
        by_habit = 0.0
        leaning, persisting = Explanation(), Explanation()
        last: dict[int, int] = {}  # the sign of each account's last act
        for round in self._rounds:
            sides = round.sides
            if round.is_shared:
                by_habit += sum((log(side.habit) for side in sides), 0.0)
                for side in sides:
                    leaning.nats += log(leaning.chance(side.account, side.sign > 0))
                    persisting.nats += log(_going_on(persisting, side, last.get(side.account, 0)))
            for side in sides:
                leaning.learn(side.account, side.sign > 0)
                if side.account in last:
                    persisting.learn(side.account, side.sign == last[side.account])
                last[side.account] = side.sign
        return max(self._by_chance, by_habit, leaning.nats, persisting.nats)

    def _by_strategies(self) -> float:
        """Return the log likelihood of all sides where each went by one public strategy. Which of
        them it was, nobody knows: that so many are tried counts.
        """
        nats, seen, followed = [0.0] * SIGNS, [0] * SIGNS, [0] * SIGNS
        for round in self._rounds:
            signs, sides = _signs_of(round.acts), round.sides
            buyers = sum(1 for side in sides if side.sign > 0)
            for n, sign in enumerate(signs):
                if round.is_shared:
                    nats[n] += _by_strategy(sign, sides, _part(followed[n], seen[n]))
                if sign not in (0, EITHER):
                    seen[n] += len(sides)
                    followed[n] += buyers if sign > 0 else len(sides) - buyers
        return _mixed(nats)


def _part(followed: int, seen: int) -> float:
    return (followed + 1.0) / (seen + 2.0)


def rounds_of(acts: Iterable[Acted]) -> list[list[Acted]]:
    """Return acts, those of an account after those of another, as rounds."""
    rounds: list[list[Acted]] = []
    last = -GAP - 1
    for act in sorted(acts, key=_when):
        if act.tick - last > GAP or act.tick - rounds[-1][0].tick > LAG:
            rounds.append([])
        rounds[-1].append(act)
        last = act.tick
    return rounds


def sides_of(round: Sequence[Acted]) -> list[Side]:
    """Return the sides that accounts took in a round, in the order in which they came; who bought
    and sold alike took both.
    """
    if len({act.account for act in round}) == len(round):
        return [act.side for act in round]
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
        side = act.on_side(sign)
        sides.append(side)
        if min(much, less) > MIXED * max(much, less):
            sides.append(Side(account, -sign, 1.0 - side.habit))
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


def _by_strategy(sign: int, sides: Sequence[Side], part: float) -> float:
    """Return the log likelihood of a round's sides where each went by a strategy of this sign, as
    so large a part has so far: by chance where it says nothing (0), all the same way where it said
    both within a few ticks.
    """
    if sign == EITHER:
        return _together(sides)
    if not sign:
        return len(sides) * log(0.5)
    follows = log(min(SURE_MOST, max(SURE_LEAST, part)))
    differs = log(min(SURE_MOST, max(SURE_LEAST, 1.0 - part)))
    nats = 0.0
    for side in sides:
        nats += follows if side.sign == sign else differs
    return nats


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
        n = 0
        while lag > LAGS[n][0]:
            n += 1
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


def _when(act: Acted) -> Tick:
    return act.tick
