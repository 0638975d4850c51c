"""Orders: what is taken, what is refused and why, how they end, and what is reported of them."""

from __future__ import annotations

import pytest

from market.engine.outcome import OrderState
from tests.cast import Player, Stage, cents, listing

SELLER = Player("ann", holds={"APEX": 10_000})


def status_of(stage: Stage, reference: str) -> tuple[str, int]:
    order = stage.orders[reference]
    return order.status, order.filled


# Market orders and their collar


def test_a_market_buy_takes_nothing_dearer_than_five_percent_above_the_price() -> None:
    stage = Stage(SELLER, "bob")
    stage.tick("""
        ann SELL 10 @ 10.50
        ann SELL 10 @ 10.51
        bob BUY 20 MARKET #b
    """)
    assert stage.trades == ["bob bought 10 from ann @ 10.50"]
    assert stage.codes[-1] == "NO_LIQUIDITY"
    assert stage.outcome.results[-1].verdict.success, "a part of it was filled"
    assert status_of(stage, "b") == ("cancelled", 10)


def test_a_market_sell_takes_nothing_cheaper_than_five_percent_below_the_price() -> None:
    stage = Stage(SELLER, "bob")
    stage.tick("""
        bob BUY 10 @ 9.50
        bob BUY 10 @ 9.49
        ann SELL 20 MARKET #a
    """)
    assert stage.trades == ["bob bought 10 from ann @ 9.50"]
    assert status_of(stage, "a") == ("cancelled", 10)


@pytest.mark.parametrize(
    ("price", "highest", "lowest"), [("10.01", "10.51", "9.51"), ("67.40", "70.77", "64.03")]
)
def test_the_collar_is_rounded_towards_the_price(price: str, highest: str, lowest: str) -> None:
    stage = Stage(SELLER, "bob", companies=[listing(price=price)])
    for dearer, cheaper, taken in ((0, 0, 2), (1, 1, 0)):
        high, low = cents(highest) + dearer, cents(lowest) - cheaper
        stage.tick(f"""
            ann SELL 1 @ {high / 100} #s
            bob BUY 1 MARKET
            bob BUY 1 @ {low / 100} #b
            ann SELL 1 MARKET
            ann CANCEL #s
            bob CANCEL #b
        """)
        assert len(stage.trades) == taken


def test_a_market_order_without_a_counterpart_is_cancelled_and_says_so() -> None:
    stage = Stage("bob")
    stage.tick("bob BUY 1 MARKET #b")
    verdict = stage.outcome.results[0].verdict
    assert (verdict.success, verdict.code) == (False, "NO_LIQUIDITY")
    assert status_of(stage, "b") == ("cancelled", 0)
    assert stage.resting() == []


def test_a_market_orders_limit_is_nobodys_business() -> None:
    stage = Stage("bob")
    stage.tick("bob BUY 1 MARKET #b")
    assert stage.orders["b"].limit is None


# Refusals


def test_an_unknown_company_is_refused_and_makes_no_order() -> None:
    stage = Stage("bob")
    stage.tick("bob BUY 1 NOWHERE @ 10.00")
    assert stage.codes == ["INVALID_SYMBOL"]
    assert stage.outcome.market.orders == []


def test_the_two_hundred_and_first_open_order_is_refused() -> None:
    stage = Stage(SELLER, "bob")
    stage.tick("bob BUY 1 @ 1.00 #last\n" + "bob BUY 1 @ 1.00\n" * 199)
    assert set(stage.codes) == {"OK"}
    stage.tick("bob BUY 1 @ 1.00")
    assert stage.codes == ["TOO_MANY_ORDERS"]
    stage.tick("bob CANCEL #last")
    stage.tick("bob BUY 1 @ 1.00")
    assert stage.codes == ["OK"]


def test_a_client_order_id_in_use_is_refused_and_another_agents_is_not_in_the_way() -> None:
    stage = Stage("ann", "bob")
    stage.tick("""
        ann BUY 1 @ 1.00 #x
        bob BUY 1 @ 1.00 #x
        ann BUY 2 @ 1.00 #x
    """)
    assert stage.codes == ["OK", "OK", "DUPLICATE"]


