"""The operator's desk in a real Chromium."""

from __future__ import annotations

from django.contrib.auth.models import User
from playwright.sync_api import expect

from agents.models import Input
from tests.browser.conftest import OpenPage
from tests.floor.hall import Hall


def test_the_enter_key_does_nothing_a_button_does_what_it_says(
    hall: Hall, open_page: OpenPage
) -> None:
    User.objects.create_superuser("olive", password="secret")
    page = open_page("/admin/market/world/")
    page.get_by_label("Username").fill("olive")
    page.get_by_label("Password").fill("secret")
    page.keyboard.press("Enter")
    for form in ("desk", "halts", "events"):
        reason = page.locator(f"#{form} [name=reason]")
        reason.fill("a look")
        if form == "events":
            page.locator("#events [name=impact]").fill("1")
        reason.press("Enter")
    page.locator("#halts [name=symbol]").fill("NOPE")
    page.get_by_role("button", name="Halt", exact=True).click()
    expect(page.locator(".messagelist li")).to_contain_text("There is no company NOPE.")
    expect(page.locator("#halts [name=reason]")).to_have_value("a look")
    assert not Input.objects.waiting().exists()
    page.locator("#halts [name=symbol]").fill("APEX")
    page.get_by_role("button", name="Halt", exact=True).click()
    expect(page.locator(".messagelist li")).to_have_text("Halt waits for the next tick.")
    [act] = Input.objects.waiting()
    assert (act.type, act.parameters) == ("HALT", {"symbol": "APEX", "reason": "a look"})
