"""Initial margin and reservations: no order may bring exposure X beyond L·E."""

from __future__ import annotations

import pytest

from agents.engine.rules import ROLES, Role
from market.engine.rules import Switches
from tests.cast import Player, Stage, cents, dollars, listing

SELLER = Player("ann", holds={"APEX": 100_000})

# X ≤ L·E


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_every_role_may_buy_for_its_capital_times_its_leverage_and_not_a_cent_more(
    role: Role,
) -> None:
    capital = Player("bob", dollars(role.capital_cents), role.leverage, role.name)
    one_share = listing(price="250.00", shares=10**9)
    most = role.capital_cents * role.leverage // one_share.price
    stage = Stage(capital, companies=[one_share])
    stage.tick(f"bob BUY {most} @ 250.00")
    assert stage.codes == ["OK"]
    assert stage.account("bob").buying_power == 0
    stage.tick("bob BUY 1 @ 0.01")
    assert stage.codes == ["INSUFFICIENT_FUNDS"]


def test_a_registered_agent_has_its_roles_capital_and_leverage() -> None:
    stage = Stage()
    for number, role in enumerate(ROLES, start=1_000):
        given = {"agent": f"agent-{number}", "name": role.name, "role": role.name}
        stage.ids[role.name] = number
        stage.submit(stage.input(role.name, "REGISTER", given))
        account = stage.account(role.name)
        assert (account.cash, account.leverage) == (role.capital_cents, role.leverage)
        assert account.fee_bps == (1 if role.pays_fees else 0)


def test_a_purchase_on_margin_leaves_a_loan() -> None:
    stage = Stage(SELLER, Player("bob", "10,000.00", leverage=2))
    stage.tick("""
        ann SELL 2000 @ 10.00
        bob BUY 1904 MARKET
    """)
    assert stage.codes == ["OK", "OK"]
    bob = stage.account("bob")
    assert bob.cash == cents("10,000.00") - cents("19,040.00") - 190
    assert bob.equity == cents("10,000.00") - 190
    assert bob.long_value == cents("19,040.00")


def test_a_market_buy_must_be_covered_up_to_its_collar() -> None:
    stage = Stage(SELLER, Player("bob", "1,050.00"), Player("cid", "1,049.99"))
    stage.tick("""
        ann SELL 500 @ 10.00
        cid BUY 100 MARKET
        bob BUY 100 MARKET
    """)
    assert stage.codes == ["OK", "INSUFFICIENT_FUNDS", "OK"]


def test_open_buys_count_against_the_next_order() -> None:
    stage = Stage(Player("bob", "1,000.00"))
    stage.tick("""
        bob BUY 60 @ 10.00
        bob BUY 41 @ 10.00
        bob BUY 40 @ 10.00
        bob BUY 1 @ 0.01
    """)
    assert stage.codes == ["OK", "INSUFFICIENT_FUNDS", "OK", "INSUFFICIENT_FUNDS"]


def test_of_fifty_orders_worth_three_fifths_of_the_buying_power_one_is_filled() -> None:
    stage = Stage(SELLER, Player("bob", "10,000.00", leverage=2))
    stage.tick("ann SELL 100000 @ 10.00")
    stage.tick("bob BUY 1200 @ 10.00\n" * 50)
    assert stage.codes == ["OK"] + ["INSUFFICIENT_FUNDS"] * 49
    assert stage.trades == ["bob bought 1200 from ann @ 10.00"]


def test_fifty_parallel_sales_of_three_fifths_of_the_shares_sell_once() -> None:
    stage = Stage(Player("ann", holds={"APEX": 1_000}), "bob")
    stage.tick("bob BUY 9000 @ 10.00")
    stage.tick("ann SELL 600 @ 10.00\n" * 50)
    assert stage.codes == ["OK"] + ["INSUFFICIENT_SHARES"] * 49
    assert stage.holding("ann") == 400


def test_a_loss_takes_buying_power_away_leverage_times() -> None:
    stage = Stage(SELLER, Player("bob", "1,000.00", leverage=4))
    stage.tick("""
        ann SELL 100 @ 10.50
        bob BUY 100 @ 10.50
    """)  # 100 shares worth 1,000.00 for 1,050.00 and a fee of 0.11
    bob = stage.account("bob")
    assert bob.equity == cents("949.89")
    assert bob.buying_power == 4 * cents("949.89") - cents("1,000.00")


