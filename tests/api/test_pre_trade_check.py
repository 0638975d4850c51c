"""What the pre-trade check lets one account expect of the next tick."""

from __future__ import annotations

from typing import Any

import pytest

from market.engine.accounts import AccountKind, Holding
from market.engine.book_orders import Ticket
from market.engine.orders import Account, Company
from market.engine.outlooks import OpenOrder
from market.engine.pre_trade_check import PreTradeCheck
from market.engine.refusals import Code, Refused
from market.engine.rules import Switches
from market.engine.values import Intent, OrderKind
from tests.cast import cents, listing
from wallstreetsim.machine.rules import RULES

OPEN_TICK, CLOSED_TICK = 5, 500


def _pre_trade(
    *open: OpenOrder,
    cash: str = "1,000.00",
    leverage: int = 1,
    tick: int = OPEN_TICK,
    holds: int = 0,
) -> PreTradeCheck:
    account = Account(1_000, "ann", AccountKind.AGENT, leverage=leverage)
    account.cash = cents(cash)
    account.holdings["APEX"] = Holding(holds, holds * 1_000)
    account.long_value = holds * 1_000
    company = Company(listing("APEX", "10.00"), RULES.market)
    company.set_bands(RULES.market.halts, Switches())
    pre_trade = PreTradeCheck(RULES.market, tick, account, [company], open, {"final"})
    pre_trade.accounts[account.id] = account
    return pre_trade


def _place(
    pre_trade: PreTradeCheck,
    intent: Intent,
    quantity: int,
    price: str | None = None,
    name: str = "",
    **terms: Any,
) -> str:
    account = pre_trade.accounts[1_000]
    id = name or f"order {len(pre_trade.outlooks)}"
    order = pre_trade.place(account, _ticket(intent, quantity, price, **terms), id=id)
    return str(order.reason_code) or "OK"


def _ticket(
    intent: Intent, quantity: int, price: str | None = None, stop: str | None = None, **terms: Any
) -> Ticket:
    kind = (OrderKind.STOP_LIMIT if stop else OrderKind.LIMIT) if price else OrderKind.MARKET
    if stop and not price:
        kind = OrderKind.STOP
    limit, trigger = price and cents(price), stop and cents(stop)
    return Ticket("APEX", intent, quantity, kind, limit or None, trigger or None, **terms)


def _rests(
    name: str, intent: Intent, quantity: int, price: str | None, filled: int = 0
) -> OpenOrder:
    return OpenOrder(1, name, _ticket(intent, quantity, price), filled, "")


def test_a_market_order_may_find_nobody_and_leave_the_money() -> None:
    """Its own worst cost is 5 % more than the price."""
    pre_trade = _pre_trade()
    assert _place(pre_trade, Intent.BUY, 95) == "OK"
    assert _place(pre_trade, Intent.BUY, 95) == "OK"
    assert _place(pre_trade, Intent.BUY, 96) == Code.INSUFFICIENT_FUNDS


def test_a_limit_that_does_not_reach_the_price_holds_its_cost_back() -> None:
    pre_trade = _pre_trade()
    assert _place(pre_trade, Intent.BUY, 100, "9.00") == "OK"
    assert _place(pre_trade, Intent.BUY, 12, "9.00") == Code.INSUFFICIENT_FUNDS
    assert _place(pre_trade, Intent.BUY, 11, "9.00") == "OK"


def test_what_rests_holds_back_what_is_unfilled_of_it() -> None:
    pre_trade = _pre_trade(_rests("a", Intent.BUY, 100, "9.00", filled=40))
    assert _place(pre_trade, Intent.BUY, 47, "10.00") == Code.INSUFFICIENT_FUNDS
    assert _place(pre_trade, Intent.BUY, 46, "10.00") == "OK"


def test_a_cancel_gives_it_back() -> None:
    pre_trade = _pre_trade(_rests("a", Intent.BUY, 100, "9.00"))
    pre_trade.cancel(pre_trade.accounts[1_000], id="a", client_id=None)
    assert _place(pre_trade, Intent.BUY, 100, "10.00") == "OK"


def test_while_closed_a_market_order_holds_back_its_collar() -> None:
    pre_trade = _pre_trade(_rests("a", Intent.BUY, 50, None), tick=CLOSED_TICK)
    assert _place(pre_trade, Intent.BUY, 48, "10.00") == Code.INSUFFICIENT_FUNDS
    assert _place(pre_trade, Intent.BUY, 47, "10.00") == "OK"


def test_leverage_counts() -> None:
    pre_trade = _pre_trade(leverage=2)
    assert _place(pre_trade, Intent.BUY, 191) == Code.INSUFFICIENT_FUNDS
    assert _place(pre_trade, Intent.BUY, 190) == "OK"


def test_what_is_bought_may_be_sold_and_what_is_offered_may_not() -> None:
    pre_trade = _pre_trade()
    assert _place(pre_trade, Intent.SELL, 1) == Code.INSUFFICIENT_SHARES
    _place(pre_trade, Intent.BUY, 10)
    assert _place(pre_trade, Intent.SELL, 11, "11.00") == Code.INSUFFICIENT_SHARES
    assert _place(pre_trade, Intent.SELL, 10) == "OK"
    held = _pre_trade(holds=10)
    assert _place(held, Intent.SELL, 6, "11.00") == "OK"
    assert _place(held, Intent.SELL, 5, "11.00") == Code.INSUFFICIENT_SHARES
    assert _place(held, Intent.SELL, 4) == "OK"


@pytest.mark.parametrize(
    ("name", "code"), [("final", Code.ORDER_NOT_OPEN), ("unknown", Code.ORDER_NOT_FOUND)]
)
def test_what_is_not_open_cannot_be_cancelled(name: str, code: Code) -> None:
    pre_trade = _pre_trade()
    with pytest.raises(Refused) as refusal:
        pre_trade.cancel(pre_trade.accounts[1_000], id=name, client_id=None)
    assert refusal.value.code == code


def test_what_may_fill_or_rest_may_be_cancelled() -> None:
    pre_trade = _pre_trade()
    _place(pre_trade, Intent.BUY, 10, "10.00", name="a")
    assert pre_trade.cancel(pre_trade.accounts[1_000], id="a", client_id=None).id == "a"
