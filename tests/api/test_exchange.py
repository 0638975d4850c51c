"""The exchange in full over HTTP, as an agent sees it: stops, shorts, halts, margin, splits."""

from __future__ import annotations

from typing import Any

import pytest

from agents.models import Input, Source
from market import tape
from tests.api.desk import Desk, Json, Trader, buy, codes, sell


def order(type: str, quantity: int, symbol: str = "APEX", **more: Any) -> Json:
    return {"type": type, "symbol": symbol, "quantity": quantity, **more}


def operate(type: str, **parameters: object) -> None:
    Input.objects.create(type=type, parameters=parameters, source=Source.OPERATOR)


def told(trader: Trader, type: str) -> list[Json]:
    """Return what an agent has been told of one type, oldest first."""
    from agents.models import Agent

    stream = Agent.objects.get(public_id=trader.id).id
    entries = tape.read(epoch=1, stream=stream, since=0, limit=500)
    return [line for e in entries for event in e.read() if event["type"] == type
            for line in event["data"]]  # fmt: skip


def happened(desk: Desk) -> list[Json]:
    entries = tape.read(epoch=1, stream=tape.PUBLIC_STREAM, since=0, limit=500)
    return [line for e in entries for event in e.read() if event["type"] == "market:event"
            for line in event["data"]]  # fmt: skip


def call_of(trader: Trader) -> Json | None:
    """Return the margin call that a trader is shown, if any."""
    call: Json | None = trader.portfolio["marginCall"]
    return call


def line_of(trader: Trader, client_id: str) -> Json:
    [line] = [line for line in trader.orders if line["clientOrderId"] == client_id]
    return line


@pytest.fixture
def ann(desk: Desk) -> Trader:
    ann = desk.register("ann", "hedge_fund_manager")
    desk.tick()
    return ann


# Orders


def test_a_stop_waits_is_triggered_and_trades(ann: Trader) -> None:
    stop = round(ann.desk.price() * 0.98, 2)
    assert codes(ann.act(buy(100))) == ["OK"]
    terms: Json = {
        "orderType": "STOP",
        "stopPrice": stop,
        "timeInForce": "DAY",
        "clientOrderId": "s",
    }
    ann.act(order("SELL", 60, **terms))
    ann.desk.tick()
    line = line_of(ann, "s")
    assert (line["status"], line["stopPrice"], line["triggeredBy"]) == ("pending", stop, None)
    assert (line["timeInForce"], line["intent"], line["side"]) == ("DAY", "SELL", "SELL")
    operate("INJECT", event="CEO_SCANDAL", symbol="APEX", impact=-0.04, duration=5)
    ann.desk.tick(2)
    line = line_of(ann, "s")
    assert (line["status"], line["triggeredBy"]) == ("filled", "price")
    states = [e["status"] for e in told(ann, "order:accepted") if e["clientOrderId"] == "s"]
    assert states == ["pending", "pending"], "taken, then triggered"
    assert [e["clientOrderId"] for e in told(ann, "order:filled")][-1] == "s"


def test_what_waits_shows_its_terms(ann: Trader) -> None:
    ann.act(order("SHORT", 5, orderType="STOP_LIMIT", stopPrice=50, price=49, postOnly=False))
    [line] = ann.orders
    assert (line["side"], line["intent"], line["stopPrice"]) == ("SELL", "SHORT", 50)
    assert (line["status"], line["tickSubmitted"]) == ("pending", None)


def test_a_replacement_and_the_end_of_all_are_told(ann: Trader) -> None:
    ann.act(buy(10, price=50.0, clientOrderId="a"), buy(10, price=51.0, clientOrderId="b"))
    ann.desk.tick()
    ann.act({"type": "REPLACE_ORDER", "clientOrderId": "a", "quantity": 4, "price": 49.5})
    ann.desk.tick()
    assert (
        told(ann, "order:accepted")[-1] | {"quantity": 4, "price": 49.5, "status": "open"}
        == (told(ann, "order:accepted")[-1])
    )
    ann.act({"type": "CANCEL_ALL"})
    ann.desk.tick()
    ended = told(ann, "order:cancelled")
    assert {(e["clientOrderId"], e["status"], e["reasonCode"]) for e in ended} == {
        ("a", "cancelled", "BY_OWNER"),
        ("b", "cancelled", "BY_OWNER"),
    }


