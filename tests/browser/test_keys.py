"""The site by keys, and by touch where there are none."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from market.models import Company
from tests.browser.conftest import OpenPage
from tests.browser.test_pages import AXE, SERIOUS
from tests.floor.hall import Hall


def at(page: Page, path: str) -> None:
    expect(page).to_have_url(re.compile(re.escape(path) + "$"))
    page.wait_for_load_state()  # its scripts have run
    expect(page.locator(".connection")).to_have_attribute("data-state", "connected")


def focused_row(page: Page) -> Locator:
    return page.locator("main :is(tbody tr, li):focus-within")


def test_a_walk_by_keys(hall: Hall, open_page: OpenPage) -> None:
    hall.tick("ann BUY 10 MARKET")
    symbols = sorted(Company.objects.values_list("symbol", flat=True))
    page = open_page("/")
    at(page, "/")
    press = page.keyboard.press
    for key, path in (
        ("a", "/agents"),
        ("n", "/news"),
        ("s", "/sec"),
        ("h", "/"),
        ("m", "/markets"),
    ):
        press("g")
        press(key)
        at(page, path)

    # Rows, and back; a tick between does not lose the place.
    page.goto("/markets?sort=symbol")
    rows = page.locator("main :is(tbody tr, li):has(a)")
    for key, place in (("j", 0), ("j", 1), ("j", 2), ("k", 1), ("k", 0), ("k", 0)):
        press(key)
        expect(focused_row(page)).to_have_text(rows.nth(place).inner_text(), use_inner_text=True)
    page.locator(f'#companies a[href="/markets/{symbols[1]}"]').focus()
    press("j")
    expect(focused_row(page)).to_contain_text(symbols[2])
    hall.tick()
    expect(page.locator("#standing")).to_contain_text(str(hall.row.tick))
    expect(focused_row(page)).to_contain_text(symbols[2])
    press("Enter")
    at(page, f"/markets/{symbols[2]}")

    press("]")
    at(page, f"/markets/{symbols[3]}")
    press("[")
    at(page, f"/markets/{symbols[2]}")
    press("z")
    expect(page.locator("#header")).to_be_hidden()
    expect(page.locator("#company")).to_be_visible()
    press("z")
    expect(page.locator("#header")).to_be_visible()
    press("z")
    press("Escape")
    expect(page.locator("#header")).to_be_visible()

    # The command line: completed as one types, and led to.
    press("/")
    line = page.get_by_role("combobox", name="COMMAND")
    expect(line).to_be_focused()
    expect(line).to_have_value("")
    page.keyboard.type("news ap")
    expect(page.locator("#command [role=option]")).to_have_text(["NEWS APEX"])
    page.evaluate(AXE)
    assert page.evaluate(SERIOUS) == []
    press("ArrowDown")
    expect(line).to_have_attribute("aria-activedescendant", "command-line-0")
    press("Enter")
    at(page, "/news?symbol=APEX")
    press("/")
    page.keyboard.type("buy 100 ape")
    expect(page.locator("#command [role=option]")).to_have_text(["BUY 100 APEX"])
    press("Tab")
    expect(line).to_have_value("BUY 100 APEX ")
    press("Enter")
    at(page, "/markets/APEX?side=BUY&quantity=100")
    press("/")
    page.keyboard.type("apex book")
    press("Enter")
    at(page, "/markets/APEX#book")

    press("?")
    listed = page.get_by_role("dialog", name="SHORTCUTS")
    expect(listed).to_contain_text("focus mode")
    page.evaluate(AXE)
    assert page.evaluate(SERIOUS) == []
    press("Escape")
    expect(listed).to_be_hidden()


def test_nothing_happens_while_one_types_or_holds_a_modifier_or_has_turned_them_off(
    hall: Hall, open_page: OpenPage
) -> None:
    page = open_page("/markets")
    at(page, "/markets")
    press = page.keyboard.press
    search = page.get_by_label("Search")
    search.focus()
    page.keyboard.type("/?zgh")
    expect(search).to_have_value("/?zgh")
    page.get_by_label("Sector").focus()
    press("z")
    expect(page.locator("#header")).to_be_visible()
    page.locator("h1 a").focus()
    for modifier in ("Control", "Alt", "Meta"):
        press(f"{modifier}+z")
        press(f"{modifier}+j")
    expect(page.locator("#header")).to_be_visible()
    expect(page.locator("dialog[open]")).to_have_count(0)
    expect(focused_row(page)).to_have_count(0)
    press("g")
    press("Control+h")
    assert page.url.endswith("/markets")

    press("?")
    switch = page.get_by_role("dialog", name="SHORTCUTS").get_by_role("checkbox")
    switch.uncheck()
    press("Escape")
    for key in ("z", "?", "/", "j"):
        press(key)
    page.goto("/news")
    at(page, "/news")
    for key in ("z", "?", "/", "g", "h"):
        press(key)
    expect(page.locator("#header")).to_be_visible()
    expect(page.locator("dialog[open]")).to_have_count(0)
    assert page.url.endswith("/news")
    page.goto("/help")
    at(page, "/help")
    page.locator("#keys").get_by_role("checkbox").check()
    press("z")
    expect(page.locator("#header")).to_be_hidden()


def test_by_touch_the_same_places_are_reached(hall: Hall, open_page: OpenPage) -> None:
    page = open_page("/", viewport={"width": 320, "height": 700}, has_touch=True)
    at(page, "/")
    page.locator('[data-act="command"]').tap()
    line = page.get_by_role("combobox", name="COMMAND")
    line.fill("apex b")
    page.locator("#command [role=option]", has_text="APEX BOOK").tap()
    at(page, "/markets/APEX#book")
    page.locator(".others [rel=next]").tap()
    expect(page.locator("#company-title")).not_to_have_text("APEX")
    page.locator('[data-act="command"]').tap()
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    line.fill("sell 5 apex")
    page.get_by_role("button", name="GO", exact=True).tap()
    at(page, "/markets/APEX?side=SELL&quantity=5")


def test_without_scripts_the_command_line_is_a_page(hall: Hall, open_page: OpenPage) -> None:
    page = open_page("/markets", java_script_enabled=False, may_complain=True)
    page.locator('[data-act="command"]').click()
    line = page.get_by_label("Command", exact=True)
    line.fill("NOPE")
    line.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("There is no company NOPE, and no such command.")
    expect(page.locator('[data-act="shortcuts"]').first).to_be_hidden()
    page.get_by_label("Command", exact=True).fill("NEWS APEX")
    page.get_by_label("Command", exact=True).press("Enter")
    expect(page).to_have_url(re.compile(r"/news\?symbol=APEX$"))
