"""What must hold of a world after every tick, worked out the long way from what lies open.

`audit` looks at the machine itself; a `Record` keeps what the outcomes reported, as the database
does, and audits that; `refusal_of` judges an order by the letter of the rules.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from fractions import Fraction
from math import ceil, floor

from market.engine.accounts import MARKET_MAKER, TREASURY
from market.engine.book import BookSide
from market.engine.exchange import Exchange
from market.engine.orders import Account, Company, Order
from market.engine.outcome import MarketOutcome, OrderState, Split, Trade
from market.engine.refusals import Code
from market.engine.values import BUY, FINAL_STATUSES, Cents, OrderStatus, Shares

# The machine


def audit(exchange: Exchange) -> None:
    """Assert everything that must be true of an exchange between two ticks."""
    assert sum(account.cash for account in exchange.accounts.values()) == 0
    orders = by_account(exchange)
    for company in exchange.companies.values():
        _audit_company(company, exchange)
    for account in exchange.accounts.values():
        _audit_account(account, exchange, orders[account.id])


def _audit_company(company: Company, exchange: Exchange) -> None:
    held = [account.quantity_of(company.symbol) for account in exchange.accounts.values()]
    assert sum(held) == company.shares
    assert company.shorted == -sum(quantity for quantity in held if quantity < 0)
    shorts = [o for o in open_orders(company, exchange) if o.intent == "SHORT"]
    assert company.shorts_offered == sum(order.unfilled for order in shorts)
    touch = (company.book.bids.best(), company.book.asks.best())
    assert not _crossed(*touch)
    assert (company.best_bid, company.best_ask) == (touch if company.is_trading else (None, None))
    assert company.price > 0
    _audit_side(company.book.bids)
    _audit_side(company.book.asks)
    assert company.low_band <= company.high_band
    if company.is_trading:
        for order in (*company.book.bids.orders(), *company.book.asks.orders()):
            nearest = _nearest_to_its_limit(order, exchange)
            assert order.price == nearest, "bands and collar hold it, nothing else"
        assert exchange.is_open
        assert not company.queue
        assert not company.is_halted
    for order in (*company.queue, *company.stops, *exchange.triggered):
        assert not order.resting
        assert order.unfilled > 0
        assert order.status in (OrderStatus.PENDING, OrderStatus.OPEN, OrderStatus.PARTIAL)
    assert all(order.awaits_trigger for order in company.stops)


def _nearest_to_its_limit(order: Order, exchange: Exchange) -> Cents:
    """Return the limit, kept within the bands, the collar, and a twentieth of the price times what
    is left of the account's equity where that is less.
    """
    company, account = order.company, order.account
    bps = exchange.rules.collar_bps
    positions = [h.quantity * exchange.companies[s].price for s, h in account.holdings.items()]
    exposure, equity = sum(map(abs, positions)), account.cash + sum(positions) - account.debt
    away = company.price * bps / 10_000
    if account.is_agent and 10_000 * equity < bps * exposure:
        away = max(0, company.price * equity // exposure)
    low, high = ceil(company.price - away), floor(company.price + away)
    if company.high_band:
        low, high = max(low, company.low_band), min(high, company.high_band)
    limit = order.limit or 0
    return min(limit, high) if order.side is BUY else max(limit, low, 1)


def _rate(account: Account, company: Company, exchange: Exchange) -> Fraction:
    """Return the initial margin of one account in one company."""
    [sector] = [s for s in exchange.rules.sectors if s.name == company.listing.sector]
    return max(Fraction(1, account.leverage), Fraction(sector.margin_bps, 10_000))


def _audit_account(account: Account, exchange: Exchange, mine: list[Order]) -> None:
    values = [h.quantity * exchange.companies[s].price for s, h in account.holdings.items()]
    assert account.long_value == sum(value for value in values if value > 0)
    assert account.short_value == -sum(value for value in values if value < 0)
    assert account.equity == account.cash + sum(values) - account.debt
    if account.id == MARKET_MAKER:
        assert (account.orders, account.reserved) == ({}, 0)
        assert all(holding.quantity >= 0 for holding in account.holdings.values())
        return
    assert {order.id: order for order in mine} == account.orders
    assert account.reserved == sum(_worst_cost(order, exchange) for order in mine)
    longs = shorts = reserved = Fraction(0)
    for symbol, holding in account.holdings.items():
        company = exchange.companies[symbol]
        needed = holding.quantity * company.price * _rate(account, company, exchange)
        longs += needed if needed > 0 else 0
        shorts -= needed if needed < 0 else 0
    for order in mine:
        reserved += _worst_cost(order, exchange) * _rate(account, order.company, exchange)
    unit = 10_000 * account.leverage
    assert account.long_margin == longs * unit
    assert account.short_margin == shorts * unit
    assert account.reserved_margin == reserved * unit
    assert account.closing == shares_of(mine, "SELL", "COVER")
    assert account.opening == shares_of(mine, "BUY", "SHORT")
    for symbol in exchange.companies:
        _audit_direction(account, symbol, mine)
    assert len(mine) <= exchange.rules.max_open_orders
    names = Counter(order.client_id for order in mine if order.client_id)
    assert all(times == 1 for times in names.values())


def _audit_direction(account: Account, symbol: str, mine: list[Order]) -> None:
    """A position is long or short, open orders included, and nothing closes more than there is."""
    held = account.quantity_of(symbol)
    unfilled: dict[str, Shares] = defaultdict(int)
    for order in mine:
        if order.company.symbol == symbol:
            unfilled[order.intent] += order.unfilled
    is_long = held > 0 or unfilled["BUY"] > 0
    is_short = held < 0 or unfilled["SHORT"] > 0
    assert not (is_long and is_short)
    assert unfilled["SELL"] <= max(0, held)
    assert unfilled["COVER"] <= max(0, -held)


def _audit_side(side: BookSide[Order]) -> None:
    resting = list(side.orders())
    for order in resting:
        assert order.resting
        assert 0 < order.unfilled <= order.quantity
        assert order.status == (OrderStatus.PARTIAL if order.filled else OrderStatus.OPEN)
        assert order.limit is not None
        assert (order.limit - order.price) * order.side >= 0, "no worse than its limit"
    at_prices = defaultdict(list)
    for order in resting:
        at_prices[order.price].append(order.unfilled)
    depth = [(price, sum(sizes), len(sizes)) for price, sizes in at_prices.items()]
    assert side.depth(10_000) == depth


def _crossed(bid: Cents | None, ask: Cents | None) -> bool:
    return bid is not None and ask is not None and bid >= ask


def open_orders(company: Company, exchange: Exchange) -> list[Order]:
    """Find a company's open orders in its book, its queue, its stops and among the triggered."""
    triggered = [order for order in exchange.triggered if order.company is company]
    book = company.book
    return [*book.bids.orders(), *book.asks.orders(), *company.queue, *company.stops, *triggered]