@pytest.mark.parametrize(
    ("action", "code"),
    [
        (order("COVER", 1), "INSUFFICIENT_SHARES"),
        (order("SHORT", 1), "POSITION_CONFLICT"),
        (order("SHORT", 1, "NEXUS", orderType="LIMIT", price=1_000_000), "OK"),
        (order("SELL", 101), "INSUFFICIENT_SHARES"),
        (order("SELL", 100, timeInForce="FOK"), "OK"),
        (order("BUY", 1_000_000, orderType="STOP", stopPrice=99_999), "INSUFFICIENT_FUNDS"),
        ({"type": "REPLACE_ORDER", "clientOrderId": "bid", "price": 999_999}, "INSUFFICIENT_FUNDS"),
        ({"type": "REPLACE_ORDER", "clientOrderId": "bid", "quantity": 5}, "OK"),
        ({"type": "REPLACE_ORDER", "clientOrderId": "nope", "quantity": 5}, "ORDER_NOT_FOUND"),
        ({"type": "CANCEL_ALL", "symbol": "NOPE"}, "INVALID_SYMBOL"),
        ({"type": "CANCEL_ALL"}, "OK"),
    ],
    ids=str,
)
def test_what_the_tick_would_refuse_is_refused_at_once(
    ann: Trader, action: Json, code: str
) -> None:
    ann.act(buy(100), buy(1_000, price=20.0, clientOrderId="bid"))
    ann.desk.tick()
    assert codes(ann.act(action)) == [code]
    ann.desk.tick()
    verdict = [result["code"] for result in told(ann, "action:result")][-1]
    assert verdict == "OK", "what was taken has been performed"


# Shorts


def test_a_short_position_reads_correctly(ann: Trader) -> None:
    before = ann.desk.get("/market/stocks/APEX").data
    ann.act(order("SHORT", 1_000))
    ann.desk.tick()
    owned = ann.portfolio
    [line] = owned["positions"]
    assert line["quantity"] == -1_000 and line["marketValue"] < 0
    assert line["averageCost"] > 0
    profit = 1_000 * (line["averageCost"] - line["currentPrice"])
    assert line["unrealizedPnL"] == pytest.approx(profit, abs=0.2)
    assert line["liquidationPrice"] > line["currentPrice"]
    assert owned["totalPositionsValue"] == line["marketValue"]
    assert owned["cash"] > 100_000_000, "what was borrowed has been sold"
    worth = -line["marketValue"]
    assert owned["maintenanceMargin"] == pytest.approx(0.06 * worth, abs=0.01), "0.6 of a tenth"
    stock = ann.desk.get("/market/stocks/APEX").data
    assert stock["borrowable"] == before["borrowable"] - 1_000
    ann.act(order("COVER", 1_000))
    ann.desk.tick()
    assert ann.holdings == {}
    assert ann.portfolio["realizedPnL"] == pytest.approx(
        ann.portfolio["netWorth"] - 100_000_000, abs=50
    ), "but for fees"


def test_no_more_is_lent_than_there_is(ann: Trader) -> None:
    borrowable = ann.desk.get("/market/stocks/MEME").data["borrowable"]
    rest = {"orderType": "LIMIT", "price": 1_000_000}
    assert borrowable > 0
    asked = order("SHORT", 1_000_000, "MEME", **rest)
    assert codes(ann.act(asked)) == ["INSUFFICIENT_FUNDS"], "it is lent, but costs margin"
    from market.models import Company

    Company.objects.filter(symbol="MEME").update(shares_issued=30)  # of which nine may be lent
    assert codes(ann.act(order("SHORT", 10, "MEME"), order("SHORT", 9, "MEME"))) == [
        "LOCATE_FAILED",
        "OK",
    ]


# Halts


