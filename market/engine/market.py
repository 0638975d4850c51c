"""The market as one of the world's engines: the exchange, its actions, its report."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain

from market.engine import engine, state
from market.engine.action import Action, OperatorAct
from market.engine.actions import market_actions
from market.engine.digest import digest_of
from market.engine.engine import Plain, Step, Surroundings
from market.engine.invariants import Invariants
from market.engine.log import TickLog
from market.engine.operator_acts import market_acts
from market.engine.orders import Order
from market.engine.outcome import MarketOutcome
from market.engine.reporting import report
from market.engine.sessions import moment_of
from market.engine.trading_day import TradingDay


class MarketEngine(TradingDay):
    """The exchange, which the engines above it call directly."""

    name = "market"

    def __init__(self, surroundings: Surroundings) -> None:
        super().__init__(
            surroundings.rules.market,
            surroundings.switches,
            surroundings.streams,
            surroundings.facts,
        )
        self.invariants = Invariants()
        self.outcome: MarketOutcome | None = None  # of the tick, once it is reported

    def actions(self) -> tuple[Action, ...]:
        return market_actions(self.rules)

    def operator_acts(self) -> tuple[OperatorAct, ...]:
        return market_acts(self.rules)

    def steps(self) -> Mapping[str, Step]:
        return {
            engine.OPEN: self.open_or_close,
            engine.STOPS: self.release_stops,
            engine.AUCTIONS: self.hold_auctions,
            engine.PRICES: self.move_prices,
            engine.MARGIN: self.settle_margins,
            engine.CLOSE: self.close_tick,
        }

    def found(self) -> None:
        """Do nothing more: the companies are listed."""

    def report(self) -> MarketOutcome:
        self.outcome = self.end_tick()
        return self.outcome

    def standing(self) -> MarketOutcome:
        """Report as if the tick had touched everything, and every open order were new."""
        log, self.log = self.log, TickLog(self.log.tick)
        try:
            self.moment = moment_of(
                self.log.tick, self.rules.session, never_closes=self.switches.never_closes
            )
            for account in self.accounts.values():
                self.log.accounts[account.id] = account
                for symbol in account.holdings:
                    self.log.touch_position(account, self.companies[symbol])
            for order in sorted(self.recorded_orders(), key=lambda order: order.number):
                self.log.touch_order(order)
            return report(self, self.candles, as_new=True)
        finally:
            self.log = log

    def recorded_orders(self) -> Iterator[Order]:
        """Yield every open order that has a row."""
        open = (
            order
            for company in self.companies.values()
            for place in (
                *(company.book.bids.orders(), company.book.asks.orders()),
                *(company.queue, company.stops),
            )
            for order in place
        )
        return (order for order in chain(open, self.triggered) if order.is_recorded)

    def concerned(self) -> Iterable[int]:
        """Return the accounts whose orders, cash or holdings the tick touched or alerts."""
        log = self.log
        concerned = {order.account.id for order in log.orders.values()} | set(log.accounts)
        return concerned | {alert.account for alert in log.alerts}

    def digest_part(self) -> bytes:
        assert self.outcome is not None
        return digest_of(self.outcome)

    def forget_tick(self) -> None:
        super().forget_tick()
        self.outcome = None

    def check(self, *, full: bool) -> None:
        """Check cash, holdings, books and orders, of what the tick touched or of all. Raises
        InvariantBroken.
        """
        self.invariants.check(self, full=full)

    def dump(self) -> Plain:
        return state.dump(self)

    def load(self, state_: Plain) -> None:
        state.load(self, state_)
