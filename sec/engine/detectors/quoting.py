"""Who makes markets: quotes both sides of a company, most of the time."""

from __future__ import annotations

from collections.abc import Mapping

from market.engine.engine import Plain
from market.engine.values import Shares, Tick
from sec.engine.detectors.tape import FlowKey, sign_of
from sec.engine.detectors.turnover import SLOW
from sec.engine.records import OrderSeen

ALIKE = 0.3  # of the larger side of a quote, that the smaller one is at least
LEAST_QUOTES = 4.0
STEADY = 0.3  # of all ticks since its first order: those in which it has placed some
MOST_OF_THEM = 0.5  # of the ticks in which orders were placed


class Placed:
    """In how many ticks an account has placed limit orders, and in how many of them to both sides
    alike, the latest counting most.
    """

    __slots__ = ("any", "both", "first", "tick")

    def __init__(
        self, tick: Tick, any: float = 0.0, both: float = 0.0, first: Tick | None = None
    ) -> None:
        self.tick = tick
        self.first = tick if first is None else first
        self.any = any
        self.both = both


class Quoting:
    """What every agent has placed, by company."""

    def __init__(self, window_ticks: Tick) -> None:
        self.window_ticks = window_ticks
        self.placed: dict[FlowKey, Placed] = {}

    def see(self, tick: Tick, orders: Mapping[str, OrderSeen]) -> None:
        """Take in the orders that were placed in a tick."""
        sizes: dict[FlowKey, list[Shares]] = {}
        for order in orders.values():
            if order.tick != tick or order.limit is None or order.is_stop:
                continue
            key = (order.account, order.symbol)
            both = sizes.get(key)
            if both is None:
                both = sizes[key] = [0, 0]
            both[0 if sign_of(order.intent) > 0 else 1] += order.quantity
        for key, (bids, asks) in sizes.items():
            placed = self.placed.get(key)
            if placed is None:
                placed = self.placed[key] = Placed(tick)
            kept = SLOW ** (tick - placed.tick)
            placed.any = placed.any * kept + 1.0
            placed.both *= kept
            if min(bids, asks) >= ALIKE * max(bids, asks):
                placed.both += 1.0
            placed.tick = tick
        if tick % 100 == 0:
            oldest = tick - self.window_ticks
            self.placed = {key: one for key, one in self.placed.items() if one.tick > oldest}

    def is_maker(self, account: int, symbol: str) -> bool:
        """Say whether an account makes a market in a company."""
        placed = self.placed.get((account, symbol))
        if placed is None or placed.any < LEAST_QUOTES:
            return False
        ticks = (1.0 - SLOW ** (placed.tick - placed.first + 1)) / (1.0 - SLOW)
        return placed.any >= STEADY * ticks and placed.both >= MOST_OF_THEM * placed.any

    def dump(self) -> Plain:
        return [[*key, one.tick, one.any, one.both, one.first] for key, one in self.placed.items()]

    def load(self, state: Plain) -> None:
        self.placed = {
            (account, symbol): Placed(tick, any, both, first)
            for account, symbol, tick, any, both, first in state
        }
