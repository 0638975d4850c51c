"""Naive surveillance, to compare with: three rules that anyone would think of first."""

from __future__ import annotations

from typing import NamedTuple

from agents.engine.facts import RumorSpread
from market.engine.accounts import FIRST_AGENT_ACCOUNT
from market.engine.values import OrderStatus, Tick
from sec.engine.rules import PUMP_AND_DUMP, SPOOFING, WASH_TRADING
from wallstreetsim.machine.world import Outcome

LEAST_SELF_TRADES = 3
LEAST_ORDERS, CANCEL_RATIO = 20, 0.9
AFTER_RUMOR: Tick = 120


class NaiveAlert(NamedTuple):
    """An alert by a naive rule: once for each account, company and type."""

    crime: str
    account: int
    symbol: str
    tick: Tick


class NaiveRules:
    """A count of self-trades, a ratio of cancelled orders, and a sale after a rumor."""

    def __init__(self) -> None:
        self.self_trades: dict[tuple[int, str], int] = {}
        self.ended: dict[tuple[int, str], tuple[int, int]] = {}  # orders, and those cancelled
        self.rumors: list[tuple[Tick, int, str, int]] = []
        self.alerts: dict[tuple[str, int, str], NaiveAlert] = {}

    def look(self, outcome: Outcome, rumors: list[RumorSpread]) -> None:
        """Take in a tick."""
        tick = outcome.tick
        for order in outcome.market.orders:
            if order.status in (OrderStatus.CANCELLED, OrderStatus.FILLED):
                key = order.account, order.symbol
                count, cancelled = self.ended.get(key, (0, 0))
                cancelled += order.status == OrderStatus.CANCELLED
                self.ended[key] = count + 1, cancelled
                if count + 1 >= LEAST_ORDERS and cancelled > CANCEL_RATIO * (count + 1):
                    self._alert(SPOOFING, order.account, order.symbol, tick)
        for trade in outcome.market.trades:
            if trade.buyer == trade.seller:
                key = trade.buyer, trade.symbol
                self.self_trades[key] = self.self_trades.get(key, 0) + 1
                if self.self_trades[key] >= LEAST_SELF_TRADES:
                    self._alert(WASH_TRADING, trade.buyer, trade.symbol, tick)
            for told, author, symbol, sign in self.rumors:
                closer = trade.seller if sign > 0 else trade.buyer
                if symbol == trade.symbol and closer == author and tick <= told + AFTER_RUMOR:
                    self._alert(PUMP_AND_DUMP, author, symbol, tick)
        self.rumors += [(r.tick, r.account, r.symbol, r.sign) for r in rumors if r.sign]

    def _alert(self, crime: str, account: int, symbol: str, tick: Tick) -> None:
        if account >= FIRST_AGENT_ACCOUNT:
            alert = NaiveAlert(crime, account, symbol, tick)
            self.alerts.setdefault((crime, account, symbol), alert)
