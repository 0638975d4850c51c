"""What a tick changed, as values, from its log and the exchange as the tick leaves it."""

from __future__ import annotations

from market.engine.depth import published_depth
from market.engine.exchange import Exchange
from market.engine.log import order_state
from market.engine.orders import Account, Company
from market.engine.outcome import (
    AccountState,
    ActiveEvent,
    Candle,
    CompanyState,
    HoldingState,
    MarketOutcome,
    OpenedAccount,
)
from market.engine.values import BPS_IN_ONE, ceil_div, new_tuple


def report(exchange: Exchange, candles: list[Candle], *, as_new: bool = False) -> MarketOutcome:
    """Return what the tick changed; `as_new`: every order counts as one without a row."""
    log = exchange.log
    return MarketOutcome(
        orders=[
            log.final.get(number) or order_state(order, log.filled_before[number], as_new=as_new)
            for number, order in log.orders.items()
        ],
        trades=log.trades,
        entries=log.entries,
        accounts=[_account_state(a, exchange) for a in exchange.accounts.values()],
        holdings=[_holding_state(a, symbol) for (_, symbol), a in log.holdings.items()],
        companies=[_company_state(c, exchange) for c in exchange.companies.values()],
        candles=candles,
        halts=log.halts,
        resumed=log.resumed,
        splits=log.splits,
        events=log.events,
        active_events=[
            ActiveEvent(event.number, event.ticks_remaining)
            for event in exchange.climate.events.active
        ],
        alerts=log.alerts,
        bankruptcies=log.bankruptcies,
        opened=[opened(account) for account in log.opened],
        is_open=exchange.is_open,
        index=exchange.index(),
        previous_close_index=exchange.previous_close_index(),
        dollar_volume_day=sum(exchange.dollar_volumes),
        index_candles=exchange.index_candles,
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
        short_interest=company.short_interest,
        drivers=company.pricing.drivers,
        sentiment=company.sentiment,
        bids=bids,
        asks=asks,
    )
