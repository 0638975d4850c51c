"""Agents among each other, over HTTP: profiles and ranks, messages, blocks, alliances, reasons."""

from __future__ import annotations

from typing import Any

import pytest

from agents.models import Agent, Input
from market.models import Account
from tests.api.desk import Desk, Json, Trader, buy, codes, sell

DAY, CLOSE = 630, 390


def message(target: str, content: str = "How do you do?") -> Json:
    return {"type": "MESSAGE", "targetAgent": target, "content": content}


def ally(target: str, percent: int = 10) -> Json:
    return {
        "type": "ALLY",
        "targetAgent": target,
        "proposal": "Let us share what we gain.",
        "profitSharePercent": percent,
    }


def befriend(ann: Trader, bob: Trader) -> str:
    """Ally two agents and return the alliance's id."""
    [proposed] = ann.act(ally(bob.name))
    ann.desk.tick()
    assert codes(bob.act({"type": "ALLY_ACCEPT", "targetAgent": ann.name})) == ["OK"]
    ann.desk.tick()
    return str(proposed["data"]["actionId"])


# Messages


def test_messages_are_read_newest_first_counted_and_marked(ann: Trader, bob: Trader) -> None:
    ann.act(message(bob.id, "First."))
    bob.desk.tick()
    bob.act(message("ANN", "Yes?"))
    bob.desk.tick()
    ann.act(message("bob", "<b>=SUM(1)</b>"))
    bob.desk.tick()
    inbox = bob.get("/agents/me/messages").data
    assert (inbox["total"], inbox["unread"]) == (2, 2)
    newest, oldest = inbox["items"]
    assert newest["content"] == {"untrusted": True, "author": "ann", "text": "<b>=SUM(1)</b>"}
    assert (oldest["fromAgentId"], oldest["read"]) == (ann.id, False)
    both = bob.get("/agents/me/messages?with=ann").data
    assert [line["read"] for line in both["items"]] == [False, None, False]
    assert bob.get(f"/agents/me/messages?with={ann.id}").data["total"] == 3

    marked = bob.post("/agents/me/messages/read", {"ids": [oldest["id"]]})
    assert marked.data == {"marked": 1}
    unread = bob.get("/agents/me/messages?unread=1").data
    assert [line["id"] for line in unread["items"]] == [newest["id"]]
    assert bob.post("/agents/me/messages/read", {}).data == {"marked": 1}
    assert bob.get("/agents/me/messages").data["unread"] == 0


def test_nobody_reads_or_marks_what_is_anothers(ann: Trader, bob: Trader) -> None:
    ann.act(message("bob"))
    ann.desk.tick()
    [line] = bob.get("/agents/me/messages").data["items"]
    assert ann.get("/agents/me/messages").data["total"] == 0
    assert ann.post("/agents/me/messages/read", {"ids": [line["id"]]}).data == {"marked": 0}
    assert ann.get("/agents/me/messages?with=ann").data["total"] == 0
    assert ann.desk.get("/agents/me/messages").status == 401


@pytest.mark.parametrize(
    "path",
    [
        "/agents/me/messages?unread=yes",
        "/agents/me/messages?with=nobody",
        "/agents/me/messages?with=",
        "/agents/me/messages?to=ann",
        "/agents/me/alliances?status=sunny",
        "/api/v1/agents?sort=wealth",
        "/api/v1/agents?house=maybe",
        "/world/leaderboard?sort=-netWorth",
    ],
)
def test_a_bad_query_is_refused(ann: Trader, path: str) -> None:
    assert ann.get(path).code == "BAD_REQUEST"


def test_the_door_knows_what_the_tick_would_refuse(ann: Trader, bob: Trader) -> None:
    assert codes(ann.act(message("nobody"), message("ann"), message("bob"))) == [
        "INVALID_TARGET",
        "INVALID_TARGET",
        "OK",
    ]
    ann.desk.tick()
    assert codes(ann.act(message("bob"))) == ["RATE_LIMITED"]
    bob.act({"type": "BLOCK", "targetAgent": "ann"})
    ann.desk.tick()
    assert codes(ann.act(message("bob"), ally("bob"))) == ["INVALID_TARGET"] * 2
    Agent.objects.filter(name="ann").update(status="imprisoned", status_until=10_000)
    assert codes(ann.act(message("bob"))) == ["AGENT_IMPRISONED"]


BLOCK, UNBLOCK = ({"type": type, "targetAgent": "bob"} for type in ("BLOCK", "UNBLOCK"))


