"""POST /actions: what is refused as a whole, what one by one, and what is taken."""

from __future__ import annotations

from typing import Any

import pytest

from agents.models import Agent, Input
from tests.api.desk import Desk, Trader, buy, cancel, codes, sell

A_UUID = "00000000-0000-4000-8000-000000000000"


# What has not its form fails alone


@pytest.mark.parametrize(
    ("action", "field"),
    [
        (buy(0), "quantity"),
        (buy(-5), "quantity"),
        ({**buy(), "quantity": "10"}, "quantity"),
        ({**buy(), "quantity": 1.5}, "quantity"),
        ({**buy(), "quantity": True}, "quantity"),
        ({**buy(), "quantity": None}, "quantity"),
        ({**buy(), "quantity": [10]}, "quantity"),
        ({"type": "BUY", "symbol": "APEX"}, "quantity"),
        ({"type": "BUY", "quantity": 1}, "symbol"),
        ({**buy(), "symbol": 7}, "symbol"),
        ({**buy(), "symbol": "A" * 13}, "symbol"),
        ({**buy(), "symbol": ""}, "symbol"),
        ({**buy(), "orderType": "ICEBERG"}, "orderType"),
        ({**buy(), "orderType": "LIMIT"}, "price"),
        ({**buy(), "price": 10}, "price"),
        ({**buy(price=1), "price": "1.00"}, "price"),
        ({**buy(), "timeInForce": "FOREVER"}, "timeInForce"),
        (buy(clientOrderId=""), "clientOrderId"),
        (buy(clientOrderId="x" * 49), "clientOrderId"),
        (buy(clientOrderId="a\u202eb"), "clientOrderId"),
        (buy(clientOrderId=5), "clientOrderId"),
        (buy(leverage=10), "leverage"),
        ({"type": "CONQUER"}, "type"),
        ({"type": ["BUY"]}, "type"),
        ({"symbol": "APEX"}, "type"),
        ("BUY", None),
        (None, None),
        (cancel(), "orderId"),
        (cancel(orderId="x"), "orderId"),
        (cancel(orderId=A_UUID, clientOrderId="x"), "orderId"),
    ],
)
def test_a_malformed_action_fails_alone(ann: Trader, action: Any, field: str | None) -> None:
    before, result, after = ann.act(buy(1), action, buy(2))
    assert (result["success"], result["code"], result["data"]) == (False, "BAD_REQUEST", {})
    assert result["message"]
    assert list(result.get("details", {})) == ([field] if field else [])
    named = action.get("type") if isinstance(action, dict) else None
    assert result["action"] == (named if isinstance(named, str) else None)
    assert codes([before, after]) == ["OK", "OK"]
    ann.desk.tick()
    assert ann.holdings == {"APEX": 3}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"actions": None},
        {"actions": []},
        {"actions": {}},
        {"actions": "BUY"},
        {"actions": [buy(1)] * 11},
        {"actions": [buy(1)], "hurry": True},
        [],
        [buy(1)],
        "BUY",
        5,
        None,
    ],
)
def test_a_body_that_is_no_batch_is_refused(ann: Trader, body: object) -> None:
    answer = ann.post("/actions", body)
    assert (answer.status, answer.code) == (400, "BAD_REQUEST")
    assert not Input.objects.waiting().exists()


def test_every_malformed_action_of_a_batch_is_told_what_is_wrong_with_it(ann: Trader) -> None:
    results = ann.act(buy(0), buy(1), {**buy(), "price": "1.00"})
    assert [set(result.get("details", {})) for result in results] == [
        {"quantity"},
        set(),
        {"price"},
    ]


# What is refused one by one


