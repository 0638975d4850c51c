"""Positions that are being built: the trades of those who trade much of a company one way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from market.engine.engine import Plain
from market.engine.outcome import Trade
from market.engine.values import Cents, Shares, Tick
from sec.engine.detectors.tape import Added, trade_seen
from sec.engine.detectors.turnover import Turnover
from sec.engine.records import OrderSeen, TradeSeen, split_order, split_trade

ONE_WAY = 0.5  # of what an account traded lately: what it bought or sold net
MUCH = 0.4  # usual ticks' volumes of that
ENDED = 0.3  # of a position, that is left when it counts as ended
PART_OF_LARGEST = 0.4  # of an account's largest position, that another one is at least
FOLLOWED = 250  # ticks after the last such trade, in which it is watched how the position ends
KEPT_TRADES = 60  # of an account in a company, the largest


class Sums(NamedTuple):
    """What trades came to: shares and cents."""

    bought: Shares
    paid: Cents
    sold: Shares
    received: Cents


class Build(NamedTuple):
    """What an account has built up: shares net and gross, what they cost net, and since when."""

    net: Shares
    gross: Shares
    cents: Cents
    first: Tick

    @property
    def one_way(self) -> Shares:
        """How much more went the way of the position than back."""
        return 2 * abs(self.net) - self.gross


class Course:
    """The trades of one account in one company, oldest first."""

    __slots__ = ("built_tick", "much", "orders", "trades")

    def __init__(self) -> None:
        self.trades: list[TradeSeen] = []
        self.orders: dict[str, OrderSeen] = {}
        self.built_tick: Tick = 0  # when a position was last built up
        self.much = 0.0  # shares, that are one

    def add(self, trade: Trade, order: OrderSeen) -> None:
        self.trades.append(trade_seen(trade))
        self.orders[order.id] = order
        if len(self.trades) > KEPT_TRADES:
            smallest = min(range(len(self.trades)), key=lambda n: self.trades[n].quantity)
            self.keep([t for n, t in enumerate(self.trades) if n != smallest])

    def keep(self, trades: list[TradeSeen]) -> None:
        self.trades = trades
        named = {t.buy_order for t in trades} | {t.sell_order for t in trades}
        self.orders = {id: order for id, order in self.orders.items() if id in named}

    def size(self, shares: Shares) -> float:
        """Return how many times what is much so many shares are."""
        return abs(shares) / self.much if self.much else 0.0

    def forget(self, account: int, after: Tick) -> None:
        """Forget the positions that were over by a tick. One is forgotten as a whole: what ended it
        would else seem to begin another.
        """
        runs = self.runs(account, self.trades[-1].tick)
        self.keep([t for run in runs if run.trades[-1].tick > after for t in run.trades])

    def between(self, account: int, first: Tick, last: Tick) -> Sums:
        """Return what an account's trades in these ticks came to."""
        bought = paid = sold = received = 0
        for trade in self.trades:
            if first <= trade.tick <= last:
                if trade.buyer == account:
                    bought += trade.quantity
                    paid += trade.quantity * trade.price
                else:
                    sold += trade.quantity
                    received += trade.quantity * trade.price
        return Sums(bought, paid, sold, received)

    def runs(self, account: int, last: Tick) -> list[Run]:
        """Return the account's positions up to a tick, each from one end to the next, oldest first.
        There is at least one.
        """
        runs = [Run()]
        net = 0
        for trade in self.trades:
            if trade.tick > last:
                break
            size = _signed(trade, account)
            run = runs[-1]
            if run.most and (net * run.most < 0 or abs(net) < ENDED * abs(run.most)):
                net = net if net * run.most < 0 else 0
                runs.append(run := Run())
            net += size
            run.trades.append(trade)
            if abs(net) > abs(run.most):
                run.most = net
        return runs

    def built(
        self, runs: list[Run], account: int, since: Tick, *, least: float, within: Tick
    ) -> int:
        """Return in how many of the account's positions it has built, since a tick, at least so
        many times what is much, and within so many ticks.
        """
        most = [run.built_within(account, within, since) for run in runs]
        enough = max(self.much * max(1.0, least), PART_OF_LARGEST * max(most))
        return sum(1 for net in most if net >= enough)


