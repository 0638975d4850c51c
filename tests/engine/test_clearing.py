"""Clearing: what a trade does to cash, shares and fee; what a holding costs and what it earns."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.engine.accounts import AccountKind
from market.engine.clearing import taker_fee
from market.engine.orders import Account, Company
from market.engine.rules import Switches
from tests.cast import Player, Stage, cents, listing
from wallstreetsim.machine.rules import RULES

SELLER = Player("ann", holds={"APEX": 1_000})

# Cash, shares, fee


def test_a_trade_moves_cash_one_way_and_shares_the_other_and_the_taker_pays_the_fee() -> None:
    stage = Stage(SELLER, "bob")
    stage.tick("ann SELL 100 @ 10.02")
    stage.tick("bob BUY 100 MARKET")
    assert stage.trades == ["bob bought 100 from ann @ 10.02"]
    assert stage.holding("ann") == 900
    assert stage.holding("bob") == 100
    assert stage.account("ann").cash == cents("1,001,002.00")
    assert stage.account("bob").cash == cents("1,000,000.00") - cents("1,002.00") - 10
    assert stage.account("treasury").cash == 10


def test_a_seller_who_takes_pays_the_fee_too() -> None:
    stage = Stage(SELLER, "bob")
    stage.tick("bob BUY 100 @ 9.99")
    stage.tick("ann SELL 100 MARKET")
    assert stage.account("ann").cash == cents("1,000,999.00") - 10
    assert stage.account("bob").cash == cents("999,001.00")


@pytest.mark.parametrize(
    ("value", "fee"),
    [("0.00", 0), ("49.99", 0), ("50.00", 1), ("149.99", 1), ("150.00", 2), ("250.00", 3)],
)
def test_the_fee_is_one_basis_point_rounded_half_up(value: str, fee: int) -> None:
    assert taker_fee(cents(value), rate=1) == fee


def test_each_trade_of_an_order_bears_its_own_fee() -> None:
    stage = Stage(SELLER, "bob")
    stage.tick("""
        ann SELL 5 @ 10.00
        ann SELL 5 @ 10.00
        bob BUY 10 MARKET
    """)
    assert [trade.fee for trade in stage.outcome.market.trades] == [1, 1]


def test_an_investment_banker_pays_no_fee() -> None:
    stage = Stage(SELLER, Player("bob", role="investment_banker"))
    stage.tick("""
        ann SELL 100 @ 10.00
        bob BUY 100 MARKET
    """)
    assert stage.account("bob").cash == cents("999,000.00")
    assert stage.account("treasury").cash == 0


def test_the_market_maker_takes_free_of_fees_at_the_resting_price() -> None:
    stage = Stage(
        Player("ann", cash="2,000,000.00"), switches=Switches(True, maker=True, walk=False)
    )
    stage.tick("ann BUY 1 @ 10.00")
    assert not stage.outcome.market.trades
    stage.tick("ann BUY 50000 @ 10.50")
    taken = stage.outcome.market.trades
    assert [trade.aggressor for trade in taken][-1] == "SELL"
    assert stage.names[taken[-1].seller] == "market_maker"
    assert taken[-1].price == cents("10.50")
    assert taken[-1].fee == 0


def test_an_account_may_trade_with_itself_and_loses_nothing_but_the_fee() -> None:
    stage = Stage(SELLER)
    stage.tick("""
        ann SELL 100 @ 10.00
        ann BUY 60 @ 10.00 allow
    """)
    assert stage.trades == ["ann bought 60 from ann @ 10.00"]
    ann = stage.account("ann")
    assert (ann.cash, ann.quantity_of("APEX")) == (cents("1,000,000.00") - 6, 1_000)
    assert ann.closing == {"APEX": 40}


def test_both_sides_of_a_trade_are_told() -> None:
    stage = Stage(SELLER, "bob", "cid")
    stage.tick("ann SELL 100 @ 10.00")
    stage.tick("bob BUY 60 MARKET")
    assert stage.outcome.told == [stage.ids["ann"], stage.ids["bob"]]
    told = {stage.names[o.account]: (o.filled_now, o.status) for o in stage.outcome.market.orders}
    assert told == {"ann": (60, "partial"), "bob": (60, "filled")}


# Average cost and realised profit


def test_purchases_add_up_to_the_cost_and_fees_are_not_in_it() -> None:
    stage = Stage(SELLER, "bob")
    stage.tick("""
        ann SELL 10 @ 10.00
        ann SELL 20 @ 10.50
        bob BUY 30 @ 10.50
    """)
    assert stage.account("bob").holdings["APEX"].cost == cents("310.00")
    assert stage.account("bob").realised == 0


def test_a_sale_realises_the_proceeds_less_the_average_cost() -> None:
    bob = _holder()
    _receive(bob, 30, "320.00")
    _receive(bob, -15, "-180.00")
    assert bob.realised == cents("20.00")
    assert bob.holdings["APEX"].cost == cents("160.00")


def test_the_average_cost_is_rounded_half_up_and_the_last_share_takes_the_rest() -> None:
    bob = _holder()
    _receive(bob, 3, "10.00")
    _receive(bob, -1, "-4.00")  # 3.33 of the 10.00
    assert (bob.realised, bob.holdings["APEX"].cost) == (67, 667)
    _receive(bob, -1, "-4.00")  # half of 6.67: 3.34
    assert (bob.realised, bob.holdings["APEX"].cost) == (67 + 66, 333)
    _receive(bob, -1, "-4.00")
    assert (bob.realised, bob.holdings["APEX"].cost) == (200, 0)


def test_a_short_costs_less_than_nothing_and_gains_when_it_is_covered_lower() -> None:
    bob = _holder()
    _receive(bob, -10, "-100.00")
    assert (bob.short_value, bob.holdings["APEX"].cost) == (cents("100.00"), -cents("100.00"))
    _receive(bob, 4, "36.00")
    assert (bob.realised, bob.holdings["APEX"].cost) == (cents("4.00"), -cents("60.00"))


def test_a_sale_through_zero_closes_the_long_and_opens_a_short_with_what_is_left() -> None:
    bob = _holder()
    _receive(bob, 5, "50.00")
    _receive(bob, -8, "-88.00")
    assert bob.realised == cents("5.00")
    assert (bob.quantity_of("APEX"), bob.holdings["APEX"].cost) == (-3, -cents("33.00"))
    assert (bob.long_value, bob.short_value) == (0, cents("30.00"))


moves = st.tuples(st.integers(-50, 50).filter(bool), st.integers(1, 2_000))


@given(st.lists(moves, max_size=20))
def test_cost_and_realised_profit_account_for_every_cent(history: list[tuple[int, int]]) -> None:
    """What was paid in all is the cost of what is held, less what was realised."""
    bob, paid = _holder(), 0
    for shares, price in history:
        bob.receive(APEX, shares, shares * price)
        paid += shares * price
        holding = bob.holdings["APEX"]
        assert holding.cost - bob.realised == paid
        assert bob.long_value - bob.short_value == holding.quantity * APEX.price
        assert min(bob.long_value, bob.short_value) == 0
        if not holding.quantity:
            assert holding.cost == 0


APEX = Company(listing(), RULES.market)


def _holder() -> Account:
    return Account(1_000, "bob", AccountKind.AGENT)


def _receive(account: Account, shares: int, cost: str) -> None:
    account.receive(APEX, shares, cents(cost))
