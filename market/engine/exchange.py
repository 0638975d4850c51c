"""The market part of the machine: companies, accounts, and one tick's trading.

The world calls the steps in order; what happens in between is noted in a `TickLog`, from which
`end_tick` reports.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from market.engine import clearing, maker, pricing
from market.engine.accounts import (
    BANK,
    MARKET_MAKER,
    PUBLIC,
    SYSTEM_ACCOUNTS,
    TREASURY,
    Account,
    AccountKind,
)
from market.engine.book import Fill
from market.engine.candles import add_tick
from market.engine.climate import Climate
from market.engine.companies import Company, Listing
from market.engine.events import MarketEvent, Subject
from market.engine.log import TickLog
from market.engine.orders import Order
from market.engine.outcome import Candle, LedgerEntry, MarketOutcome, Standing, Trade
from market.engine.refusals import Code, Refused
from market.engine.rules import Macro, MarketRules, Switches
from market.engine.sessions import Moment, moment_of
from market.engine.streams import Streams
from market.engine.values import (
    BPS_IN_ONE,
    BUY,
    SELL,
    Bps,
    Cents,
    OrderKind,
    OrderStatus,
    Shares,
    Side,
    ceil_div,
    uuid_of,
    uuid_prefix,
)

MARKET, LIMIT = OrderKind.MARKET, OrderKind.LIMIT
OPEN, PARTIAL, FILLED = OrderStatus.OPEN, OrderStatus.PARTIAL, OrderStatus.FILLED
CANCELLED, REJECTED = OrderStatus.CANCELLED, OrderStatus.REJECTED


class Exchange:
    """Every company and account, and the rules by which they trade."""

    def __init__(self, rules: MarketRules, switches: Switches, streams: Streams) -> None:
        self.rules = rules
        self.switches = switches
        self.streams = streams
        self.climate = Climate(rules, switches, streams)
        self.happened: list[MarketEvent] = []  # in this tick
        self.order_prefix = uuid_prefix(streams.derive("orders"))
        self.trade_prefix = uuid_prefix(streams.derive("trades"))
        self.house_prefix = uuid_prefix(streams.derive("house"))
        self.samples_kept = rules.session.day_ticks // rules.equity_sample_ticks + 1
        self.companies: dict[str, Company] = {}
        self.accounts: dict[int, Account] = {
            id: Account(id, name, AccountKind.SYSTEM) for id, name in SYSTEM_ACCOUNTS.items()
        }
        self.queue: list[Order] = []  # orders sent while closed, by arrival
        self.orders_numbered = 0
        self.trades_numbered = 0
        self.dollar_volumes: deque[Cents] = deque(maxlen=rules.session.day_ticks)
        self.moment = self._moment_of(0)
        self.log = TickLog(0)

    # Founding

    def found(self, listings: Iterable[Listing]) -> None:
        """List the companies: their shares go to the public, the market maker gets its part and
        its cash, and quotes at once: the first order of a world finds a book.
        """
        public = self.accounts[PUBLIC]
        for listing in listings:
            company = self.companies[listing.symbol] = Company(listing, self.rules)
            public.receive(company, listing.shares, listing.shares * listing.price)
            self.log.touch_holding(public, company)
            self.log.entries.append(
                LedgerEntry(0, "issue", None, PUBLIC, 0, listing.symbol, listing.shares)
            )
            part = listing.shares * self.rules.maker.holding_bps // BPS_IN_ONE
            self.give_shares(PUBLIC, MARKET_MAKER, company, part, kind="endowment")
        self.pay(BANK, MARKET_MAKER, self.rules.maker.endowment_cents, kind="endowment")
        self.accounts[MARKET_MAKER].endowment = self.rules.maker.endowment_cents
        self._quote_all()
        self._refresh_touches()

    def open_account(
        self, id: int, name: str, *, cash: Cents, leverage: int, fee_bps: Bps
    ) -> Account:
        """Open an agent's account and endow it from the bank."""
        account = Account(id, name, AccountKind.AGENT, leverage=leverage, fee_bps=fee_bps)
        self.accounts[id] = account
        self.pay(BANK, id, cash, kind="endowment")
        account.endowment = account.close_equity = cash
        return account

    def pay(self, debit: int, credit: int, cents: Cents, *, kind: str) -> None:
        """Move cash between two accounts, by one ledger entry."""
        self.accounts[debit].cash -= cents
        self.accounts[credit].cash += cents
        self.log.touch_account(self.accounts[debit])
        self.log.touch_account(self.accounts[credit])
        self.log.entries.append(LedgerEntry(self.log.tick, kind, debit, credit, cents, None, 0))

    def give_shares(
        self, debit: int, credit: int, company: Company, shares: Shares, *, kind: str
    ) -> None:
        """Move shares at the company's price without cash, by one ledger entry."""
        cost = shares * company.price
        self.accounts[debit].receive(company, -shares, -cost)
        self.accounts[credit].receive(company, shares, cost)
        for id in (debit, credit):
            self.log.touch_account(self.accounts[id])
            self.log.touch_holding(self.accounts[id], company)
        self.log.entries.append(
            LedgerEntry(self.log.tick, kind, debit, credit, 0, company.symbol, shares)
        )

    # The tick, step by step

    def begin_tick(self, tick: int) -> Moment:
        """Open the day or close it, and let what queued while closed come to the market."""
        self.moment = self._moment_of(tick)
        self.log = TickLog(tick)
        for company in self.companies.values():
            company.previous_price = company.price
            company.tick_high = company.tick_low = company.price
            company.tick_volume = company.net_flow = 0
        if self.moment.closes_now:
            for account in self.accounts.values():
                account.close_equity = account.equity
        if self.moment.opens_now:
            self._open_day()
        if self.moment.is_open and self.queue:
            self._enter_queued()
        self.happened = self.climate.happen(self.moment, self._subjects())
        return self.moment

    def place(
        self,
        account: Account,
        symbol: str,
        side: Side,
        kind: OrderKind,
        quantity: Shares,
        limit: Cents | None,
        *,
        id: str | None = None,
        client_id: str | None = None,
    ) -> Order:
        """Take an order: it is rejected, fills, rests or queues, and is returned as it stands then.

        Raises Refused for what cannot become an order at all.
        """
        company = self.companies.get(symbol)
        if company is None:
            raise Refused(Code.INVALID_SYMBOL, f"There is no company {symbol}.")
        if client_id and any(order.client_id == client_id for order in account.orders.values()):
            raise Refused(Code.DUPLICATE, f"clientOrderId {client_id} is in use.")
        order = self._new_order(account, company, side, kind, quantity, limit, id or "", client_id)
        self._name(order)
        self.log.touch_order(order, 0)
        if refusal := self._refusal_of(order):
            self._close(order, REJECTED, refusal)
        elif self.moment.is_open:
            self._execute(order)
        else:
            self._enqueue(order)
        return order

    def cancel(self, account: Account, *, id: str | None, client_id: str | None) -> Order:
        """Cancel an open order of the account's own. Raises Refused when there is none."""
        if id is not None:
            order = account.orders.get(id)
        else:
            order = next((o for o in account.orders.values() if o.client_id == client_id), None)
        if order is None:
            raise Refused(Code.ORDER_NOT_OPEN, "You have no open order by that id.")
        self.log.touch_order(order, order.filled)
        if order.resting:
            order.company.book.cancel(order)
        else:
            self.queue.remove(order)
        self._forget(order)
        self._close(order, CANCELLED, "cancelled by its owner")
        return order

    def move_prices(self) -> None:
        """Step every price, if the market is open, and requote around it at once."""
        if self.moment.is_open:
            self._step_prices()
            self._quote_all()
        self._refresh_touches()

    def close_tick(self) -> list[Candle]:
        """Add the tick to the day's figures and the candles, and return the candles it finishes."""
        finished: list[Candle] = []
        for company in self.companies.values():
            company.day_high = max(company.day_high, company.tick_high, company.price)
            company.day_low = min(company.day_low, company.tick_low, company.price)
            company.day_volume += company.tick_volume
            company.volumes.append(company.tick_volume)
            finished.extend(add_tick(company, self.moment.tick, self.rules.candle_intervals))
        self.dollar_volumes.append(sum(trade.price * trade.quantity for trade in self.log.trades))
        return finished

    def mark_to_market(self) -> None:
        """Value every account at the tick's prices."""
        prices = {symbol: company.price for symbol, company in self.companies.items()}
        sample = self.moment.tick % self.rules.equity_sample_ticks == 0
        for account in self.accounts.values():
            account.mark_to_market(prices)
            if sample:
                account.equity_samples.append(account.equity)
                if len(account.equity_samples) > self.samples_kept:
                    account.equity_samples.popleft()

    def standings(self, accounts: Iterable[int]) -> list[Standing]:
        """Rank the given accounts by equity, ties by age."""
        ranked = sorted(accounts, key=lambda id: (-self.accounts[id].equity, id))
        return [
            Standing(rank, id, self.accounts[id].equity, self.equity_day_ago(self.accounts[id]))
            for rank, id in enumerate(ranked, start=1)
        ]

    def end_tick(self, candles: list[Candle]) -> MarketOutcome:
        """Report what the tick made of the market."""
        return self.log.report(self, candles)

    # Figures

    @property
    def regime(self) -> str:
        return self.climate.regime

    @property
    def macro(self) -> Macro:
        return self.climate.macro

    def index(self) -> int:
        """Return the capitalisation-weighted index in hundredths of a point, 1,000 points at
        founding.
        """
        return self._index_of(sum(c.market_cap for c in self.companies.values()))

    def previous_close_index(self) -> int:
        """Return the index at the previous close."""
        return self._index_of(sum(c.previous_close * c.shares for c in self.companies.values()))

    def _index_of(self, capital: Cents) -> int:
        founded = sum(c.listing.price * c.shares for c in self.companies.values())
        return capital * self.rules.index_base * 100 // founded if founded else 0

    def equity_day_ago(self, account: Account) -> Cents:
        """Return the equity of 630 ticks ago (to the last sample before), or the endowment if it
        is younger.
        """
        if len(account.equity_samples) == self.samples_kept:
            return account.equity_samples[0]
        return account.endowment

    def _moment_of(self, tick: int) -> Moment:
        return moment_of(tick, self.rules.session, never_closes=self.switches.never_closes)

    # Orders

    def _new_order(
        self,
        account: Account,
        company: Company,
        side: Side,
        kind: OrderKind,
        quantity: Shares,
        limit: Cents | None,
        id: str = "",
        client_id: str | None = None,
    ) -> Order:
        self.orders_numbered += 1
        return Order(
            number=self.orders_numbered,
            id=id,
            account=account,
            company=company,
            side=side,
            kind=kind,
            quantity=quantity,
            limit=self._collar(company, side) if limit is None else limit,
            tick=self.log.tick,
            client_id=client_id,
        )

    def _name(self, order: Order) -> None:
        """Give an order of the exchange's own its id: a quote needs none until it trades."""
        if not order.id:
            order.id = uuid_of(self.order_prefix, order.number)

    def _collar(self, company: Company, side: Side) -> Cents:
        """Return the worst price a market order may trade at."""
        if side is BUY:
            return company.price * (BPS_IN_ONE + self.rules.collar_bps) // BPS_IN_ONE
        return max(1, ceil_div(company.price * (BPS_IN_ONE - self.rules.collar_bps), BPS_IN_ONE))

    def _refusal_of(self, order: Order) -> Code | None:
        account, company = order.account, order.company
        if company.is_halted:
            return Code.MARKET_HALTED
        if len(account.orders) >= self.rules.max_open_orders:
            return Code.TOO_MANY_ORDERS
        if order.side is SELL:
            enough = account.unoffered(company.symbol) >= order.quantity
            return None if enough else Code.INSUFFICIENT_SHARES
        if account.quantity_of(company.symbol) < 0:
            return Code.POSITION_CONFLICT
        cost = clearing.worst_cost(order, self.rules)
        return None if account.can_take(cost) else Code.INSUFFICIENT_FUNDS

    def _execute(self, order: Order) -> None:
        """Match an order, clear its fills, and rest or cancel what is left."""
        for fill in order.company.book.match(order):
            self._clear(fill, order)
        if order.filled == order.quantity:
            self._close(order, FILLED, "")
        elif order.kind == LIMIT:
            order.status = PARTIAL if order.filled else OPEN
            order.company.book.add(order)
            clearing.reserve(order)
        else:
            self._close(order, CANCELLED, Code.NO_LIQUIDITY)

    def _clear(self, fill: Fill, taker: Order) -> None:
        resting, company = fill.maker, taker.company
        self._name(resting)
        fee = clearing.settle(fill, taker, self.accounts[TREASURY])
        self.trades_numbered += 1
        buy, sell = (taker, resting) if taker.side is BUY else (resting, taker)
        self.log.trades.append(
            Trade(
                self.trades_numbered,
                uuid_of(self.trade_prefix, self.trades_numbered),
                self.log.tick,
                company.symbol,
                fill.price,
                fill.quantity,
                buy.account.id,
                sell.account.id,
                buy.id,
                sell.id,
                "BUY" if taker.side is BUY else "SELL",
                fee,
            )
        )
        company.record_trade(fill.price, fill.quantity)
        if taker.account.id != MARKET_MAKER:
            company.net_flow += taker.side * fill.quantity
        self.log.touch_fill(fill, taker)
        if resting.filled == resting.quantity:
            self._close(resting, FILLED, "")
        else:
            resting.status = PARTIAL

    def _close(self, order: Order, status: OrderStatus, reason: str) -> None:
        order.status = status
        order.reason = reason
        order.tick_closed = self.log.tick

    def _enqueue(self, order: Order) -> None:
        self.queue.append(order)
        clearing.reserve(order)

    def _forget(self, order: Order) -> None:
        """Release what is left of an order's reservation and drop it from its account."""
        clearing.release(order, order.unfilled)
        order.account.orders.pop(order.id, None)

    def _enter_queued(self) -> None:
        """Bring the queue to the market by arrival, each order checked anew at today's price."""
        queued, self.queue = self.queue, []
        # All are forgotten first: a later order must not stand in an earlier one's way.
        for order in queued:
            self._forget(order)
        for order in queued:
            self.log.touch_order(order, order.filled)
            if order.kind == MARKET:
                order.limit = self._collar(order.company, order.side)
            if refusal := self._refusal_of(order):
                self._close(order, REJECTED, refusal)
            else:
                self._execute(order)

    # Prices and quotes

    def _open_day(self) -> None:
        self.climate.begin_day(self.moment.trading_day)
        night = self.climate.night(self.moment)
        for company in self.companies.values():
            company.previous_close = company.price
            if self.switches.walk:
                company.price = pricing.open_day(
                    company.pricing,
                    company.symbol,
                    company.listing.sector,
                    night,
                    self.streams,
                    self.rules.pricing,
                    open_ticks=self.rules.session.open_ticks,
                )
            company.day_open = company.day_high = company.day_low = company.price
            company.tick_high = company.tick_low = company.price
            company.day_volume = 0

    def _subjects(self) -> list[Subject]:
        """Return every company, as far as events concern it."""
        return [
            Subject(c.symbol, c.listing.sector, c.shares, 0, c.pricing)
            for c in self.companies.values()
        ]

    def _step_prices(self) -> None:
        rules = self.rules.pricing
        for company in self.companies.values():
            self._halt_or_resume(company)
        trading = [company for company in self.companies.values() if not company.is_halted]
        moves = [
            pricing.Trading(c.symbol, c.listing.sector, c.pricing, c.net_flow, c.tick_volume)
            for c in trading
        ]
        weather = self.climate.weather(self.moment)
        prices = pricing.step_all(moves, weather, self.streams, rules)
        for company, price in zip(trading, prices, strict=True):
            company.price = price
        for company in self.companies.values():
            if company.is_halted:
                company.price = pricing.walk(company.pricing, rules)

    def _halt_or_resume(self, company: Company) -> None:
        state, rules = company.pricing, self.rules.pricing
        if pricing.needs_halt(state, self._band(company), rules):
            company.halted_until = self.moment.tick + 5
        company.is_halted = self.moment.tick < company.halted_until

    def _band(self, company: Company) -> Bps:
        if company.listing.sector in ("Meme", "Crypto"):
            return 2_000
        return 500 if company.market_cap >= 1_000_000_000_000 else 1_000

    def _quote_all(self) -> None:
        if self.switches.maker:
            for company in self.companies.values():
                self._requote(company)

    def _refresh_touches(self) -> None:
        for company in self.companies.values():
            company.refresh_touch()

    def _requote(self, company: Company) -> None:
        """Replace the market maker's quotes by new ones around the price; one that crosses
        trades.
        """
        account = self.accounts[MARKET_MAKER]
        for quote in company.quotes:
            if quote.resting:
                company.book.cancel(quote)
                if quote.filled:
                    self.log.touch_order(quote, quote.filled)
                    self._close(quote, CANCELLED, "replaced")
        company.quotes = []
        for side, price, quantity in maker.quotes(
            price=company.price,
            volatility=company.listing.volatility,
            unrest=company.pricing.multiple,
            usual_volume=company.pricing.usual_volume,
            inventory=account.quantity_of(company.symbol),
            shares=company.shares,
            rules=self.rules.maker,
        ):
            order = self._new_order(account, company, side, LIMIT, quantity, price)
            if company.book.would_trade(order):
                self._name(order)
                self.log.touch_order(order, 0)
                for fill in company.book.match(order):
                    self._clear(fill, order)
            if order.filled < order.quantity:
                order.status = PARTIAL if order.filled else OPEN
                company.book.add(order)
                company.quotes.append(order)
            else:
                self._close(order, FILLED, "")
