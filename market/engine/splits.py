"""Splits: ten shares for one when a price has grown too high, one for ten when it is too low."""

from __future__ import annotations

from market.engine.accounts import PUBLIC, MarginCall
from market.engine.book import Book
from market.engine.clearing import release, reserve, worst_cost
from market.engine.exchange import Exchange
from market.engine.orders import Account, Company, Order
from market.engine.outcome import LedgerEntry, Split
from market.engine.quoting import withdraw_quotes
from market.engine.reasons import Reason
from market.engine.values import BUY, Cents, OrderStatus, Shares, Side, ceil_div

LARGEST_SUM = 2**63 - 1  # of cents, in a digest or a column
ROOM = 64  # times its worth: as much as a company may gain before its next split is due


def split_if_due(exchange: Exchange, company: Company) -> None:
    """Split a company's shares whose price has left the range that splits keep."""
    rules = exchange.rules.splits
    if company.price > rules.above_cents and _has_room(exchange, company):
        _Split(exchange, company, rules.ratio, 1).perform()
    elif company.price < rules.below_cents and company.shares >= rules.ratio:
        _Split(exchange, company, 1, rules.ratio).perform()


def _has_room(exchange: Exchange, company: Company) -> bool:
    """Say whether all companies together, were each worth so much and grew until the next split is
    refused, could still be summed up. Without a split it is the price that ends, at its own bound.
    """
    return company.market_cap * ROOM * len(exchange.companies) <= LARGEST_SUM


def restated_fill(filled: Shares, value: Cents, into: int, of: int) -> tuple[Shares, Cents]:
    """Return what an order has filled, and for how much, in new shares: at the same average price,
    a fraction of a share left out, for that is paid in cash.
    """
    restated = filled * into // of
    if not restated:
        return 0, 0
    dividend, divisor = value * restated * of, filled * into
    return restated, (2 * dividend + divisor) // (2 * divisor)


