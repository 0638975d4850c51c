"""Playing by the pages: joining, logging in and out, the ticket, and what is one's own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest
import redis
from django.conf import settings as django_settings
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from agents.models import Agent, ApiKey, Input, RegistrationMode, Session
from agents.services import keys, site_state
from market.models import Company
from tests.floor.hall import Hall
from wallstreetsim.api.limits import KEY_PREFIX, LIMITS, Limit, limits_of
from wallstreetsim.terminal import frame, pages, reader

MOST_READS = 12
MARKUP = "<img src=x onerror=alert(1)><b>bold</b>"
OWN_PAGES = ("/me", "/me/history", "/me/messages", "/me/account")


@pytest.fixture(autouse=True)
def nothing_kept() -> Iterator[None]:
    with redis.Redis.from_url(django_settings.REDIS_URL) as counted:
        for key in counted.scan_iter(f"{KEY_PREFIX}*"):
            counted.delete(key)
    frame._kept.cache_clear()
    yield
    frame._kept.cache_clear()
    pages._terminal_at.cache_clear()


@pytest.fixture
def hall(db: None, monkeypatch: pytest.MonkeyPatch) -> Hall:
    monkeypatch.setattr("wallstreetsim.floor.shell.SHORTEST_INTERVAL", 0.0)
    return Hall("ann", "bob")


@pytest.fixture
def key(hall: Hall) -> str:
    """A key of ann's."""
    _, secret = keys.create_key(hall.agents["ann"])
    return secret


@pytest.fixture
def ann(client: Client, key: str) -> Client:
    """A browser in which ann is logged in."""
    assert client.post("/login", {"apiKey": key}).status_code == 302
    return client


def order(client: Client, follow: bool = True, **fields: str) -> Any:
    given = {"side": "BUY", "symbol": "APEX", "quantity": "100", "orderType": "MARKET"}
    sent = {"back": "/markets/APEX", **given, **fields}
    return client.post("/me/act", sent, follow=follow)


def by_script(client: Client, path: str, fields: dict[str, str]) -> Any:
    return client.post(path, fields, headers={"Accept": "application/json"})


def text(answer: Any) -> str:
    return unescape(answer.content.decode())


# Joining


def test_who_joins_sees_the_key_once_and_is_logged_in(hall: Hall, client: Client) -> None:
    assert "retail trader" in text(client.get("/join"))
    answer = client.post("/join", {"name": "cid", "role": "retail_trader"})
    assert answer.status_code == 201
    [secret] = re.findall(r'<code id="key">(wss_[^<]+)</code>', text(answer))
    found = keys.key_of(secret)
    assert found is not None and found.agent.name == "cid"
    assert answer["Cache-Control"].startswith("no-store, private")
    assert client.get("/me").status_code == 200
    assert secret not in text(client.get("/me/account"))
    hall.tick()
    assert "$10,000.00" in text(client.get("/me"))


def test_a_name_that_cannot_be_had_is_said_at_its_field(hall: Hall, client: Client) -> None:
    for name, why in (("ANN", "This name is taken"), ("a b", "letters, digits")):
        answer = client.post("/join", {"name": name, "role": "quant"})
        assert answer.status_code in (400, 409)
        assert re.search(rf'id="join-name-fault" data-fault="name">[^<]*{why}', text(answer))
        assert 'aria-invalid="true"' in text(answer)
        assert f'value="{name}"' in text(answer)
    assert Agent.objects.filter(is_house=False).count() == 2


def test_registration_is_open_invited_or_closed_as_operators_have_it(
    hall: Hall, client: Client
) -> None:
    site_state.set_registration(RegistrationMode.CLOSED)
    assert "Registration is closed." in text(client.get("/join"))
    assert client.post("/join", {"name": "cid", "role": "quant"}).status_code == 403
    site_state.set_registration(RegistrationMode.INVITED)
    assert 'name="invitation"' in text(client.get("/join"))
    refused = client.post("/join", {"name": "cid", "role": "quant", "invitation": "winvite_no"})
    assert refused.status_code == 403
    assert 'data-fault="invitation">Only who is invited' in text(refused)
    sent = {"name": "cid", "role": "quant", "invitation": site_state.invite()}
    assert client.post("/join", sent).status_code == 201
    assert client.post("/join", {**sent, "name": "dee"}).status_code == 403


# Logging in and out


def test_a_key_opens_a_session_whose_cookie_scripts_and_other_sites_cannot_use(
    hall: Hall, client: Client, key: str
) -> None:
    answer = client.post("/login", {"apiKey": f" {key} ", "next": "/markets/APEX?side=BUY"})
    assert answer["Location"] == "/markets/APEX?side=BUY"
    cookie = answer.cookies[reader.COOKIE]
    assert (cookie["httponly"], cookie["samesite"], cookie["secure"]) == (True, "Strict", "")
    assert key not in cookie.value
    assert client.get("/login")["Location"] == "/me"