def test_proceeds_of_a_sale_may_be_spent_in_the_same_tick() -> None:
    stage = Stage(
        Player("bob", "0.00", holds={"APEX": 100}),
        Player("ann", holds={"NOVA": 100}),
        companies=[listing("APEX"), listing("NOVA")],
    )
    stage.tick("""
        ann BUY 100 APEX @ 10.00
        ann SELL 99 NOVA @ 10.00
        bob BUY 99 NOVA @ 10.00
        bob SELL 100 APEX MARKET
        bob BUY 99 NOVA @ 10.00
    """)
    assert stage.codes == ["OK", "OK", "INSUFFICIENT_FUNDS", "OK", "OK"]


# Reservations


def test_an_open_buy_reserves_its_limit_and_gives_it_back_as_it_fills() -> None:
    stage = Stage(SELLER, "bob")
    stage.tick("bob BUY 100 @ 10.50 #b")
    assert stage.account("bob").reserved == cents("1,050.00")
    stage.tick("ann SELL 40 @ 10.00")
    assert stage.trades == ["bob bought 40 from ann @ 10.50"]
    assert stage.account("bob").reserved == cents("630.00")
    stage.tick("ann SELL 60 @ 10.00")
    assert stage.account("bob").reserved == 0
    assert stage.account("bob").orders == {}


def test_a_cancelled_buy_gives_back_what_it_reserved_and_keeps_what_it_filled() -> None:
    stage = Stage(SELLER, "bob")
    stage.tick("""
        bob BUY 100 @ 11.00 #b
        ann SELL 40 @ 10.00
        bob CANCEL #b
    """)
    assert stage.account("bob").reserved == 0
    order = stage.orders["b"]
    assert (order.status, order.filled) == ("cancelled", 40)


def test_an_open_sell_offers_its_shares_and_gives_them_back() -> None:
    stage = Stage(Player("ann", holds={"APEX": 100}), "bob")
    stage.tick("""
        ann SELL 70 @ 10.50 #a
        ann SELL 31 @ 10.50
        ann SELL 30 MARKET
    """)
    assert stage.codes == ["OK", "INSUFFICIENT_SHARES", "NO_LIQUIDITY"]
    stage.tick("bob BUY 20 @ 10.50")
    assert stage.account("ann").closing == {"APEX": 50}
    stage.tick("ann CANCEL #a")
    assert stage.account("ann").closing == {}
    stage.tick("ann SELL 80 @ 10.00")
    assert stage.codes == ["OK"]


def test_a_sell_of_what_is_not_held_is_refused() -> None:
    stage = Stage("ann")
    stage.tick("ann SELL 1 @ 10.00")
    assert stage.codes == ["INSUFFICIENT_SHARES"]


def test_what_is_bought_in_a_tick_may_be_sold_in_it() -> None:
    stage = Stage(SELLER, "bob")
    stage.tick("""
        ann SELL 10 @ 10.00
        bob SELL 10 @ 10.00
        bob BUY 10 @ 10.00
        bob SELL 10 @ 10.00
    """)
    assert stage.codes == ["OK", "INSUFFICIENT_SHARES", "OK", "OK"]


def test_a_rejected_order_reserves_nothing() -> None:
    stage = Stage(Player("bob", "10.00"))
    stage.tick("bob BUY 2 @ 10.00")
    assert (stage.account("bob").reserved, stage.account("bob").orders) == (0, {})


def test_the_market_maker_reserves_nothing() -> None:
    stage = Stage("ann", switches=Switches(True, maker=True, walk=False))
    stage.submit()
    maker = stage.account("market_maker")
    assert stage.resting()
    assert (maker.reserved, maker.closing, maker.orders) == (0, {}, {})


# What is shown


def test_margin_used_is_rounded_up_and_margin_available_down() -> None:
    stage = Stage(Player("bob", "100.00", leverage=3))
    stage.tick("bob BUY 1 @ 10.00")
    bob = stage.account("bob")
    assert bob.margin_used == 334  # 3.33⅓
    assert bob.buying_power == cents("290.00")
    assert bob.margin_available == 9_666  # 96.66⅔


def test_what_the_night_has_done_to_prices_counts_for_the_first_orders_of_the_day() -> None:
    stage = Stage(
        Player("ann", "0.01", leverage=2, holds={"APEX": 1_000}),
        switches=Switches(maker=False, walk=True),
    )
    stage.run_to(629)
    before = stage.company().price
    stage.world.market.begin_tick(630)
    stage.world.market.open_or_close()
    assert stage.company().price != before
    assert stage.account("ann").long_value == 1_000 * stage.company().price
