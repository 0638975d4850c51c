"""Trading, told by scenario files and read from the JSON they end in."""

from pathlib import Path

import pytest

from tests.scenarios.helpers import STORIES, codes, orders, tell, told, trades

KEYS = (
    "ticks digest agents results orders trades prices quotes volumes"
    " violations investigations news alerts signals events groundTruth audit"
)


@pytest.mark.parametrize("story", STORIES, ids=lambda path: path.stem)
def test_every_story_ends_with_its_books_in_order(story: Path) -> None:
    result = told(story.stem)
    assert " ".join(result) == KEYS
    assert result["audit"] == {"cashSumsToZero": True, "sharesConserved": True}
    for history in (result["prices"], result["quotes"], result["volumes"]):
        assert {len(of_company) for of_company in history.values()} == {result["ticks"]}


@pytest.mark.parametrize("story", STORIES, ids=lambda path: path.stem)
def test_the_same_file_gives_the_same_object(story: Path) -> None:
    assert tell(story.read_bytes()) == told(story.stem)


def test_one_order_takes_two_makers_by_age_and_the_rest_of_another_rests() -> None:
    result = told("partial-fills")
    assert trades(result) == [
        "2: cid bought 50 APEX from ann @ 10.00",
        "2: cid bought 70 APEX from bob @ 10.00",
        "3: dee bought 30 APEX from bob @ 10.00",
    ]
    assert orders(result) == {
        "a": "filled 50/50",
        "b": "filled 100/100",
        "c": "filled 120/120",
        "d": "partial 30/100",
    }


def test_both_sides_are_settled_and_the_taker_pays_the_fee() -> None:
    agents = told("partial-fills")["agents"]
    assert agents["ann"]["cash"] == 500.00
    assert agents["bob"]["cash"] == 1000.00
    assert agents["cid"]["cash"] == 3799.88, "less the fees on 500.00 and on 700.00"
    assert agents["dee"]["cash"] == 4699.97
    assert agents["treasury"]["cash"] == 0.15
    assert [agents[name]["holdings"] for name in ("ann", "bob", "cid", "dee")] == [
        {},
        {},
        {"APEX": 120},
        {"APEX": 30},
    ]


def test_a_market_order_stops_at_its_collar() -> None:
    result = told("collar")
    assert trades(result) == ["2: bob bought 10 APEX from ann @ 105.00"]
    assert orders(result) == {
        "inside": "filled 10/10",
        "outside": "open 0/10",
        "b": "cancelled 10/20",
        "c": "cancelled 0/20",
    }
    assert [(r["success"], r["code"]) for r in result["results"][2:]] == [
        (True, "NO_LIQUIDITY"),
        (False, "NO_LIQUIDITY"),
    ]


def test_exposure_may_reach_leverage_times_equity_and_not_a_cent_more() -> None:
    result = told("initial-margin")
    assert codes(result) == ["OK", "INSUFFICIENT_FUNDS", "OK", "INSUFFICIENT_FUNDS", "OK"]
    assert orders(result) == {
        "too-many": "rejected 0/2001",
        "rests": "open 0/1200",
        "one-too-many": "rejected 0/921",
        "fits": "filled 920/920",
    }


def test_orders_sent_together_cannot_spend_the_same_dollar_nor_sell_the_same_share() -> None:
    result = told("crowd")
    funds, shares = "INSUFFICIENT_FUNDS", "INSUFFICIENT_SHARES"
    assert codes(result) == ["OK", funds, funds, "OK", shares, "OK"]
    assert trades(result) == ["1: ann bought 60 APEX from bob @ 10.00"]


def test_what_is_sent_at_night_waits_for_the_morning() -> None:
    result = told("closed-session")
    assert codes(result) == ["OK"] * 4
    assert trades(result) == ["630: ann bought 100 APEX from bob @ 10.00"]
    assert orders(result) == {
        "stays": "filled 100/100",
        "goes": "cancelled 0/200",
        "bid": "filled 100/100",
    }
    night = told("closed-session", ticks=629)
    assert orders(night)["bid"] == "pending 0/100"


