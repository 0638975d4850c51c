"""Joining by the pages, logging in and out, and what the cookie is good for."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from agents.models import Agent, ApiKey, Input, RegistrationMode, Session
from agents.services import keys, site_state
from tests.floor.hall import Hall
from tests.pages.forms import by_script, order, text
from wallstreetsim.api.limits import LIMITS
from wallstreetsim.terminal import reader

pytestmark = pytest.mark.usefixtures("nothing_counted")


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