class Run:
    """The trades by which a position was built and ended, and the most that it came to (negative:
    short).
    """

    __slots__ = ("most", "trades")

    def __init__(self) -> None:
        self.most: Shares = 0
        self.trades: list[TradeSeen] = []

    def built_within(self, account: int, ticks: Tick, since: Tick) -> Shares:
        """Return the most that was built since a tick, towards where the position went, in so many
        ticks.
        """
        side = 1 if self.most > 0 else -1
        net = best = first = 0
        for trade in self.trades:
            if trade.tick < since:
                first += 1
                continue
            while self.trades[first].tick <= trade.tick - ticks:
                net -= _signed(self.trades[first], account)
                first += 1
            net += _signed(trade, account)
            best = max(best, side * net)
        return best

    def built_last(self, account: int, tick: Tick, *, within: Tick) -> Build:
        """Return what was built up to a tick, in so many ticks before it. What went back in that
        very tick may have begun to end it.
        """
        before = self._last_trades(account, tick - 1, tick - within)
        return max(before, self._last_trades(account, tick, tick - within), key=_one_way)

    def _last_trades(self, account: int, last: Tick, first: Tick) -> Build:
        """Return what the last trades up to a tick come to: those that come to the most, less what
        went back.
        """
        net = gross = cents = 0
        best = Build(0, 0, 0, last)
        for trade in reversed(self.trades):
            if trade.tick > last:
                continue
            if trade.tick < first:
                break
            size = _signed(trade, account)
            net += size
            gross += trade.quantity
            cents += size * trade.price
            build = Build(net, gross, cents, trade.tick)
            if build.one_way > best.one_way:
                best = build
        return best


class Positions:
    """The courses of all who build positions, for a window."""

    def __init__(self, window_ticks: Tick) -> None:
        self.window_ticks = window_ticks
        self.courses: dict[str, dict[int, Course]] = {}  # by company and account

    def see(self, added: Added, turnover: Turnover) -> None:
        """Take in a tick's trades, as far as they build a position or end one."""
        tick = added.tick
        for symbol, flows in added.flows.by_company.items():
            volumes = turnover.volumes[symbol]
            courses = self.courses.get(symbol)
            if courses is None:
                courses = self.courses[symbol] = {}
            much = MUCH * added.quotes[symbol].usual_volume
            for account, flow in flows.items():
                volume = volumes[account]
                net = abs(volume.net)
                if net >= much and net >= ONE_WAY * volume.fast:
                    course = courses.get(account)
                    if course is None:
                        course = courses[account] = Course()
                    course.built_tick, course.much = tick, much
                else:
                    course = courses.get(account)
                    if course is None or tick - course.built_tick > FOLLOWED:
                        continue
                for trade in flow.trades:
                    own = trade.buy_order if trade.buyer == account else trade.sell_order
                    course.add(trade, added.orders.seen(own))
        if tick % 50 == 0:
            self._prune(tick - self.window_ticks)

    def of(self, account: int, symbol: str) -> Course | None:
        return self.in_company(symbol).get(account)

    def in_company(self, symbol: str) -> Mapping[int, Course]:
        """Return the courses in a company, by account."""
        return self.courses.get(symbol, {})

    def runs_by(self, account: int, last: Tick) -> list[tuple[Course, list[Run]]]:
        """Return an account's courses, each with its positions up to a tick."""
        courses = [courses[account] for courses in self.courses.values() if account in courses]
        return [(course, course.runs(account, last)) for course in courses]

    def _prune(self, after: Tick) -> None:
        for courses in self.courses.values():
            for account, course in list(courses.items()):
                if course.trades and course.trades[0].tick <= after:
                    course.forget(account, after)
                if not course.trades:
                    del courses[account]

    def split(self, symbol: str, into: int, of: int) -> None:
        for course in self.in_company(symbol).values():
            course.much = course.much * into / of
            course.trades = [split_trade(t, symbol, into, of) for t in course.trades]
            course.orders = {
                id: split_order(order, symbol, into, of) for id, order in course.orders.items()
            }

    def size(self) -> int:
        return sum(len(courses) for courses in self.courses.values())

    def dump(self) -> Plain:
        return [
            [
                symbol,
                [
                    [
                        account,
                        one.built_tick,
                        one.much,
                        [list(trade) for trade in one.trades],
                        [list(order) for order in one.orders.values()],
                    ]
                    for account, one in courses.items()
                ],
            ]
            for symbol, courses in self.courses.items()
        ]

    def load(self, state: Plain) -> None:
        self.courses = {}
        for symbol, courses in state:
            self.courses[symbol] = {}
            for account, built, much, trades, orders in courses:
                course = self.courses[symbol][account] = Course()
                course.built_tick, course.much = built, much
                course.trades = [TradeSeen(*trade) for trade in trades]
                course.orders = {order[0]: OrderSeen(*order) for order in orders}


def _signed(trade: TradeSeen, account: int) -> Shares:
    """Return what an account bought in a trade of its own, negative what it sold."""
    return trade.quantity if trade.buyer == account else -trade.quantity


def _one_way(build: Build) -> Shares:
    return build.one_way