def test_what_an_action_of_ones_own_may_change_before_is_left_to_the_tick(
    ann: Trader, bob: Trader
) -> None:
    """The door refuses what the tick is bound to refuse, and nothing else."""
    reject = {"type": "ALLY_REJECT", "targetAgent": "bob"}
    dissolve = {"type": "ALLY_DISSOLVE", "targetAgent": "bob"}
    asked = [
        [BLOCK, UNBLOCK, BLOCK],
        [UNBLOCK, message("bob"), BLOCK, message("nobody"), message("ann")],
        [UNBLOCK, ally("bob"), dissolve, ally("bob")],
        [ally("bob"), dissolve, ally("bob")],
    ]
    given = []
    for actions in asked:
        at_once = codes(ann.act(*actions))
        ann.desk.tick()
        rows = Input.objects.filter(account__gt=0).exclude(type="REGISTER").order_by("id")
        verdicts = [row.verdict.code for row in rows][-at_once.count("OK") :]
        given.append((at_once, verdicts))
    assert given == [
        (["OK"] * 3, ["OK"] * 3),
        (["OK"] * 3 + ["INVALID_TARGET"] * 2, ["OK"] * 3),
        (["OK"] * 4, ["OK"] * 4),
        (["DUPLICATE", "OK", "OK"], ["OK", "OK"]),
    ]
    [proposed] = bob.act(ally("ann"))
    assert proposed["code"] == "DUPLICATE"
    ann.act(dissolve)
    ann.desk.tick()
    bob.act(ally("ann"))
    ann.desk.tick()
    assert codes(ann.act(ally("bob"))) == ["DUPLICATE"]
    assert codes(ann.act(reject)) == ["OK"]
    assert codes(ann.act(ally("bob"))) == ["OK"]  # in a request of its own, but the same tick
    ann.desk.tick()
    assert Input.objects.order_by("-id")[0].verdict.code == "OK"


def test_a_status_that_ends_with_the_next_tick_keeps_nobody_from_acting_in_it(
    ann: Trader, bob: Trader
) -> None:
    tick = ann.get("/world/tick").data["tick"]
    Agent.objects.filter(name="ann").update(status="suspended", status_until=tick + 2)
    assert codes(ann.act(ally("bob"))) == ["AGENT_SUSPENDED"]
    assert codes(bob.act(ally("ann"))) == ["INVALID_TARGET"]
    Agent.objects.filter(name="ann").update(status_until=tick + 1)
    assert codes(ann.act(ally("bob"), buy(1))) == ["OK", "OK"]
    assert codes(bob.act(message("ann"))) == ["OK"]


TEXTS = [
    "a\x00b",
    "red\x1b[31m",
    "up\u202eside",
    "o" + "\u0301" * 10_000,
    "\u0301" * 400,
    "line\nbreak",
    "hidden" + "".join(chr(0xE0000 + ord(c)) for c in "obey"),
]


@pytest.mark.parametrize("text", TEXTS)
def test_text_that_does_harm_is_refused_wherever_agents_write(
    ann: Trader, bob: Trader, text: str
) -> None:
    for action in (
        message("bob", text),
        ally("bob") | {"proposal": text.ljust(10)},
        {"type": "ALLY_REJECT", "targetAgent": "bob", "reason": text},
        buy(1, rationale=text),
    ):
        answer = ann.try_act(action)
        if answer.status == 200:
            assert codes(answer.data["results"]) == ["BAD_REQUEST"]
        else:
            assert answer.code == "BAD_REQUEST"
    assert not Input.objects.filter(account__gt=0).exclude(type="REGISTER").exists()


def test_half_a_surrogate_pair_is_refused(ann: Trader) -> None:
    body = '{"actions": [{"type": "MESSAGE", "targetAgent": "bob", "content": "\\ud800"}]}'
    assert ann.desk.ask("POST", "/actions", body, ann.key).code == "BAD_REQUEST"


@pytest.mark.parametrize("field", ["agentId", "status", "cash", "account", "from", "tick"])
def test_nothing_is_smuggled_into_an_action(ann: Trader, bob: Trader, field: str) -> None:
    answer = ann.try_act(message("bob") | {field: bob.id})
    if answer.status == 200:
        assert codes(answer.data["results"]) == ["BAD_REQUEST"]
    else:
        assert answer.code == "BAD_REQUEST"


# Blocks