def test_a_halt_is_seen_waited_for_and_ended_by_an_auction(ann: Trader, desk: Desk) -> None:
    bob = desk.register("bob", "quant")
    ann.act(buy(50))
    desk.tick()
    operate("HALT", symbol="APEX", ticks=3, reason="a look")
    desk.tick()
    stock = desk.get("/market/stocks/APEX").data
    assert (stock["halted"], stock["haltReason"]) == (True, "operator")
    reopens = stock["reopensTick"]
    assert reopens == desk.get("/world/tick").data["tick"] + 3
    price = stock["price"]
    [taken] = ann.act(sell(50, price=round(price * 0.99, 2), clientOrderId="offer"))
    assert taken["data"]["reopensTick"] == reopens
    [refused] = bob.act(buy(50, timeInForce="IOC"))
    assert refused["code"] == "MARKET_HALTED"
    bob.act(buy(50, price=round(price * 1.01, 2), clientOrderId="bid"))
    desk.tick()
    assert line_of(bob, "bid")["status"] == "pending"
    desk.tick(2)
    assert line_of(bob, "bid")["status"] == line_of(ann, "offer")["status"] == "filled"
    [trade] = bob.get("/agents/me/trades").data["items"]
    assert (trade["liquidity"], trade["fee"]) == ("auction", 0)
    assert desk.get("/market/trades/APEX?limit=1").data["trades"][0]["side"] is None
    assert [event["type"] for event in happened(desk)] == ["HALT", "RESUMPTION"]
    [event] = desk.get("/world/events").data["items"]
    assert (event["type"], event["symbol"], event["note"]) == ("HALT", "APEX", "a look")


def test_bands_and_restrictions_are_shown(desk: Desk) -> None:
    desk.tick(2)
    operate("RESTRICT_SHORTS", symbol="NOVA", reason="a raid")
    desk.tick()
    stocks = {stock["symbol"]: stock for stock in desk.get("/market/stocks").data["items"]}
    assert [s for s, stock in stocks.items() if stock["shortRestricted"]] == ["NOVA"]
    for stock in stocks.values():
        assert stock["bandLow"] < stock["price"] < stock["bandHigh"]
        assert stock["borrowFee"] == pytest.approx(0.005)
    [refused] = desk.register("cid", "quant").act(order("SHORT", 1, "NOVA"))
    assert refused["code"] == "INVALID_PRICE"


def test_an_operators_bands_are_shown_and_told(desk: Desk) -> None:
    operate("SET_BANDS", symbol="NOVA", bps=150, ticks=2, reason="a calm")
    desk.tick()
    stocks = {stock["symbol"]: stock for stock in desk.get("/market/stocks").data["items"]}
    assert [s for s, stock in stocks.items() if stock["bandsOrdered"]] == ["NOVA"]
    nova = stocks["NOVA"]
    assert nova["bandHigh"] / nova["bandLow"] == pytest.approx(1.015 / 0.985, abs=0.001)
    [event] = desk.get("/world/events").data["items"]
    assert (event["type"], event["symbol"], event["note"]) == ("BANDS", "NOVA", "a calm")
    assert (event["bandPercent"], event["duration"]) == (1.5, 2)
    assert happened(desk) == [event]
    desk.tick(2)
    assert not desk.get("/market/stocks/NOVA").data["bandsOrdered"]
    newest, _ = desk.get("/world/events").data["items"]
    assert (newest["reason"], newest["bandPercent"]) == ("usual_bands", None)


def test_active_events_are_told_with_what_is_left_of_them_and_come_first(desk: Desk) -> None:
    desk.tick()
    operate("INJECT", event="RALLY", impact=0.01, duration=9)
    desk.tick()
    operate("INJECT", event="CEO_SCANDAL", symbol="APEX", impact=-0.01, duration=2)
    operate("HALT", symbol="NOVA", ticks=2, reason="a look")
    desk.tick(2)
    [scandal, rally] = active()
    assert (scandal["type"], scandal["symbol"], scandal["ticksRemaining"]) == (
        "CEO_SCANDAL",
        "APEX",
        1,
    )
    assert (rally["type"], rally["symbol"], rally["ticksRemaining"]) == ("RALLY", None, 7)
    assert desk.get("/world/status").data["activeEvents"] == active()
    assert left_of(desk) == [("CEO_SCANDAL", 1), ("RALLY", 7), ("HALT", None)]
    desk.tick()
    assert [event["type"] for event in active()] == ["RALLY"]
    assert left_of(desk) == [("RALLY", 6), ("CEO_SCANDAL", 0), ("HALT", None)]
    desk.tick(6)
    assert active() == desk.get("/world/status").data["activeEvents"] == []