def test_behind_tls_the_cookie_is_secure(hall: Hall, client: Client, key: str) -> None:
    answer = client.post("/login", {"apiKey": key}, secure=True)
    assert answer.cookies[reader.COOKIE]["secure"] is True


def test_nobody_is_led_astray(hall: Hall, client: Client, key: str) -> None:
    for place in ("https://elsewhere.example/", "//elsewhere.example", "javascript:1"):
        assert client.post("/login", {"apiKey": key, "next": place})["Location"] == "/me"
        assert order(client, follow=False, back=place)["Location"].startswith("/me")


def test_a_wrong_key_is_said_at_its_field_and_so_often_only(hall: Hall, client: Client) -> None:
    tries = [
        client.post("/login", {"apiKey": "wss_no"}) for _ in range(LIMITS["login"][0].requests)
    ]
    assert {answer.status_code for answer in tries} == {401}
    assert 'data-fault="apiKey">This key is not valid.' in text(tries[0])
    assert reader.COOKIE not in client.cookies
    last = client.post("/login", {"apiKey": "wss_no"})
    assert last.status_code == 429
    assert "Too many requests" in text(last)
    assert client.post("/api/v1/auth/login", {"apiKey": "x"}, "application/json").status_code == 429


def test_a_form_of_another_site_does_nothing(hall: Hall, key: str) -> None:
    client = Client(enforce_csrf_checks=True)
    client.cookies[reader.COOKIE] = keys.open_session(hall.agents["ann"])
    for path in ("/login", "/join", "/logout", "/me/act", "/me/socket"):
        answer = client.post(path, {"side": "BUY", "symbol": "APEX", "quantity": "1"})
        assert answer.status_code == 403, path
    assert not Input.objects.waiting().exists()
    assert Session.objects.count() == 1


def test_a_form_with_its_token_is_taken(hall: Hall, key: str) -> None:
    client = Client(enforce_csrf_checks=True)
    [token] = re.findall(r'csrfmiddlewaretoken" value="(\w+)"', text(client.get("/login")))
    sent = {"apiKey": key, "csrfmiddlewaretoken": token}
    assert client.post("/login", sent).status_code == 302


def test_a_forged_form_is_answered_with_a_page_to_people(hall: Hall) -> None:
    client = Client(enforce_csrf_checks=True)
    assert client.post("/login", {}).json()["code"] == "FORBIDDEN"
    page = client.post("/login", {}, headers={"Accept": "text/html"})
    assert page.status_code == 403
    assert "Load the page again" in text(page)


def test_logging_out_ends_the_session_at_once(ann: Client, hall: Hall) -> None:
    token = ann.cookies[reader.COOKIE].value
    ticket = by_script(ann, "/me/socket", {}).json()["data"]["sessionToken"]
    assert ann.post("/logout")["Location"] == "/"
    assert not ann.cookies[reader.COOKIE].value
    ann.cookies[reader.COOKIE] = token
    assert ann.get("/me")["Location"] == "/login?next=%2Fme"
    assert by_script(ann, "/me/act", {}).status_code == 401
    assert keys.redeem_ticket(ticket) is None
    assert ann.get("/logout").status_code == 405


def test_revoking_the_key_ends_the_session_at_once(ann: Client, hall: Hall) -> None:
    agent = hall.agents["ann"]
    other, _ = keys.add_key(agent)
    [first] = ApiKey.objects.filter(agent=agent).exclude(id=other.id)
    keys.revoke_key(agent, first.id, by=other)
    assert ann.get("/me").status_code == 302


# The cookie is the pages' alone


def test_the_api_does_not_read_the_cookie(ann: Client) -> None:
    assert ann.get("/me").status_code == 200
    for path in ("/api/v1/agents/me", "/agents/me/portfolio", "/auth/keys"):
        assert ann.get(path).json()["code"] == "UNAUTHORIZED"


def test_the_api_takes_no_action_by_the_cookie(ann: Client) -> None:
    body = {"actions": [{"type": "BUY", "symbol": "APEX", "quantity": 1}]}
    assert ann.post("/api/v1/actions", body, "application/json").status_code == 401
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call"}
    call |= {"params": {"name": "get_portfolio", "arguments": {}}}
    assert b"UNAUTHORIZED" in ann.post("/mcp", call, "application/json").content
    assert not Input.objects.waiting().exists()


# What is kept, and what never is


def test_what_an_agent_sees_is_never_kept_with_the_public_page(
    hall: Hall, client: Client, key: str
) -> None:
    paths = ("/", "/markets", "/markets/APEX", "/agents/ann", "/news", "/tv")
    public = {path: Client().get(path) for path in paths}
    client.post("/login", {"apiKey": key})
    for path, before in public.items():
        own = client.get(path, headers={"If-None-Match": before.get("ETag", '"x"')})
        assert own.status_code == 200
        assert "no-store" in own["Cache-Control"]
        assert "ETag" not in own
        assert '<a id="account" href="/me">ann</a>' in text(own) or path == "/tv"
        nobody = Client().get(path)
        assert nobody.content == before.content
        assert b'id="account"' not in nobody.content
        assert nobody.get("ETag") == before.get("ETag")


