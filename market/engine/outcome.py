"""What a tick made of the market, as plain values: written to the record, put on the tape,
hashed in the digest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from market.engine.book import LevelDepth
from market.engine.pricing import Drivers
from market.engine.values import Bps, Cents, Shares, Tick


class OrderState(NamedTuple):
    """An order touched in the tick, as it stands at its end. `is_new`: it has no row yet."""

    number: int
    id: str
    account: int
    symbol: str
    side: str
    intent: str
    kind: str
    time_in_force: str
    post_only: bool
    self_trade: str
    tick_submitted: Tick
    client_id: str | None
    quantity: Shares
    limit: Cents | None
    stop: Cents | None
    filled: Shares
    value: Cents  # Σ quantity × price of all its fills
    status: str
    reason_code: str  # why it ended so
    note: str  # what the code does not say of it
    triggered_by: str  # a stop's, once touched: "last" or "price"
    tick_closed: Tick | None
    filled_now: Shares  # in this tick
    is_new: bool


class Trade(NamedTuple):
    """One execution.

    `price` is the resting order's or the auction's; the fee is the taker's, who is the `aggressor`
    side. An auction has no aggressor and no fee.
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
    aggressor: str | None
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
    transfers: Cents  # net, beside the endowment
    trade_count: int
    peak_equity: Cents
    debt: Cents  # of fines that are not paid
    call_deadline: Tick | None  # of a margin call that is not cured
    tape_seq: int
    long_margin: Cents  # times the rates of their companies, rounded up to the cent
    short_margin: Cents
    reserved_margin: Cents


class OpenedAccount(NamedTuple):
    """An account that the tick has opened."""

    id: int
    name: str
    kind: str
    leverage: int
    fee_bps: Bps
    endowment: Cents


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
    shares: Shares  # issued
    split_power: int  # shares have been split by ten to this power since founding
    is_trading: bool
    reopens_tick: Tick | None  # of a halt: when an auction resumes trading
    halt_reason: str
    low_band: Cents  # zero: there are no bands
    high_band: Cents
    band_override_bps: Bps  # by an operator; zero: the bands are the rules'
    restricted_through: int  # the last trading day on which shorts are restricted
    shorted: Shares
    shorts_offered: Shares
    short_interest: int | None  # thousandths of the shares, as published
    drivers: Drivers  # of the tick's price move
    sentiment: float
    bids: list[LevelDepth]
    asks: list[LevelDepth]


class Candle(NamedTuple):
    """A finished candle, of a company or of the index; `tick` is its last one."""

    symbol: str
    interval: Tick
    tick: Tick
    split_power: int  # the company's when it ended
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


class Halt(NamedTuple):
    """A halt, or a restriction, that begins, or bands that are set: of one company, or of all (no
    symbol).
    """

    tick: Tick
    symbol: str | None
    reason: str
    until: (
        Tick | None
    )  # the tick whose auction resumes trading, or whose bands are the rules' again
    note: str  # an operator's reason
    band_bps: Bps | None = None  # how far from their centre an operator has set the bands


class Split(NamedTuple):
    """`into` shares for `of` old ones; `shares` are issued now. The trades up to number
    `after_trade` were in old shares.
    """

    tick: Tick
    symbol: str
    into: int
    of: int
    shares: Shares
    after_trade: int


class MarketEvent(NamedTuple):
    """Something that happened to a company, a sector or the market; the impact is a fraction."""

    number: int
    tick: Tick
    kind: str
    symbol: str | None
    sector: str | None
    impact: float
    duration: Tick


class ActiveEvent(NamedTuple):
    """An event that is not over: its number, and the ticks that it is active yet."""

    number: int
    ticks_remaining: Tick


class Alert(NamedTuple):
    """What the exchange tells one account. `data` is shown on the wire as it is."""

    account: int
    kind: str
    message: str
    data: Mapping[str, Any]


class Bankruptcy(NamedTuple):
    """An account that was written off, for it owed more than it had. `final` is negative."""

    tick: Tick
    account: int
    peak: Cents
    final: Cents
    cause: str


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
    halts: list[Halt]
    resumed: list[str]  # symbols of those whose halt has ended
    splits: list[Split]
    events: list[MarketEvent]
    active_events: list[ActiveEvent]
    alerts: list[Alert]
    bankruptcies: list[Bankruptcy]
    opened: list[OpenedAccount]
    is_open: bool
    index: int  # hundredths of a point
    previous_close_index: int  # at the previous close
    dollar_volume_day: Cents  # over all companies, the last 630 ticks
    index_candles: list[Candle]  # in hundredths of a point
