"""The replay page in a real Chromium: scrubbed, played, and never taken for the live one."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from market import tape
from tests.browser.conftest import OpenPage
from tests.floor.hall import Hall
from wallstreetsim.terminal import template_tags


def price_at(tick: int, symbol: str = "APEX") -> str:
    [entry] = tape.read_tick(epoch=1, tick=tick, streams=[tape.PUBLIC_STREAM])
    [prices] = [e["data"]["prices"] for e in entry.read() if e["type"] == "price:update"]
    return template_tags.price(
        round(next(p["price"] for p in prices if p["symbol"] == symbol) * 100)
    )


def expect_tick(page: Page, tick: int) -> None:
    expect(page.locator("#replay [data-field=shown]")).to_have_text(str(tick))
    expect(page.locator("#header [data-field=tick]")).to_have_text(str(tick))
    expect(page.locator("#market [data-symbol=APEX] [data-field=price]")).to_have_text(
        price_at(tick)
    )


def scrub(page: Page, tick: int) -> None:
    page.locator("[data-act=scrub]").evaluate(
        "(slider, tick) => { slider.value = tick; slider.dispatchEvent(new Event('input')); }", tick
    )


def run(hall: Hall, ticks: int) -> None:
    for n in range(ticks):
        hall.tick(f"ann BUY {n + 10} MARKET\nbob BUY {n + 20} NEXUS MARKET")


def test_it_is_complete_without_any_script_and_says_what_it_is(
    hall: Hall, open_page: OpenPage
) -> None:
    run(hall, 5)
    page = open_page("/replay?tick=4", java_script_enabled=False)
    expect_tick(page, 4)
    expect(page.locator("#replay .badge")).to_have_text("◼ REPLAY")
    expect(page.locator("#header .badge")).to_contain_text("REPLAY")
    expect(page.locator("#feed")).to_contain_text("4 BUY APEX")
    expect(page.locator("#feed")).not_to_contain_text("5 BUY APEX")
    page.locator("[data-step='-1']").click()
    expect_tick(page, 3)


def test_scrubbing_shows_each_tick_as_it_was(hall: Hall, open_page: OpenPage) -> None:
    run(hall, 12)
    page = open_page("/replay?tick=13")
    for tick in (2, 9, 5):
        scrub(page, tick)
        expect_tick(page, tick)
        expect(page).to_have_url(re.compile(rf"/replay\?tick={tick}$"))
    expect(page.locator("#feed tbody tr").first).to_contain_text("5")
    expect(page.locator("#feed")).not_to_contain_text("6 BUY")
    page.locator("[data-step='1']").click()
    expect_tick(page, 6)
    page.locator("[data-step='-100']").click()
    expect_tick(page, 1)
    page.reload()
    expect_tick(page, 1)


def test_it_plays_when_its_script_can_be_fetched_at_last(hall: Hall, open_page: OpenPage) -> None:
    run(hall, 4)
    page = open_page("/replay?tick=2", unreachable={"replay/player.js": 2}, may_complain=True)
    scrub(page, 4)
    expect_tick(page, 4)


def test_it_asks_again_for_what_it_plays_and_seeks(hall: Hall, open_page: OpenPage) -> None:
    run(hall, 6)
    ends = {"replay?tick=4": 1, "replay/ticks": 1}
    page = open_page("/replay?tick=2", unreachable=ends, may_complain=True)
    scrub(page, 4)
    expect_tick(page, 4)
    page.locator("[data-act=play]").click()
    expect_tick(page, 7)


def test_playing_goes_on_tick_by_tick_and_stops_when_told(hall: Hall, open_page: OpenPage) -> None:
    run(hall, 12)
    page = open_page("/replay?tick=3")
    page.locator("[data-act=speed]").select_option("16")
    play = page.locator("[data-act=play]")
    play.click()
    expect_tick(page, 13)
    expect(page.locator("#replay [role=status]")).to_have_text("this is the last tick so far")
    expect(page.locator("#feed")).to_contain_text("13 BUY APEX 21")
    hall.tick()  # the tape grows meanwhile
    expect_tick(page, 14)
    expect(page.locator("#replay [data-field=last]")).to_have_text("14")
    play.click()
    expect(play).to_have_text("▶ PLAY")
    expect(page).to_have_url(re.compile(r"/replay\?tick=14$"))
    hall.tick()
    scrub(page, 4)
    expect_tick(page, 4)
    expect(page).to_have_title(re.compile("^REPLAY of tick 4 "))


def test_what_happened_is_told_as_it_plays(hall: Hall, open_page: OpenPage) -> None:
    run(hall, 3)
    hall.operate("HALT", symbol="APEX", ticks=2, reason="a look")
    run(hall, 1)
    page = open_page("/replay?tick=3")
    page.locator("[data-act=play]").click()
    expect(page.locator("#news li").first).to_have_text(re.compile(r"^5 .*(Apex|APEX)"))


def test_no_window_is_too_narrow_for_a_replay(hall: Hall, open_page: OpenPage) -> None:
    run(hall, 3)
    page = open_page("/replay")
    for width in (360, 599, 768, 1280, 1920):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") == width
