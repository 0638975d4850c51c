"""Cases over HTTP: what everyone sees, and what the accused and its investigator alone see."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from agents.models import Agent
from sec.models import Bribe, Violation
from tests.api.desk import Desk, Json, Trader, buy, codes, sell

NO_CASE = "00000000-0000-4000-8000-999999999999"


def wash(trader: Trader, times: int = 6) -> None:
    """Let an agent trade with itself, a cent inside the market maker's quotes."""
    desk = trader.desk
    trader.act(buy(10))
    desk.tick()
    for _ in range(times):
        ask = desk.get("/market/stocks/APEX").data["ask"]
        price = round(ask - 0.01, 2)
        trader.act(sell(10, price=price), buy(10, price=price, selfTrade="allow"))
        desk.tick()


def tick_until(desk: Desk, status: str) -> Violation:
    for _ in range(200):
        row = Violation.objects.order_by("-id").first()
        if row is not None and row.status == status:
            return row
        desk.tick()
    raise AssertionError(f"no case came to be {status}")


def employ(desk: Desk, name: str = "ivy") -> Trader:
    """Register an investigator who has been there for long."""
    ivy = desk.register(name, "sec_investigator")
    desk.tick()
    assert desk.floor.world is not None
    account = Agent.objects.get(name=name).id
    desk.floor.world.registry.members[account].admitted_tick = -10_000
    return ivy


@pytest.fixture
def merciless(settings: Any) -> None:
    """Let no offence be light."""
    penalties = replace(settings.RULES.sec.penalties, light_bps=0)
    settings.RULES = replace(settings.RULES, sec=replace(settings.RULES.sec, penalties=penalties))


def test_a_clumsy_wash_trader_goes_all_the_way_to_prison_in_public(
    merciless: None, ann: Trader, bob: Trader, unlimited: None
) -> None:
    desk = ann.desk
    ivy = employ(desk)
    wash(ann)
    row = Violation.objects.get()
    case = f"/api/v1/sec/cases/{row.investigation_id}"

    # Opened: a secret, from the accused too.
    for path in ("/world/investigations", "/sec/cases"):
        assert desk.get(path).data["total"] == ann.get(path).data["total"] == 0
    for reader in (ann, bob, ivy):
        assert reader.get(case).status == 404
    assert bob.get(f"/api/v1/sec/cases/{NO_CASE}").body["error"] == bob.get(case).body["error"]

    # Active: the accused's own business, and its investigator's.
    row = tick_until(desk, "active")
    assert desk.get(case).status == bob.get(case).status == 404
    assert [line["id"] for line in ann.get("/sec/cases").data["items"]] == [
        str(row.investigation_id)
    ]
    file = ann.get(case).data
    assert file["accused"][0]["status"] == "active"
    assert len(file["evidence"]["trades"]) == 6
    assert file["messages"] is None
    assert ivy.get(case).status == 200
    answer = {"type": "RESPOND", "investigationId": str(row.investigation_id), "content": "<b>No"}
    assert codes(bob.act(answer)) == ["NOT_YOUR_CASE"]
    assert codes(ann.act(answer)) == ["OK"]
    subpoena = {"type": "SUBPOENA", "investigationId": str(row.investigation_id)}
    assert codes(bob.act(subpoena)) == ["NOT_YOUR_CASE"]
    assert codes(ivy.act(subpoena)) == ["OK"]
    desk.tick()
    assert ivy.get(case).data["messages"] == []
    assert ann.get(case).data["messages"] is None

    # Charged: public.
    tick_until(desk, "charged")
    [line] = desk.get("/world/investigations").data["items"]
    assert (line["agentName"], line["status"], line["crimeType"]) == (
        *("ann", "charged"),
        "wash_trading",
    )
    shown = desk.get(case).data
    assert shown["accused"][0]["answer"] == {"untrusted": True, "author": "ann", "text": "<b>No"}
    assert {t["buyer"] for t in shown["evidence"]["trades"]} == {ann.id}
    assert "confidence" not in str(shown)
    [wanted] = desk.get("/world/investigations/most-wanted").data["items"]
    assert (wanted["agentName"], wanted["crimeTypes"]) == ("ann", ["wash_trading"])
    assert codes(ann.act(buy(1))) == ["OK"]  # the door does not know; the tick refuses
    desk.tick()
    assert ann.orders[0]["status"] == "rejected"

    # Decided.
    row = tick_until(desk, "convicted")
    assert desk.get("/world/investigations?status=convicted").data["total"] == 1
    assert desk.get("/world/investigations?crimeType=bribery").data["total"] == 0
    assert desk.get("/world/investigations/most-wanted").data["total"] == 0
    assert ann.get("/agents/me").data["status"] == "imprisoned"
    [inmate] = desk.get("/world/prison").data["items"]
    assert (inmate["agentId"], inmate["crimeType"]) == (ann.id, "wash_trading")
    assert inmate["releaseTick"] == row.decided_tick + row.sentence_ticks  # type: ignore[operator]
    assert inmate["ticksLeft"] == row.sentence_ticks
    assert codes(ann.act({"type": "FLEE"})) == ["AGENT_IMPRISONED"]
    appeal = {"type": "APPEAL", "investigationId": str(row.investigation_id)}
    assert codes(bob.act(appeal)) == ["NOT_YOUR_CASE"]
    assert codes(ann.act(appeal)) == ["OK"]
    desk.tick()
    assert codes(ann.act(appeal)) == ["ALREADY_ANSWERED"]


