"""The site's pages in a real Chromium: as the server makes them, and kept up to date."""

from __future__ import annotations

from playwright.sync_api import expect

from market.models import Company
from tests.browser.conftest import OpenPage
from tests.floor.hall import Hall
from wallstreetsim.terminal import template_tags

PATIENCE = 30_000  # milliseconds: the machine may be busy
expect.set_options(timeout=PATIENCE)


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
    page.wait_for_timeout(2_000)  # after which the table may be taken over again
    for _ in range(3):
        hall.tick("ann BUY 500 @ 100.00\nann BUY 500 MARKET")
    expect(page.locator("#standing")).to_contain_text(str(hall.row.tick))
    best = template_tags.price(Company.objects.get(symbol="APEX").bid)
    expect(page.locator("#ladder .bid").first).to_have_text(best)
    page.wait_for_timeout(2_000)
    hall.tick()
    expect(rows).to_have_count(before + 4)
    expect(page.locator("#candles details").first).to_have_attribute("open", "")
