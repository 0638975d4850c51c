"""Registering, keys, sessions."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from agents.models import Agent, ApiKey, Input, Session
from agents.services import keys
from tests.api.desk import Desk, Trader, buy, codes


def _register(desk: Desk, **changes: object) -> Any:
    return desk.post("/auth/register", {"name": "zoe", "role": "quant", **changes})


# Registering


@pytest.mark.parametrize(
    ("role", "capital"),
    [("hedge_fund_manager", 100_000_000), ("retail_trader", 10_000), ("whistleblower", 25_000)],
)
def test_a_role_brings_its_capital(desk: Desk, role: str, capital: int) -> None:
    answer = _register(desk, role=role)
    assert answer.status == 201
    assert (answer.data["role"], answer.data["startingCapital"]) == (role, capital)
    assert desk.get("/agents/me/portfolio", answer.data["apiKey"]).data["cash"] == capital
    desk.tick()
    assert desk.get("/agents/me/portfolio", answer.data["apiKey"]).data["cash"] == capital


def test_the_webhook_secret_is_as_standard_webhooks_has_it(desk: Desk) -> None:
    secret = _register(desk).data["webhookSecret"]
    assert secret.startswith("whsec_")
    assert len(base64.b64decode(secret.removeprefix("whsec_"), validate=True)) == 32


@pytest.mark.parametrize("name", ["zoe", "ZOE", "Zoe"])
def test_a_name_is_taken_without_regard_to_case(desk: Desk, name: str) -> None:
    assert _register(desk).status == 201
    answer = _register(desk, name=name)
    assert (answer.status, answer.code) == (409, "CONFLICT")
    assert Agent.objects.count() == ApiKey.objects.count() == Input.objects.count() == 1


@pytest.mark.parametrize("name", ["bank", "Treasury", "PUBLIC", "market_maker"])
def test_the_exchanges_own_names_are_reserved(desk: Desk, name: str) -> None:
    answer = _register(desk, name=name)
    assert (answer.status, answer.code) == (409, "CONFLICT")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": "ab"}, "name"),
        ({"name": "a" * 51}, "name"),
        ({"name": "a b"}, "name"),
        ({"name": " zoe"}, "name"),
        ({"name": "zoe\n"}, "name"),
        ({"name": "zoë"}, "name"),
        ({"name": ""}, "name"),
        ({"name": None}, "name"),
        ({"name": 12345}, "name"),
        ({"name": ["zoe"]}, "name"),
        ({"role": "king"}, "role"),
        ({"role": None}, "role"),
        ({"role": ["quant"]}, "role"),
        ({"capital": 10**9}, "capital"),
        ({"callbackUrl": 5}, "callbackUrl"),
        ({"callbackUrl": "zoe"}, "callbackUrl"),
        ({"callbackUrl": "ftp://example.com/"}, "callbackUrl"),
        ({"callbackUrl": "http://user:secret@example.com/"}, "callbackUrl"),
        ({"callbackUrl": "http:///hook"}, "callbackUrl"),
        ({"callbackUrl": "http://example.com:22/"}, "callbackUrl"),
        ({"callbackUrl": "http://example.com:99999/"}, "callbackUrl"),
        ({"callbackUrl": "http://[::1/"}, "callbackUrl"),
        ({"callbackUrl": "http://exa mple.com/"}, "callbackUrl"),
        ({"callbackUrl": "https://example.com/" + "a" * 500}, "callbackUrl"),
    ],
)
def test_a_bad_registration_names_its_fault(
    desk: Desk, changes: dict[str, object], field: str
) -> None:
    answer = _register(desk, **changes)
    assert (answer.status, answer.code) == (400, "BAD_REQUEST")
    assert list(answer.body["details"]) == [field]
    assert not Agent.objects.exists()


def test_a_callback_url_is_kept_changed_and_removed(desk: Desk) -> None:
    key = _register(desk, callbackUrl="https://example.com/hook").data["apiKey"]
    assert desk.get("/agents/me", key).data["callbackUrl"] == "https://example.com/hook"
    changed = desk.ask("PATCH", "/agents/me", '{"callbackUrl": "http://example.org:8000/"}', key)
    assert changed.data["callbackUrl"] == "http://example.org:8000/"
    bad = desk.ask("PATCH", "/agents/me", '{"callbackUrl": "gopher://x"}', key)
    assert (bad.status, list(bad.body["details"])) == (400, ["callbackUrl"])
    assert desk.ask("PATCH", "/agents/me", '{"name": "eve"}', key).status == 400
    assert desk.ask("PATCH", "/agents/me", "{}", key).data["callbackUrl"].endswith(":8000/")
    removed = desk.ask("PATCH", "/agents/me", '{"callbackUrl": null}', key)
    assert removed.data["callbackUrl"] is None


def test_no_secret_is_kept(desk: Desk) -> None:
    key = _register(desk).data["apiKey"]
    row = ApiKey.objects.get()
    assert key not in (row.digest, row.prefix)
    assert key.startswith(row.prefix)


# Knowing whose key it is


def test_a_key_is_verified(desk: Desk, ann: Trader) -> None:
    known = desk.post("/auth/verify", {"apiKey": ann.key}).data
    assert known == {
        "valid": True,
        "agentId": ann.id,
        "name": "ann",
        "role": "retail_trader",
        "status": "active",
    }
    assert desk.post("/auth/verify", {"apiKey": ann.key[:-1]}).data == {"valid": False}
    assert desk.post("/auth/verify", {"apiKey": "wss_é"}).data == {"valid": False}


@pytest.mark.parametrize("body", [{}, {"apiKey": 5}, {"apiKey": ""}, {"apiKey": "x" * 201}])
def test_what_is_no_key_is_not_verified(desk: Desk, body: object) -> None:
    assert desk.post("/auth/verify", body).status == 400


@pytest.mark.parametrize(
    "header",
    ["wss_x", "Bearer", "Bearer ", "Bearer wss_nobody", "Bearer nobody", "Basic YTpi", "", "é"],
)
def test_a_wrong_key_is_refused(desk: Desk, header: str) -> None:
    answer = desk.ask("GET", "/agents/me", Authorization=header)
    assert (answer.status, answer.code) == (401, "UNAUTHORIZED")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


PRIVATE = [
    ("GET", "/agents/me"),
    ("PATCH", "/agents/me"),
    ("GET", "/agents/me/portfolio"),
    ("GET", "/agents/me/orders"),
    ("GET", "/agents/me/trades"),
    ("GET", "/agents/me/equity"),
    ("GET", "/agents/me/actions/00000000-0000-4000-8000-000000000000"),
    ("GET", "/agents/00000000-0000-4000-8000-000000000000/portfolio"),
    ("POST", "/actions"),
    ("POST", "/auth/refresh"),
    ("POST", "/auth/session"),
    ("GET", "/auth/keys"),
    ("POST", "/auth/keys"),
    ("DELETE", "/auth/keys/00000000-0000-4000-8000-000000000000"),
]


@pytest.mark.parametrize(("method", "path"), PRIVATE)
@pytest.mark.parametrize("prefix", ["", "/api/v1"])
def test_what_is_private_wants_a_key(desk: Desk, method: str, path: str, prefix: str) -> None:
    answer = desk.ask(method, prefix + path)
    assert (answer.status, answer.code) == (401, "UNAUTHORIZED")


def test_a_portfolio_is_its_owners(ann: Trader, bob: Trader) -> None:
    assert ann.get(f"/agents/{ann.id}/portfolio").status == 200
    answer = bob.get(f"/agents/{ann.id}/portfolio")
    assert (answer.status, answer.code) == (403, "FORBIDDEN")


# Sessions


def test_a_session_token_stands_for_the_key(desk: Desk, ann: Trader) -> None:
    opened = desk.post("/auth/login", {"apiKey": ann.key}).data
    assert opened["expiresIn"] == 86_400
    assert opened["agent"]["agentId"] == ann.id
    token = opened["sessionToken"]
    assert desk.get("/agents/me", token).data["name"] == "ann"
    order = desk.post("/actions", {"actions": [buy(1)]}, token)
    assert codes(order.data["results"]) == ["OK"]


def test_a_wrong_key_opens_no_session(desk: Desk) -> None:
    answer = desk.post("/auth/login", {"apiKey": "wss_nobody"})
    assert (answer.status, answer.code) == (401, "UNAUTHORIZED")


def test_a_refreshed_session_ends(desk: Desk, ann: Trader) -> None:
    old = desk.post("/auth/login", {"apiKey": ann.key}).data["sessionToken"]
    new = desk.post("/auth/refresh", key=old).data["sessionToken"]
    assert desk.get("/agents/me", old).status == 401
    assert desk.get("/agents/me", new).status == 200
    assert desk.post("/auth/refresh", key=ann.key).code == "FORBIDDEN"


def test_an_expired_session_ends(desk: Desk, ann: Trader) -> None:
    token = desk.post("/auth/login", {"apiKey": ann.key}).data["sessionToken"]
    Session.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert desk.get("/agents/me", token).status == 401
    desk.post("/auth/login", {"apiKey": ann.key})
    assert Session.objects.count() == 1, "the expired one is gone"


def test_a_ticket_opens_one_socket_and_nothing_else(desk: Desk, ann: Trader) -> None:
    ticket = ann.post("/auth/session").data
    assert (ticket["expiresIn"], ticket["wsUrl"]) == (300, "ws://testserver/ws")
    assert desk.get("/agents/me", ticket["sessionToken"]).status == 401
    redeemed = keys.redeem_ticket(ticket["sessionToken"])
    assert redeemed is not None
    assert str(redeemed.agent.public_id) == ann.id
    assert keys.redeem_ticket(ticket["sessionToken"]) is None
    token = desk.post("/auth/login", {"apiKey": ann.key}).data["sessionToken"]
    assert keys.redeem_ticket(token) is None, "a session is no ticket"


# Rotating keys


def test_keys_overlap_until_the_old_one_is_revoked(desk: Desk, ann: Trader) -> None:
    [old] = ann.get("/auth/keys").data["items"]
    created = ann.post("/auth/keys")
    assert created.status == 201
    new = created.data["apiKey"]
    assert desk.get("/agents/me", ann.key).status == desk.get("/agents/me", new).status == 200
    revoked = desk.ask("DELETE", f"/auth/keys/{old['id']}", key=new)
    assert revoked.data == {"id": old["id"], "revoked": True}
    assert desk.get("/agents/me", ann.key).status == 401
    assert desk.post("/auth/verify", {"apiKey": ann.key}).data == {"valid": False}
    assert [k["id"] for k in desk.get("/auth/keys", new).data["items"]] == [created.data["id"]]


def test_five_keys_are_enough(ann: Trader) -> None:
    for _ in range(4):
        assert ann.post("/auth/keys").status == 201
    assert ann.post("/auth/keys").code == "CONFLICT"


def test_the_last_key_stays(desk: Desk, ann: Trader) -> None:
    [only] = ann.get("/auth/keys").data["items"]
    assert desk.ask("DELETE", f"/auth/keys/{only['id']}", key=ann.key).code == "CONFLICT"
    assert ann.get("/agents/me").status == 200


def test_anothers_key_cannot_be_revoked(desk: Desk, ann: Trader, bob: Trader) -> None:
    [hers] = ann.get("/auth/keys").data["items"]
    bob.post("/auth/keys")
    assert desk.ask("DELETE", f"/auth/keys/{hers['id']}", key=bob.key).status == 404


def test_a_revocation_ends_the_sessions_but_the_one_that_asks(desk: Desk, ann: Trader) -> None:
    ours = desk.post("/auth/login", {"apiKey": ann.key}).data["sessionToken"]
    theirs = desk.post("/auth/login", {"apiKey": ann.key}).data["sessionToken"]
    [stolen] = ann.get("/auth/keys").data["items"]
    ann.post("/auth/keys")
    desk.ask("DELETE", f"/auth/keys/{stolen['id']}", key=ours)
    assert desk.get("/agents/me", ours).status == 200
    assert desk.get("/agents/me", theirs).status == 401


# Ids


def test_an_id_in_capitals_is_the_same_id(ann: Trader) -> None:
    (receipt,) = ann.act(buy(1))
    agent, action = ann.id.upper(), receipt["data"]["actionId"].upper()
    key, _ = keys.add_key(Agent.objects.get(name="ann"))
    for path in (
        f"/api/v1/agents/{agent}",
        f"/agents/{agent}/portfolio",
        f"/recover/{agent}?since=0",
        f"/agents/me/actions/{action}",
    ):
        assert ann.get(path).status == 200, path
    revoked = ann.desk.ask("DELETE", f"/auth/keys/{str(key.id).upper()}", key=ann.key)
    assert revoked.data == {"id": str(key.id), "revoked": True}