def by_account(exchange: Exchange) -> dict[int, list[Order]]:
    """Return every account's open orders, wherever they are."""
    found: dict[int, list[Order]] = defaultdict(list)
    for company in exchange.companies.values():
        for order in open_orders(company, exchange):
            found[order.account.id].append(order)
    return found


def shares_of(orders: Iterable[Order], long: str, short: str) -> dict[str, Shares]:
    """Sum what orders of two intents have unfilled, by symbol; of SHORT orders, negated."""
    shares: dict[str, Shares] = defaultdict(int)
    for order in orders:
        if order.intent in (long, short):
            shares[order.company.symbol] += order.unfilled * (-1 if order.intent == "SHORT" else 1)
    return dict(shares)


# The letter of the rules


def refusal_of(exchange: Exchange, order: Order) -> Code | None:
    """Judge an order by market-model, sections 3 and 4: the first rule that it breaks."""
    account, company, intent = order.account, order.company, order.intent
    mine = [other for other in account.orders.values() if other is not order]
    here = [other for other in mine if other.company is company]
    held = account.quantity_of(company.symbol)
    ends_at_once = order.limit is None or order.time_in_force in ("IOC", "FOK")
    waits = not company.is_trading or (order.stop is not None and not order.triggered_by)
    if len(mine) >= exchange.rules.max_open_orders and (waits or not ends_at_once):
        return Code.TOO_MANY_ORDERS
    if not company.is_trading and (order.post_only or order.time_in_force in ("IOC", "FOK")):
        return Code.MARKET_HALTED
    if intent in ("SELL", "COVER"):
        closed = sum(other.unfilled for other in here if other.intent == intent)
        free = (held if intent == "SELL" else -held) - closed
        return None if order.unfilled <= free else Code.INSUFFICIENT_SHARES
    opposite = "SHORT" if intent == "BUY" else "BUY"
    if held * order.side < 0 or any(other.intent == opposite for other in here):
        return Code.POSITION_CONFLICT
    if intent == "SHORT" and (refusal := _short_refusal_of(exchange, order)):
        return refusal
    positions = [
        h.quantity * exchange.companies[s].price for s, h in account.holdings.items() if h.quantity
    ]
    needed = sum(
        abs(h.quantity) * one.price * _rate(account, one, exchange)
        for s, h in account.holdings.items()
        for one in [exchange.companies[s]]
    )
    for other in (*mine, order):
        needed += _worst_cost(other, exchange) * _rate(account, other.company, exchange)
    fits = needed <= account.cash + sum(positions) - account.debt
    return None if fits else Code.INSUFFICIENT_FUNDS