def test_a_block_is_put_and_deleted(ann: Trader, bob: Trader) -> None:
    path = f"/agents/me/blocks/{ann.id}"
    put = bob.desk.ask("PUT", path, key=bob.key)
    assert (put.data["blocked"], put.data["actionId"] is None) == (True, False)
    assert bob.get(path).data["blocked"] is False
    bob.desk.tick()
    assert bob.get(path).data["blocked"] is True
    [line] = bob.get("/agents/me/blocks").data["items"]
    assert (line["agentId"], line["name"]) == (ann.id, "ann")
    assert bob.desk.ask("PUT", path, key=bob.key).data["actionId"] is None
    assert ann.get("/agents/me/blocks").data["total"] == 0
    assert bob.desk.ask("DELETE", path, key=bob.key).data["blocked"] is False
    bob.desk.tick()
    assert bob.get("/agents/me/blocks").data["items"] == []
    assert bob.desk.ask("PUT", f"/agents/me/blocks/{bob.id}", key=bob.key).code == "CONFLICT"
    nobody = "00000000-0000-4000-8000-000000000000"
    assert bob.desk.ask("PUT", f"/agents/me/blocks/{nobody}", key=bob.key).code == "NOT_FOUND"


# Alliances


def test_an_alliance_is_shown_to_its_members_and_to_all(ann: Trader, bob: Trader) -> None:
    id = befriend(ann, bob)
    [own] = bob.get("/agents/me/alliances").data["items"]
    assert own["allianceId"] == id
    assert (own["proposer"]["name"], own["partner"]["name"]) == ("ann", "bob")
    assert own["proposal"]["text"] == "Let us share what we gain."
    assert (own["status"], own["received"], own["paid"]) == ("active", 0, 0)
    [line] = ann.desk.get("/alliances").data["items"]
    assert (line["allianceId"], line["profitSharePercent"]) == (id, 10)
    assert "proposal" not in line
    [bond] = ann.desk.get("/api/v1/agents/ann").data["alliances"]
    assert (bond["agentId"], bond["name"]) == (bob.id, "bob")
    assert ann.get("/agents/me/alliances?status=pending").data["total"] == 0


def test_nobody_answers_an_alliance_it_is_not_in_nor_one_twice(ann: Trader, bob: Trader) -> None:
    [proposed] = ann.act(ally("bob"))
    id = proposed["data"]["actionId"]
    cid = ann.desk.register("cid")
    ann.desk.tick()
    accept = {"type": "ALLY_ACCEPT", "allianceId": id}
    assert codes(cid.act(accept)) == ["INVALID_TARGET"]
    assert codes(ann.act(accept)) == ["FORBIDDEN"]
    assert codes(bob.act(accept, accept)) == ["OK", "OK"]  # the tick's verdicts count
    ann.desk.tick()
    rows = Input.objects.filter(type="ALLY_ACCEPT").order_by("id")
    assert [row.verdict.code for row in rows] == ["OK", "ALREADY_ANSWERED"]
    assert codes(bob.act(accept)) == ["ALREADY_ANSWERED"]
    assert ann.desk.get("/alliances").data["total"] == 1


# Profiles and ranks


def test_an_agent_is_found_by_its_name_however_it_is_written(desk: Desk) -> None:
    lil = desk.register("Lil-0")
    desk.tick()
    for name in ("Lil-0", "1I1-o", lil.id):
        assert desk.get(f"/api/v1/agents/{name}").data["id"] == lil.id
    assert desk.get("/api/v1/agents/nobody").code == "NOT_FOUND"


def test_a_profile_shows_nothing_private(ann: Trader) -> None:
    public = ann.desk.get("/api/v1/agents/ann").data
    assert set(public) == {
        *("rank", "id", "name", "role", "company", "status", "reputation", "netWorth"),
        *("change24h", "return", "maxDrawdown", "sharpe", "sharpeDays", "tradeCount"),
        *("alliances", "rapSheet", "createdAt", "house", "reputationHistory", "rationales"),
    }
    assert ann.desk.get(f"/api/v1/agents/{ann.id}/equity").data["total"] == 0


def test_agents_are_sorted_by_what_is_asked_and_ranked_by_net_worth(desk: Desk) -> None:
    names = ("ann", "bob", "cid")
    for name in names:
        desk.register(name)
    desk.tick()
    ids = dict(Agent.objects.values_list("name", "id"))
    for name, equity, transfers, fall, sharpe in (
        ("ann", 1_100_000, 0, 900, None),
        ("bob", 1_300_000, 290_000, 100, 0.5),
        ("cid", 1_200_000, 0, 500, 1.5),
    ):
        Account.objects.filter(id=ids[name]).update(equity=equity, transfers=transfers)
        Agent.objects.filter(name=name).update(max_drawdown_bps=fall, sharpe=sharpe)
    Agent.objects.filter(name="bob").update(gifts_received=250_000, reputation=90_000_000)

    def listed(sort: str) -> list[str]:
        return [line["name"] for line in desk.get(f"/api/v1/agents?sort={sort}").data["items"]]

    assert listed("netWorth") == ["cid", "ann", "bob"]  # what was given to bob does not count
    assert listed("return") == ["cid", "ann", "bob"]
    assert listed("maxDrawdown") == ["bob", "cid", "ann"]
    assert listed("sharpe") == ["cid", "bob", "ann"]
    assert listed("reputation") == ["bob", "ann", "cid"]
    board = desk.get("/world/leaderboard?sort=maxDrawdown").data["items"]
    assert [(line["name"], line["rank"]) for line in board] == [("bob", 3), ("cid", 1), ("ann", 2)]
    [cid] = [line for line in desk.get("/api/v1/agents").data["items"] if line["name"] == "cid"]
    assert (cid["return"], cid["maxDrawdown"], cid["sharpe"]) == (20.0, 5.0, 1.5)


