"""The order ticket on a company's page, as forms and as scripts use it."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from agents.models import Input
from market.models import Company
from tests.floor.hall import Hall
from tests.pages.forms import by_script, order, text
from wallstreetsim.api.limits import LIMITS, Limit, limits_of


def test_an_order_by_form_is_pending_at_once_and_done_by_the_tick(ann: Client, hall: Hall) -> None:
    page = text(order(ann))
    assert "BUY 100 APEX: taken for the next tick." in page
    assert 'data-status="pending"' in page
    hall.tick()
    assert "No open orders." in text(ann.get("/markets/APEX"))
    assert "100 at" in text(ann.get("/markets/APEX"))
    assert ">APEX</a></th><td>100</td>" in text(ann.get("/me"))
    history = text(ann.get("/me/history"))
    assert ">filled</td>" in history and "BUY 100 APEX" in history


def test_a_refused_order_says_why_and_keeps_what_was_typed(ann: Client) -> None:
    page = text(order(ann, orderType="LIMIT", price="1.005", quantity="7"))
    assert "price: has more than two decimals" in page
    page = text(order(ann, orderType="LIMIT", quantity="7"))
    assert re.search(r'id="order-price-fault" data-fault="price">is required for a LIMIT', page)
    assert 'name="quantity" type="text" value="7"' in page
    page = text(order(ann, quantity="ten"))
    assert 'data-fault="quantity">must be a number' in page
    page = text(order(ann, side="SELL"))
    assert "SELL 100 APEX: " in page and "You hold no APEX: SELL only closes" in page
    assert 'value="SELL" checked' in page
    assert not Input.objects.waiting().exists()


def test_a_preview_is_the_apis_dry_run(ann: Client, hall: Hall, key: str) -> None:
    price = Company.objects.get(symbol="APEX").price
    action = {"type": "BUY", "symbol": "APEX", "quantity": 100, "orderType": "LIMIT"}
    body = {"actions": [action | {"price": price / 100}], "dryRun": True}
    bearer = {"Authorization": f"Bearer {key}"}
    told = Client().post("/actions", body, "application/json", headers=bearer).json()
    fields = {"side": "BUY", "symbol": "APEX", "quantity": "100", "orderType": "LIMIT"}
    fields |= {"price": f"{price / 100:.2f}", "preview": "1"}
    assert by_script(ann, "/me/act", fields).json() == told
    [result] = told["data"]["results"]
    page = text(order(ann, orderType="LIMIT", price=fields["price"], preview="1"))
    assert result["message"] in page
    assert f'data-field="fee">{result["data"]["fee"]:,.2f}<' in page
    assert f'data-field="after">{result["data"]["marginAvailableAfter"]:,.2f}<' in page
    assert not Input.objects.waiting().exists()


ADDRESSES = {
    "side=BUY&quantity=100": ('value="BUY" checked', 'value="100"', '"MARKET" selected'),
    "side=short&quantity=5&price=9.5": ('"SHORT" checked', '"LIMIT" selected', '"9.5"'),
    "side=COVER&stopPrice=3": ('"COVER" checked', '"STOP" selected', 'value="3"'),
    "side=no&quantity=%22%3E%3Cb%3E": ('"BUY" checked', 'value="&quot;&gt;&lt;b&gt;"'),
}


def test_the_address_fills_the_ticket(ann: Client) -> None:
    for query, filled in ADDRESSES.items():
        page = ann.get(f"/markets/APEX?{query}").content.decode()
        assert [words for words in filled if words not in page] == []


def test_an_order_sent_twice_by_one_form_is_one(ann: Client) -> None:
    for _ in range(2):
        order(ann, once="0b7c")
    assert Input.objects.waiting().count() == 1


def test_a_script_gets_the_apis_answer(ann: Client) -> None:
    fields = {"side": "BUY", "symbol": "APEX", "quantity": "100", "orderType": "MARKET"}
    told = by_script(ann, "/me/act", fields).json()
    assert told["data"]["results"][0]["code"] == "OK"
    refused = by_script(ann, "/me/act", fields | {"quantity": ""}).json()
    assert refused["data"]["results"][0]["details"] == {"quantity": "is required"}


def test_own_orders_are_marked_in_the_book_and_cancelled_by_a_button(
    ann: Client, hall: Hall
) -> None:
    book = Company.objects.get(symbol="APEX")
    price = f"{book.bids[0][0] / 100:,.2f}"
    order(ann, orderType="LIMIT", price=price)
    hall.tick()
    page = text(ann.get("/markets/APEX"))
    assert f'<td class="bid own">{price}</td>' in page
    assert 'class="bid own"' not in text(Client().get("/markets/APEX"))
    [id] = re.findall(r'name="orderId" value="([^"]+)"', page)
    cancelled = ann.post("/me/act", {"type": "CANCEL_ORDER", "orderId": id, "back": "/me"})
    assert cancelled["Location"] == "/me"
    hall.tick()
    assert "No open orders." in text(ann.get("/me"))


def test_orders_count_under_the_agents_limit(
    ann: Client, hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(LIMITS, "actions", (Limit(1, 3_600, burst=1),))
    [limit] = limits_of("actions", hall.agents["ann"])
    pages = [text(order(ann)) for _ in range(limit.burst + 1)]
    assert "Too many requests" in pages[-1]
    assert Input.objects.waiting().count() == limit.burst
