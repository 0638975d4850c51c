"""What must hold of a world after every tick, worked out the long way from what lies open.

`audit` looks at the machine itself; a `Record` keeps what the outcomes reported, as the database
does, and audits that.
"""

from __future__ import annotations

from collections import defaultdict

from market.engine.accounts import MARKET_MAKER, TREASURY, Account
from market.engine.book import BookSide
from market.engine.exchange import Exchange
from market.engine.orders import Order
from market.engine.outcome import MarketOutcome, OrderState
from market.engine.refusals import Code
from market.engine.values import FINAL_STATUSES, Cents, OrderStatus, Shares, Side

# The machine


def audit(exchange: Exchange) -> None:
    """Assert everything that must be true of an exchange between two ticks."""
    assert sum(account.cash for account in exchange.accounts.values()) == 0
    for symbol, company in exchange.companies.items():
        held = sum(account.quantity_of(symbol) for account in exchange.accounts.values())
        assert held == company.shares
        assert company.best_bid == company.book.bids.best()
        assert company.best_ask == company.book.asks.best()
        assert not _crossed(company.best_bid, company.best_ask)
        assert company.price > 0
        _audit_side(company.book.bids)
        _audit_side(company.book.asks)
    for account in exchange.accounts.values():
        _audit_account(account, exchange)


def _audit_account(account: Account, exchange: Exchange) -> None:
    values = [h.quantity * exchange.companies[s].price for s, h in account.holdings.items()]
    assert account.long_value == sum(value for value in values if value > 0)
    assert account.short_value == -sum(value for value in values if value < 0)
    assert account.equity == account.cash + sum(values)
    assert all(holding.quantity >= 0 for holding in account.holdings.values())
    mine = [] if account.id == MARKET_MAKER else open_orders(exchange, account)
    assert sorted(mine, key=id) == sorted(account.orders.values(), key=id)
    assert account.reserved == reserved(mine)
    assert account.offered == offered(mine)
    assert all(shares <= account.quantity_of(s) for s, shares in account.offered.items())
    assert len(mine) <= exchange.rules.max_open_orders


def _audit_side(side: BookSide) -> None:
    resting = list(side.orders())
    for order in resting:
        assert order.resting
        assert 0 < order.unfilled <= order.quantity
        assert order.status == (OrderStatus.PARTIAL if order.filled else OrderStatus.OPEN)
    at_prices = defaultdict(list)
    for order in resting:
        at_prices[order.limit].append(order.unfilled)
    depth = [(price, sum(sizes), len(sizes)) for price, sizes in at_prices.items()]
    assert side.depth(10_000) == depth


def _crossed(bid: Cents | None, ask: Cents | None) -> bool:
    return bid is not None and ask is not None and bid >= ask


def open_orders(exchange: Exchange, account: Account) -> list[Order]:
    """Find an account's open orders in every book and in the queue."""
    resting = [
        order
        for company in exchange.companies.values()
        for side in (company.book.bids, company.book.asks)
        for order in side.orders()
    ]
    return [order for order in (*resting, *exchange.queue) if order.account is account]


def reserved(orders: list[Order]) -> Cents:
    return sum(order.unfilled * order.limit for order in orders if order.side is Side.BUY)


def offered(orders: list[Order]) -> dict[str, Shares]:
    shares: dict[str, Shares] = defaultdict(int)
    for order in orders:
        if order.side is Side.SELL:
            shares[order.company.symbol] += order.unfilled
    return dict(shares)


def refusal_of(exchange: Exchange, order: Order) -> Code | None:
    """Judge an order by the letter of the rules: open orders, shares not offered, X ≤ L·E."""
    account, symbol = order.account, order.company.symbol
    mine = open_orders(exchange, account)
    if len(mine) >= exchange.rules.max_open_orders:
        return Code.TOO_MANY_ORDERS
    if order.side is Side.SELL:
        free = account.quantity_of(symbol) - offered(mine).get(symbol, 0)
        return None if order.quantity <= free else Code.INSUFFICIENT_SHARES
    prices = {company.symbol: company.price for company in exchange.companies.values()}
    positions = [h.quantity * prices[s] for s, h in account.holdings.items()]
    exposure = sum(map(abs, positions)) + reserved(mine) + _worst_cost(order, exchange)
    fits = exposure <= account.leverage * (account.cash + sum(positions))
    return None if fits else Code.INSUFFICIENT_FUNDS


def _worst_cost(order: Order, exchange: Exchange) -> Cents:
    if order.kind == "LIMIT":
        return order.quantity * order.limit
    hundredths_of_bps = order.quantity * order.company.price * (10_000 + exchange.rules.collar_bps)
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

    def take(self, outcome: MarketOutcome) -> None:
        """Add a tick's outcome, and assert that it agrees with itself and with what came before."""
        for entry in outcome.entries:
            if entry.debit is not None:
                self._move(entry.debit, entry.credit, entry.cents, entry.symbol, entry.shares)
            elif entry.symbol is not None:
                self.shares[entry.credit, entry.symbol] += entry.shares
        for trade in outcome.trades:
            value = trade.price * trade.quantity
            self._move(trade.buyer, trade.seller, value, None, 0)
            self._move(trade.seller, trade.buyer, 0, trade.symbol, trade.quantity)
            taker = trade.buyer if trade.aggressor == "BUY" else trade.seller
            self._move(taker, TREASURY, trade.fee, None, 0)
            for order in (trade.buy_order, trade.sell_order):
                self.filled[order] += trade.quantity
                self.value[order] += value
        for state in outcome.orders:
            self._take_order(state)
        for holding in outcome.holdings:
            self.holdings[holding.account, holding.symbol] = holding.quantity
        self._compare(outcome)

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
            assert state[:9] == before[:9], "what an order asks for does not change"
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
        assert {a.id: a.cash for a in outcome.accounts} == {
            a.id: self.cash[a.id] for a in outcome.accounts
        }
        assert {k: q for k, q in self.shares.items() if q} == {
            k: q for k, q in self.holdings.items() if q
        }
