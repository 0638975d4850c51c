"""The exchange's day: prices, sessions, halts, auctions and margin.

The world calls the steps in order; what happens in between is noted in a `TickLog`, from which
`end_tick` reports.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil, log1p

from market.engine import (
    clearing,
    end_of_day,
    events,
    halts,
    margin_calls,
    pricing,
    quoting,
    splits,
)
from market.engine.accounts import BANK, MARKET_MAKER, PUBLIC
from market.engine.candles import add_index_tick, add_tick
from market.engine.engine import PriceImpact
from market.engine.exchange import Exchange
from market.engine.listings import Listing
from market.engine.log import TickLog
from market.engine.orders import Account, Company
from market.engine.outcome import LedgerEntry, MarketEvent, MarketOutcome
from market.engine.reasons import Reason
from market.engine.reopening import reopen
from market.engine.reporting import report
from market.engine.values import BPS_IN_ONE, OrderStatus, Tick


class TradingDay(Exchange):
    """An exchange with the steps of its day."""

    # Founding

    def list_companies(self, listings: Iterable[Listing]) -> None:
        """List the companies: their shares go to the public, the market maker gets its part and
        its cash, and quotes at once: the first order of a world finds a book.
        """
        public = self.accounts[PUBLIC]
        for listing in listings:
            company = self.companies[listing.symbol] = Company(listing, self.rules)
            public.receive(company, listing.shares, listing.shares * listing.price)
            self.log.touch_position(public, company)
            self.log.entries.append(
                LedgerEntry(0, "issue", None, PUBLIC, 0, listing.symbol, listing.shares)
            )
            part = listing.shares * self.rules.maker.holding_bps // BPS_IN_ONE
            self.give_shares(PUBLIC, MARKET_MAKER, company, part, kind="endowment")
        self.pay(BANK, MARKET_MAKER, self.rules.maker.endowment_cents, kind="endowment")
        self.accounts[MARKET_MAKER].endowment = self.rules.maker.endowment_cents
        for company in self.companies.values():
            company.recent_prices.clear()
            company.set_bands(self.rules.halts, self.switches)
            quoting.quote(self, company)
            company.refresh_touch(self.rules.pricing.most_lean)

    # The tick, step by step

    def begin_tick(self, tick: Tick) -> None:
        """Forget what the last tick noted."""
        self.moment = self.moment_at(tick)
        self.log = TickLog(tick)
        self.climate.events.begin_tick(self._subjects())
        for company in self.companies.values():
            company.begin_tick()
        self.happened_before, self.happened = self.happened, []

    def open_or_close(self) -> None:
        """Open the day or close it, and draw the tick's events."""
        halts.expire_bands(self)
        if self.moment.closes_now:
            end_of_day.close_day(self)
        if not self.moment.is_open:
            self._stop_trading()
        if self.moment.opens_now:
            self._open_day()
            self.mark_to_market()  # the night has moved prices, and orders are judged by them
        for company in self.companies.values():
            company.in_session = company.is_trading
        if self.is_open:
            for event in self.climate.happen(self.moment, self._subjects()):
                self._note(event)

    def hold_auctions(self) -> None:
        """Resume trading, by an auction, wherever it is due."""
        if not self.is_open:
            return
        for company in self.companies.values():
            if not company.is_trading and self._may_reopen(company):
                if company.is_halted:
                    self.log.resumed.append(company.symbol)
                reopen(self, company)

    def move_prices(self) -> None:
        """Step every price, if the market is open, and requote around it at once; then judge what
        the new prices mean for halts and stops.
        """
        if self.is_open:
            self._take_impacts()
            self._step_prices()
            for company in self.companies.values():
                splits.split_if_due(self, company)
            self.mark_to_market()
            for company in self.companies.values():
                company.set_bands(self.rules.halts, self.switches)
                if company.is_trading:
                    quoting.withdraw_quotes(self, company)
                    held = halts.move_to_band(self, company)
                    quoting.quote(self, company)
                    halts.release_held(self, company, held)
            self._judge_stops()
            if self.switches.halts:
                halts.judge(self)
            for company in self.companies.values():
                clearing.revalue(company, self.rules)  # a triggered stop costs what the price says
        else:
            self.mark_to_market()

    def mark_to_market(self) -> None:
        """Value every account, positions and open orders, at the tick's prices, and cancel the open
        orders that its equity bears no longer.

        At the prices before, trading has made nobody insolvent: whatever an order's counterparty
        agreed to, it traded no further from the price than its account could bear.
        """
        for company in self.companies.values():
            clearing.revalue(company, self.rules)
        for account in self.accounts.values():
            assert account.liquidation_value >= account.least_equity or not account.is_agent
            account.mark_to_market(self.companies)
            account.least_equity = min(0, account.liquidation_value)
            if account.orders:
                self._cancel_unbearable(account)

    def _cancel_unbearable(self, account: Account) -> None:
        """Cancel the orders of an account whose equity does not bear the worst that they may do: to
        trade at the collar, and the position to be closed there. What closes a position stays, as
        long as it lies within the account's reach.
        """
        exposure = account.long_value + account.short_value
        at_worst = self.rules.collar_bps * (exposure + 2 * account.reserved)
        if account.liquidation_value * BPS_IN_ONE >= at_worst:
            return
        for order in sorted(account.orders.values(), key=lambda order: order.number):
            company = order.company
            distance = (order.price - company.price) * order.side
            if order.opens or (order.resting and distance > self.reach(account, company)):
                self.end_open(order, OrderStatus.CANCELLED, Reason.EQUITY_TOO_LOW)

    def settle_margins(self) -> None:
        """Call, close out and write off accounts: the last step that trades."""
        margin_calls.look(self)

    def close_tick(self) -> None:
        """Add the tick to the day's figures and the candles; `candles` are those it finishes.

        The books are as the tick leaves them: an arrest, too, has cancelled what it cancels.
        """
        self.candles = []
        intervals = (*self.rules.candle_intervals, self.rules.session.day_ticks)
        for company in self.companies.values():
            company.refresh_touch(self.rules.pricing.most_lean)
            company.day_high = max(company.day_high, company.tick_high, company.price)
            company.day_low = min(company.day_low, company.tick_low, company.price)
            company.day_volume += company.tick_volume
            company.volumes.append(company.tick_volume)
            self.candles += add_tick(
                company, self.moment, intervals, session_ends=self._ends_session()
            )
        self._add_index_tick(intervals)
        for trade in self.log.trades:
            self.accounts[trade.buyer].trade_count += 1
            if trade.seller != trade.buyer:
                self.accounts[trade.seller].trade_count += 1
        self.dollar_volumes.append(sum(trade.price * trade.quantity for trade in self.log.trades))
        self._sample_equities()

    def _add_index_tick(self, intervals: tuple[Tick, ...]) -> None:
        """Add the tick to the candles of the index, which is known at its beginning and end."""
        companies = self.companies.values()
        opened = self._index_of(sum(c.tick_open * c.shares for c in companies))
        close = self.index()
        volume = sum(company.tick_volume for company in companies)
        self.index_candles = list(
            add_index_tick(
                self.index_forming,
                (opened, max(opened, close), min(opened, close), close, volume),
                self.moment,
                intervals,
                in_session=any(company.in_session for company in companies),
                session_ends=self._ends_session(),
            )
        )

    def end_tick(self) -> MarketOutcome:
        """Report what the tick made of the market, and close its log."""
        outcome = report(self, self.candles)
        self.log.close()
        return outcome

    def forget_tick(self) -> None:
        """Free the last tick's log: it has been reported."""
        self.log = TickLog(self.log.tick)
        self.candles = []
        self.index_candles = []

    # What operators and scenarios order

    def inject(
        self, kind: str, *, symbol: str | None, sector: str | None, impact: float, duration: Tick
    ) -> None:
        """Make an event happen now, to a company, a sector or (by its beta) every company."""
        event = self.climate.events.inject(
            self.log.tick,
            self._subjects(),
            kind,
            symbol=symbol,
            sector=sector,
            impact=impact,
            duration=duration,
        )
        self._note(event)

    # Sessions

    def _stop_trading(self) -> None:
        for company in self.companies.values():
            halts.stop_trading(self, company)

    def _ends_session(self) -> bool:
        """Say whether this tick is the last of the day that anything may trade in."""
        rules, moment = self.rules.session, self.moment
        if self.is_day_over or moment.tick_in_day == rules.day_ticks - 1:
            return True
        return not self.switches.never_closes and moment.tick_in_day == rules.open_ticks - 1

    def _open_day(self) -> None:
        self.is_day_over, self.market_halts_today = False, 0
        self.climate.begin_day(self.moment.trading_day)
        night = self.climate.night(self.moment)
        for account in self.accounts.values():
            account.close_equity = account.equity
        for company in self.companies.values():
            company.previous_close = company.price
            if night.walks and not self.switches.never_closes:
                company.price = pricing.open_day(
                    company.pricing,
                    company.symbol,
                    company.listing.sector,
                    night,
                    self.streams,
                    self.rules.pricing,
                    open_ticks=self.rules.session.open_ticks,
                )
                company.start_at(company.price)
            company.day_open = company.day_high = company.day_low = company.price
            company.day_volume = 0

    def _may_reopen(self, company: Company) -> bool:
        is_due = company.reopens_tick is None or company.reopens_tick <= self.moment.tick
        return is_due and not company.pricing.jump

    def _sample_equities(self) -> None:
        sample = self.moment.tick % self.rules.equity_sample_ticks == 0
        for account in self.accounts.values():
            equity = account.equity
            if equity > account.peak_equity:
                account.peak_equity = equity
            if sample:
                account.equity_samples.append(equity)
                if len(account.equity_samples) > self.samples_kept:
                    account.equity_samples.popleft()

    # Prices

    def _subjects(self) -> list[events.Subject]:
        """Return every company, as far as events concern it."""
        return [
            events.Subject(c.symbol, c.listing.sector, c.shares, c.shorted, c.pricing, c.in_session)
            for c in self.companies.values()
        ]

    def _note(self, event: events.MarketEvent) -> None:
        self.happened.append(event)
        number, tick, kind, symbol, sector, impact, duration, _ = event
        self.log.events.append(MarketEvent(number, tick, kind, symbol, sector, impact, duration))

    def _step_prices(self) -> None:
        """Move the prices of the companies that trade; one that does not goes where what happened
        takes it, at most by the cap of a tick.
        """
        if self.switches.halts:
            for company in self.companies.values():
                self._halt_for_news(company)
        trading = [company for company in self.companies.values() if company.is_trading]
        prices = pricing.step_all(
            (
                pricing.Trading(
                    c.symbol, c.listing.sector, c.pricing, c.net_flow, c.volume_absorbed
                )
                for c in trading
            ),
            self.climate.weather(self.moment),
            self.streams,
            self.rules.pricing,
        )
        for company, price in zip(trading, prices, strict=True):
            company.price = price
            company.net_flow = company.volume_absorbed = 0
        for company in self.companies.values():
            if not company.is_trading and company.pricing.jump:
                company.price = pricing.walk(company.pricing, self.rules.pricing)

    def _take_impacts(self) -> None:
        """Move the prices of what trades by the impacts that engines above have handed down."""
        for impact in self.facts.of(PriceImpact):
            company = self.companies[impact.symbol]
            if company.is_trading:
                pricing.take_impact(company.pricing, impact.log_return, self.rules.pricing)

    def _halt_for_news(self, company: Company) -> None:
        """Halt a company for news that its price cannot take in at once, until it has."""
        rules = self.rules.pricing
        band = company.band_bps(self.rules.halts)
        if company.is_trading and pricing.needs_halt(company.pricing, band, rules):
            ticks = ceil(abs(company.pricing.jump) / log1p(rules.tick_cap))
            halts.halt(self, company, until=self.moment.tick + max(1, ticks), reason=halts.NEWS)

    def _judge_stops(self) -> None:
        """Trigger the stops that the tick's trades or prices have reached."""
        triggered = []
        for company in self.companies.values():
            if company.is_trading:
                for order in company.stops.reached(company.price):
                    self.log.touch_order(order)
                    triggered.append(order)
        self.triggered += sorted(triggered, key=lambda order: order.priority)
