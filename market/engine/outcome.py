"""What a tick made of the market, as plain values: written to the record, told on the tape,
hashed in the digest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from market.engine.book import LevelDepth
from market.engine.values import Cents, Shares, Tick


class OrderState(NamedTuple):
    """An order touched in the tick, as it stands at its end. `is_new`: it has no row yet."""

    number: int
    id: str
    account: int
    symbol: str
    side: str
    kind: str
    time_in_force: str
    quantity: Shares
    limit: Cents | None  # None for market orders
    filled: Shares
    value: Cents  # Σ quantity × price of all its fills
    filled_now: Shares  # in this tick
    status: str
    reason: str
    tick_submitted: Tick
    tick_closed: Tick | None
    client_id: str | None
    is_new: bool


class Trade(NamedTuple):
    """One execution.

    `price` is the resting order's; the fee is the taker's, who is the `aggressor` side.
    """

    number: int
    id: str
    tick: Tick
    symbol: str
    price: Cents
    quantity: Shares
    buyer: int
    seller: int
    buy_order: str
    sell_order: str
    aggressor: str
    fee: Cents


class LedgerEntry(NamedTuple):
    """Cash or shares moved outside a trade. `debit` is None when shares are issued."""

    tick: Tick
    kind: str
    debit: int | None
    credit: int
    cents: Cents
    symbol: str | None
    shares: Shares


class AccountState(NamedTuple):
    """An account whose figures differ from the last tick's."""

    id: int
    cash: Cents
    long_value: Cents
    short_value: Cents
    reserved: Cents
    realised: Cents
    equity: Cents
    equity_day_ago: Cents
    close_equity: Cents
    tape_seq: int


class HoldingState(NamedTuple):
    """A holding changed in the tick; quantity 0 means that it is gone."""

    account: int
    symbol: str
    quantity: Shares
    cost: Cents


class CompanyState(NamedTuple):
    """A company at the end of the tick."""

    symbol: str
    price: Cents
    previous_price: Cents
    previous_close: Cents
    last: Cents | None
    bid: Cents | None
    ask: Cents | None
    day_open: Cents
    day_high: Cents
    day_low: Cents
    day_volume: Shares
    day_ago_volume: Shares  # of the last 630 ticks, "24h"
    market_cap: Cents
    is_halted: bool
    sentiment: float
    bids: list[LevelDepth]
    asks: list[LevelDepth]


class Candle(NamedTuple):
    """A finished candle; `tick` is its last one."""

    symbol: str
    interval: Tick
    tick: Tick
    open: Cents
    high: Cents
    low: Cents
    close: Cents
    volume: Shares


class Standing(NamedTuple):
    """One line of the leaderboard."""

    rank: int
    account: int
    equity: Cents
    equity_day_ago: Cents


@dataclass(frozen=True, slots=True)
class MarketOutcome:
    """Everything the market decided in one tick, each list in the order in which it happened."""

    orders: list[OrderState]
    trades: list[Trade]
    entries: list[LedgerEntry]
    accounts: list[AccountState]
    holdings: list[HoldingState]
    companies: list[CompanyState]
    candles: list[Candle]
    index: int  # hundredths of a point
    previous_close_index: int  # at the previous close
    dollar_volume_day: Cents  # over all companies, the last 630 ticks
