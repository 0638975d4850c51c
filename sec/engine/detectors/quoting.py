"""Who makes markets: quotes both sides of a company, most of the time."""

from __future__ import annotations

from collections.abc import Mapping

from market.engine.engine import Plain
from market.engine.values import BUY, Shares, Tick
from sec.engine.detectors.tape import QuoteSeen, TickOrders
from sec.engine.detectors.turnover import SLOW, due
from sec.engine.records import OrderSeen

ALIKE = 0.3  # of the larger side of a quote, that the smaller one is at least
NEAR = 2.0  # outermost levels of the market maker from the price
KEPT_QUOTES = 16  # ticks
LEAST_QUOTES = 4.0
STEADY = 0.3  # of all ticks since its first order: those in which it has placed some
MOST_OF_THEM = 0.5  # of the ticks in which orders were placed


class Placed:
    """In how many ticks an account has placed limit orders, and in how many of them to both sides
    alike, the latest counting most.
    """

    __slots__ = ("any", "asks", "bids", "both", "clock", "first", "quoted", "tick")

    def __init__(
        self,
        tick: Tick,
        clock: Tick,
        any: float = 0.0,
        both: float = 0.0,
        first: Tick | None = None,
        quoted: int = 0,
    ) -> None:
        self.tick = tick
        self.clock = clock  # the same, counted in ticks in which the company traded
        self.first = clock if first is None else first  # so counted too
        self.any = any
        self.both = both
        self.quoted = (
            quoted  # a bit for each of the last ticks, the latest lowest: both sides alike
        )
        self.bids: Shares = 0  # placed in the tick that is being taken in; none between ticks
        self.asks: Shares = 0

    def begin(self, tick: Tick, clock: Tick) -> None:
        """Let a tick begin in which it places something."""
        gone = tick - self.tick
        kept = SLOW ** (clock - self.clock)
        self.quoted = self.quoted << gone & (1 << KEPT_QUOTES) - 1 if gone < KEPT_QUOTES else 0
        self.any = self.any * kept + 1.0
        self.both *= kept
        self.tick, self.clock = tick, clock


class Quoting:
    """What every agent has placed, by company."""

    def __init__(self, window_ticks: Tick) -> None:
        self.window_ticks = window_ticks
        self.placed: dict[str, dict[int, Placed]] = {}  # by company and account
        self.clocks: dict[str, Tick] = {}  # by company: ticks in which it has traded

    def see(self, tick: Tick, orders: TickOrders, quotes: Mapping[str, QuoteSeen]) -> None:
        """Take in the orders that were placed in a tick. What stands far from the price quotes
        nothing.
        """
        clocks = self.clocks
        for symbol, quote in quotes.items():
            clocks[symbol] = clocks.get(symbol, 0) + (1 if quote.is_trading else 0)
        fresh: list[Placed] = []
        for order in orders.touched:
            if order.limit is None or order.tick_submitted != tick or order.stop is not None:
                continue
            symbol, account = order.company.symbol, order.account.id
            quote = quotes[symbol]
            if abs(order.limit - quote.price) > NEAR * quote.outer:
                continue
            of_company = self.placed.get(symbol)
            if of_company is None:
                of_company = self.placed[symbol] = {}
            placed = of_company.get(account)
            if placed is None:
                placed = of_company[account] = Placed(tick, clocks[symbol])
            if not (placed.bids or placed.asks):
                placed.begin(tick, clocks[symbol])
                fresh.append(placed)
            if order.side is BUY:
                placed.bids += order.quantity
            else:
                placed.asks += order.quantity
        for placed in fresh:
            if min(placed.bids, placed.asks) >= ALIKE * max(placed.bids, placed.asks):
                placed.both += 1.0
                placed.quoted |= 1
            placed.bids = placed.asks = 0
        oldest = tick - self.window_ticks
        for symbol in due(tick, self.placed):
            of_company = self.placed[symbol]
            self.placed[symbol] = {a: one for a, one in of_company.items() if one.tick > oldest}

    def is_maker(self, account: int, symbol: str) -> bool:
        """Say whether an account makes a market in a company."""
        placed = self.placed.get(symbol, {}).get(account)
        if placed is None or placed.any < LEAST_QUOTES:
            return False
        ticks = (1.0 - SLOW ** (placed.clock - placed.first + 1)) / (1.0 - SLOW)
        return placed.any >= STEADY * ticks and placed.both >= MOST_OF_THEM * placed.any

    def rate(self, account: int, symbol: str, least_ticks: Tick) -> float:
        """Return in which part of the ticks since its first order an account has placed some; over
        so many ticks at least.
        """
        placed = self.placed.get(symbol, {}).get(account)
        if placed is None:
            return 0.0
        now = self.clocks[symbol]
        ticks = (1.0 - SLOW ** max(least_ticks, now - placed.first)) / (1.0 - SLOW)
        return placed.any * SLOW ** (now - placed.clock) / ticks

    def is_two_sided(self, account: int, symbol: str, tick: Tick) -> bool:
        """Say whether what an account has placed in a tick, its last, is a quote of both sides."""
        placed = self.placed.get(symbol, {}).get(account)
        return placed is not None and placed.tick == tick and placed.quoted & 1 == 1

    def is_quote(self, order: OrderSeen) -> bool:
        """Say whether an order of the last ticks was one side of a quote of both."""
        placed = self.placed.get(order.symbol, {}).get(order.account)
        if placed is None or not 0 <= placed.tick - order.tick < KEPT_QUOTES:
            return False
        return placed.quoted >> placed.tick - order.tick & 1 == 1

    def size(self) -> int:
        return sum(len(of_company) for of_company in self.placed.values())

    def dump(self) -> Plain:
        return {
            "clocks": [list(item) for item in self.clocks.items()],
            "placed": [
                [
                    symbol,
                    [
                        [account, one.tick, one.clock, one.any, one.both, one.first, one.quoted]
                        for account, one in of_company.items()
                    ],
                ]
                for symbol, of_company in self.placed.items()
            ],
        }

    def load(self, state: Plain) -> None:
        self.clocks = dict(state["clocks"])
        self.placed = {
            symbol: {account: Placed(*sums) for account, *sums in of_company}
            for symbol, of_company in state["placed"]
        }