def test_a_rejected_order_is_reported_with_its_reason() -> None:
    stage = Stage("bob")
    stage.tick("bob SELL 1 @ 10.00 #b")
    order = stage.orders["b"]
    assert (order.status, order.is_new) == ("rejected", True)
    assert (order.reason_code, order.note) == (
        "INSUFFICIENT_SHARES",
        "You hold no APEX: SELL only closes, SHORT sells borrowed shares.",
    )
    assert order.tick_closed == stage.world.tick
    assert stage.outcome.results[0].verdict.data == {"orderId": order.id}


# Cancels


def test_a_cancelled_order_trades_no_more() -> None:
    stage = Stage(SELLER, "bob")
    stage.tick("ann SELL 100 @ 10.00 #a")
    stage.tick("""
        ann CANCEL #a
        bob BUY 100 MARKET
    """)
    assert stage.codes == ["OK", "NO_LIQUIDITY"]
    assert status_of(stage, "a") == ("cancelled", 0)


def test_a_cancel_that_comes_after_the_fill_finds_nothing_open() -> None:
    stage = Stage(SELLER, "bob")
    stage.tick("ann SELL 100 @ 10.00 #a")
    stage.tick("""
        bob BUY 100 MARKET
        ann CANCEL #a
    """)
    assert stage.codes == ["OK", "ORDER_NOT_OPEN"]
    assert status_of(stage, "a") == ("filled", 100)


def test_nobody_cancels_another_agents_order() -> None:
    stage = Stage("ann", "bob")
    stage.tick("bob BUY 1 @ 1.00 #b")
    theirs = stage.orders["b"].id
    stage.submit(stage.input("ann", "CANCEL_ORDER", {"id": theirs}))
    assert stage.codes == ["ORDER_NOT_OPEN"]
    stage.submit(stage.input("bob", "CANCEL_ORDER", {"id": theirs}))
    assert stage.codes == ["OK"]


def test_an_order_is_cancelled_once() -> None:
    stage = Stage("bob")
    stage.tick("""
        bob BUY 1 @ 1.00 #b
        bob CANCEL #b
        bob CANCEL #b
    """)
    assert stage.codes == ["OK", "OK", "ORDER_NOT_OPEN"]


# What is reported


def test_an_orders_id_is_that_of_the_input_that_placed_it() -> None:
    stage = Stage("bob")
    placed = stage.input(
        "bob",
        "BUY",
        {"symbol": "APEX", "quantity": 1, "kind": "LIMIT", "limit": 5, "time_in_force": "GTC"},
    )
    stage.submit(placed)
    assert [order.id for order in stage.outcome.market.orders] == [placed.id]


def test_an_order_is_new_once_and_reported_whenever_it_changes() -> None:
    stage = Stage(SELLER, "bob")
    stage.tick("ann SELL 100 @ 10.00 #a")
    assert _told_of(stage, "a") == (True, "open", 0, 0)
    stage.tick("bob BUY 30 MARKET")
    assert _told_of(stage, "a") == (False, "partial", 30, 30)
    stage.submit()
    assert stage.outcome.market.orders == []
    stage.tick("""
        bob BUY 10 MARKET
        bob BUY 60 MARKET
    """)
    assert _told_of(stage, "a") == (False, "filled", 70, 100)
    assert stage.orders["a"].value == cents("1,000.00")


def test_an_order_that_is_filled_and_cancelled_in_one_tick_is_reported_once() -> None:
    stage = Stage(SELLER, "bob")
    stage.tick("""
        ann SELL 100 @ 10.00 #a
        bob BUY 30 MARKET
        ann CANCEL #a
    """)
    mine = [order for order in stage.outcome.market.orders if order.client_id == "a"]
    assert len(mine) == 1
    assert _told_of(stage, "a") == (True, "cancelled", 30, 30)


def test_a_holding_sold_to_the_last_share_is_reported_at_nought_and_gone() -> None:
    stage = Stage(Player("ann", holds={"APEX": 10}), "bob")
    stage.tick("""
        ann SELL 10 @ 10.00
        bob BUY 10 MARKET
    """)
    reported = {stage.names[h.account]: h.quantity for h in stage.outcome.market.holdings}
    assert reported == {"ann": 0, "bob": 10}
    assert stage.account("ann").holdings == {}


def _told_of(stage: Stage, reference: str) -> tuple[bool, str, int, int]:
    order: OrderState = stage.orders[reference]
    return order.is_new, order.status, order.filled_now, order.filled
