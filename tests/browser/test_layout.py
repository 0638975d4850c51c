"""What lies where: at no size of the window may a panel's content leave its box."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from market.models import Account, Bankruptcy
from tests.browser.conftest import OpenPage
from tests.floor.hall import Hall

SIZES = [(360, 740), (640, 800), (768, 1024), (1024, 768), (1200, 700), (1280, 800)]
SIZES += [(1366, 768), (1440, 900), (1440, 1000), (1920, 1080), (2560, 1440)]
LONG_NAME = "Overleveraged-Capital-of-The-Long-Name-Partners-01"
EVENTS: list[dict[str, Any]] = [
    {"event": "RALLY", "impact": 0.01},
    {"event": "SECTOR_ROTATION", "impact": 0.01, "sector": "Healthcare"},
    *({"event": "CEO_SCANDAL", "impact": -0.02, "symbol": s} for s in ("APEX", "NOVA", "MEME")),
    *({"event": "PRODUCT_LAUNCH", "impact": 0.01, "symbol": s} for s in ("NEXUS", "TITAN")),
    {"event": "EARNINGS_MISS", "impact": -0.02, "symbol": "QUANTUM"},
]

# The boxes whose content passes them; of one that scrolls, only what passes it sideways.
BURST = """() => [...document.querySelectorAll("main, .strip, .panel, .scroll")].filter((box) => {
    const scrolls = getComputedStyle(box).overflowY === "auto";
    const isTooLow = !scrolls && box.scrollHeight > box.clientHeight + 1;
    return isTooLow || box.scrollWidth > box.clientWidth + 1;
}).map((box) => `${box.id || box.className || box.tagName}: ${box.scrollWidth}×${box.scrollHeight}`
    + ` in ${box.clientWidth}×${box.clientHeight}`)"""


@pytest.fixture(autouse=True)
def enough_companies_to_fill_every_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.floor.hall.COMPANIES", 40)


@pytest.fixture
def eventful(hall: Hall) -> Hall:
    """A world in which eight events are active and eight accounts have gone bankrupt."""
    for event in EVENTS:
        hall.operate("INJECT", duration=50, **event)
    account = Account.objects.get(name="ann")
    account.name = LONG_NAME
    account.save()
    for _ in range(8):
        Bankruptcy(
            tick=1, account=account, peak=99_999_000, final=-99_999_000, cause="margin"
        ).save()
    hall.tick("ann BUY 100 MARKET\nbob SHORT 5 NEXUS MARKET")
    return hall


@pytest.mark.parametrize("path", ["/", "/replay"])
def test_no_panels_content_passes_its_box(eventful: Hall, open_page: OpenPage, path: str) -> None:
    page = open_page(path)
    expect(page.locator("#events li")).to_have_count(8)
    expect(page.locator("#bankruptcies li")).to_have_count(8)
    burst = {}
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        burst[width, height] = page.evaluate(BURST)
    assert {size: boxes for size, boxes in burst.items() if boxes} == {}


def test_who_fell_and_what_is_active_is_read_whole_at_every_width(
    eventful: Hall, open_page: OpenPage
) -> None:
    page = open_page("/")
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        cut = page.locator("#events b, #bankruptcies b").evaluate_all(
            "all => all.filter(b => b.scrollWidth > b.clientWidth || b.clientWidth < 20)"
            ".map(b => b.textContent)"
        )
        assert cut == [], (width, height)


def test_the_whole_terminal_fits_a_window_that_is_large_enough(
    eventful: Hall, open_page: OpenPage
) -> None:
    page = open_page("/")
    expect(page.locator(".connection")).to_have_attribute("data-state", "connected")
    for width, height in ((1440, 900), (1920, 1080)):
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate("document.documentElement.scrollHeight") == height


# The rows that are partly seen at the foot of a list, by more than a pixel's rounding.
CUT = """() => [...document.querySelectorAll("main .scroll")].flatMap((box) => {
    const foot = box.getBoundingClientRect().bottom;
    return [...box.querySelectorAll("#news li, tbody tr")]
        .map((row) => [row, row.getBoundingClientRect()])
        .filter(([, { top, bottom, height }]) => height && top < foot - 1 && bottom > foot + 1)
        .map(([row]) => row.innerText);
})"""


def test_no_row_is_cut_at_the_foot_of_a_panel(eventful: Hall, open_page: OpenPage) -> None:
    for _ in range(3):
        eventful.tick("ann BUY 100 MARKET\nbob SHORT 5 NEXUS MARKET")
    page = open_page("/")
    cut = {}
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        cut[width, height] = page.evaluate(CUT)
    assert {size: rows for size, rows in cut.items() if rows} == {}