def test_a_trading_day() -> None:
    result = told("trading-day")
    agents, (buy, block, *_) = result["agents"], result["results"]
    assert buy["success"] and agents["ann"]["holdings"] == {"APEX": 100}
    assert agents["ann"]["cash"] < 0, "more than her cash: a loan"
    assert block["success"] and len(trades(result)) > 4, "a block walks the maker's levels"
    assert orders(result)["hope"] == "cancelled 0/5000"
    assert codes(result)[-2:] == ["INVALID_SYMBOL", "OK"]
    assert orders(result)["morning"] == "filled 1000/1000"
    (morning,) = (t for t in result["trades"] if t["seller"] == "cid" and t["tick"] >= 500)
    assert morning["tick"] == 630


def test_prices_stand_still_at_night() -> None:
    result = told("trading-day")
    for prices in result["prices"].values():
        assert len(set(prices[389:629])) == 1
        assert len(set(prices[:389])) > 30


def test_the_seed_makes_the_world() -> None:
    assert told("trading-day")["digest"] != told("trading-day", seed="8")["digest"]
    assert told("trading-day", seed="7")["digest"] == told("trading-day")["digest"]


def test_fewer_ticks_are_the_same_history_cut_short() -> None:
    whole, part = told("trading-day"), told("trading-day", ticks=100)
    assert part["ticks"] == 100
    for symbol, prices in part["prices"].items():
        assert prices == whole["prices"][symbol][:100]
    assert part["results"] == whole["results"][: len(part["results"])]


def test_allies_share_what_one_gains_until_one_betrays() -> None:
    result = told("alliance")
    assert codes(result) == [
        *("OK", "OK", "OK", "OK", "OK", "INVALID_TARGET", "OK", "OK", "OK", "INVALID_TARGET"),
    ]
    agents = result["agents"]
    # Of what ann gains by the morning's bargain half is pooled at the close and split: but what was
    # gained in the day may not be given away yet, and at the next close it is too late.
    assert agents["ann"]["cash"] == 60_396.04
    assert agents["bob"]["cash"] == 89_600.00
    assert agents["bob"]["reputation"] < agents["ann"]["reputation"]
    # Two days' salary; by the third close its company has waited too long for an action.
    assert agents["cid"]["cash"] == 70_000.00


def test_a_rumor_an_alliance_a_betrayal_a_tip_and_prison() -> None:
    result = told("rumor-to-prison")
    agents, [case] = result["agents"], result["investigations"]
    assert codes(result) == ["OK"] * 7 + ["AGENT_IMPRISONED"] * 2
    assert (case["agent"], case["crimeType"], case["status"]) == (
        *("rosa", "pump_and_dump"),
        "convicted",
    )
    assert (case["tickOpened"], case["tickCharged"], case["tickDecided"]) == (653, 664, 714)
    assert agents["rosa"]["status"] == "imprisoned"
    assert case["fine"] == 5_005.00, "one percent of what she sold"
    assert agents["cleo"]["cash"] == 25_000 + 1_001, "a whistleblower's fifth"
    assert agents["dora"]["cash"] == 100_000_000 - 500_500 + 500, "what she lost by the rumor"
    assert agents["treasury"]["cash"] == 5_005 - 1_001 - 500 + 50.05, "the rest, and a fee"
    assert agents["escrow"]["cash"] == 0
    assert agents["bert"]["reputation"] < 50 < agents["cleo"]["reputation"]
    [violation] = result["violations"]
    assert violation["agents"] == ["rosa"]
    [dump] = [order["id"] for order in result["orders"] if order["clientOrderId"] == "dump"]
    assert dump in violation["evidence"]["orders"]
    assert violation["evidence"]["trades"] == [trade["id"] for trade in result["trades"]]
    assert [line["category"] for line in result["news"]][-2:] == ["regulatory"] * 2