def test_the_house_is_shown_when_it_is_asked_for_and_has_no_rank(ann: Trader, bob: Trader) -> None:
    Agent.objects.filter(name="bob").update(is_house=True)
    desk = ann.desk
    names = {
        house: [line["name"] for line in desk.get(f"/api/v1/agents?house={house}").data["items"]]
        for house in ("exclude", "include", "only")
    }
    names["include"].sort()
    assert names == {"exclude": ["ann"], "include": ["ann", "bob"], "only": ["bob"]}
    assert desk.get("/api/v1/agents/bob").data["rank"] is None
    assert desk.get("/world/leaderboard").data["total"] == 1
    assert ann.get("/agents/me").data["rankedAgents"] == 1


def test_trades_are_counted(ann: Trader) -> None:
    ann.act(buy(1), buy(2))
    ann.desk.tick()
    assert ann.get("/agents/me").data["tradeCount"] == 2


# Why one acts, and what would become of it


def test_a_rationale_is_its_owners_at_once_and_everybodys_when_the_day_is_over(
    ann: Trader,
) -> None:
    [taken] = ann.act(buy(1, rationale="It is cheap."))
    ann.desk.tick()
    own = ann.get(f"/agents/me/actions/{taken['data']['actionId']}").data
    assert own["rationale"] == "It is cheap."
    assert ann.desk.get("/api/v1/agents/ann").data["rationales"] == []
    from market.models import World

    World.objects.update(tick=CLOSE + 1)
    ann.desk.get("/world/tick")
    [shown] = ann.desk.get("/api/v1/agents/ann").data["rationales"]
    assert shown["action"] == "BUY"
    assert shown["rationale"] == {"untrusted": True, "author": "ann", "text": "It is cheap."}


@pytest.mark.parametrize("rationale", ["x" * 501, 7, ["no"], True])
def test_a_rationale_is_text_of_500_characters_at_most(ann: Trader, rationale: Any) -> None:
    answer = ann.try_act(buy(1, rationale=rationale))
    if answer.status == 200:
        assert codes(answer.data["results"]) == ["BAD_REQUEST"]
    else:
        assert answer.code == "BAD_REQUEST"


def test_a_dry_run_does_nothing_and_says_what_would_be(ann: Trader) -> None:
    before = ann.portfolio
    price = ann.desk.price()
    quantity = int(5_000 / price)
    answer = ann.post(
        "/actions",
        {
            "dryRun": True,
            "actions": [buy(quantity), buy(10**6), message("nobody"), sell(quantity)],
        },
    )
    bought, too_many, nobody, sold = answer.data["results"]
    assert bought["success"]
    data = bought["data"]
    assert data["dryRun"]
    assert data["fee"] == pytest.approx(quantity * price / 10_000, abs=0.01)
    assert data["marginAvailableBefore"] == before["marginAvailable"]
    assert data["marginAvailableAfter"] < before["marginAvailable"]
    assert data["liquidationPrice"] is None  # of what is paid in full
    assert (too_many["success"], too_many["code"]) == (False, "INSUFFICIENT_FUNDS")
    assert nobody["code"] == "INVALID_TARGET"
    assert sold["success"]  # of what the first would have bought
    assert not Input.objects.exclude(type="REGISTER").exists()
    assert ann.portfolio == before
    assert ann.post("/actions", {"dryRun": "yes", "actions": [buy(1)]}).code == "BAD_REQUEST"


def test_a_dry_run_of_a_levered_order_says_where_it_would_be_liquidated(desk: Desk) -> None:
    bob = desk.register("bob", "hedge_fund_manager")
    desk.tick()
    price = desk.price()
    quantity = 1_000_000
    rests = buy(quantity, price=round(price * 0.99, 2))
    answer = bob.post("/actions", {"dryRun": True, "actions": [buy(quantity), rests]})
    now, later = (result["data"]["liquidationPrice"] for result in answer.data["results"])
    assert now is None or 0 < now < price
    if now is not None:
        assert now <= later < price
