"""What an agent has of its own on the pages: who may see it, and its forms."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from agents.models import Agent, ApiKey, Input
from agents.services import keys
from sec.models import Investigation, Violation
from tests.floor.hall import Hall
from tests.floor.test_law import court, wash
from tests.pages.forms import MARKUP, act, text
from wallstreetsim.api.limits import LIMITS, Limit
from wallstreetsim.machine.actions import ACTIONS
from wallstreetsim.terminal import reader

MOST_READS = 12
OWN_PAGES = ("/me", "/me/history", "/me/messages", "/me/actions", "/me/account")


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


# Keys


def test_a_key_is_made_shown_once_and_revoked_by_form(ann: Client, key: str) -> None:
    made = ann.post("/me/keys", {"back": "/me/account"})
    assert made.status_code == 201
    assert made["Cache-Control"].startswith(reader.NO_STORE)
    [secret] = re.findall(r'<code id="key">(wss_[^<]+)</code>', text(made))
    first, second = ApiKey.objects.live().order_by("created_at")
    assert secret not in text(ann.get("/me/account"))
    assert Client().post("/login", {"apiKey": secret})["Location"] == "/me"

    sent = {"keyId": str(first.id), "back": "/me/account"}
    page = text(ann.post("/me/keys/revoke", sent, follow=True))
    assert "every session but this one is over" in page
    assert "The only key cannot be revoked" in page and first.prefix not in page
    assert Client().post("/login", {"apiKey": key}).status_code == 401
    page = text(ann.post("/me/keys/revoke", {**sent, "keyId": str(second.id)}, follow=True))
    assert "This is your only live key" in page
    assert ann.post("/me/keys/revoke", {"keyId": "../agents"}).status_code == 404


def test_nobody_makes_or_revokes_anothers_key(ann: Client, hall: Hall) -> None:
    bobs, _ = keys.create_key(hall.agents["bob"])
    ann.post("/me/keys", {})
    page = text(ann.post("/me/keys/revoke", {"keyId": str(bobs.id)}, follow=True))
    assert "You have no live key with that id." in page
    assert ApiKey.objects.live().filter(id=bobs.id).exists()
    while ApiKey.objects.live().filter(agent=hall.agents["ann"]).count() < keys.MOST_LIVE_KEYS:
        ann.post("/me/keys", {})
    assert "live keys; revoke one first" in text(ann.post("/me/keys", {}, follow=True))


# Every other action


def test_every_action_that_is_no_order_has_a_form_of_what_it_takes(ann: Client) -> None:
    page = text(ann.get("/me/actions"))
    forms = dict(re.findall(r'<details class="action" id="(\w+)".*?>(.*?)</details>', page, re.S))
    assert set(forms) == {one.type for one in ACTIONS.values() if not one.places_order}
    for type, form in forms.items():
        assert ACTIONS[type].summary in form
        if "that it could be about" not in form:
            fields = set(re.findall(r'id="\w+-\w+" name="(\w+)"', form))
            assert fields == {one.wire for one in ACTIONS[type].parameters} | {"rationale"}


def test_other_pages_lead_to_the_form_of_what_may_be_done_there(ann: Client, hall: Hall) -> None:
    page = ann.get("/agents/bob").content.decode()
    [path] = re.findall(r'href="(/me/actions\?type=MESSAGE[^#]+)#MESSAGE"', page)
    form = text(ann.get(unescape(path)))
    assert '<details class="action" id="MESSAGE" open>' in form
    assert 'name="targetAgent" type="text" value="bob"' in form
    assert "type=RUMOR&amp;targetSymbol=APEX" in ann.get("/markets/APEX").content.decode()
    for path in ("/agents/bob", "/markets/APEX"):
        assert "/me/actions" not in text(Client().get(path))


def test_a_rumor_is_spread_by_form_and_a_fault_is_said_at_its_field(
    ann: Client, hall: Hall
) -> None:
    page = act(ann, "RUMOR", targetSymbol="apex", content="Short")
    assert re.search(r'id="RUMOR-content-fault" data-fault="content">must have 10 to 280', page)
    assert '<details class="action" id="RUMOR" open>' in page and ">Short</textarea>" in page
    page = act(ann, "RUMOR", targetSymbol="NOPE", content="They will restate their books.")
    assert "RUMOR: There is no company NOPE." in page
    page = act(ann, "WHISTLEBLOW", crimeType="spoofing", evidence=MARKUP, symbol="APEX")
    assert re.search(r'id="WHISTLEBLOW-targetAgent-fault"[^>]*>give an agent, or a symbol', page)
    assert 'name="symbol" type="text" value="APEX"' in page
    assert '<option value="spoofing" selected>' in page


def test_an_investigator_answers_the_bribes_it_is_offered(
    db: None, client: Client, nothing_counted: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wallstreetsim.floor.shell.SHORTEST_INTERVAL", 0.0)
    hall = court()
    assert hall.social("bob", "BRIBE", "ivy", cents=500_000, request=MARKUP) == "OK"
    _, secret = keys.create_key(hall.agents["ivy"])
    client.post("/login", {"apiKey": secret})
    page = client.get("/me/actions").content.decode()
    assert "&lt;img src=x onerror=alert(1)&gt;" in page and "<img" not in page
    [id] = set(re.findall(r'form="(?:keep|report)" name="bribeId" value="([^"]+)"', page))
    assert f'<option value="{id}">$5,000.00 of bob</option>' in page
    assert "REPORT BRIBE: taken for the next tick." in act(client, "REPORT_BRIBE", bribeId=id)
    hall.tick()
    assert "None awaits your answer." in text(client.get("/me/actions"))
    assert hall.social("ann", "BRIBE", "ivy", cents=500_000, request="again") == "OK"
    [other] = set(re.findall(r'name="bribeId" value="([^"]+)"', text(client.get("/me/actions"))))
    confirm(client, "KEEP_BRIBE", {"bribeId": other}, "A conviction means 5 to 15 years in prison.")


@pytest.fixture
def accused(client: Client, nothing_counted: None, monkeypatch: pytest.MonkeyPatch) -> Hall:
    """A hall in which ann, who is logged in, knows of a case against her."""
    monkeypatch.setattr("wallstreetsim.floor.shell.SHORTEST_INTERVAL", 0.0)
    hall = court()
    wash(hall)
    hall.operate("OPEN_CASE", agent="ann", crime="wash_trading", symbol="APEX", reason="a look")
    while not Violation.objects.filter(status__in=("active", "charged")).exists():
        hall.tick()
        assert hall.row.tick < 60
    _, secret = keys.create_key(hall.agents["ann"])
    client.post("/login", {"apiKey": secret})
    return hall


def test_what_nothing_takes_back_is_done_once_its_terms_are_confirmed(
    transactional_db: None, client: Client, accused: Hall
) -> None:
    [case] = Investigation.objects.all()
    about_case = {"investigationId": str(case.id)}
    confirm(client, "SETTLE", about_case, "You pay 60% of the fine at once")
    Input.objects.waiting().delete()
    confirm(client, "FLEE", {"destination": "Rio"}, "50% of what remains is forfeited")
    Input.objects.waiting().delete()
    while not Violation.objects.filter(status="convicted").exists():
        accused.tick()
        assert accused.row.tick < 120
    confirm(client, "APPEAL", about_case, "A conviction has one appeal; it is final after it.")
    accused.tick()
    assert Violation.objects.get().appeal_tick == accused.row.tick


def confirm(client: Client, type: str, fields: dict[str, str], terms: str) -> None:
    """Ask for an action, read its terms, and confirm it."""
    assert "Nothing takes it back." not in text(client.get("/me/actions"))
    page = act(client, type, **fields)
    assert terms in page and "Nothing takes it back." in page
    assert not Input.objects.waiting().exists()
    [question] = re.findall(r'<section class="question".*?</section>', page, re.S)
    sent = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', question))
    assert {name: sent[name] for name in fields} == fields
    del sent["csrfmiddlewaretoken"]
    page = text(client.post("/me/act", sent, follow=True))
    assert f"{type.replace('_', ' ')}: taken for the next tick." in page
    assert Input.objects.waiting().count() == 1
    text(client.post("/me/act", sent, follow=True))  # sent twice, it is one
    assert Input.objects.waiting().count() == 1


def test_what_the_dry_run_refuses_cannot_be_confirmed(ann: Client) -> None:
    sent = {"type": "FLEE", "back": "/me/actions", "destination": "Rio"}
    assert ann.post("/me/act", sent)["Location"].endswith("preview=1#FLEE")
    page = act(ann, "FLEE", destination="Rio")
    assert "You are under no case that you could flee." in page
    assert 'name="confirmed"' not in page
    page = act(ann, "FLEE", destination="Rio", confirmed="1")
    assert "FLEE: You are under no case that you could flee." in page
    assert not Input.objects.waiting().exists()
