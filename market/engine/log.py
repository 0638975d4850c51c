"""What happened in one tick, noted as it happens and reported at its end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from market.engine.accounts import Account
from market.engine.companies import Company
from market.engine.depth import published_depth
from market.engine.orders import Order
from market.engine.outcome import (
    AccountState,
    ActiveEvent,
    Alert,
    Bankruptcy,
    Candle,
    CompanyState,
    Halt,
    HoldingState,
    LedgerEntry,
    MarketEvent,
    MarketOutcome,
    OpenedAccount,
    OrderState,
    Split,
    Trade,
)
from market.engine.values import BPS_IN_ONE, BUY, Tick, ceil_div, new_tuple

if TYPE_CHECKING:
    from market.engine.exchange import Exchange


class TickLog:
    """The tick's trades, ledger entries and notices, and whatever they touched."""

    __slots__ = (
        "accounts",
        "alerts",
        "auctioned",
        "bankruptcies",
        "closed",
        "entries",
        "events",
        "filled_before",
        "final",
        "halts",
        "holdings",
        "opened",
        "orders",
        "resumed",
        "splits",
        "tick",
        "trades",
    )

    def __init__(self, tick: Tick) -> None:
        self.tick = tick
        self.trades: list[Trade] = []
        self.entries: list[LedgerEntry] = []
        self.halts: list[Halt] = []
        self.resumed: list[str] = []
        self.auctioned: list[str] = []  # symbols in which an auction was held
        self.splits: list[Split] = []
        self.events: list[MarketEvent] = []
        self.alerts: list[Alert] = []
        self.bankruptcies: list[Bankruptcy] = []
        self.opened: list[Account] = []
        self.orders: dict[int, Order] = {}  # by number, in the order in which they were touched
        self.filled_before: dict[int, int] = {}
        self.closed: list[Order] = []  # those that have ended and are not in `final`
        self.final: dict[int, OrderState] = {}  # reported ahead, by number
        self.accounts: dict[int, Account] = {}
        self.holdings: dict[tuple[int, str], Account] = {}

    def touch_order(self, order: Order) -> None:
        """Note an order that is about to change, as it stands."""
        if order.number not in self.orders:
            self.orders[order.number] = order
            self.filled_before[order.number] = order.filled

    def report_closed(self) -> list[OrderState]:
        """Report, ahead of the tick's end, the orders that have ended since this was last asked."""
        ended = [order for order in self.closed if order.number in self.orders]
        states = [self._order_state(order) for order in ended]
        self.final.update((state.number, state) for state in states)
        self.closed = []
        return states

    def touch_position(self, account: Account, company: Company) -> None:
        self.accounts[account.id] = account
        self.holdings[account.id, company.symbol] = account

    def alert(
        self, account: Account, kind: str, message: str, data: Mapping[str, Any] | None = None
    ) -> None:
        self.alerts.append(Alert(account.id, kind, message, data or {}))

    def report(
        self, exchange: Exchange, candles: list[Candle], *, as_new: bool = False
    ) -> MarketOutcome:
        """Return what the tick changed; `as_new`: every order counts as one without a row."""
        return MarketOutcome(
            orders=[
                self.final.get(number) or self._order_state(order, as_new=as_new)
                for number, order in self.orders.items()
            ],
            trades=self.trades,
            entries=self.entries,
            accounts=[_account_state(a, exchange) for a in exchange.accounts.values()],
            holdings=[_holding_state(a, symbol) for (_, symbol), a in self.holdings.items()],
            companies=[_company_state(c, exchange) for c in exchange.companies.values()],
            candles=candles,
            halts=self.halts,
            resumed=self.resumed,
            splits=self.splits,
            events=self.events,
            active_events=[
                ActiveEvent(event.number, event.ticks_remaining)
                for event in exchange.climate.events.active
            ],
            alerts=self.alerts,
            bankruptcies=self.bankruptcies,
            opened=[opened(account) for account in self.opened],
            is_open=exchange.is_open,
            index=exchange.index(),
            previous_close_index=exchange.previous_close_index(),
            dollar_volume_day=sum(exchange.dollar_volumes),
            index_candles=exchange.index_candles,
        )

    def close(self) -> None:
        """Once reported: note that the orders have rows, and drop holdings without shares."""
        for order in self.orders.values():
            order.is_recorded = True
        for (_, symbol), account in self.holdings.items():
            if not account.holdings[symbol].quantity:
                del account.holdings[symbol]

    def _order_state(self, order: Order, *, as_new: bool = False) -> OrderState:
        return new_tuple(
            OrderState,
            (
                order.number,
                order.id,
                order.account.id,
                order.company.symbol,
                "BUY" if order.side is BUY else "SELL",
                order.intent._value_,
                order.kind._value_,
                order.time_in_force._value_,
                order.post_only,
                order.self_trade._value_,
                order.tick_submitted,
                order.client_id,
                order.quantity,
                order.limit,
                order.stop,
                order.filled,
                order.value,
                order.status._value_,
                str(order.reason),
                order.triggered_by,
                order.tick_closed,
                order.filled - self.filled_before[order.number],
                as_new or not order.is_recorded,
            ),
        )


def opened(account: Account) -> OpenedAccount:
    """Return what identifies an account, its endowment as it is now."""
    return OpenedAccount(
        account.id,
        account.name,
        account.kind.value,
        account.leverage,
        account.fee_bps,
        account.endowment,
    )


def _account_state(account: Account, exchange: Exchange) -> AccountState:
    return new_tuple(
        AccountState,
        (
            account.id,
            account.cash,
            account.long_value,
            account.short_value,
            account.reserved,
            account.realised,
            account.equity,
            exchange.equity_day_ago(account),
            account.close_equity,
            account.transfers,
            account.trade_count,
            account.peak_equity,
            account.debt,
            account.call.deadline if account.call else None,
            account.tape_seq,
            ceil_div(account.long_margin, BPS_IN_ONE),
            ceil_div(account.short_margin, BPS_IN_ONE),
            ceil_div(account.reserved_margin, BPS_IN_ONE),
        ),
    )


def _holding_state(account: Account, symbol: str) -> HoldingState:
    holding = account.holdings[symbol]
    return new_tuple(HoldingState, (account.id, symbol, holding.quantity, holding.cost))


def _company_state(company: Company, exchange: Exchange) -> CompanyState:
    bids, asks = published_depth(exchange, company)
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
        shares=company.shares,
        split_power=company.split_power,
        is_trading=company.is_trading,
        reopens_tick=company.reopens_tick,
        halt_reason=company.halt_reason,
        low_band=company.low_band,
        high_band=company.high_band,
        band_override_bps=company.band_override_bps,
        restricted_through=company.restricted_through,
        shorted=company.shorted,
        shorts_offered=company.shorts_offered,
        drivers=company.pricing.drivers,
        sentiment=company.sentiment,
        bids=bids,
        asks=asks,
    )
