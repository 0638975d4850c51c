"""Cases in the admin: every list and page opens, and operators act upon cases with a reason."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from agents.models import Agent, Input
from sec.models import Bribe, Investigation, Tip, Violation
from tests.floor.hall import Hall

LIST, ACT = "/admin/sec/investigation/", "/admin/sec/investigation/act/"


@pytest.fixture
def court(admin_client: Client, hall: Hall) -> Hall:
    """A hall in which ann has tried to bribe, and bob has told of her."""
    hall.agents["ivy"] = Agent.objects.create(
        name="ivy", role="sec_investigator", webhook_secret=""
    )
    hall.submit(hall.registration("ivy"))
    hall.tick()
    bribe = {"target": "ivy", "cents": 100_000, "request": "<b>Look away.</b>"}
    hall.submit(hall.raw("ann", "BRIBE", bribe))
    hall.tick()
    tip = {"crime": "bribery", "evidence": "She has money for the SEC."}
    hall.social("bob", "WHISTLEBLOW", "ann", **tip)
    hall.operate("OPEN_CASE", agent="ann", crime="spoofing", reason="a hunch")
    hall.tick()
    return hall


def ask(client: Client, act: str, reason: str = "a reason", **more: object) -> Any:
    return client.post(ACT, {"act": act, "reason": reason, **more}, follow=True)


def said(answer: Any) -> list[str]:
    return [str(message) for message in answer.context["messages"]]


def test_every_list_and_page_opens(court: Hall, admin_client: Client) -> None:
    case, row = Investigation.objects.latest("tick"), Violation.objects.latest("id")
    rows: dict[str, object] = {"bribe": Bribe.objects.get().id, "tip": Tip.objects.get().id}
    rows |= {"investigation": case.id, "violation": row.id}
    for model in ("investigation", "violation", "penalty", "suspicion", "bribe", "tip"):
        for find in ("", "?q=ann", "?q=tick:3", f"?q={case.id}", "?q=APEX"):
            assert admin_client.get(f"/admin/sec/{model}/{find}").status_code == 200
        if model in rows:
            page = admin_client.get(f"/admin/sec/{model}/{rows[model]}/change/")
            assert page.status_code == 200
            assert b"<b>Look" not in page.content


def test_a_case_is_dismissed_with_a_reason(court: Hall, admin_client: Client) -> None:
    case = Investigation.objects.get(crime="spoofing")
    assert said(ask(admin_client, "DISMISS_CASE", case=case.id)) == [
        "Dismiss waits for the next tick."
    ]
    court.tick()
    case.refresh_from_db()
    assert (case.accused.get().status, case.note) == ("dismissed", "a reason")


def test_a_case_is_opened_against_an_agent(court: Hall, admin_client: Client) -> None:
    ask(admin_client, "OPEN_CASE", agent="bob", crime="wash_trading", symbol="apex")
    court.tick()
    case = Investigation.objects.get(crime="wash_trading")
    assert (case.source, case.symbol, case.note) == ("operator", "APEX", "a reason")


@pytest.mark.parametrize(
    ("act", "given", "complaint"),
    [
        ("OPEN_CASE", {"crime": "bribery"}, "agent: Is needed."),
        ("OPEN_CASE", {"agent": "nobody", "crime": "bribery"}, "agent: There is no agent nobody."),
        ("OPEN_CASE", {"agent": "ann", "crime": "bribery", "symbol": "X"}, "symbol: There is"),
        ("DISMISS_CASE", {}, "case: Is needed."),
        ("OVERRULE_CASE", {"case": "x"}, "case: Enter a valid UUID."),
    ],
)
def test_a_bad_act_is_one_clear_message(
    hall: Hall, admin_client: Client, act: str, given: dict[str, str], complaint: str
) -> None:
    [message] = said(ask(admin_client, act, **given))
    assert message.startswith(complaint)
    assert not Input.objects.filter(source="operator").exists()


def test_who_may_only_look_cannot_act(hall: Hall, client: Client) -> None:
    user = User.objects.create_user("looker", password="x", is_staff=True)
    client.force_login(user)
    assert client.post(ACT, {"act": "DISMISS_CASE", "reason": "x"}).status_code == 403
    assert client.get(ACT).status_code in (403, 405)
