"""What a request costs the record: a fixed number of statements, however much there is to tell."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.api.desk import Desk, Trader, buy, cancel, sell

AUTHENTICATION = 1
ITS_TICK = 1  # which every read of the record names


@pytest.mark.parametrize(
    ("path", "queries"),
    [
        ("/world/tick", ITS_TICK + 1),
        ("/world/status", ITS_TICK + 3),
        ("/world/leaderboard", ITS_TICK + 4),
        ("/world/prison", 4),
        ("/config", 0),
        ("/market/stocks", ITS_TICK + 2),
        ("/market/stocks/APEX", ITS_TICK + 1),
        ("/market/stocks/APEX/history", ITS_TICK + 3),
        ("/market/orderbook/APEX", ITS_TICK + 2),
        ("/market/trades/APEX", ITS_TICK + 3),
        ("/api/v1/agents", ITS_TICK + 4),
        ("/agents/me", ITS_TICK + AUTHENTICATION + 5),
        ("/agents/me/messages", ITS_TICK + AUTHENTICATION + 3),
        ("/agents/me/blocks", ITS_TICK + AUTHENTICATION + 2),
        ("/agents/me/alliances", ITS_TICK + AUTHENTICATION + 2),
        ("/alliances", ITS_TICK + 2),
        ("/agents/me/webhook", ITS_TICK + AUTHENTICATION + 2),
        ("/agents/me/portfolio", ITS_TICK + AUTHENTICATION + 3),
        ("/agents/me/orders", ITS_TICK + AUTHENTICATION + 5),
        ("/agents/me/trades", ITS_TICK + AUTHENTICATION + 4),
        ("/agents/me/equity", ITS_TICK + AUTHENTICATION + 2),
        ("/auth/keys", AUTHENTICATION + 2),
    ],
)
def test_a_read_takes_so_many_queries(
    busy: Trader, path: str, queries: int, django_assert_num_queries: Any
) -> None:
    key = busy.key if "me" in path or "keys" in path else None
    busy.desk.get("/world/tick")  # so that the tick is known
    with django_assert_num_queries(queries):
        busy.desk.get(path, key)


@pytest.mark.parametrize("count", [1, 10])
def test_a_batch_takes_three_statements(busy: Trader, count: int) -> None:
    actions = [buy(1), sell(1), cancel(clientOrderId="rests"), buy(1, "NEXUS", price=3.0)] * 3
    with CaptureQueriesContext(connection) as captured:
        busy.act(*actions[:count])
    assert len(captured) == AUTHENTICATION + 2


def test_a_batch_that_is_refused_writes_nothing(busy: Trader) -> None:
    with CaptureQueriesContext(connection) as captured:
        busy.act(buy(1, "NOSUCH"))
    assert len(captured) == AUTHENTICATION + 1


@pytest.mark.parametrize("targets", [1, 10])
def test_who_deals_with_ten_agents_takes_no_more_statements_than_with_one(
    desk: Desk, unlimited: None, targets: int
) -> None:
    ann = desk.register("ann", "quant")
    others = [desk.register(f"other{n}", "sec_investigator") for n in range(targets)]
    desk.tick()
    for other in others[:3]:
        other.act({"type": "MESSAGE", "targetAgent": "ann", "content": "Hello."})
        other.act(
            {
                "type": "ALLY",
                "targetAgent": "ann",
                "profitSharePercent": 5,
                "proposal": "Let us share it.",
            }
        )
    desk.tick()
    social, legal = 1, 2
    for type, given, statements in (
        ("MESSAGE", {"content": "How do you do?"}, social),
        ("BLOCK", {}, social),
        ("ALLY_ACCEPT", {}, social),
        ("BRIBE", {"amount": 1_000}, legal),
        ("WHISTLEBLOW", {"crimeType": "spoofing", "evidence": "I have seen it myself."}, legal),
    ):
        actions = [{"type": type, "targetAgent": other.name, **given} for other in others]
        ann.post("/actions", {"actions": actions, "dryRun": True})  # so that it is prepared
        with CaptureQueriesContext(connection) as captured:
            results = ann.act(*actions)
        assert results[0]["code"] == "OK"
        assert len(captured) == AUTHENTICATION + 2 + statements, type


@pytest.fixture
def busy(desk: Desk, unlimited: None) -> Trader:
    """Somebody with orders, trades and holdings, among others."""
    desk.register("cid", "ceo")
    ann = desk.register("ann", "quant")
    ann.act(*[buy(1, symbol) for symbol in ("APEX", "NEXUS", "OMEGA")], buy(1, price=1.0))
    desk.tick()
    ann.act(buy(2, price=2.0, clientOrderId="rests"), *[buy(1)] * 5)
    desk.tick()
    ann.act(*[buy(1, price=4.0)] * 3)
    return ann
