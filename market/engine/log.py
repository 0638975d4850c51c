"""What happened in one tick, noted as it happens and reported at its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from market.engine.accounts import Account
from market.engine.book import Fill
from market.engine.companies import Company
from market.engine.orders import Order
from market.engine.outcome import (
    AccountState,
    Candle,
    CompanyState,
    HoldingState,
    LedgerEntry,
    MarketOutcome,
    OrderState,
    Trade,
)
from market.engine.values import BUY, OrderKind, Tick

if TYPE_CHECKING:
    from market.engine.exchange import Exchange


class TickLog:
    """The tick's trades and ledger entries, and whatever they touched."""

    __slots__ = ("accounts", "entries", "filled_before", "holdings", "orders", "tick", "trades")

    def __init__(self, tick: Tick) -> None:
        self.tick = tick
        self.trades: list[Trade] = []
        self.entries: list[LedgerEntry] = []
        self.orders: dict[int, Order] = {}  # by number, in the order in which they were touched
        self.filled_before: dict[int, int] = {}
        self.accounts: dict[int, Account] = {}
        self.holdings: dict[tuple[int, str], Account] = {}

    def touch_order(self, order: Order, filled_before: int) -> None:
        if order.number not in self.orders:
            self.orders[order.number] = order
            self.filled_before[order.number] = filled_before

    def touch_account(self, account: Account) -> None:
        self.accounts[account.id] = account

    def touch_holding(self, account: Account, company: Company) -> None:
        self.holdings[account.id, company.symbol] = account

    def touch_fill(self, fill: Fill, taker: Order) -> None:
        """Note both sides of a fill, after it has been cleared; the taker's order is noted
        already.
        """
        resting, symbol = fill.maker, taker.company.symbol
        if resting.number not in self.orders:
            self.orders[resting.number] = resting
            self.filled_before[resting.number] = resting.filled - fill.quantity
        maker, payer = resting.account, taker.account
        self.accounts[maker.id] = maker
        self.accounts[payer.id] = payer
        self.holdings[maker.id, symbol] = maker
        self.holdings[payer.id, symbol] = payer

    def report(self, exchange: Exchange, candles: list[Candle]) -> MarketOutcome:
        return MarketOutcome(
            orders=[self._order_state(order) for order in self.orders.values()],
            trades=self.trades,
            entries=self.entries,
            accounts=[_account_state(a, exchange) for a in exchange.accounts.values()],
            holdings=[_holding_state(a, symbol) for (_, symbol), a in self.holdings.items()],
            companies=[_company_state(c, exchange) for c in exchange.companies.values()],
            candles=candles,
            index=exchange.index(),
            previous_close_index=exchange.previous_close_index(),
            dollar_volume_day=sum(exchange.dollar_volumes),
        )

    def _order_state(self, order: Order) -> OrderState:
        is_new = not order.is_recorded
        order.is_recorded = True
        return OrderState(
            order.number,
            order.id,
            order.account.id,
            order.company.symbol,
            "BUY" if order.side is BUY else "SELL",
            str(order.kind),
            str(order.time_in_force),
            order.quantity,
            None if order.kind == OrderKind.MARKET else order.limit,
            order.filled,
            order.value,
            order.filled - self.filled_before[order.number],
            str(order.status),
            str(order.reason),
            order.tick_submitted,
            order.tick_closed,
            order.client_id,
            is_new,
        )


def _account_state(account: Account, exchange: Exchange) -> AccountState:
    return AccountState(
        account.id,
        account.cash,
        account.long_value,
        account.short_value,
        account.reserved,
        account.realised,
        account.equity,
        exchange.equity_day_ago(account),
        account.close_equity,
        account.tape_seq,
    )


def _holding_state(account: Account, symbol: str) -> HoldingState:
    """Report a holding, and drop it from its account if nothing is left of it."""
    holding = account.holdings[symbol]
    if not holding.quantity:
        del account.holdings[symbol]
    return HoldingState(account.id, symbol, holding.quantity, holding.cost)


def _company_state(company: Company, exchange: Exchange) -> CompanyState:
    levels = exchange.rules.book_levels_published
    return CompanyState(
        symbol=company.symbol,
        price=company.price,
        previous_price=company.previous_price,
        previous_close=company.previous_close,
        last=company.last,
        bid=company.best_bid,
        ask=company.best_ask,
        day_open=company.day_open,
        day_high=company.day_high,
        day_low=company.day_low,
        day_volume=company.day_volume,
        day_ago_volume=sum(company.volumes),
        market_cap=company.market_cap,
        is_halted=company.is_halted,
        sentiment=company.sentiment,
        bids=company.book.bids.depth(levels),
        asks=company.book.asks.depth(levels),
    )
