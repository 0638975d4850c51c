"""Looking things up in the admin: everything is shown, nothing can be edited, no list is slow."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.contrib import admin
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from agents.models import Agent, Alliance, ApiKey, Input, Manipulation, Message
from agents.services.keys import create_key
from market.common.read_only import MOST_COUNTED, BigTableAdmin, EstimatingPaginator
from market.models import (
    Account,
    Candle,
    Checkpoint,
    Company,
    Halt,
    Holding,
    LedgerEntry,
    Order,
    TapeEntry,
    Trade,
    World,
)
from tests.floor.hall import SEED, Hall

LISTED: list[Any] = [
    Company, Account, Agent, ApiKey, Order, Trade, LedgerEntry, Holding, Candle, TapeEntry, Input,
    Checkpoint, Manipulation, Message, Alliance,
]  # fmt: skip
EVERYTHING: list[Any] = [*LISTED, World]
BIG = [model for model in LISTED if isinstance(admin.site._registry[model], BigTableAdmin)]


@pytest.fixture(autouse=True)
def traded(hall: Hall) -> None:
    """Let ann buy, rest an order and be refused, so that every table has something to show."""
    create_key(hall.agents["ann"])
    hall.tick("""
        ann BUY 100 MARKET #first
        ann BUY 5 @ 1.00 #resting
        ann SELL 7 NEXUS MARKET #refused
    """)
    hall.tick()
    ann, bob = hall.agents["ann"].id, hall.agents["bob"].id
    Message.objects.create(
        public_id=uuid4(), tick=2, sender=ann, recipient=bob, text="Good morning.", is_first=True
    )
    Alliance.objects.create(
        id=uuid4(), tick=2, proposer=ann, partner=bob, percent=10, text="Share?", status="pending"
    )
    Manipulation.objects.create(
        tick=2, crime="spoofing", accounts=[1_000], symbol="APEX", first_tick=1, last_tick=2
    )


def listed(client: Client, model: type[Model], find: str, filters: dict[str, str]) -> Any:
    address = reverse(f"admin:{name_of(model)}_changelist")
    answer = client.get(address, filters | ({"q": find} if find else {}))
    assert answer.status_code == 200, (model, find, filters)
    return answer


def page(client: Client, model: type[Model]) -> str:
    return str(listed(client, model, "", {}).content.decode())


def rows(client: Client, model: Any, *, find: str = "", **filters: str) -> list[Any]:
    return list(listed(client, model, find, filters).context["cl"].result_list)


def one(client: Client, row: Model) -> str:
    answer = client.get(reverse(f"admin:{name_of(type(row))}_change", args=[row.pk]))
    assert answer.status_code == 200, row
    return str(answer.content.decode())


def name_of(model: type[Model]) -> str:
    return model._meta.label_lower.replace(".", "_")


def test_every_table_has_a_list_and_pages(admin_client: Client) -> None:
    for model in LISTED:
        shown = rows(admin_client, model)
        assert shown, model
        assert 'name="_save"' not in one(admin_client, shown[0])


def test_nothing_can_be_added_changed_or_deleted(admin_client: Client) -> None:
    for model in EVERYTHING:
        row, before = model.objects.first(), model.objects.count()
        add, change, delete = (
            admin_client.post(reverse(f"admin:{name_of(model)}_{act}", args=which), {"post": "yes"})
            for act, which in (("add", []), ("change", [row.pk]), ("delete", [row.pk]))
        )
        assert {add.status_code, change.status_code, delete.status_code} == {403}, model
        assert model.objects.count() == before


def test_secrets_are_shown_to_nobody(admin_client: Client) -> None:
    agent = Agent.objects.get(name="ann")
    agent.webhook_secret = "whsec_very-secret"
    agent.save()
    (key,) = ApiKey.objects.all()
    assert "very-secret" not in one(admin_client, agent)
    assert key.digest not in one(admin_client, key) + page(admin_client, ApiKey)
    assert SEED not in one(admin_client, World.objects.get())


def test_money_is_dollars_and_statuses_are_words(admin_client: Client) -> None:
    orders = page(admin_client, Order)
    assert "$1.00" in orders
    assert "Filled" in orders and "Open" in orders
    assert "Rejected (INSUFFICIENT_SHARES)" in orders
    bank = one(admin_client, Account.objects.get(name="bank"))
    assert "-$10,100,000,000.00" in bank
    assert "Refused: INSUFFICIENT_SHARES" in page(admin_client, Input)


def test_the_tape_is_shown_decoded(admin_client: Client) -> None:
    public = one(admin_client, TapeEntry.objects.filter(stream=0).order_by("-tick")[0])
    assert "tick:update" in public and "tradeCount" in public
    ann = TapeEntry.objects.filter(stream=Agent.objects.get(name="ann").id).order_by("-tick")[0]
    assert "order:filled" in one(admin_client, ann)


def test_an_agents_page_leads_to_what_it_did(admin_client: Client) -> None:
    ann = Agent.objects.get(name="ann")
    shown = one(admin_client, ann)
    for model, count in ((Order, 3), (Trade, 1), (Holding, 1), (Input, 4), (LedgerEntry, 1)):
        address = reverse(f"admin:{name_of(model)}_changelist")
        assert f"{address}?q=account:{ann.id}" in shown
        assert len(rows(admin_client, model, find=f"account:{ann.id}")) == count


def test_a_search_finds_by_id_number_symbol_name_tick_and_account(admin_client: Client) -> None:
    first = Order.objects.get(client_id="first")
    resting = Order.objects.get(client_id="resting")
    refused = Order.objects.get(client_id="refused")
    assert rows(admin_client, Order, find=str(first.id)) == [first]
    assert rows(admin_client, Order, find=str(resting.number)) == [resting]
    assert rows(admin_client, Order, find="nexus") == [refused]
    assert rows(admin_client, Order, find="ANN") == [refused, resting, first]
    assert refused in rows(admin_client, Order, find="tick:2")
    assert rows(admin_client, Order, find="tick:99") == []
    assert rows(admin_client, Order, find="account:4") == [Order.objects.get(account=4)]
    assert len(rows(admin_client, Trade, find="market_maker")) == 1
    (input,) = rows(admin_client, Input, find=str(first.id))
    assert str(input.public_id) == str(first.id), "an order is named by its input"


def test_there_is_no_row_by_a_key_that_no_column_may_hold(admin_client: Client) -> None:
    for model in (Company, Order):
        path = reverse(f"admin:market_{model._meta.model_name}_changelist")
        assert admin_client.get(f"{path}%00/change/").status_code == 302, "to the list, as for any"


def test_a_search_for_nothing_finds_nothing(admin_client: Client) -> None:
    terms = ("nobody", "tick:x", "planet:9", "²", "'; --", "%", "account:77", "0" * 300)
    endless = [
        word + digits for word in ("", "tick:", "account:") for digits in ("9" * 19, "9" * 5000)
    ]
    for model in (*BIG, Manipulation, Halt):
        for term in (*terms, *endless):
            assert rows(admin_client, model, find=term) == [], (model, term)


def test_lists_are_filtered(admin_client: Client) -> None:
    resting = Order.objects.get(client_id="resting")
    assert rows(admin_client, Order, status="open") == [resting]
    assert len(rows(admin_client, Order, intent="SELL", kind="MARKET")) == 1
    assert rows(admin_client, Input, verdict="waiting") == []
    assert len(rows(admin_client, Input, verdict="refused")) == 1
    assert {entry.stream for entry in rows(admin_client, TapeEntry, of="public")} == {0}
    assert 0 not in {entry.stream for entry in rows(admin_client, TapeEntry, of="agents")}
    assert len(rows(admin_client, Agent, role="quant", status__exact="active")) == 2
    assert len(rows(admin_client, Account, kind="system")) == 5


def test_a_list_takes_a_few_queries_however_long_it_is(admin_client: Client) -> None:
    for model in LISTED:
        with CaptureQueriesContext(connection) as queries:
            rows(admin_client, model)
        assert len(queries) <= 10, model
        counts = [query["sql"] for query in queries if "COUNT(" in query["sql"]]
        assert model not in BIG or all(f"LIMIT {MOST_COUNTED}" in sql for sql in counts)


def test_a_big_table_is_estimated_and_not_counted() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO market_candle"
            " (symbol, interval, tick, split_power, open, high, low, close, volume)"
            " SELECT 'LONG', 1, n, 0, 1, 1, 1, 1, 1 FROM generate_series(1, 30000) n"
        )
        cursor.execute("ANALYZE market_candle")
    with CaptureQueriesContext(connection) as queries:
        paginator = EstimatingPaginator(Candle.objects.order_by("-id"), 100)
        assert paginator.count >= 30_000
        assert paginator.num_pages == 200
        filtered = EstimatingPaginator(Candle.objects.filter(symbol="LONG").order_by("-id"), 100)
        assert filtered.count == MOST_COUNTED
    assert "COUNT(" not in queries[0]["sql"]


def test_a_count_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("market.common.read_only.COUNT_MILLISECONDS", 1)
    slow = Candle.objects.order_by("id").extra(where=["pg_sleep(0.05) IS NOT NULL"])
    assert EstimatingPaginator(slow, 100).count == MOST_COUNTED
    assert Candle.objects.exists(), "the connection is as good as before"


def test_the_admin_says_where_it_is(admin_client: Client) -> None:
    assert "WallStreetSim" in str(admin_client.get("/admin/").content.decode())
    assert "Django" not in str(admin_client.get("/admin/login/").content.decode())
