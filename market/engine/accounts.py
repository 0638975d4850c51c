"""Accounts: who owns cash and shares, and what an account may still buy."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from enum import StrEnum
from typing import Generic

from market.engine.book_orders import OrderT
from market.engine.companies import CompanyBase
from market.engine.values import BPS_IN_ONE, Bps, Cents, Shares, Tick, ceil_div


class AccountKind(StrEnum):
    AGENT = "agent"
    SYSTEM = "system"


BANK, TREASURY, PUBLIC, MARKET_MAKER, ESCROW = 1, 2, 3, 4, 5
SYSTEM_ACCOUNTS = {
    BANK: "bank",
    TREASURY: "treasury",
    PUBLIC: "public",
    MARKET_MAKER: "market_maker",
    ESCROW: "escrow",  # bribes that are not answered, fines that are not final
}
FIRST_AGENT_ACCOUNT = 1_000


def margin_rate(leverage: int, margin_bps: Bps) -> Bps:
    """Return the initial margin of a company whose least is `margin_bps`, as a multiple of 1/L in
    basis points.
    """
    rate = leverage * margin_bps
    return rate if rate > BPS_IN_ONE else BPS_IN_ONE


class Holding:
    """Shares of one company in one account.

    `cost` is what they were bought for; a short's is negative.
    """

    __slots__ = ("cost", "quantity")

    def __init__(self, quantity: Shares = 0, cost: Cents = 0) -> None:
        self.quantity = quantity
        self.cost = cost


class MarginCall:
    """A breach of maintenance: to be cured by `deadline`, or the exchange closes positions.

    `positions` are the sizes, unsigned, at the call: what one tick may close is a part of them.
    `tries` counts, by symbol, how often running nobody was found to close one with.
    """

    __slots__ = ("deadline", "positions", "tick", "tries")

    def __init__(
        self,
        tick: Tick,
        deadline: Tick,
        positions: dict[str, Shares],
        tries: dict[str, int] | None = None,
    ) -> None:
        self.tick = tick
        self.deadline = deadline
        self.positions = positions
        self.tries: dict[str, int] = {} if tries is None else tries


class AccountBase(Generic[OrderT]):
    """One account and the sums that decide what it may do.

    `long_value` and `short_value` (both ≥ 0) are its positions at each company's price; `reserved`
    is the worst cost of its open orders that would increase exposure. `long_margin`,
    `short_margin` and `reserved_margin` are the same sums, each term times its company's
    `margin_rate`. By symbol, of its open orders: `closing` are the shares that would close a
    position (never negative), `opening` those that would open or add to one (negative: short).

    `loan_sum` and `borrow_sum` add up, tick by tick since the last close, what it owes and what its
    borrowed shares cost a year: the close charges for both.

    `least_equity` is what trading may not take its liquidation value below before prices move
    again: zero, or less if it was insolvent when they moved, and less the fees and charges since.
    """

    __slots__ = (
        "borrow_sum",
        "call",
        "cash",
        "close_equity",
        "closing",
        "debt",
        "endowment",
        "equity_samples",
        "fee_bps",
        "holdings",
        "id",
        "is_agent",
        "is_bankrupt",
        "is_reduce_only",
        "kind",
        "least_equity",
        "leverage",
        "loan_sum",
        "long_margin",
        "long_value",
        "name",
        "opening",
        "orders",
        "peak_equity",
        "realised",
        "reserved",
        "reserved_margin",
        "short_margin",
        "short_value",
        "tape_seq",
        "trade_count",
        "transfers",
    )

    def __init__(
        self, id: int, name: str, kind: AccountKind, *, leverage: int = 1, fee_bps: Bps = 0
    ) -> None:
        self.id = id
        self.name = name
        self.kind = kind
        self.is_agent = kind is AccountKind.AGENT
        self.leverage = leverage
        self.fee_bps = fee_bps
        self.cash: Cents = 0
        self.endowment: Cents = 0
        self.holdings: dict[str, Holding] = {}
        self.long_value: Cents = 0
        self.short_value: Cents = 0
        self.reserved: Cents = 0
        self.long_margin = 0  # cents × basis points, as are the next two
        self.short_margin = 0
        self.reserved_margin = 0
        self.least_equity: Cents = 0
        self.loan_sum = 0  # cents × ticks
        self.borrow_sum = 0  # cents × basis points × ticks
        self.debt: Cents = 0  # of fines that are not paid: it counts against equity
        self.realised: Cents = 0
        self.close_equity: Cents = 0  # before today's open, or the endowment if that came later
        self.transfers: Cents = 0  # net, received beside the endowment without being earned
        self.trade_count = 0  # in all of its life
        self.equity_samples: deque[Cents] = deque()
        self.peak_equity: Cents = 0  # the highest that a tick has ended with
        self.closing: dict[str, Shares] = {}
        self.opening: dict[str, Shares] = {}
        self.orders: dict[str, OrderT] = {}  # not final, by id
        self.call: MarginCall | None = None
        self.is_bankrupt = False
        self.is_reduce_only = False  # charged with a crime: its exposure may not rise
        self.tape_seq = 0

    @property
    def equity(self) -> Cents:
        return self.cash + self.long_value - self.short_value - self.debt

    @property
    def liquidation_value(self) -> Cents:
        """Return what would be left if its positions were closed at the price: unpaid fines, which
        nobody advances, left out.
        """
        return self.cash + self.long_value - self.short_value

    @property
    def loan(self) -> Cents:
        """Return by how much its positions, long and short together, exceed what it has of its own:
        what it owes the bank, if it is long alone.
        """
        return max(0, 2 * self.short_value - self.cash)

    @property
    def exposure(self) -> Cents:
        return self.long_value + self.short_value + self.reserved

    @property
    def margin_used(self) -> Cents:
        """Return the initial margin of all positions and open orders, rounded up."""
        return ceil_div(self._margin, BPS_IN_ONE * self.leverage)

    @property
    def buying_power(self) -> Cents:
        """Return the exposure that may be added in companies without a rate of their own."""
        return max(0, (BPS_IN_ONE * self.leverage * self.equity - self._margin) // BPS_IN_ONE)

    @property
    def margin_available(self) -> Cents:
        return self.buying_power // self.leverage

    @property
    def _margin(self) -> int:
        return self.long_margin + self.short_margin + self.reserved_margin

    def margin_rate(self, company: CompanyBase[OrderT]) -> Bps:
        """Return a company's initial margin as a multiple of this account's own 1/L, in basis
        points: more than one where the company's least margin is higher.
        """
        return margin_rate(self.leverage, company.margin_bps)

    def can_take(self, cost: Cents, company: CompanyBase[OrderT]) -> bool:
        """Say whether exposure in a company may grow by `cost`: Σ exposure × rate ≤ L·E, all in
        integers (market-model, section 3).
        """
        equity = self.cash + self.long_value - self.short_value - self.debt
        margin = self.long_margin + self.short_margin + self.reserved_margin
        margin += cost * self.margin_rate(company)
        return margin <= BPS_IN_ONE * self.leverage * equity

    def reserve(self, cost: Cents, company: CompanyBase[OrderT]) -> None:
        """Hold back `cost`, which may be negative, for open orders in a company."""
        self.reserved += cost
        self.reserved_margin += cost * self.margin_rate(company)

    def move_baseline(self, cents: Cents) -> None:
        """Move what performance is measured from by cash that no trade has earned or lost."""
        self.transfers += cents
        self.close_equity += cents
        self.equity_samples = deque([equity + cents for equity in self.equity_samples])

    def quantity_of(self, symbol: str) -> Shares:
        holding = self.holdings.get(symbol)
        return holding.quantity if holding else 0

    def direction_of(self, symbol: str) -> int:
        """Return 1 if it is or may come to be long in a company, -1 if short, 0 if neither."""
        stake = self.quantity_of(symbol) or self.opening.get(symbol, 0)
        return (stake > 0) - (stake < 0)

    def closable(self, symbol: str) -> Shares:
        """Return the shares, held or short (negative), that no open order of its own closes yet."""
        held, closing = self.quantity_of(symbol), self.closing.get(symbol, 0)
        return held - closing if held >= 0 else held + closing

    def receive(self, company: CompanyBase[OrderT], shares: Shares, cost: Cents) -> None:
        """Move `shares` (negative: out) at `cost` (same sign), keeping the cost basis and the
        marks.

        What closes a position realises a gain or a loss; what is left of it keeps its average cost,
        the rounding staying with the holding.
        """
        holding = self.holdings.get(company.symbol)
        if holding is None:
            holding = self.holdings[company.symbol] = Holding()
        before = holding.quantity
        after = before + shares
        if before >= 0 and after >= 0:
            value = shares * company.price
            self.long_value += value
            self.long_margin += value * self.margin_rate(company)
        else:
            self._mark_short(company, before, after)
        if (before >= 0) == (shares > 0) or not before:
            holding.cost += cost
        else:
            self._close(holding, shares, cost)
        holding.quantity = after

    def mark_to_market(self, companies: Mapping[str, CompanyBase[OrderT]]) -> None:
        """Value every position anew at the companies' prices."""
        long_value = short_value = long_margin = short_margin = 0
        for symbol, holding in self.holdings.items():
            company = companies[symbol]
            value = holding.quantity * company.price
            if value > 0:
                long_value += value
                long_margin += value * self.margin_rate(company)
            else:
                short_value -= value
                short_margin -= value * self.margin_rate(company)
        self.long_value, self.short_value = long_value, short_value
        self.long_margin, self.short_margin = long_margin, short_margin

    def _close(self, holding: Holding, shares: Shares, cost: Cents) -> None:
        before = holding.quantity
        closed = min(abs(shares), abs(before))
        proceeds = cost * closed // abs(shares) if closed != abs(shares) else cost
        basis = (holding.cost * closed + abs(before) // 2) // abs(before)
        self.realised -= proceeds + basis
        holding.cost += (cost - proceeds) - basis

    def _mark_short(self, company: CompanyBase[OrderT], before: Shares, after: Shares) -> None:
        """Mark a position that is or was short, and count the company's shorts."""
        shorted = max(-after, 0) - max(-before, 0)
        bought, rate = max(after, 0) - max(before, 0), self.margin_rate(company)
        self.long_value += bought * company.price
        self.long_margin += bought * company.price * rate
        self.short_value += shorted * company.price
        self.short_margin += shorted * company.price * rate
        company.shorted += shorted
