"""The operator's desk in a real Chromium."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connections
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


def tell(*words: str) -> None:
    """Tell everybody something, or nothing more; not in the thread of Playwright's event loop."""

    def run() -> None:
        call_command("site", "notice", *words)
        connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(run).result()


def test_a_notice_takes_the_place_of_the_one_before(hall: Hall, open_page: OpenPage) -> None:
    page = open_page("/")
    notice = page.locator("#notice")
    expect(page.locator("[data-field=connection]")).to_have_text("LIVE")
    tell("We move.", "--in", "30")
    expect(notice).to_have_text(re.compile(r"^We move\. in (30:00|29:\d\d)$"))
    tell("We have moved.")
    expect(notice).to_have_text("We have moved.")
    tell()
    expect(notice).to_be_hidden()