def test_one_bad_action_does_not_stop_the_others(ann: Trader) -> None:
    results = ann.act(buy(1), buy(1, "NOSUCH"), sell(5), cancel(orderId=A_UUID), buy(2))
    assert codes(results) == [
        "OK",
        "INVALID_SYMBOL",
        "INSUFFICIENT_SHARES",
        "ORDER_NOT_FOUND",
        "OK",
    ]
    assert [r["success"] for r in results] == [True, False, False, False, True]
    assert all(r["message"] for r in results)
    assert Input.objects.waiting().count() == 2
    ann.desk.tick()
    assert ann.holdings == {"APEX": 3}


@pytest.mark.parametrize(
    ("action", "code"),
    [
        (buy(1_000_001), "ORDER_TOO_LARGE"),
        (buy(10**30), "ORDER_TOO_LARGE"),
        (buy(price=0), "INVALID_PRICE"),
        (buy(price=-1), "INVALID_PRICE"),
        (buy(price=0.001), "INVALID_PRICE"),
        (buy(price=1_000_000.01), "INVALID_PRICE"),
        (buy(price=1e300), "INVALID_PRICE"),
    ],
)
def test_a_number_beyond_all_bounds_refuses_its_action_alone(
    ann: Trader, action: Any, code: str
) -> None:
    results = ann.act(buy(1), {**action, "clientOrderId": "mine"}, buy(1, clientOrderId="mine"))
    assert codes(results) == ["OK", code, "OK"]
    assert results[1]["message"].startswith("price:" if "price" in action else "quantity:")
    assert Input.objects.waiting().count() == 2


def test_a_symbol_is_as_it_is_written(ann: Trader) -> None:
    assert codes(ann.act(buy(1, "apex"))) == ["INVALID_SYMBOL"]


def test_buying_power_is_checked_at_once(ann: Trader) -> None:
    assert codes(ann.act(buy(1_000))) == ["INSUFFICIENT_FUNDS"]


def test_waiting_orders_count(ann: Trader) -> None:
    assert codes(ann.act(buy(80, price=150.0))) == ["OK"]
    assert codes(ann.act(buy(80, price=150.0))) == ["INSUFFICIENT_FUNDS"]
    ann.desk.tick()
    assert ann.holdings == {"APEX": 80}


def test_resting_orders_count(ann: Trader) -> None:
    ann.act(buy(1_900, price=10.0))  # holds back $19,000 of $20,000
    ann.desk.tick()
    assert codes(ann.act(buy(190, price=10.0))) == ["INSUFFICIENT_FUNDS"]
    assert codes(ann.act(buy(90, price=10.0))) == ["OK"]


def test_a_waiting_cancel_gives_back_what_its_order_holds(ann: Trader) -> None:
    [placed] = ann.act(buy(1_900, price=10.0))
    ann.desk.tick()
    results = ann.act(cancel(orderId=placed["data"]["orderId"]), buy(1_900, price=9.0))
    assert codes(results) == ["OK", "OK"]
    ann.desk.tick()
    assert [line["status"] for line in ann.orders] == ["open", "cancelled"]


def test_shares_may_be_offered_once(ann: Trader) -> None:
    ann.act(buy(50))
    ann.desk.tick()
    assert codes(ann.act(sell(30, price=900.0), sell(30, price=900.0))) == [
        "OK",
        "INSUFFICIENT_SHARES",
    ]
    ann.desk.tick()
    assert codes(ann.act(sell(30))) == ["INSUFFICIENT_SHARES"]
    assert codes(ann.act(sell(20))) == ["OK"]


def test_a_batch_may_sell_and_buy_with_the_proceeds(ann: Trader) -> None:
    ann.act(buy(130))
    ann.desk.tick()
    assert codes(ann.act(buy(150, "NEXUS"))) == ["INSUFFICIENT_FUNDS"]
    assert codes(ann.act(sell(130), buy(150, "NEXUS"))) == ["OK", "OK"]
    ann.desk.tick()
    assert ann.holdings == {"NEXUS": 150}


def test_a_batch_may_buy_and_sell_again(ann: Trader) -> None:
    assert codes(ann.act(buy(10), sell(10))) == ["OK", "OK"]


