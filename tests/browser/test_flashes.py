"""Numbers that change flash for a moment, and the description of the interface is there to read."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.floor.hall import Hall

LONGEST = 250  # milliseconds
NOTE = """() => {
    window.flashes = [];
    window.lasted = [];
    const lit = () => document.querySelectorAll("[data-flash]").length;
    const { setTimeout: later } = window;
    window.setTimeout = (act, ...rest) => later(() => {
        const before = lit();
        act();
        if (lit() < before) window.lasted.push(rest[0]);
    }, ...rest);
    const nameOf = (one) => [one.closest("[id]").id, one.dataset.field ?? one.tagName];
    new MutationObserver((changes) => {
        const begun = changes.filter(({ target }) => "flash" in target.dataset);
        window.flashes.push(...begun.map(({ target }) => nameOf(target)));
    }).observe(document.body, { attributeFilter: ["data-flash"], subtree: true });
}"""


def flashes_of(page: Page, hall: Hall, parts: dict[str, str]) -> list[list[Any]]:
    """Return what flashes in a tick: of what part, which field; once each of these parts has been
    written, or where nothing is to move, the tick, and each flash has ended in time.
    """
    page.evaluate(NOTE)
    hall.tick("ann BUY 100 MARKET\nbob BUY 5 NEXUS MARKET")
    shown = page.locator("#header")
    expect(shown).to_contain_text(str(hall.row.tick))
    for part, field in parts.items():
        page.wait_for_function(
            "([part, field]) => window.flashes.some((f) => f[0] === part && f[1] === field)",
            arg=[part, field],
        )
    page.wait_for_timeout(300)  # for what should not
    expect(page.locator("[data-flash]")).to_have_count(0)
    lasted = page.evaluate("window.lasted")
    assert bool(lasted) == bool(parts) and max(lasted, default=0) <= LONGEST
    return list(page.evaluate("window.flashes"))


def test_numbers_that_change_flash_for_a_moment_and_rows_that_move_do_not(
    hall: Hall, open_page: OpenPage
) -> None:
    hall.tick("ann BUY 10 MARKET")
    page = open_page("/", viewport={"width": 1280, "height": 2_000})  # only what is seen flashes
    expect(page.locator(".connection")).to_have_attribute("data-state", "connected")
    told = flashes_of(page, hall, {"market": "price", "overview": "index", "ticker": "change"})
    assert "feed" not in {part for part, _ in told}
    assert "tick" not in {field for _, field in told}

    page.goto("/markets/APEX")
    expect(page.locator(".connection")).to_have_attribute("data-state", "connected")
    told = flashes_of(page, hall, {"quote": "DD", "ladder": "TD"})
    assert "tape" not in {part for part, _ in told}

    still = open_page("/", reduced_motion="reduce")
    expect(still.locator(".connection")).to_have_attribute("data-state", "connected")
    assert flashes_of(still, hall, {}) == []


def test_the_interface_is_described_where_it_can_be_read_and_opened(
    hall: Hall, open_page: OpenPage
) -> None:
    page = open_page("/docs")
    address = page.locator('[data-path="/api/v1/market/stocks/{symbol}"]')
    block = page.locator(".opblock", has=address)
    expect(block).to_be_visible()
    block.locator("button").first.click()
    expect(block.locator(".responses-wrapper")).to_be_visible()
