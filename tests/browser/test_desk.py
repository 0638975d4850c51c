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
    reason = page.get_by_label("Reason")
    for label in ("Reason", "Company", "Ticks", "Impact, %", "Agent's name"):
        field = page.get_by_label(label, exact=True)
        field.fill("1")
        field.press("Enter")
        field.fill("")
    reason.fill("a look")
    page.get_by_label("Company", exact=True).fill("NOPE")
    page.get_by_role("button", name="Halt", exact=True).click()
    expect(page.locator(".messagelist li")).to_contain_text("There is no company NOPE.")
    expect(reason).to_have_value("a look")
    assert not Input.objects.waiting().exists()
    page.get_by_label("Company", exact=True).fill("APEX")
    page.get_by_role("button", name="Halt", exact=True).click()
    expect(page.locator(".messagelist li")).to_have_text("Halt waits for the next tick.")
    [act] = Input.objects.waiting()
    assert (act.type, act.parameters) == ("HALT", {"symbol": "APEX", "reason": "a look"})
