"""The commands of the requirements, from registering to the trade."""

from __future__ import annotations

import pytest

from tests.api.desk import Desk, buy, codes, sell


def test_a_registered_agent_buys_and_owns(desk: Desk) -> None:
    answer = desk.post("/auth/register", {"name": "TestBot", "role": "retail_trader"})
    assert answer.status == 201
    key, id = answer.data["apiKey"], answer.data["agentId"]
    assert key.startswith("wss_")
    assert answer.data["startingCapital"] == 10_000

    order = {"type": "BUY", "symbol": "APEX", "quantity": 100, "orderType": "MARKET"}
    acted = desk.post("/actions", {"actions": [order]}, key)
    assert acted.status == 200
    assert codes(acted.data["results"]) == ["OK"]

    desk.tick(3)
    portfolio = desk.get(f"/agents/{id}/portfolio", key).data
    [position] = portfolio["positions"]
    assert (position["symbol"], position["quantity"]) == ("APEX", 100)

    [line] = desk.get("/agents/me/orders", key).data["items"]
    assert line["status"] == "filled"
    assert line["orderId"] == acted.data["results"][0]["data"]["orderId"]

    [trade] = desk.get("/agents/me/trades", key).data["items"]
    assert trade["quantity"] == 100
    paid = trade["totalValue"] + trade["fee"]
    assert portfolio["cash"] == pytest.approx(10_000 - paid, abs=1e-9)
    assert portfolio["cash"] < 0, "a loan: 100 APEX cost more than $10,000"

    [public] = desk.get("/market/trades/APEX").data["trades"]
    assert public["id"] == trade["id"]


def test_the_capital_is_there_before_the_tick_that_brings_it(desk: Desk) -> None:
    ann = desk.register("ann")
    portfolio = ann.portfolio
    assert (portfolio["cash"], portfolio["netWorth"]) == (10_000, 10_000)
    assert portfolio["buyingPower"] == 20_000
    orders = buy(100, price=145.0), buy(100, price=145.0)
    assert codes(ann.act(*orders)) == ["OK", "INSUFFICIENT_FUNDS"]


def test_what_is_bought_can_be_sold_again(desk: Desk) -> None:
    ann = desk.register("ann")
    desk.tick()
    ann.act(buy(50))
    desk.tick()
    assert ann.holdings == {"APEX": 50}
    ann.act(sell(50))
    desk.tick()
    assert ann.holdings == {}
    assert ann.portfolio["marginUsed"] == 0


def test_the_figures_of_a_portfolio_add_up(desk: Desk) -> None:
    ann = desk.register("ann")
    desk.tick()
    ann.act(buy(20, "APEX"), buy(20, "NEXUS"), buy(5, "OMEGA", price=1.0))
    desk.tick()
    own = ann.portfolio
    value = sum(line["marketValue"] for line in own["positions"])
    assert own["totalPositionsValue"] == pytest.approx(value)
    assert own["netWorth"] == pytest.approx(own["cash"] + value)
    assert own["marginUsed"] == pytest.approx((value + 5 * 1.0) / 2, abs=0.01)
    assert own["buyingPower"] == pytest.approx(2 * own["netWorth"] - value - 5, abs=0.01)
    assert own["dayPnL"] == pytest.approx(own["netWorth"] - 10_000)