def _short_refusal_of(exchange: Exchange, order: Order) -> Code | None:
    company = order.company
    held = [account.quantity_of(company.symbol) for account in exchange.accounts.values()]
    lent = -sum(quantity for quantity in held if quantity < 0)
    offered = sum(
        other.unfilled
        for account in exchange.accounts.values()
        for other in account.orders.values()
        if other.company is company and other.intent == "SHORT" and other is not order
    )
    if order.unfilled > company.shares * exchange.rules.lending.pool_bps // 10_000 - lent - offered:
        return Code.LOCATE_FAILED
    is_restricted = company.restricted_through >= exchange.moment.trading_day
    if is_restricted and (order.stop is None or order.triggered_by):
        bids = [other.price for other in company.book.bids.orders()]
        bid = max(bids, default=0) if company.is_trading else company.last_bid or 0
        if order.limit is None or order.limit <= bid:
            return Code.INVALID_PRICE
    return None


def _worst_cost(order: Order, exchange: Exchange) -> Cents:
    price = order.company.price
    if order.intent in ("SELL", "COVER"):
        return 0
    if order.intent == "SHORT":
        if order.kind == "STOP":
            return order.unfilled * max(order.stop or 0, price)
        return order.unfilled * max(order.limit or 0, price)
    if order.limit is not None:
        return order.unfilled * order.limit
    if order.stop is not None and not order.triggered_by:
        price = order.stop
    hundredths_of_bps = order.unfilled * price * (10_000 + exchange.rules.collar_bps)
    return (hundredths_of_bps + 9_999) // 10_000


# The record