class _Split:
    """One split of `into` shares for `of` old ones."""

    def __init__(self, exchange: Exchange, company: Company, into: int, of: int) -> None:
        self.exchange = exchange
        self.company = company
        self.into = into
        self.of = of

    def perform(self) -> None:
        exchange, company = self.exchange, self.company
        withdraw_quotes(exchange, company)
        if self.of > 1:
            for account in exchange.accounts.values():
                if account.id != PUBLIC:
                    self._pay_fraction(account)
        stops = list(company.stops)
        touched = {order.number for order in company.stops.touched()}
        resting = [*company.book.bids.orders(), *company.book.asks.orders()]
        company.book = Book()
        waiting = company.queue + [o for o in exchange.triggered if o.company is company]
        for order in stops:
            company.stops.remove(order)
        for order in (*resting, *stops, *waiting):
            release(order)
        for account in exchange.accounts.values():
            self._restate_holding(account)
            if account.call is not None:
                self._restate_call(account.call)
        self._restate_company()
        for order in filter(self._restate_order, resting):
            order.price = self._limit(order.price, order.side)
            company.book.add(order)
        for order in filter(self._restate_order, stops):
            company.stops.add(order, is_touched=order.number in touched)
        for order in waiting:
            if not self._restate_order(order):
                home = company.queue if order in company.queue else exchange.triggered
                home.remove(order)
        exchange.log.splits.append(
            Split(
                exchange.log.tick,
                company.symbol,
                self.into,
                self.of,
                company.shares,
                exchange.trades_numbered,
            )
        )

    def _shares(self, shares: Shares) -> Shares:
        """Restate a number of shares; a fraction is left out, towards zero."""
        sign = -1 if shares < 0 else 1
        return sign * (abs(shares) * self.into // self.of)

    def _price(self, price: Cents) -> Cents:
        """Restate a price of the past, rounded half up, at least a cent."""
        return max(1, (2 * price * self.of + self.into) // (2 * self.into))

    def _limit(self, limit: Cents, side: Side) -> Cents:
        """Restate a limit, rounded away from the market: a seller's up, a buyer's down, perhaps to
        zero.
        """
        if side is BUY:
            return limit * self.of // self.into
        return ceil_div(limit * self.of, self.into)

    def _stop(self, stop: Cents, side: Side) -> Cents:
        """Restate a stop, rounded away from the market: a buyer's up, a seller's down."""
        return max(1, self._limit(stop, Side(-side)))

    def _pay_fraction(self, account: Account) -> None:
        """Sell the shares that make no whole new one to the public, at the price; a short buys."""
        exchange, company = self.exchange, self.company
        held = account.quantity_of(company.symbol)
        odd = abs(held) % self.of
        if not odd:
            return
        if held > 0:
            exchange.sell_shares(account.id, PUBLIC, company, odd, kind="split_fraction")
        else:
            exchange.sell_shares(PUBLIC, account.id, company, odd, kind="split_fraction")

    def _restate_holding(self, account: Account) -> None:
        holding = account.holdings.get(self.company.symbol)
        if holding is None or not holding.quantity:
            return
        before = holding.quantity
        holding.quantity = self._shares(before)
        log, symbol = self.exchange.log, self.company.symbol
        log.touch_position(account, self.company)
        log.entries.append(
            LedgerEntry(log.tick, "split", None, account.id, 0, symbol, holding.quantity - before)
        )

    def _restate_call(self, call: MarginCall) -> None:
        position = call.positions.get(self.company.symbol)
        if position is not None:
            call.positions[self.company.symbol] = self._shares(position)

    def _restate_company(self) -> None:
        """Restate the company's figures; its price has moved already, and moves by the ratio."""
        company = self.company
        held = [a.quantity_of(company.symbol) for a in self.exchange.accounts.values()]
        company.shares = sum(held)
        company.shorted = -sum(quantity for quantity in held if quantity < 0)
        company.split_power += 1 if self.into > self.of else -1
        company.pricing.rescale(self.of / self.into)
        company.price = self._price(company.price)
        company.previous_price = self._price(company.previous_price)
        company.previous_close = self._price(company.previous_close)
        company.last = None if company.last is None else self._price(company.last)
        if company.last_bid is not None:
            company.last_bid = self._price(company.last_bid)
        for name in ("day_open", "day_high", "day_low", "tick_open", "tick_high", "tick_low"):
            setattr(company, name, self._price(getattr(company, name)))
        for name in ("day_volume", "tick_volume", "net_flow"):
            setattr(company, name, self._shares(getattr(company, name)))
        for kept, restate in (
            (company.recent_prices, self._price),
            (company.volumes, self._shares),
        ):
            restated = [restate(value) for value in kept]
            kept.clear()
            kept.extend(restated)
        for candle in company.forming.values():
            candle[:] = [*(self._price(price) for price in candle[:4]), self._shares(candle[4])]

    def _restate_order(self, order: Order) -> bool:
        """Restate an order, with what it has filled and what the tick began with; say whether
        anything is unfilled yet, else end it as it was.
        """
        exchange = self.exchange
        exchange.log.touch_order(order)
        unfilled = self._shares(order.unfilled)
        limit = None if order.limit is None else self._limit(order.limit, order.side)
        order.resting = False
        if not unfilled or limit == 0:
            exchange.end(order, OrderStatus.CANCELLED, Reason.SPLIT)
            return False
        told = exchange.log.filled_before
        told[order.number] = self._shares(told[order.number])
        order.filled, order.value = restated_fill(order.filled, order.value, self.into, self.of)
        if not order.filled and order.status == OrderStatus.PARTIAL:
            order.status = OrderStatus.OPEN
        order.quantity = order.filled + unfilled
        order.limit = limit
        if order.stop is not None:
            order.stop = self._stop(order.stop, order.side)
        reserve(order, worst_cost(order, exchange.rules))
        return True