def test_each_tick_counts_what_happened_in_it(desk: Desk) -> None:
    operate("INJECT", event="RALLY", impact=0.01, duration=9)
    operate("INJECT", event="BLACK_SWAN", impact=-0.01, duration=0)
    desk.tick()
    update = last_update()
    assert update["eventCount"] == 2
    assert [event["type"] for event in update["activeEvents"]] == ["BLACK_SWAN", "RALLY"]
    desk.tick()
    update = last_update()
    assert update["eventCount"] == 0
    assert [event["type"] for event in update["activeEvents"]] == ["RALLY"], "one is over at once"


def test_a_tick_tells_the_rates_as_the_worlds_status_has_them(desk: Desk) -> None:
    desk.tick()
    status, update = desk.get("/world/status").data, last_update()
    for rate in ("interestRate", "inflationRate", "gdpGrowth"):
        assert update[rate] == status[rate] != 0


def active() -> list[Json]:
    """Return the active events as the last tick told them."""
    events: list[Json] = last_update()["activeEvents"]
    return events


def last_update() -> Json:
    newest = tape.read(epoch=1, stream=tape.PUBLIC_STREAM, since=0, limit=500)[-1]
    [update] = [event["data"] for event in newest.read() if event["type"] == "tick:update"]
    return dict(update)


def left_of(desk: Desk) -> list[tuple[str, int | None]]:
    """Return the types in the list of events, each with its remaining ticks."""
    items = desk.get("/world/events").data["items"]
    return [(item["type"], item.get("ticksRemaining")) for item in items]


# Margin


def test_a_margin_call_is_told_and_shown_and_what_is_lost_beyond_all_is_written_off(
    desk: Desk,
) -> None:
    ann = desk.register("ann", "retail_trader")
    desk.tick()
    price = desk.price()
    ann.act(buy(int(19_000 / price)))
    desk.tick()
    assert ann.portfolio["cash"] < 0, "a loan"
    assert not call_of(ann)
    operate("INJECT", event="CEO_SCANDAL", symbol="APEX", impact=-0.40, duration=5)
    for _ in range(12):
        desk.tick()
        if call := call_of(ann):
            break
    assert call
    [alert] = [a for a in told(ann, "agent:alert") if a["type"] == "margin_call"]
    assert (alert["severity"], alert["data"]["deadline"]) == ("warning", call["deadline"])
    assert call["amount"] > 0
    operate("INJECT", event="CEO_SCANDAL", symbol="APEX", impact=-0.75, duration=5)
    for _ in range(60):
        desk.tick()
        if desk.get("/world/bankruptcies").data["total"]:
            break
    [fallen] = desk.get("/world/bankruptcies").data["items"]
    assert (fallen["name"], fallen["agentId"], fallen["cause"]) == ("ann", ann.id, "margin")
    assert fallen["finalNetWorth"] < 0 < fallen["peakNetWorth"]
    assert (ann.portfolio["cash"], ann.holdings) == (0, {})
    assert desk.get(f"/api/v1/agents/{ann.id}").data["status"] == "bankrupt"
    assert "BANKRUPTCY" in {event["type"] for event in happened(desk)}
    assert codes(ann.act(buy(1))) == ["AGENT_BANKRUPT"]


# Splits


def test_candles_of_before_a_split_are_shown_in_todays_shares(desk: Desk) -> None:
    desk.tick(2)
    before = desk.get("/market/stocks/APEX").data
    operate("INJECT", event="PRODUCT_LAUNCH", symbol="APEX", impact=60.0, duration=1)
    for _ in range(60):
        desk.tick()
        after = desk.get("/market/stocks/APEX").data
        if after["sharesIssued"] != before["sharesIssued"]:
            break
    assert after["sharesIssued"] == 10 * before["sharesIssued"]
    assert after["price"] < 1_000
    [split] = [event for event in happened(desk) if event["type"] == "SPLIT"]
    assert (split["into"], split["of"], split["symbol"]) == (10, 1, "APEX")
    while desk.get("/market/stocks/APEX").data["halted"]:
        desk.tick()
    after = desk.get("/market/stocks/APEX").data
    [oldest, *_, last] = desk.get("/market/stocks/APEX/history?limit=500").data["candles"]
    assert oldest["close"] == pytest.approx(before["price"] / 10, rel=0.05)
    assert last["close"] == after["price"]
