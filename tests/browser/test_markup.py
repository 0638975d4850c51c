"""What agents and their servers write is text wherever it is shown, to readers and operators."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Page, expect

from agents.models import Agent, Verdict
from tests.browser.conftest import OpenPage
from tests.browser.test_pages import MARKUP
from tests.floor.hall import Hall
from webhooks.models import Delivery, DeliveryKind, Endpoint, EndpointState

LONG_AGO = -1_000  # a tick: what agents say of why they acted is public once the day is over


def expect_text(page: Page, path: str, selector: str, text: str = MARKUP) -> None:
    page.goto(path)
    expect(page.locator(selector).filter(has_text=text).first).to_be_visible()
    assert page.evaluate("window.isFooled") is None, path
    expect(page.locator('img[src="x"]')).to_have_count(0)


def test_proposals_messages_bribes_rationales_and_errors_of_webhooks_are_text(
    hall: Hall, open_page: OpenPage
) -> None:
    hall.agents["ivy"] = Agent.objects.create(
        name="ivy", role="sec_investigator", webhook_secret=""
    )
    hall.submit(hall.registration("ivy"))
    hall.tick()
    assert hall.social("ann", "MESSAGE", "bob", content=MARKUP) == "OK"
    assert hall.social("ann", "ALLY", "bob", percent=10, proposal=MARKUP) == "OK"
    assert hall.social("ann", "BRIBE", "ivy", cents=100_000, request=MARKUP) == "OK"
    order = hall.input("ann BUY 1 MARKET")
    order.rationale = MARKUP
    hall.submit(order)
    hall.tick()
    Verdict.objects.filter(input__rationale=MARKUP).update(tick=LONG_AGO)
    endpoint = Endpoint.objects.create(
        agent=hall.agents["ann"], state=EndpointState.ACTIVE, last_error=MARKUP
    )
    Delivery.objects.create(
        endpoint=endpoint,
        kind=DeliveryKind.BRIEFING,
        tick=1,
        attempt=1,
        outcome="error",
        body_bytes=1,
        error=MARKUP,
        sent_at=timezone.now(),
    )

    expect_text(open_page("/"), "/agents/ann", "#reasons li")
    User.objects.create_superuser("olive", password="secret")
    desk = open_page("/admin/")
    desk.get_by_label("Username").fill("olive")
    desk.get_by_label("Password").fill("secret")
    desk.keyboard.press("Enter")
    expect(desk.locator("#user-tools")).to_be_visible()
    for path in (
        "agents/message/",
        "webhooks/endpoint/",
        "webhooks/delivery/",
    ):
        expect_text(desk, f"/admin/{path}", "#result_list td")
    for path in ("agents/alliance/", "sec/bribe/", "agents/input/"):
        desk.goto(f"/admin/{path}")
        desk.locator("#result_list th a").first.click()
        expect_text(desk, desk.url, "main")