class Record:
    """Everything the outcomes reported since founding, kept as rows are."""

    def __init__(self) -> None:
        self.orders: dict[str, OrderState] = {}
        self.cash: dict[int, Cents] = defaultdict(int)
        self.shares: dict[tuple[int, str], Shares] = defaultdict(int)
        self.filled: dict[str, Shares] = defaultdict(int)  # by order, from the trades
        self.value: dict[str, Cents] = defaultdict(int)
        self.holdings: dict[tuple[int, str], Shares] = {}  # as reported
        self.streams: dict[int, int] = defaultdict(int)  # the last entry of each agent's tape

    def take(self, outcome: MarketOutcome, told: Iterable[int] = ()) -> None:
        """Add a tick's outcome, and assert that it agrees with itself and with what came before."""
        for entry in outcome.entries:
            if entry.debit is not None:
                self._move(entry.debit, entry.credit, entry.cents, entry.symbol, entry.shares)
            elif entry.symbol is not None:
                self.shares[entry.credit, entry.symbol] += entry.shares
        splits = list(outcome.splits)
        for trade in outcome.trades:
            for split in [split for split in splits if split.after_trade < trade.number]:
                splits.remove(split)
                self._take_split(split, outcome.orders)
            self._take_trade(trade)
        for split in splits:
            self._take_split(split, outcome.orders)
        for state in outcome.orders:
            self._take_order(state)
        for holding in outcome.holdings:
            self.holdings[holding.account, holding.symbol] = holding.quantity
        for account in told:
            self.streams[account] += 1
        self._compare(outcome)

    def _take_trade(self, trade: Trade) -> None:
        value = trade.price * trade.quantity
        self._move(trade.buyer, trade.seller, value, None, 0)
        self._move(trade.seller, trade.buyer, 0, trade.symbol, trade.quantity)
        if trade.aggressor is None:
            assert trade.fee == 0, "an auction is free"
        else:
            taker = trade.buyer if trade.aggressor == "BUY" else trade.seller
            self._move(taker, TREASURY, trade.fee, None, 0)
        for order in (trade.buy_order, trade.sell_order):
            self.filled[order] += trade.quantity
            self.value[order] += value

    def _take_split(self, split: Split, told: Iterable[OrderState]) -> None:
        """Restate what the open orders have filled; one that ended in the tick may have done so
        before the split.
        """
        of_tick = {state.id: state for state in told}
        for id, filled in self.filled.items():
            state = of_tick.get(id) or self.orders.get(id)
            if not filled or state is None or state.symbol != split.symbol:
                continue
            if state.tick_closed is not None and state.tick_closed != split.tick:
                continue
            restated = filled * split.into // split.of
            value = Fraction(self.value[id] * restated * split.of, filled * split.into)
            figures = restated, int(value + Fraction(1, 2))
            if state.tick_closed is None or (state.filled, state.value) != (filled, self.value[id]):
                self.filled[id], self.value[id] = figures
                if id in self.orders:
                    before = self.orders[id]
                    shares = before.filled * split.into // split.of
                    self.orders[id] = before._replace(filled=shares)

    def _move(
        self, debit: int, credit: int, cents: Cents, symbol: str | None, shares: Shares
    ) -> None:
        self.cash[debit] -= cents
        self.cash[credit] += cents
        if symbol is not None:
            self.shares[debit, symbol] -= shares
            self.shares[credit, symbol] += shares

    def _take_order(self, state: OrderState) -> None:
        before = self.orders.get(state.id)
        assert state.is_new is (before is None)
        filled_before = 0
        if before is not None:
            assert before.status not in FINAL_STATUSES, "a final state is final"
            assert _terms(state) == _terms(before), "what an order is does not change"
            filled_before = before.filled
        assert 0 <= state.filled <= state.quantity
        assert state.filled_now == state.filled - filled_before >= 0
        assert (state.tick_closed is not None) is (state.status in FINAL_STATUSES)
        assert (state.status == "filled") is (state.filled == state.quantity)
        self.orders[state.id] = state

    def _compare(self, outcome: MarketOutcome) -> None:
        for id, state in self.orders.items():
            assert (state.filled, state.value) == (self.filled[id], self.value[id])
        assert self.filled.keys() == self.orders.keys(), "every order that traded is reported"
        for account in outcome.accounts:
            assert account.cash == self.cash[account.id]
            assert account.tape_seq == self.streams[account.id], "its tape has no gap"
        assert {k: q for k, q in self.shares.items() if q} == {
            k: q for k, q in self.holdings.items() if q
        }


def _terms(state: OrderState) -> tuple[object, ...]:
    """Return what a replacement and a split leave as it is."""
    return state[:12]
