"""What can be read: the market, the world, the agents, and what is one's own."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from market import tape
from market.models import EquityPoint, Trade
from tests.api import contract
from tests.api.desk import COMPANIES, Desk, Trader, buy, cancel, sell
from wallstreetsim.machine.actions import ACTIONS
from wallstreetsim.machine.rules import RULES


def _pages(answer: Any) -> tuple[int, int, int, bool]:
    data = answer.data
    return len(data["items"]), data["page"], data["total"], data["hasMore"]


# The market


def test_the_companies_are_listed_a_page_at_a_time(desk: Desk) -> None:
    assert _pages(desk.get("/market/stocks")) == (COMPANIES, 1, COMPANIES, False)
    assert _pages(desk.get("/market/stocks?pageSize=3")) == (3, 1, COMPANIES, True)
    assert _pages(desk.get("/market/stocks?pageSize=3&page=3")) == (2, 3, COMPANIES, False)
    assert _pages(desk.get("/market/stocks?page=9")) == (0, 9, COMPANIES, False)
    names = [
        line["symbol"]
        for page in (1, 2, 3)
        for line in desk.get(f"/market/stocks?pageSize=3&page={page}").data["items"]
    ]
    assert names == sorted(set(names))


@pytest.mark.parametrize(
    "sort", ["price", "change", "changePercent", "volume", "volume24h", "marketCap", "volatility"]
)
def test_the_companies_can_be_sorted(desk: Desk, sort: str) -> None:
    desk.tick(3)
    rising = [line[sort] for line in desk.get(f"/market/stocks?sort={sort}").data["items"]]
    falling = [line[sort] for line in desk.get(f"/market/stocks?sort=-{sort}").data["items"]]
    assert rising == sorted(rising)
    assert falling == sorted(rising, reverse=True)


def test_the_companies_of_one_sector_can_be_listed(desk: Desk) -> None:
    answer = desk.get("/market/stocks?sector=Technology").data
    assert {line["sector"] for line in answer["items"]} == {"Technology"}
    assert 0 < answer["total"] < COMPANIES


def test_a_company_is_shown_as_it_was_founded(desk: Desk) -> None:
    apex = desk.get("/market/stocks/APEX").data
    assert (apex["price"], apex["previousClose"], apex["change"]) == (142.5, 142.5, 0)
    assert apex["marketCap"] == pytest.approx(142.5 * apex["sharesIssued"])
    assert apex["last"] is None


def test_the_book_is_shown_from_the_best_price_down(desk: Desk) -> None:
    desk.tick()
    book = desk.get("/market/orderbook/APEX?depth=3").data
    bids, asks = book["bids"], book["asks"]
    assert len(bids) == len(asks) == 3
    assert [b[0] for b in bids] == sorted((b[0] for b in bids), reverse=True)
    assert [a[0] for a in asks] == sorted(a[0] for a in asks)
    assert bids[0][0] < asks[0][0]
    assert book["tick"] == book["seq"] == 1
    stock = desk.get("/market/stocks/APEX").data
    assert (stock["bid"], stock["ask"]) == (bids[0][0], asks[0][0])


def test_an_order_of_ones_own_is_in_the_book(ann: Trader) -> None:
    ann.act(buy(7, price=1.5))
    ann.desk.tick()
    assert [1.5, 7, 1] in ann.desk.get("/market/orderbook/APEX?depth=50").data["bids"]


def test_trades_are_shown_without_their_parties(ann: Trader) -> None:
    ann.act(buy(3), buy(4))
    ann.desk.tick()
    trades = ann.desk.get("/market/trades/APEX").data["trades"]
    assert [trade["quantity"] for trade in trades] == [4, 3], "newest first"
    assert set(trades[0]) == {"id", "symbol", "price", "quantity", "side", "tick"}
    assert len(ann.desk.get("/market/trades/APEX?limit=1").data["trades"]) == 1


def test_candles_come_oldest_first(ann: Trader) -> None:
    ann.act(buy(5))
    ann.desk.tick(9)
    history = ann.desk.get("/market/stocks/APEX/history").data
    assert [candle["tick"] for candle in history["candles"]] == list(range(1, 11))
    assert sum(candle["volume"] for candle in history["candles"]) == 5
    for before, after in zip(history["candles"], history["candles"][1:], strict=False):
        assert after["open"] == before["close"]
    fives = ann.desk.get("/market/stocks/APEX/history?interval=5&limit=1").data
    assert [candle["tick"] for candle in fives["candles"]] == [9]


def test_a_day_has_one_candle_from_its_open_to_its_end(ann: Trader) -> None:
    ann.act(buy(5))
    ann.desk.tick(400)
    history = ann.desk.get("/market/stocks/APEX/history?interval=day").data
    assert history["interval"] == "day"
    [day] = history["candles"]
    assert (day["tick"], day["volume"]) == (389, 5)
    hours = ann.desk.get("/market/stocks/APEX/history?interval=60").data["candles"]
    assert [candle["tick"] for candle in hours] == [59, 119, 179, 239, 299, 359, 389]
    assert (day["open"], day["close"]) == (hours[0]["open"], hours[-1]["close"])
    assert ann.desk.get("/market/stocks/APEX/history?interval=390").status == 400
    assert "day" in ann.desk.get("/config").data["timing"]["candleIntervals"]


# The world


def test_the_world_says_where_it_stands(ann: Trader) -> None:
    ann.act(buy(10))
    ann.desk.tick()
    status = ann.desk.get("/world/status").data
    assert (status["tick"], status["tradingDay"], status["tickInDay"]) == (2, 0, 2)
    assert (status["marketOpen"], status["ticksUntilClose"]) == (True, 388)
    assert (status["companies"], status["activeAgents"]) == (COMPANIES, 1)
    assert (status["interestRate"], status["inflationRate"]) == (0.05, 0.02)
    trade = Trade.objects.get()
    assert status["volume24h"] == trade.price * trade.quantity / 100
    stocks = ann.desk.get("/market/stocks").data["items"]
    assert status["marketCap"] == pytest.approx(sum(line["marketCap"] for line in stocks))
    [index] = status["indices"]
    assert index["value"] == pytest.approx(1_000, rel=0.05)
    assert index["change"] == pytest.approx(index["value"] - 1_000, abs=1e-9)
    [entry] = tape.read_tick(epoch=1, tick=2, streams=[tape.PUBLIC_STREAM])
    [update] = [event["data"] for event in entry.read() if event["type"] == "tick:update"]
    assert status["indices"] == update["indices"]


def test_the_tick_is_told(desk: Desk) -> None:
    desk.tick(4)
    tick = desk.get("/world/tick").data
    assert (tick["tick"], tick["epoch"], tick["tickSeconds"], tick["paused"]) == (4, 1, 1, False)
    assert tick["timestamp"].endswith("+00:00")


def test_the_richest_leads(ann: Trader, bob: Trader) -> None:
    board = ann.desk.get("/world/leaderboard").data
    assert [(line["rank"], line["name"]) for line in board["items"]] == [(1, "bob"), (2, "ann")]
    assert board["items"][0]["netWorth"] == 50_000_000


@pytest.mark.parametrize(
    "path",
    [
        "/world/events",
        "/world/investigations",
        "/world/investigations/most-wanted",
        "/world/prison",
        "/world/bankruptcies",
        "/api/v1/news",
    ],
)
def test_what_does_not_happen_yet_is_an_empty_list(desk: Desk, path: str) -> None:
    assert _pages(desk.get(path)) == (0, 1, 0, False)


# Agents


def test_agents_are_listed_by_rank(desk: Desk) -> None:
    ann = desk.register("ann")
    bob = desk.register("bob", "quant")
    desk.tick()
    cid = desk.register("cid", "ceo")  # not admitted yet
    listed = desk.get("/api/v1/agents").data["items"]
    assert [(line["rank"], line["id"]) for line in listed] == [
        (1, bob.id),
        (2, cid.id),
        (3, ann.id),
    ]
    for line in listed:
        assert desk.get(f"/api/v1/agents/{line['id']}").data.items() >= line.items()
    second = desk.get("/api/v1/agents?pageSize=1&page=2").data["items"]
    assert [(line["rank"], line["name"]) for line in second] == [(2, "cid")]


def test_who_is_not_active_has_no_rank(ann: Trader, bob: Trader) -> None:
    from agents.models import Agent

    Agent.objects.filter(name="bob").update(status="suspended")
    listed = ann.desk.get("/api/v1/agents").data["items"]
    assert [(line["rank"], line["name"]) for line in listed] == [(1, "ann"), (None, "bob")]
    assert ann.desk.get(f"/api/v1/agents/{bob.id}").data["rank"] is None
    assert [line["name"] for line in ann.desk.get("/world/leaderboard").data["items"]] == ["ann"]


def test_what_is_public_of_an_agent_is_not_its_settings(ann: Trader) -> None:
    public = ann.desk.get(f"/api/v1/agents/{ann.id}").data
    own = ann.get("/agents/me").data
    assert set(own) - set(public) == {"callbackUrl", "rankedAgents", "webhook"}
    assert own["rankedAgents"] == 1
    assert (public["reputation"], public["status"], public["house"]) == (50, "active", False)


# What is one's own


def test_orders_come_newest_first_a_page_at_a_time(ann: Trader) -> None:
    ann.act(*[buy(1, price=1.0 + n, clientOrderId=f"o{n}") for n in range(4)])
    ann.desk.tick()
    ann.act(*[buy(1, price=5.0 + n, clientOrderId=f"o{4 + n}") for n in range(3)])
    pages = [ann.get(f"/agents/me/orders?pageSize=2&page={n}").data for n in (1, 2, 3, 4, 5)]
    listed = [line["clientOrderId"] for page in pages for line in page["items"]]
    assert listed == ["o6", "o5", "o4", "o3", "o2", "o1", "o0"]
    assert [page["hasMore"] for page in pages] == [True, True, True, False, False]
    assert {page["total"] for page in pages} == {7}


def test_orders_can_be_chosen_by_status(ann: Trader) -> None:
    ann.act(buy(1), buy(1, price=1.0), buy(3, price=2.0))
    ann.desk.tick()
    ann.act(buy(1, price=3.0))
    counts = {
        status: ann.get(f"/agents/me/orders?status={status}").data["total"]
        for status in ("pending", "open", "filled", "cancelled", "rejected", "partial")
    }
    assert counts == {
        "pending": 1,
        "open": 2,
        "filled": 1,
        "cancelled": 0,
        "rejected": 0,
        "partial": 0,
    }


def test_a_trade_is_shown_from_ones_own_side(ann: Trader, bob: Trader) -> None:
    desk = ann.desk
    ann.act(buy(10))
    desk.tick()
    [taken] = ann.get("/agents/me/trades").data["items"]
    assert (taken["side"], taken["liquidity"]) == ("BUY", "taker")
    assert taken["fee"] == pytest.approx(taken["totalValue"] / 10_000, abs=0.005)

    stock = desk.get("/market/stocks/APEX").data
    between = round((stock["bid"] + stock["ask"]) / 2, 2)
    [offered] = ann.act(sell(10, price=between))
    [wanted] = bob.act(buy(10))
    desk.tick()
    given = ann.get("/agents/me/trades").data["items"][0]
    assert (given["side"], given["liquidity"], given["fee"]) == ("SELL", "maker", 0)
    assert (given["price"], given["orderId"]) == (between, offered["data"]["orderId"])
    [got] = bob.get("/agents/me/trades").data["items"]
    assert (got["id"], got["side"], got["liquidity"]) == (given["id"], "BUY", "taker")
    assert got["orderId"] == wanted["data"]["orderId"]


def test_an_order_is_found_by_its_ids_and_company(ann: Trader, bob: Trader) -> None:
    [first] = ann.act(buy(1, price=1.0, clientOrderId="mine"))
    ann.act(buy(1, "NEXUS", price=1.0))
    id = first["data"]["orderId"]
    for _ in range(2):  # while it waits, and when the tick has taken it
        assert ann.get(f"/agents/me/orders/{id}").data["clientOrderId"] == "mine"
        for query in ("clientOrderId=mine", "symbol=APEX", "symbol=APEX&clientOrderId=mine"):
            page = ann.get(f"/agents/me/orders?{query}").data
            assert ([line["orderId"] for line in page["items"]], page["total"]) == ([id], 1)
        assert ann.get("/agents/me/orders?clientOrderId=nobodys").data["items"] == []
        assert bob.get(f"/agents/me/orders/{id}").code == "NOT_FOUND"
        ann.desk.tick()


def test_a_list_goes_on_from_its_cursor(ann: Trader) -> None:
    ann.act(*[buy(1) for _ in range(5)])
    ann.desk.tick()
    for path in ("/agents/me/orders", "/agents/me/trades"):
        first = ann.get(f"{path}?pageSize=2").data
        assert (first["page"], first["hasMore"], first["total"]) == (1, True, 5)
        rest = ann.get(f"{path}?pageSize=3&cursor={first['nextCursor']}").data
        assert (rest["page"], rest["hasMore"], rest["nextCursor"]) == (None, False, None)
        assert [*first["items"], *rest["items"]] == ann.get(path).data["items"]
        for query in ("cursor=x", "cursor=1", "cursor=1.2.3", "cursor=", "page=1&cursor=1.2"):
            answer = ann.get(f"{path}?{query}")
            assert (answer.status, list(answer.body["details"])) == (400, ["cursor"])


def test_a_trade_with_oneself_is_shown_for_both_of_its_orders(ann: Trader) -> None:
    ann.act(buy(10))
    ann.desk.tick()
    stock = ann.desk.get("/market/stocks/APEX").data
    between = round((stock["bid"] + stock["ask"]) / 2, 2)
    wash = buy(4, price=between, selfTrade="allow")
    offered, wanted = ann.act(sell(4, price=between), wash)
    ann.desk.tick()
    taker, maker, _ = ann.get("/agents/me/trades").data["items"]
    assert taker["id"] == maker["id"]
    assert [(line["orderId"], line["side"], line["liquidity"]) for line in (taker, maker)] == [
        (wanted["data"]["orderId"], "BUY", "taker"),
        (offered["data"]["orderId"], "SELL", "maker"),
    ]
    assert (taker["fee"] > 0, maker["fee"]) == (True, 0)


def test_net_worth_is_told_over_time(ann: Trader) -> None:
    from agents.models import Agent

    id = Agent.objects.get().id
    EquityPoint.objects.bulk_create(
        EquityPoint(account_id=id, tick=tick, equity=1_000_000 + tick) for tick in (50, 100, 150)
    )
    points = ann.get("/agents/me/equity?pageSize=2").data
    assert points["items"] == [
        {"tick": 150, "netWorth": 10_001.5},
        {"tick": 100, "netWorth": 10_001.0},
    ]
    assert points["total"] == 3


# The rules and the schema


def test_the_rules_are_published(desk: Desk) -> None:
    config = desk.get("/config").data
    assert [role["role"] for role in config["roles"]] == [r.name for r in RULES.agents.roles]
    assert {action["type"] for action in config["actions"]} == set(ACTIONS)
    assert ACTIONS.keys() >= {"BUY", "SELL", "SHORT", "COVER", "REPLACE_ORDER", "CANCEL_ALL"}
    [price] = [p for p in config["actions"][0]["parameters"] if p["name"] == "price"]
    assert (price["minimum"], price["maximum"]) == (0.01, 1_000_000)
    defaults = {p["name"]: p.get("default") for p in config["actions"][0]["parameters"]}
    assert defaults["timeInForce"] == "GTC"
    assert (defaults["selfTrade"], defaults["postOnly"], defaults["price"]) == (
        "cancel_newest",
        False,
        None,
    )
    assert config["rules"]["agents"]["reputation"]["start"] == 50
    assert config["fees"]["takerBps"] == RULES.market.taker_fee_bps
    assert config["timing"]["dayTicks"] == 630
    rules = config["rules"]["market"]
    assert rules["margin"]["callTicks"] == RULES.market.margin.call_ticks
    assert rules["halts"]["large"] == RULES.market.halts.large_cents / 100
    assert rules["lending"]["poolBps"] == 3_000
    assert rules["splits"] == {"ratio": 10, "above": 5_000, "below": 2}
    assert sum(sector["share"] for sector in config["sectors"]) == pytest.approx(1)
    assert config["rateLimits"]["actions"] == [{"requests": 120, "seconds": 60, "burst": 20}]


def test_the_rules_of_events_and_of_the_climate_are_published(desk: Desk) -> None:
    config = desk.get("/config").data
    kinds = {kind["type"]: kind for kind in config["events"]["kinds"]}
    assert kinds.keys() == {kind.name for kind in RULES.market.events.kinds}
    assert kinds["EARNINGS_MISS"]["impact"] == [-0.15, -0.03]
    assert kinds["EARNINGS_MISS"]["duration"] == [5, 30]
    assert kinds["FED_MEETING"]["impact"] == [-0.015, 0.015], "it may go either way"
    assert kinds["RALLY"]["scope"] == "market"
    sectors = {sector["sector"] for sector in config["sectors"]}
    assert config["events"]["menus"].keys() == sectors
    assert set().union(*config["events"]["menus"].values()) <= kinds.keys()
    regimes = {line["regime"] for line in config["climate"]["regimes"]}
    assert desk.get("/world/status").data["regime"] in regimes
    for line in config["climate"]["regimes"]:
        assert line["onward"].keys() <= regimes
        assert sum(line["onward"].values()) <= 1
    assert not any("event" in line for line in config["switchedOff"])


def test_the_rules_do_not_tell_who_of_the_house_is_a_crook(desk: Desk) -> None:
    config = desk.get("/config").data
    house = config["rules"]["house"]
    assert house["turnover"] == RULES.house.turnover
    assert house["metaorderTail"] == RULES.house.metaorder_tail
    assert not [key for key in house if re.search("roster|crim|crook|insider", key, re.IGNORECASE)]
    words = set(re.findall(r'"([^"]*)"', json.dumps(config)))
    assert not words & {"wash", "spoof", "pump", "insider"}


def test_the_bare_paths_are_the_same_views(desk: Desk) -> None:
    for path in ("/world/status", "/market/stocks", "/market/stocks/APEX", "/config"):
        assert desk.get(path).data == desk.get(f"/api/v1{path}").data


def test_the_schema_is_sound_and_whole(desk: Desk) -> None:
    from drf_spectacular.drainage import GENERATOR_STATS
    from drf_spectacular.validation import validate_schema

    served = desk.get("/api/v1/openapi.json").body
    validate_schema(served)  # type: ignore[no-untyped-call]
    assert not GENERATOR_STATS, "no warnings"
    assert served == desk.get("/openapi.json").body == contract.document()
    operations = [op for path in served["paths"].values() for op in path.values()]
    ids = [operation["operationId"] for operation in operations]
    assert len(ids) == len(set(ids))
    assert all(operation["responses"].get("400") for operation in operations)


def test_the_schema_describes_the_actions_by_their_table() -> None:
    act = contract.document()["paths"]["/api/v1/actions"]["post"]
    body = act["requestBody"]["content"]["application/json"]["schema"]
    kinds = body["properties"]["actions"]["items"]["oneOf"]
    assert [kind["title"] for kind in kinds] == list(ACTIONS)
    assert kinds[0]["properties"]["postOnly"] == {"type": "boolean", "default": False}
    assert kinds[0]["properties"]["selfTrade"]["default"] == "cancel_newest"
    assert kinds[0]["properties"]["quantity"] == {
        "type": "integer",
        "minimum": 1,
        "maximum": 1_000_000,
    }


def test_the_schema_says_what_a_request_must_bring() -> None:
    """A key where one is needed, and a body of no other form than ours."""
    paths, schemas = contract.document()["paths"], contract.document()["components"]["schemas"]
    needed = {"/agents/me", "/agents/{id}/portfolio", "/auth/session", "/actions", "/recover/{id}"}
    for path, operations in paths.items():
        for operation in operations.values():
            if path.removeprefix(contract.PREFIX) in needed:
                assert operation["security"] == [{"bearer": []}], path
            if "requestBody" in operation:
                asked = operation["requestBody"]
                assert list(asked["content"]) == ["application/json"]
                body = asked["content"]["application/json"]["schema"]
                body = schemas[body["$ref"].rpartition("/")[2]] if "$ref" in body else body
                # A body of which nothing is required may be left out.
                assert asked.get("required", False) is bool(body.get("required")), path
    for path in ("/market/stocks", "/world/status", "/config", "/agents", "/auth/register"):
        for operation in paths[contract.PREFIX + path].values():
            assert {} in operation["security"], path
    bodies = [schema for name, schema in schemas.items() if name.endswith("Body")]
    assert bodies and all(schema["additionalProperties"] is False for schema in bodies)
    key = paths[contract.PREFIX + "/actions"]["post"]["parameters"][0]
    assert key["schema"] == {"type": "string", "minLength": 1, "maxLength": 64}


def test_the_schema_says_what_is_refused() -> None:
    paths, schemas = contract.document()["paths"], contract.document()["components"]["schemas"]
    assert schemas["KeyBody"]["properties"]["apiKey"]["minLength"] == 1
    url = schemas["RegisterBody"]["properties"]["callbackUrl"]
    assert url["oneOf"][0]["format"] == "uri"
    for fine in ("https://bots.example/briefing", "http://192.0.2.1:8000", "", None):
        assert Draft202012Validator(url).is_valid(fine), fine
    for unfit in ("ftp://x", "bots.example", "https://user:secret@bots.example/", "https://a b", 5):
        assert not Draft202012Validator(url).is_valid(unfit), unfit
    recover = paths[contract.PREFIX + "/recover/{id}"]["get"]
    assert "one of `since`, `sinceTick` and `cursor`" in " ".join(recover["description"].split())
    for path, operations in paths.items():
        for operation in operations.values():
            assert "default" not in operation["responses"], path
            assert {"400", "429", "503"} <= operation["responses"].keys()
    assert "401" not in paths[contract.PREFIX + "/auth/register"]["post"]["responses"]


@pytest.mark.parametrize(
    ("action", "is_formed"),
    [
        (buy(1), True),
        (buy(1, price=2.0), True),
        ({**buy(1), "orderType": "LIMIT"}, False),
        ({**buy(1), "price": 2.0}, False),
        ({**buy(1), "orderType": "STOP", "stopPrice": 3.0}, True),
        ({**buy(1), "orderType": "STOP", "stopPrice": 3.0, "price": 2.0}, False),
        ({**buy(1), "orderType": "STOP_LIMIT", "stopPrice": 3.0}, False),
        (buy(1, price=2.0, postOnly=True), True),
        (buy(1, price=2.0, postOnly=True, timeInForce="IOC"), False),
        (buy(1, postOnly=True), False),
        (cancel(clientOrderId="a"), True),
        (cancel(), False),
        (cancel(clientOrderId="a", orderId="00000000-0000-4000-8000-000000000000"), False),
        ({"type": "REPLACE_ORDER", "clientOrderId": "a", "price": 1.0}, True),
        ({"type": "REPLACE_ORDER", "clientOrderId": "a"}, False),
    ],
)
def test_the_schema_refuses_the_actions_that_the_exchange_refuses(
    ann: Trader, action: dict[str, Any], is_formed: bool
) -> None:
    act = contract.document()["paths"][contract.PREFIX + "/actions"]["post"]
    schema = act["requestBody"]["content"]["application/json"]["schema"]
    assert Draft202012Validator(schema).is_valid({"actions": [action]}) is is_formed
    [result] = ann.act(action)
    assert (result["code"] == "BAD_REQUEST") is not is_formed


def test_the_documentation_is_served_without_anothers_server(db: None) -> None:
    from django.test import Client

    page = Client().get("/docs").content.decode()
    assert "swagger" in page
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert "https://" not in page