def test_a_companys_page_has_the_ticket_of_who_is_logged_in_alone(ann: Client) -> None:
    own, public = text(ann.get("/markets/APEX")), text(Client().get("/markets/APEX"))
    assert 'id="order"' in own and "Buying power" in own
    assert 'id="order"' not in public and "csrfmiddlewaretoken" not in public
    assert 'href="/login?next=%2Fmarkets%2FAPEX"' in public


def test_pages_of_ones_own_read_little(
    ann: Client, hall: Hall, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(2):
        hall.tick("ann BUY 100 MARKET\nann BUY 10 NEXUS @ 1.00")
    ann.get("/markets/APEX")
    for path in (*OWN_PAGES, "/markets/APEX"):
        with django_assert_max_num_queries(MOST_READS):
            assert ann.get(path).status_code == 200


def test_others_are_led_to_log_in(hall: Hall, client: Client) -> None:
    for cookie in ("", "wsession_wrong"):
        client.cookies[reader.COOKIE] = cookie
        for path in OWN_PAGES:
            assert client.get(path)["Location"].startswith("/login?next=")


def test_pages_made_for_one_agent_are_counted(ann: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(LIMITS, "pages", (Limit(2, 3_600),))
    answers = [ann.get(path).status_code for path in ("/me", "/markets/APEX", "/me")]
    assert answers == [200, 200, 429]
    assert Client().get("/markets/APEX").status_code == 200


# The ticket


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
    assert "SELL 100 APEX: " in page and "Not enough shares" in page
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


# Messages, alliances, the webhook


def test_what_agents_write_is_text(ann: Client, hall: Hall) -> None:
    hall.social("bob", "MESSAGE", "ann", content=MARKUP)
    hall.social("bob", "ALLY", "ann", proposal=MARKUP, percent=10)
    page = ann.get("/me/messages").content.decode()
    assert page.count("&lt;img src=x onerror=alert(1)&gt;&lt;b&gt;bold&lt;/b&gt;") == 2
    assert "<img" not in page
    assert "1 unread" in page


def test_messages_are_written_and_read_by_form(ann: Client, hall: Hall) -> None:
    hall.social("bob", "MESSAGE", "ann", content="Hello.")
    assert "0 unread" in text(ann.post("/me/messages/read", {"back": "/me/messages"}, follow=True))
    letter = {
        "type": "MESSAGE",
        "targetAgent": "bob",
        "content": "Well\r\nmet",
        "back": "/me/messages",
    }
    assert "MESSAGE bob: taken" in text(ann.post("/me/act", letter, follow=True))
    hall.tick()
    assert hall.told("bob", type="agent:message")[0]["content"]["text"] == "Well met"  # type: ignore[index]
    page = text(ann.post("/me/act", {**letter, "targetAgent": "nobody"}, follow=True))
    assert "There is no" in page and ">Well met</textarea>" in page.replace("\r\n", " ")


def test_an_alliance_is_accepted_and_dissolved_by_form(ann: Client, hall: Hall) -> None:
    hall.social("bob", "ALLY", "ann", proposal="Let us share.", percent=10)
    page = text(ann.get("/me/messages"))
    [id] = re.findall(r'form="accept" name="allianceId" value="([^"]+)"', page)
    ann.post("/me/act", {"type": "ALLY_ACCEPT", "allianceId": id, "back": "/me/messages"})
    hall.tick()
    page = text(ann.get("/me/messages"))
    assert "ACTIVE" in page and 'form="dissolve"' in page
    ann.post("/me/act", {"type": "ALLY_DISSOLVE", "allianceId": id, "now": "true"})
    hall.tick()
    assert "BETRAYED" in text(ann.get("/me/messages"))


def test_the_webhook_is_set_and_its_state_shown(ann: Client, hall: Hall) -> None:
    assert "State: <b>none</b>" in text(ann.get("/me/account"))
    sent = {"callbackUrl": "ftp://no", "back": "/me/account"}
    page = text(ann.post("/me/callback", sent, follow=True))
    assert re.search(r'data-fault="callbackUrl">\w', page)
    assert 'value="ftp://no"' in page
    sent["callbackUrl"] = "https://example.com/hook"
    assert "The callback URL is saved." in text(ann.post("/me/callback", sent, follow=True))
    assert Agent.objects.get(name="ann").callback_url == sent["callbackUrl"]


def test_a_company_is_found_by_its_symbol(ann: Client) -> None:
    assert ann.get("/me/trade?symbol=apex")["Location"] == "/markets/APEX#ticket"
    assert "There is no company NOPE." in text(ann.get("/me/trade?symbol=nope", follow=True))
