"""What must always be true of an exchange, held against what a tick has left."""

from __future__ import annotations

from typing import Any

from market.engine.accounts import MARKET_MAKER
from market.engine.engine import InvariantBroken
from market.engine.exchange import Exchange
from market.engine.orders import Account, Company, Order
from market.engine.values import Cents, Intent, Shares


class Invariants:
    """The checks of one exchange. It knows every holding, and what every account and open order
    reserved, as it was when it last looked, so that a tick's check looks at what the tick touched.
    """

    def __init__(self) -> None:
        self._known = False
        self._held: dict[Any, Shares] = {}  # by account and symbol
        self._issued: dict[str, Shares] = {}
        self._reserved: dict[int, Cents] = {}  # by account

    def check(self, exchange: Exchange, *, full: bool) -> None:
        """Check what the tick touched, or all there is. Raises InvariantBroken."""
        _check_cash(exchange)
        for company in exchange.companies.values():
            _check_book(company)
        if full or not self._known:
            self._look_at_all_holdings(exchange)
            for account in exchange.accounts.values():
                for order in account.orders.values():
                    _check_order(order)
                self._look_at_account(account)
                _check_values(account, exchange)
            for company in exchange.companies.values():
                _check_shorts(company, exchange)
            return
        self._look_at_touched_orders(exchange)
        self._look_at_touched_holdings(exchange)

    def _look_at_touched_orders(self, exchange: Exchange) -> None:
        """Hold what the tick's orders reserve more or less than before against their accounts: to
        sum up all that is open would cost more the longer a world trades.
        """
        changes: dict[int, Cents] = {}
        for order in exchange.log.orders.values():
            filled, quantity = order.filled, order.quantity
            if filled < 0 or filled >= quantity:
                _check_order(order)
            if order.reserved != order.reserved_before:
                _note_change(order, changes)
        for company in exchange.companies.values():
            for order in company.floating.values():  # which the price changes, untouched
                if order.reserved != order.reserved_before:
                    _note_change(order, changes)
        known = self._reserved
        for account in exchange.accounts.values():
            id = account.id
            if account.reserved != known.get(id, 0) + changes.get(id, 0):
                self._look_at_account(account)
            elif id in changes:
                known[id] = account.reserved

    def _look_at_account(self, account: Account) -> None:
        """Hold what an account reserves against the sum over all its open orders."""
        reserved: Cents = 0
        for order in account.orders.values():
            reserved += order.reserved
            order.reserved_before = order.reserved
        if reserved != account.reserved:
            raise InvariantBroken(
                f"account {account.id} ({account.name}): reserves {account.reserved} cents, its"
                f" open orders {reserved}"
            )
        self._reserved[account.id] = reserved

    def _look_at_touched_holdings(self, exchange: Exchange) -> None:
        """Hold what the tick's movements of shares add up to against the shares issued."""
        known = self._held
        moved: dict[str, Shares] = {}
        touched: dict[Any, Account] = exchange.log.holdings  # keys stay as they are, thousands
        for key, account in touched.items():
            symbol: str = key[1]
            holding = account.holdings.get(symbol)
            quantity = 0 if holding is None else holding.quantity
            change = quantity - known.get(key, 0)
            if change:
                moved[symbol] = moved.get(symbol, 0) + change
                known[key] = quantity
        for symbol, company in exchange.companies.items():
            issued = company.shares - self._issued.get(symbol, 0)
            if moved.get(symbol, 0) != issued:
                raise InvariantBroken(
                    f"company {symbol}: holdings changed by {moved.get(symbol, 0)} shares, those"
                    f" issued by {issued}"
                )
            self._issued[symbol] = company.shares

    def _look_at_all_holdings(self, exchange: Exchange) -> None:
        held: dict[str, Shares] = {}
        known: dict[Any, Shares] = {}
        for account in exchange.accounts.values():
            for symbol, holding in account.holdings.items():
                if holding.quantity:
                    held[symbol] = held.get(symbol, 0) + holding.quantity
                    known[account.id, symbol] = holding.quantity
        for symbol, company in exchange.companies.items():
            if held.get(symbol, 0) != company.shares:
                raise InvariantBroken(
                    f"company {symbol}: {company.shares} shares are issued,"
                    f" {held.get(symbol, 0)} held"
                )
        self._held, self._known = known, True
        self._issued = {symbol: c.shares for symbol, c in exchange.companies.items()}


def _check_cash(exchange: Exchange) -> None:
    total = 0
    for account in exchange.accounts.values():
        total += account.cash
    if total:
        raise InvariantBroken(f"all accounts together have {total} cents, not 0")


def _check_book(company: Company) -> None:
    if not company.is_trading:
        return
    bid, ask = company.book.bids.best(), company.book.asks.best()
    if bid is not None and ask is not None and bid >= ask:
        raise InvariantBroken(
            f"company {company.symbol}: the book is crossed, bid {bid} and ask {ask} cents"
        )


def _check_order(order: Order) -> None:
    filled, quantity = order.filled, order.quantity
    if 0 <= filled <= quantity and (filled < quantity or order.tick_closed is not None):
        return
    raise InvariantBroken(
        f"account {order.account.id} ({order.account.name}): order {order.id} is {order.status},"
        f" {filled} of {quantity} filled"
    )


def _note_change(order: Order, changes: dict[int, Cents]) -> None:
    """Add what an order reserves more than before to its account's changes."""
    id = order.account.id
    changes[id] = changes.get(id, 0) + order.reserved - order.reserved_before
    order.reserved_before = order.reserved


def _check_values(account: Account, exchange: Exchange) -> None:
    """Hold an account's sums against its holdings and open orders."""
    long_value = short_value = 0
    for symbol, holding in account.holdings.items():
        value = holding.quantity * exchange.companies[symbol].price
        if value > 0:
            long_value += value
        else:
            short_value -= value
    if (long_value, short_value) != (account.long_value, account.short_value):
        raise InvariantBroken(
            f"account {account.id} ({account.name}): positions are marked at"
            f" {account.long_value} and {account.short_value} cents, worth {long_value} and"
            f" {short_value}"
        )
    if account.id == MARKET_MAKER:
        return
    opening: dict[str, Shares] = {}
    closing: dict[str, Shares] = {}
    for order in account.orders.values():
        shares = -order.unfilled if order.intent is Intent.SHORT else order.unfilled
        held = opening if order.opens else closing
        held[order.company.symbol] = held.get(order.company.symbol, 0) + shares
    if opening != account.opening or closing != account.closing:
        raise InvariantBroken(
            f"account {account.id} ({account.name}): open orders are counted as opening"
            f" {account.opening} and closing {account.closing}, and do {opening} and {closing}"
        )


def _check_shorts(company: Company, exchange: Exchange) -> None:
    """Hold the shares lent against the positions that are short."""
    shorted = 0
    for account in exchange.accounts.values():
        shorted += max(0, -account.quantity_of(company.symbol))
    if shorted != company.shorted:
        raise InvariantBroken(
            f"company {company.symbol}: {company.shorted} shares are lent, {shorted} short"
        )