def test_two_hundred_orders_may_be_open(bob: Trader, unlimited: None) -> None:
    for _ in range(20):
        assert set(codes(bob.act(*[buy(1, price=1.0)] * 10))) == {"OK"}
    assert codes(bob.act(buy(1, price=1.0))) == ["TOO_MANY_ORDERS"]
    bob.desk.tick()
    assert codes(bob.act(buy(1, price=1.0))) == ["TOO_MANY_ORDERS"]


def test_an_order_that_cannot_stay_open_takes_no_place(bob: Trader, unlimited: None) -> None:
    for count in (10,) * 19 + (9,):
        assert set(codes(bob.act(*[buy(1, price=1.0)] * count))) == {"OK"}
    at_once = buy(1, price=1.0, timeInForce="IOC")
    assert codes(bob.act(at_once, buy(1, price=1.0), at_once)) == ["OK"] * 3
    assert codes(bob.act(buy(1, price=1.0))) == ["TOO_MANY_ORDERS"]


@pytest.mark.parametrize(
    ("status", "code"),
    [
        ("bankrupt", "AGENT_BANKRUPT"),
        ("fled", "AGENT_FLED"),
    ],
)
def test_who_may_not_act_is_told_why(ann: Trader, status: str, code: str) -> None:
    Agent.objects.update(status=status, status_until=10_000)
    assert codes(ann.act(buy(1), cancel(orderId=A_UUID))) == [code, code]


@pytest.mark.parametrize(
    ("status", "code"),
    [("suspended", "AGENT_SUSPENDED"), ("imprisoned", "AGENT_IMPRISONED")],
)
def test_who_is_punished_may_open_nothing_and_still_close_and_cancel(
    ann: Trader, status: str, code: str
) -> None:
    Agent.objects.update(status=status, status_until=10_000)
    sell = {**buy(1), "type": "SELL"}
    answers = codes(ann.act(buy(1), cancel(orderId=A_UUID), sell))
    assert answers == [code, "ORDER_NOT_FOUND", "INSUFFICIENT_SHARES"]
    assert ann.portfolio["cash"] == 10_000, "looking is allowed"


# Cancelling


def test_an_order_can_be_cancelled_by_either_id(ann: Trader) -> None:
    [first, second] = ann.act(buy(1, price=1.0), buy(1, price=1.0, clientOrderId="mine"))
    ann.desk.tick()
    by_id, by_own = cancel(orderId=first["data"]["orderId"]), cancel(clientOrderId="mine")
    results = ann.act(by_id, by_own)
    assert codes(results) == ["OK", "OK"]
    assert [r["data"]["orderId"] for r in results] == [
        first["data"]["orderId"],
        second["data"]["orderId"],
    ]
    ann.desk.tick()
    assert {line["status"] for line in ann.orders} == {"cancelled"}


def test_what_still_waits_can_be_cancelled(ann: Trader) -> None:
    [placed] = ann.act(buy(1, price=1.0))
    assert codes(ann.act(cancel(orderId=placed["data"]["orderId"]))) == ["OK"]
    ann.desk.tick()
    assert [line["status"] for line in ann.orders] == ["cancelled"]


def test_what_is_final_cannot_be_cancelled(ann: Trader) -> None:
    [placed] = ann.act(buy(1, clientOrderId="done"))
    ann.desk.tick()
    assert codes(
        ann.act(cancel(orderId=placed["data"]["orderId"]), cancel(clientOrderId="done"))
    ) == ["ORDER_NOT_OPEN", "ORDER_NOT_OPEN"]


def test_what_is_anothers_cannot_be_found(ann: Trader, bob: Trader) -> None:
    [placed] = ann.act(buy(1, price=1.0, clientOrderId="hers"))
    ann.desk.tick()
    assert codes(
        bob.act(cancel(orderId=placed["data"]["orderId"]), cancel(clientOrderId="hers"))
    ) == ["ORDER_NOT_FOUND", "ORDER_NOT_FOUND"]


# clientOrderId


