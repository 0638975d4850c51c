"""The exchange: its companies, accounts and ledger, and the figures of the whole market."""

from __future__ import annotations

from collections import deque

from market.engine import events
from market.engine.accounts import BANK, AccountKind
from market.engine.candles import Forming
from market.engine.climate import Climate
from market.engine.desk import Desk
from market.engine.engine import Facts
from market.engine.orders import Account, Company
from market.engine.outcome import Candle, LedgerEntry
from market.engine.random_source import RandomSource
from market.engine.rules import Macro, MarketRules, Switches
from market.engine.values import Bps, Cents, Shares


class Exchange(Desk):
    """Every company and account, and what has happened to all of them together."""

    def __init__(
        self,
        rules: MarketRules,
        switches: Switches,
        streams: RandomSource,
        facts: Facts | None = None,
    ) -> None:
        super().__init__(rules, switches, streams)
        self.facts = facts or Facts()
        self.taker_fee_bps = rules.taker_fee_bps  # of everyone who pays one
        self.candles: list[Candle] = []  # finished in this tick
        self.index_candles: list[Candle] = []  # as well
        self.index_forming: Forming = {}
        self.happened_before: list[events.MarketEvent] = []  # in the last tick
        self.climate = Climate(rules, switches, streams)
        self.happened: list[events.MarketEvent] = []  # in this tick
        self.is_day_over = False  # before its time: the index has fallen too far
        self.market_halts_today = 0
        self.samples_kept = rules.session.day_ticks // rules.equity_sample_ticks + 1
        self.dollar_volumes: deque[Cents] = deque(maxlen=rules.session.day_ticks)

    @property
    def is_open(self) -> bool:
        return self.moment.is_open and not self.is_day_over

    # The ledger

    def open_account(
        self, id: int, name: str, *, cash: Cents, leverage: int, fee_bps: Bps
    ) -> Account:
        """Open an agent's account and endow it from the bank."""
        account = Account(id, name, AccountKind.AGENT, leverage=leverage, fee_bps=fee_bps)
        self.accounts[id] = account
        self.log.opened.append(account)
        self.pay(BANK, id, cash, kind="endowment")
        account.endowment = account.close_equity = cash
        return account

    def pay(self, debit: int, credit: int, cents: Cents, *, kind: str) -> None:
        """Move cash between two accounts, by one ledger entry."""
        self._move(debit, credit, cents, None, 0, kind)

    def transfer(self, debit: int, credit: int, cents: Cents, *, kind: str) -> None:
        """Move cash that no trade has earned or lost, such as a gift or a fine: what performance
        is measured from moves with it.
        """
        self.pay(debit, credit, cents, kind=kind)
        self.accounts[debit].move_baseline(-cents)
        self.accounts[credit].move_baseline(cents)

    def give_shares(
        self, debit: int, credit: int, company: Company, shares: Shares, *, kind: str
    ) -> None:
        """Move shares at the company's price without cash, by one ledger entry."""
        self._move(debit, credit, 0, company, shares, kind)

    def sell_shares(
        self, seller: int, buyer: int, company: Company, shares: Shares, *, kind: str
    ) -> None:
        """Move shares, and cash for them at the company's price, by two ledger entries."""
        self._move(seller, buyer, 0, company, shares, kind)
        self._move(buyer, seller, shares * company.price, None, 0, kind)

    def _move(
        self,
        debit: int,
        credit: int,
        cents: Cents,
        company: Company | None,
        shares: Shares,
        kind: str,
    ) -> None:
        giver, taker = self.accounts[debit], self.accounts[credit]
        giver.cash -= cents
        giver.least_equity -= cents + (shares * company.price if company is not None else 0)
        taker.cash += cents
        if company is not None:
            cost = shares * company.price
            giver.receive(company, -shares, -cost)
            taker.receive(company, shares, cost)
            self.log.touch_position(giver, company)
            self.log.touch_position(taker, company)
        self.log.accounts[debit], self.log.accounts[credit] = giver, taker
        symbol = company.symbol if company else None
        self.log.entries.append(
            LedgerEntry(self.log.tick, kind, debit, credit, cents, symbol, shares)
        )

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
        listings = [company.listing for company in self.companies.values()]
        founded = sum(listing.price * listing.shares for listing in listings)
        return capital * self.rules.index_base * 100 // founded if founded else 0

    def equity_day_ago(self, account: Account) -> Cents:
        """Return the equity of 630 ticks ago (to the last sample before), or the endowment if it
        is younger; with what has been transferred since.
        """
        if len(account.equity_samples) == self.samples_kept:
            return account.equity_samples[0]
        return account.endowment + account.transfers
