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
AGAIN = 40  # ticks without such a trade, after which another position is being built
FOLLOWED = 250  # ticks after the last such trade, in which it is watched how the position ends
KEPT_TRADES = 60  # of an account in a company, the largest


class Sums(NamedTuple):
    """What trades came to: shares and cents."""

    bought: Shares
    paid: Cents
    sold: Shares
    received: Cents


class Course:
    """The trades of one account in one company, oldest first."""

    __slots__ = ("built", "built_tick", "orders", "side", "trades")

    def __init__(self) -> None:
        self.trades: list[TradeSeen] = []
        self.orders: dict[str, OrderSeen] = {}
        self.built = 0  # how often a position has been built
        self.built_tick: Tick = 0  # when it was last built up
        self.side = 0  # of the one that is being built, 0 once some of it has been ended

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
                    side = 1 if volume.net > 0.0 else -1
                    if side != course.side or tick - course.built_tick > AGAIN:
                        course.built += 1
                    course.side = side
                    course.built_tick = tick
                else:
                    course = courses.get(account)
                    if course is None or tick - course.built_tick > FOLLOWED:
                        continue
                    course.side = 0
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

    def by(self, account: int) -> list[Course]:
        """Return the courses of an account."""
        return [courses[account] for courses in self.courses.values() if account in courses]

    def _prune(self, after: Tick) -> None:
        for courses in self.courses.values():
            for account, course in list(courses.items()):
                if course.trades and course.trades[0].tick <= after:
                    course.keep([trade for trade in course.trades if trade.tick > after])
                if not course.trades:
                    del courses[account]

    def split(self, symbol: str, into: int, of: int) -> None:
        for course in self.in_company(symbol).values():
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
                        one.built,
                        one.built_tick,
                        one.side,
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
            for account, count, built, side, trades, orders in courses:
                course = self.courses[symbol][account] = Course()
                course.built, course.built_tick, course.side = count, built, side
                course.trades = [TradeSeen(*trade) for trade in trades]
                course.orders = {order[0]: OrderSeen(*order) for order in orders}