def test_a_client_order_id_is_used_once(ann: Trader, bob: Trader) -> None:
    assert codes(ann.act(buy(1, clientOrderId="a"), buy(1, clientOrderId="a"))) == [
        "OK",
        "DUPLICATE",
    ]
    assert codes(ann.act(buy(1, clientOrderId="a"))) == ["DUPLICATE"]
    ann.desk.tick()
    assert codes(ann.act(buy(1, clientOrderId="a"))) == ["DUPLICATE"]
    assert codes(bob.act(buy(1, clientOrderId="a"))) == ["OK"], "bob's own"


def test_a_refused_order_does_not_use_up_its_id(ann: Trader) -> None:
    assert codes(ann.act(buy(1, "NOSUCH", clientOrderId="a"))) == ["INVALID_SYMBOL"]
    assert codes(ann.act(buy(1, clientOrderId="a"))) == ["OK"]


def test_in_a_batch_too_a_refused_order_leaves_its_id(ann: Trader) -> None:
    assert codes(ann.act(buy(1_000, clientOrderId="a"), buy(1, clientOrderId="a"))) == [
        "INSUFFICIENT_FUNDS",
        "OK",
    ]


def test_a_standing_world_takes_only_so_much(ann: Trader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agents.services.intake.MOST_WAITING", 3)
    assert set(codes(ann.act(*[cancel(clientOrderId="x")] * 3, *[buy(1)] * 3))) == {
        "ORDER_NOT_FOUND",
        "OK",
    }
    assert codes(ann.act(buy(1))) == ["TOO_MANY_ORDERS"]
    ann.desk.tick()
    assert codes(ann.act(buy(1))) == ["OK"]


# What becomes of an action


def test_an_action_is_told_of_until_the_tick_and_after(ann: Trader) -> None:
    [taken] = ann.act(buy(1))
    path = f"/agents/me/actions/{taken['data']['actionId']}"
    before = ann.get(path).data
    assert (before["status"], before["success"], before["tick"]) == ("waiting", None, None)
    ann.desk.tick()
    after = ann.get(path).data
    assert (after["status"], after["success"], after["code"]) == ("performed", True, "OK")
    assert after["data"] == {"orderId": taken["data"]["orderId"]}


def test_a_result_says_whether_it_is_final(ann: Trader) -> None:
    asked = {"actions": [buy(1), buy(1, price=1.0, timeInForce="IOC"), cancel(orderId=A_UUID)]}
    once = {"Idempotency-Key": "once"}
    taken = ann.desk.post("/actions", asked, ann.key, **once).data["results"]
    assert [(r["success"], r["final"]) for r in taken] == [
        (True, False),
        (True, False),
        (False, True),
    ]
    ann.desk.tick()
    judged = ann.desk.post("/actions?wait=1", asked, ann.key, **once).data["results"]
    assert [(r["success"], r["final"], r["code"]) for r in judged] == [
        (True, True, "OK"),
        (False, True, "NO_LIQUIDITY"),
        (False, True, "ORDER_NOT_FOUND"),
    ]


def test_a_dry_run_is_not_final(ann: Trader) -> None:
    [tried] = ann.post("/actions", {"actions": [buy(1)], "dryRun": True}).data["results"]
    assert (tried["success"], tried["final"]) == (True, False)


def test_an_action_that_is_not_in_a_list_is_told_so(ann: Trader) -> None:
    answer = ann.post("/actions", buy(1))
    assert (answer.status, answer.code) == (400, "BAD_REQUEST")
    assert '{"actions": [{"type": …}]}' in answer.body["error"]


def test_anothers_action_is_not_found(ann: Trader, bob: Trader) -> None:
    [taken] = ann.act(buy(1))
    assert bob.get(f"/agents/me/actions/{taken['data']['actionId']}").status == 404


def test_waiting_orders_are_pending(ann: Trader) -> None:
    [taken] = ann.act(buy(7, price=2.5, clientOrderId="w"))
    [line] = ann.orders
    assert line["orderId"] == taken["data"]["orderId"]
    assert (line["status"], line["price"], line["tickSubmitted"]) == ("pending", 2.5, None)
    assert ann.get("/agents/me/orders?status=pending").data["total"] == 1
    ann.desk.tick()
    assert ann.get("/agents/me/orders?status=pending").data["total"] == 0
    [line] = ann.get("/agents/me/orders?status=open").data["items"]
    assert line["clientOrderId"] == "w"


def test_while_the_market_is_closed_orders_queue(short_day: None, desk: Desk) -> None:
    ann = desk.register("ann")
    desk.tick(3)
    assert codes(ann.act(buy(1))) == ["OK"]
    desk.tick()  # the last of the session
    [queued] = ann.act(buy(1))
    assert queued["success"]
    assert queued["data"]["ticksUntilOpen"] == 6
    desk.tick()
    assert [line["status"] for line in ann.orders] == ["pending", "filled"]
    status = desk.get("/world/status").data
    assert (status["marketOpen"], status["ticksUntilOpen"]) == (False, 5)
    [later] = ann.act(buy(2))
    assert later["data"]["ticksUntilOpen"] == 5
    assert codes(ann.act(buy(140))) == ["INSUFFICIENT_FUNDS"], "what is queued counts"
    assert codes(ann.act(cancel(orderId=queued["data"]["orderId"]))) == ["OK"]
    desk.tick(5)
    assert ann.holdings == {"APEX": 3}


# What a refusal says


def test_who_has_too_little_is_told_what_it_needs_and_what_there_is(ann: Trader) -> None:
    cover = {"type": "COVER", "symbol": "APEX", "quantity": 5}
    [funds, shares, short] = ann.act(buy(1_000, price=100.0), sell(5), cover)
    assert funds["code"] == "INSUFFICIENT_FUNDS"
    assert funds["message"] == (
        "The order may cost up to $100,000.00, and your buying power is $20,000.00."
    )
    assert shares["code"] == "INSUFFICIENT_SHARES"
    assert shares["message"] == "You hold no APEX: SELL only closes, SHORT sells borrowed shares."
    assert short["message"] == "You are not short of APEX: COVER only closes a short."
    ann.act(buy(10))
    ann.desk.tick()
    ann.act(sell(7, price=9_000.0))
    ann.desk.tick()
    [refused] = ann.act(sell(5))
    assert "the order closes 5, and 3 are not committed" in refused["message"]


def test_the_tick_says_what_it_needs_too(ann: Trader) -> None:
    [one, other] = ann.act(buy(100, price=110.0), buy(100, price=100.0))
    ann.desk.tick()
    states = [ann.get(f"/agents/me/actions/{r['data']['actionId']}").data for r in (one,)]
    assert states[0]["code"] == "OK"
    assert other["code"] == "INSUFFICIENT_FUNDS"
    assert "up to $10,000.00, and your buying power is $9,000.00" in other["message"]


def test_an_order_that_is_replaced_into_ones_own_and_ends_is_told_why(ann: Trader) -> None:
    ann.act(buy(10))
    ann.desk.tick()
    stock = ann.desk.get("/market/stocks/APEX").data
    between = round((stock["bid"] + stock["ask"]) / 2, 2)
    ann.act(
        sell(5, price=between),
        buy(5, price=1.0, selfTrade="cancel_newest", clientOrderId="mine"),
    )
    ann.desk.tick()
    [sent] = ann.act({"type": "REPLACE_ORDER", "clientOrderId": "mine", "price": between})
    ann.desk.tick()
    verdict = ann.get(f"/agents/me/actions/{sent['data']['actionId']}").data
    order = ann.get("/agents/me/orders?clientOrderId=mine").data["items"][0]
    assert (order["status"], order["avgFillPrice"]) == ("cancelled", None)
    assert (order["reasonCode"], order["note"]) == ("SELF_TRADE", None)
    assert verdict["message"] == "It met an order of the same account."
