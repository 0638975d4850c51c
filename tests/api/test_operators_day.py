"""What operators settle: who registers, what is frozen, what all are told; and a request traced."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from io import StringIO

import orjson
import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from agents.models import Agent, ApiKey, Invitation
from agents.services import site_state
from tests.api.desk import Desk, Trader, buy
from wallstreetsim.feed.messages import notice_frame


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    yield
    site_state._Known.notice, site_state._Known.frozen = None, ()


def site(*words: str) -> str:
    out = StringIO()
    call_command("site", *words, stdout=out)
    return out.getvalue()


def register(desk: Desk, name: str, **more: str) -> int:
    return desk.post("/auth/register", {"name": name, "role": "quant", **more}).status


def test_registration_is_open_invited_or_closed(desk: Desk) -> None:
    assert register(desk, "ann") == 201
    site("registration", "closed")
    closed = desk.post("/auth/register", {"name": "bob", "role": "quant"})
    assert (closed.status, closed.body["error"]) == (403, "Registration is closed.")
    site("registration", "invited")
    assert register(desk, "bob") == 403
    assert register(desk, "bob", invitation="winvite_made_up") == 403
    first, second = site("invite", "--count", "2", "--note", "friends").split()
    assert register(desk, "ann", invitation=first) == 409, "the name is taken: nothing is used up"
    assert register(desk, "bob", invitation=first) == 201
    assert register(desk, "cid", invitation=first) == 403
    assert register(desk, "cid", invitation=second) == 201
    assert Invitation.objects.get(agent__name="bob").note == "friends"
    assert not Invitation.objects.filter(digest__contains=first[8:20]).exists()
    site("registration", "open")
    assert register(desk, "dee") == 201


def test_a_frozen_key_opens_nothing_until_it_is_thawed(ann: Trader) -> None:
    session = ann.desk.post("/auth/login", {"apiKey": ann.key}).data["sessionToken"]
    assert ann.desk.get("/agents/me", session).status == 200
    site("freeze", "key", "ann")
    refused = ann.get("/agents/me")
    assert (refused.status, refused.code) == (401, "UNAUTHORIZED")
    assert "frozen by an operator" in refused.body["error"]
    assert ann.desk.get("/agents/me", session).status == 401
    assert ann.desk.post("/auth/login", {"apiKey": ann.key}).status == 401
    assert ApiKey.objects.live().filter(agent__name="ann").count() == 1
    assert site("frozen").startswith(f"{ann.key[:12]}… of ann  ")
    site("thaw", "key", ann.key[:12])
    assert site("frozen") == ""
    assert ann.get("/agents/me").status == 200
    with pytest.raises(CommandError, match="There is no live key nobody"):
        site("freeze", "key", "nobody")


def test_a_frozen_address_is_served_nothing(desk: Desk) -> None:
    site("freeze", "address", "203.0.113.0/24", "--reason", "floods")
    site("freeze", "address", "2001:db8::/64")
    for address, status in (
        ("203.0.113.9", 403),
        ("198.51.100.1", 200),
        ("2001:db8::7", 403),
        ("2001:db8:1::7", 200),
    ):
        for path in ("/api/v1/world/tick", "/api/v1/config", "/health"):
            assert Client(REMOTE_ADDR=address).get(path).status_code == status, (address, path)
    assert "203.0.113.0/24" in site("frozen")
    site("thaw", "address", "203.0.113.0/24")
    assert Client(REMOTE_ADDR="203.0.113.9").get("/api/v1/config").status_code == 200
    with pytest.raises(CommandError, match="neither an address nor a network"):
        site("freeze", "address", "everybody")
    with pytest.raises(CommandError, match="was not frozen"):
        site("thaw", "address", "192.0.2.1")


def test_a_notice_is_on_every_page_and_goes_again(desk: Desk) -> None:
    desk.tick()
    quiet = Client().get("/markets").content.decode()
    assert '<p id="notice" role="status" data-live="5" hidden></p>' in quiet
    site("notice", "We move to <b>another</b> machine", "--in", "30")
    notice = site_state.current_notice()
    assert notice is not None
    assert notice.ends_at is not None
    assert timedelta(minutes=29) < notice.ends_at - timezone.now() < timedelta(minutes=31)
    for path in ("/", "/markets", "/agents"):
        page = Client().get(path).content.decode()
        assert "We move to &lt;b&gt;another&lt;/b&gt; machine" in page
        assert f'data-ends="{notice.ends_at.isoformat()}"' in page
    frame = orjson.loads(notice_frame(notice))
    assert frame == {"type": "notice", "text": notice.text, "endsAt": notice.ends_at.isoformat()}
    site("notice")
    assert "another" not in Client().get("/markets").content.decode()
    assert orjson.loads(notice_frame(None)) == {"type": "notice", "text": "", "endsAt": None}


def test_a_request_is_followed_to_what_came_of_it(ann: Trader) -> None:
    answer = ann.desk.ask(
        "POST",
        "/actions",
        orjson.dumps({"actions": [buy(3), buy(5)]}).decode(),
        ann.key,
        X_REQUEST_ID="ours-7",
    )
    assert answer.status == 200
    out = StringIO()
    call_command("trace", "ours-7", stdout=out)
    assert out.getvalue().count("waits for the tick") == 2
    ann.desk.tick()
    out = StringIO()
    call_command("trace", "ours-7", stdout=out)
    lines = out.getvalue().splitlines()
    assert sum(line.startswith("input ") and "BUY of ann" in line for line in lines) == 2
    assert sum("  order " in line and "filled" in line for line in lines) == 2
    assert any("  trade " in line for line in lines)
    with pytest.raises(CommandError, match="No input came of request nothing"):
        call_command("trace", "nothing")


def test_a_registration_is_traced_too(desk: Desk) -> None:
    body = orjson.dumps({"name": "zoe", "role": "quant"}).decode()
    assert desk.ask("POST", "/auth/register", body, X_REQUEST_ID="ours-8").status == 201
    out = StringIO()
    call_command("trace", "ours-8", stdout=out)
    assert "REGISTER of zoe" in out.getvalue()
    assert Agent.objects.filter(name="zoe").exists()
