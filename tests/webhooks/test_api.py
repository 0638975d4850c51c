"""What an owner sees of its endpoint, and does with it; what everybody is told in the figures."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from agents.services.keys import create_key
from tests.webhooks.post import Post
from tests.webhooks.receivers import Receiver, respond

MakeReceiver = Callable[..., Receiver]


class Owner:
    """Ann, at the API."""

    def __init__(self, post: Post) -> None:
        _, self._key = create_key(post.agent("ann"))
        self._client = Client()

    def ask(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        answer = self._client.generic(
            method,
            f"/api/v1{path}",
            "" if body is None else json.dumps(body),
            content_type="application/json",
            headers={"Authorization": f"Bearer {self._key}"},
        )
        read = json.loads(answer.content)
        return answer.status_code, read.get("data", read)


@pytest.fixture
def owner(post: Post) -> Owner:
    return Owner(post)


def test_an_owner_sees_state_counters_and_deliveries(
    post: Post, owner: Owner, receiver: MakeReceiver
) -> None:
    assert owner.ask("GET", "/agents/me/webhook")[1]["state"] == "none"
    ann = receiver(respond(503), answers_pings=False)
    post.connect("ann", ann)
    seen = owner.ask("GET", "/agents/me/webhook")[1]
    assert (seen["state"], seen["counters"]["failed"]) == ("pending", 1)
    assert "POST /agents/me/webhook/test" in seen["hint"]
    ann.answer = respond()
    status, asked = owner.ask("POST", "/agents/me/webhook/test")
    assert (status, asked["state"]) == (202, "pending")
    post.deliver()
    tick = post.tick().outcome.tick
    seen = owner.ask("GET", "/agents/me/webhook")[1]
    assert (seen["state"], seen["briefedTick"], seen["hint"]) == ("active", tick, None)
    assert [(d["kind"], d["outcome"], d["status"]) for d in seen["deliveries"]] == [
        ("briefing", "delivered", 200),
        ("ping", "delivered", 200),
        ("ping", "failed", 503),
    ]
    assert seen["deliveries"][1]["id"] == asked["deliveryId"]
    assert seen["counters"]["delivered"] == 2
    assert seen["counters"]["lastError"] == "HTTP 503"
    assert ann.briefings[0].headers["webhook-id"] == seen["deliveries"][0]["id"]


def test_a_test_without_a_url_says_what_is_missing(owner: Owner) -> None:
    status, said = owner.ask("POST", "/agents/me/webhook/test")
    assert (status, said["code"]) == (409, "CONFLICT")


def test_a_secret_is_replaced_and_shown_once(post: Post, owner: Owner) -> None:
    new = owner.ask("POST", "/agents/me/webhook/secret")[1]
    assert new["webhookSecret"].startswith("whsec_")
    assert new["webhookSecret"] not in json.dumps(owner.ask("GET", "/agents/me/webhook")[1])


@pytest.mark.parametrize(
    ("asked", "fault"),
    [
        ({"symbols": ["NOPE"]}, "There is no company NOPE."),
        ({"symbols": "APEX"}, "symbols must be a list of strings"),
        ({"includeNews": "yes"}, "includeNews must be true or false"),
        ({"depth": 5}, "subscribe has no 'depth'"),
        ([], "Must be an object."),
    ],
)
def test_bad_settings_are_refused(owner: Owner, asked: object, fault: str) -> None:
    status, said = owner.ask("PATCH", "/agents/me", {"webhook": asked})
    assert (status, said["details"]["webhook"][: len(fault)]) == (400, fault)


def test_settings_are_kept(owner: Owner) -> None:
    owner.ask("PATCH", "/agents/me", {"webhook": {"symbols": ["APEX"], "includeNews": False}})
    kept = {"symbols": ["APEX"], "includeOrderBook": False, "includeNews": False}
    assert owner.ask("GET", "/agents/me")[1]["webhook"] == kept


@pytest.mark.parametrize(
    "url", ["http://10.0.0.1/", "http://127.0.0.1:6379/", "http://2130706433/"]
)
def test_an_address_that_is_not_allowed_is_refused_when_it_is_saved(owner: Owner, url: str) -> None:
    status, said = owner.ask("PATCH", "/agents/me", {"callbackUrl": url})
    assert (status, said["details"]["callbackUrl"][:27]) == (400, "This address is not allowed")


def test_figures_tell_of_deliveries(post: Post, receiver: MakeReceiver) -> None:
    ann, bob = receiver(), receiver(respond(500))
    post.connect("ann", ann)
    post.connect("bob", bob)
    post.tick()
    post.hall.tick()
    text = Client().get("/metrics").content.decode()
    lines = dict(line.rsplit(" ", 1) for line in text.splitlines() if line[0] != "#")
    assert float(lines['wss_webhook_endpoints{state="active"}']) == 2
    assert float(lines['wss_webhook_deliveries_total{kind="briefing",outcome="delivered"}']) >= 1
    assert float(lines['wss_webhook_deliveries_total{kind="briefing",outcome="failed"}']) >= 1
    assert float(lines["wss_webhook_due"]) == 1, "bob's waits for its retry"
    assert float(lines["wss_webhook_due_seconds"]) > 0
    assert float(lines['wss_webhook_response_seconds_bucket{le="+Inf"}']) >= 1


def test_an_operator_disables_enables_and_resends_on_the_record(
    post: Post, receiver: MakeReceiver
) -> None:
    from django.contrib.admin.models import LogEntry

    ann = receiver()
    post.connect("ann", ann)
    post.tick()
    operator = Client()
    operator.force_login(User.objects.create_superuser("op", password="x"))
    for action, state in (("disable", "disabled"), ("enable", "active"), ("resend", "active")):
        answer = operator.post(
            "/admin/webhooks/endpoint/",
            {"action": action, "_selected_action": [post.agent("ann").id]},
        )
        assert answer.status_code == 302
        post.deliver()
        assert post.endpoint("ann").state == state
    assert [one.payload["type"] for one in ann.received] == ["ping", "tick", "ping", "tick"]
    assert LogEntry.objects.count() == 3
    for path in ("endpoint/", f"endpoint/{post.agent('ann').id}/change/", "delivery/"):
        page = operator.get(f"/admin/webhooks/{path}")
        assert page.status_code == 200
        assert post.agent("ann").webhook_secret not in page.content.decode()


def test_couriers_hear_of_a_ping_at_once(
    post: Post, receiver: MakeReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a web process, too, which knows nothing of the tasks of a courier."""
    from wallstreetsim.celery import app

    sent: list[str] = []
    monkeypatch.setattr(app, "send_task", lambda name, **_: sent.append(name))
    post.connect("ann", receiver())
    assert sent == ["wallstreetsim.deliver"]