def bribe(**more: Any) -> Json:
    return {"type": "BRIBE", "targetAgent": "ivy", "amount": 1_000, **more}


@pytest.fixture
def unseen(settings: Any) -> None:
    """Let no bribe be detected."""
    bribes = replace(settings.RULES.sec.bribes, least_odds=0.0, most_odds=0.0)
    settings.RULES = replace(settings.RULES, sec=replace(settings.RULES.sec, bribes=bribes))


def test_a_bribe_is_offered_kept_or_reported_over_http(unseen: None, desk: Desk) -> None:
    ann, ivy = desk.register("ann", "quant"), desk.register("ivy", "sec_investigator")
    desk.tick()
    before = ann.portfolio["cash"]
    [offered] = ann.act(bribe(request="Look away, please."))
    assert offered["code"] == "OK"
    desk.tick()
    assert ann.portfolio["cash"] == before - 1_000
    row = Bribe.objects.get()
    answer = {"type": "REPORT_BRIBE", "bribeId": str(row.id)}
    assert codes(ann.act(answer)) == ["ALREADY_ANSWERED"]  # it is not hers to answer
    assert codes(ivy.act(answer)) == ["OK"]
    desk.tick()
    assert codes(ivy.act(answer)) == ["ALREADY_ANSWERED"]
    assert ann.portfolio["cash"] == before
    assert codes(ann.act(bribe())) == ["RATE_LIMITED"]


MALFORMED: list[Json] = [
    {"amount": 999.99},
    {"amount": -1_000},
    {"amount": 1e300},
    {"amount": "1000"},
    {"amount": True},
    {"amount": 1_000.001},
    {"agentId": "me"},
    {"cash": 5},
    {"request": "a\x1bb"},
    {"request": "\u202eevil"},
]


def test_a_bribe_without_its_form_is_a_bad_request(ann: Trader) -> None:
    employ(ann.desk)
    results = ann.act(*(bribe() | given for given in MALFORMED))
    assert codes(results) == ["BAD_REQUEST"] * len(MALFORMED)
    assert not Bribe.objects.exists()


def test_fifty_bribes_at_once_do_not_spend_the_same_money_twice(
    unseen: None, desk: Desk, unlimited: None
) -> None:
    ann = desk.register("ann", "retail_trader")  # ten thousand dollars
    for n in range(12):
        desk.register(f"inv{n}", "sec_investigator")
    desk.tick()
    for n in range(0, 12, 6):
        ann.act(*(bribe(targetAgent=f"inv{m}") for m in range(n, n + 6)))
    desk.tick()
    assert Bribe.objects.count() == 10
    assert ann.portfolio["cash"] == 0


def test_a_tip_is_taken_with_its_stake_and_tells_nothing(ann: Trader, bob: Trader) -> None:
    ann.desk.tick()
    tip = {
        "type": "WHISTLEBLOW",
        "targetAgent": "bob",
        "crimeType": "insider_trading",
        "evidence": "He always knows a day before everybody.",
    }
    [taken] = ann.act(tip)
    assert taken["code"] == "OK"
    ann.desk.tick()
    assert ann.get("/agents/me").data["reputation"] == 45
    assert codes(ann.act(tip | {"targetAgent": "ann"})) == ["INVALID_TARGET"]
    assert codes(ann.act(tip | {"symbol": "APEX"})) == ["BAD_REQUEST"]
    assert codes(ann.act(tip | {"crimeType": "murder"})) == ["BAD_REQUEST"]


def test_a_bad_question_is_refused_and_what_is_no_id_finds_no_case(desk: Desk) -> None:
    for path in (
        "/world/investigations?status=opened",
        "/world/investigations?crimeType=murder",
        "/world/investigations?agent=ann",
        "/world/prison?page=0",
        "/sec/cases?sort=fine",
    ):
        assert desk.get(path).status == 400
    for id in ("1", "me", "../../x", NO_CASE.upper() + "0"):
        assert desk.get(f"/api/v1/sec/cases/{id}").status == 404


def test_the_law_is_published_without_what_would_help_to_evade_it(desk: Desk) -> None:
    config = desk.get("/config").data
    law = config["rules"]["sec"]
    assert law["bribes"]["least"] == 1_000
    assert law["tips"]["stake"] == 5
    assert {crime["name"] for crime in law["penalties"]["crimes"]} >= {"bribery"}
    assert not {"open", "convict", "windowTicks"} & {key for part in law.values() for key in part}
    types = {action["type"] for action in config["actions"]}
    assert types >= {
        *("BRIBE", "KEEP_BRIBE", "REPORT_BRIBE", "WHISTLEBLOW", "SUBPOENA"),
        *("RESPOND", "SETTLE", "APPEAL", "FLEE"),
    }
