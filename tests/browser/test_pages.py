"""The site's pages in a real Chromium: as the server makes them, and kept up to date."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import expect

from market.models import Company
from news.models import Article
from tests.browser.conftest import OpenPage
from tests.browser.web import Web
from tests.floor.hall import Hall
from wallstreetsim.terminal import template_tags


def test_a_companys_page_is_whole_without_scripts_and_live_with_them(
    hall: Hall, open_page: OpenPage
) -> None:
    for _ in range(3):
        hall.tick("ann BUY 100 MARKET")
    address = "/markets/APEX?interval=1&range=60"
    still = open_page(address, java_script_enabled=False)
    expect(still.locator("#candles svg")).to_be_visible()
    expect(still.locator("#candle-canvas")).to_be_hidden()
    expect(still.locator(".connection")).to_contain_text("NOT LIVE")
    expect(still.locator("#tape")).to_contain_text("BUY")

    page = open_page(address)
    expect(page.locator(".connection")).to_have_attribute("data-state", "connected")
    expect(page.locator("#candle-canvas canvas").first).to_be_visible()
    expect(page.locator("#candles svg")).to_be_hidden()
    page.locator("summary", has_text="as a table").click()
    rows = page.locator("#candle-rows tr")
    before = rows.count()
    for _ in range(3):
        hall.tick("ann BUY 500 @ 100.00\nann BUY 500 MARKET")
    expect(page.locator("#standing")).to_contain_text(str(hall.row.tick))
    best = template_tags.price(Company.objects.get(symbol="APEX").bid)
    expect(page.locator("#ladder .bid").first).to_have_text(best)
    expect(rows).to_have_count(before + 3)
    expect(page.locator("#candles details").first).to_have_attribute("open", "")


PATHS = (
    "/",
    "/markets",
    "/markets/APEX",
    "/agents",
    "/agents/ann",
    "/sec",
    "/news",
    "/research",
    "/world",
    "/tv",
    "/help",
    "/rules",
    "/status",
    "/replay",
    "/nowhere",
)
AXE = (Path(__file__).parent / "vendor" / "axe.js").read_text()
SERIOUS = """async () => (await axe.run(document, { resultTypes: ["violations"] })).violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map(({ html }) => html.slice(0, 120))}`)"""
MOVING = """() => document.getAnimations().filter(({ playState }) => playState === "running")
    .map(({ animationName, effect }) => `${animationName} ${effect.target?.id}`)"""
SMALL = """() => [...document.querySelectorAll(
        ".sections a, .choices a, button, select, #footer nav a")]
    .filter((one) => one.checkVisibility())
    .map((one) => [one.textContent, one.getBoundingClientRect()])
    .filter(([, { width, height }]) => width < 44 || height < 44)
    .map(([text, { width, height }]) => `${text.trim()} ${width}×${height}`)"""
MARKUP = "<img src=x onerror=window.isFooled=1><b>bold</b>"


def test_every_page_serves_everybody(hall: Hall, open_page: OpenPage, web: Web) -> None:
    """No page has a serious violation of accessibility, or more than a phone shows; none moves for
    those who want no motion; and what agents write stays text.
    """
    hall.operate("INJECT", event="RALLY", impact=0.012, duration=30)
    hall.submit(hall.raw("ann", "RUMOR", {"symbol": "APEX", "content": MARKUP}))
    hall.tick("ann BUY 100 MARKET\nbob SELL 5 NEXUS MARKET")
    assert Article.objects.filter(quote=MARKUP).exists()
    phone: dict[str, Any] = {"viewport": {"width": 320, "height": 700}, "has_touch": True}
    faults: dict[str, object] = {}
    page = open_page(reduced_motion="reduce", may_complain=True)
    touched = open_page("/", may_complain=True, **phone)
    for path in PATHS:
        page.goto(path)
        touched.goto(path)
        page.evaluate(AXE)
        faults |= {f"{path} {fault}": "axe" for fault in page.evaluate(SERIOUS)}
        faults |= {f"{path} {fault}": "moves" for fault in page.evaluate(MOVING)}
        faults |= {f"{path} {fault}": "small" for fault in touched.evaluate(SMALL)}
        page.set_viewport_size({"width": 768, "height": 1024})
        for one, least in ((touched, 320), (page, 768)):
            width = one.evaluate("document.documentElement.scrollWidth")
            faults |= {f"{path} at {least}": width} if width > least else {}
        page.set_viewport_size({"width": 1280, "height": 720})
        assert page.evaluate("window.isFooled") is None
    article = Article.objects.get(quote=MARKUP)
    page.goto(f"/news/{article.id}")
    expect(page.locator("blockquote")).to_have_text(MARKUP)
    for theme in ("light", "colour-blind"):
        page.goto("/markets/APEX")
        page.get_by_role("link", name=theme, exact=True).click()
        expect(page).to_have_url(f"{web.address}/markets/APEX")
        expect(page.locator("html")).to_have_attribute("data-theme", theme)
        page.evaluate(AXE)
        faults |= {f"{theme} {fault}": "axe" for fault in page.evaluate(SERIOUS)}
    assert faults == {}
