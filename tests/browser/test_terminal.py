"""The terminal in a real Chromium: right before any script runs, then live."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, WebSocketRoute, expect

from agents.models import Agent
from market import tape
from market.engine.rules import Macro
from market.models import Bankruptcy, Company
from news.models import Article
from tests.browser.conftest import OpenPage
from tests.browser.web import Web
from tests.floor.hall import Hall
from wallstreetsim.terminal import template_tags

PANELS = [
    "MARKET OVERVIEW",
    "WORLD STATUS",
    "GAINERS / LOSERS",
    "LIVE FEED",
    "TOP AGENTS",
    "SECTORS",
    "MARKET",
    "EVENTS AND NEWS",
    "ACTIVE EVENTS",
    "SEC MOST WANTED",
    "PRISON",
    "BANKRUPTCIES",
]


def live(open_page: OpenPage, **options: Any) -> Page:
    """Open the terminal and wait until it is connected."""
    page = open_page(**options)
    expect(page.locator(".connection")).to_have_attribute("data-state", "connected")
    return page


def tick_of(page: Page) -> Locator:
    return page.locator("#header [data-field=tick]")


def price_of(page: Page, symbol: str) -> Locator:
    return page.locator(f"#market [data-symbol={symbol}] [data-field=price]")


def recorded_price(symbol: str) -> str:
    return template_tags.price(Company.objects.get(symbol=symbol).price)


@pytest.mark.parametrize("lost", ["live.js", "prices.js"])
def test_scripts_that_could_not_be_fetched_are_asked_for_again(
    hall: Hall, open_page: OpenPage, lost: str
) -> None:
    """So a page lives that was loaded while the network failed."""
    page = live(open_page, unreachable={f"dashboard/{lost}": 3}, may_complain=True)
    hall.tick("ann BUY 100 MARKET")
    expect(tick_of(page)).to_have_text("2")


def test_the_page_is_complete_without_any_script(hall: Hall, open_page: OpenPage) -> None:
    hall.tick("ann BUY 100 MARKET")
    page = open_page(java_script_enabled=False)
    expect(tick_of(page)).to_have_text("2")
    assert page.locator("main h2 [id]").all_inner_texts() == PANELS
    expect(price_of(page, "APEX")).to_have_text(recorded_price("APEX"))
    expect(page.locator("#feed")).to_contain_text("BUY APEX")
    expect(page.locator("#agents tbody th")).to_have_text(["bob", "ann"])
    expect(page.locator("#overview [data-field=agents]")).to_have_text("2")
    expect(page.locator("#news li")).to_have_count(Article.objects.count())
    expect(page.locator("#bankruptcies .none")).to_be_visible()
    expect(page.locator(".connection")).to_contain_text("NOT LIVE")


def test_every_tick_is_counted_and_every_price_moves_with_it(
    hall: Hall, open_page: OpenPage
) -> None:
    page = live(open_page)
    for tick in ("2", "3", "4"):
        hall.tick()
        expect(tick_of(page)).to_have_text(tick)
    expect(page.locator("#footer [data-field=tick]")).to_have_text("4")
    expect(page).to_have_title(re.compile(r"^tick 4 · .+ · WallStreetSim$"))
    for symbol in ("APEX", "NEXUS", "MEME"):
        expect(price_of(page, symbol)).to_have_text(recorded_price(symbol))


def test_the_rates_are_kept_up_to_date(hall: Hall, open_page: OpenPage) -> None:
    hall.tick()
    page = live(open_page)
    hall.set_rates(Macro(interest_bps=725, inflation_bps=310, gdp_growth_bps=-50))
    hall.tick()
    expect(page.locator("#world [data-field=interest]")).to_have_text("7.25%")
    expect(page.locator("#world [data-field=inflation]")).to_have_text("3.10%")
    expect(page.locator("#world [data-field=growth]")).to_have_text("-0.50%")


def test_the_newest_comes_first_in_the_feed_which_shows_what_is_chosen(
    hall: Hall, open_page: OpenPage
) -> None:
    page = live(open_page)
    page.get_by_role("button", name="TRADES", exact=True).click()
    hall.tick("ann BUY 123 NEXUS MARKET")
    newest = page.locator("#feed tbody tr").first
    expect(newest).to_contain_text("2 BUY NEXUS 123")
    hall.tick("ann SELL 23 NEXUS MARKET")
    expect(newest).to_contain_text("3 SELL NEXUS 23")
    page.get_by_role("button", name="EVENTS", exact=True).click()
    expect(page.locator("#feed tbody tr")).to_have_count(0)
    hall.operate("INJECT", event="RALLY", impact=0.012, duration=3)
    hall.tick()
    expect(page.locator("#feed tbody tr")).to_have_count(1)
    expect(newest.locator(".headline a")).to_be_visible()
    expect(newest.locator(".symbol")).to_be_hidden()
    page.get_by_role("button", name="TRADES", exact=True).click()
    expect(newest).to_contain_text("3 SELL NEXUS 23")


def test_the_feed_keeps_only_its_newest_lines(hall: Hall, open_page: OpenPage) -> None:
    page = live(open_page)
    for _ in range(25):
        hall.tick("ann BUY 1 MARKET")
    expect(tick_of(page)).to_have_text("26")
    expect(page.locator("#feed tbody tr[data-kind=BUY]").first).to_contain_text("26 BUY")
    assert page.locator("#feed tbody tr").count() <= 60


def test_a_world_that_stands_still_says_so(hall: Hall, open_page: OpenPage) -> None:
    page = live(open_page)
    hall.operate("PAUSE")
    hall.tick()
    expect(page.locator("#header [data-field=session]")).to_have_text("PAUSED")
    hall.operate("RESUME")
    hall.tick()
    expect(page.locator("#header [data-field=session]")).to_have_text("OPEN")


def points_of(page: Page, line: str) -> list[str]:
    return (page.locator(line).get_attribute("points") or "").split()


def candles_of(page: Page) -> list[int]:
    """Return how many candles of the index rise, and how many fall."""
    paths = (page.locator(f"#overview .{name}") for name in ("rising", "falling"))
    return [(path.get_attribute("d") or "").count("z") for path in paths]


def test_the_page_comes_back_when_the_web_process_does(
    hall: Hall, web: Web, open_page: OpenPage
) -> None:
    page = live(open_page, may_complain=True)
    web.kill()
    expect(page.locator(".connection")).not_to_have_attribute("data-state", "connected")
    hall.tick("ann BUY 123 NEXUS MARKET")
    hall.operate("HALT", symbol="MEME", ticks=9, reason="a look")
    for _ in range(10):
        hall.tick()
    web.start()
    expect(tick_of(page)).to_have_text("12")
    expect(price_of(page, "APEX")).to_have_text(recorded_price("APEX"))
    expect(page.locator("#feed")).to_contain_text("2 BUY NEXUS 123")
    expect_told(page, 3, "MEME")
    expect(page.locator(".connection")).to_have_attribute("data-state", "connected")
    fresh = open_page(java_script_enabled=False)
    apex = "#market [data-symbol=APEX] polyline"
    assert points_of(page, apex) == points_of(fresh, apex)
    assert candles_of(page) == candles_of(fresh)
    hall.tick()
    expect(tick_of(page)).to_have_text("13")


def test_who_was_away_for_long_is_given_the_page_anew(
    hall: Hall, web: Web, open_page: OpenPage
) -> None:
    page = live(open_page, may_complain=True)
    page.evaluate("window.isOld = true")
    web.kill()
    for _ in range(62):
        hall.tick()
    web.start()
    expect(tick_of(page)).to_have_text("63")
    assert page.evaluate("window.isOld") is None


class Interceptor:
    """Stands between the page and the feed, and lets a test lose or forge frames."""

    def __init__(self) -> None:
        self.lost: set[int] = set()  # ticks
        self.asked: list[str] = []
        self.page: WebSocketRoute | None = None

    def __call__(self, page: WebSocketRoute) -> None:
        self.page = page
        server = page.connect_to_server()
        page.on_message(lambda text: self._ask(server, str(text)))
        server.on_message(lambda text: self._tell(page, str(text)))

    def tell(self, **frame: Any) -> None:
        assert self.page is not None
        self.page.send(json.dumps(frame))

    def _ask(self, server: WebSocketRoute, text: str) -> None:
        self.asked.append(json.loads(text)["type"])
        server.send(text)

    def _tell(self, page: WebSocketRoute, text: str) -> None:
        if json.loads(text).get("tick") not in self.lost:
            page.send(text)


@pytest.fixture
def interceptor() -> Interceptor:
    return Interceptor()


def test_what_a_socket_left_out_is_told_by_the_next(
    hall: Hall, open_page: OpenPage, interceptor: Interceptor
) -> None:
    page = live(open_page, intercept=interceptor)
    hall.tick()
    expect(tick_of(page)).to_have_text("2")
    interceptor.lost = {3}
    hall.tick("ann BUY 123 NEXUS MARKET")
    hall.tick()
    expect(tick_of(page)).to_have_text("4")
    expect(page.locator("#feed")).to_contain_text("3 BUY NEXUS 123")
    assert interceptor.asked.count("resume") == 2


def test_what_others_wrote_is_shown_as_text(
    hall: Hall, open_page: OpenPage, interceptor: Interceptor
) -> None:
    page = live(open_page, intercept=interceptor)
    name = "<img src=x onerror='document.title=1'>"
    entry = {"rank": 1, "name": name, "role": "quant", "netWorth": 1, "change24h": 0}
    interceptor.tell(
        type="leaderboard:update",
        channel="leaderboard",
        stream="public",
        seq=2,
        data={"tick": 2, "entries": [entry | {"house": False}]},
    )
    expect(page.locator("#agents tbody th")).to_have_text([name])
    assert page.locator("#agents img").count() == 0


def test_no_window_is_too_narrow(hall: Hall, open_page: OpenPage) -> None:
    hall.tick("ann BUY 100 MARKET")
    page = live(open_page)
    for width in (360, 599, 768, 1024, 1280, 1440, 1920):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") == width


def test_scripts_and_server_write_figures_alike(hall: Hall, open_page: OpenPage) -> None:
    page = live(open_page)
    amounts = [0, 1, 50, 99, 100, 1_250, 12_345, 99_949, 99_950, 1_234_567, 90_026_500, 99_999_600]
    amounts += [99_999_999_600, 98_765_432_109, 123_456_789_012_345, 99_999_999_999_999_999]
    amounts += [-amount for amount in amounts[1:]]
    written = page.evaluate(
        """async (amounts) => {
            const format = await import("/static/dashboard/format.js");
            return amounts.map((cents) => [
                format.price(cents / 100),
                format.wholeDollars(cents / 100),
                format.compactDollars(cents / 100),
                format.signedPercent(cents / 100),
                format.signedPercent(cents / 1000),
                format.direction(cents / 1000),
                format.compact(Math.abs(cents)),
            ]);
        }""",
        amounts,
    )
    assert written == [
        [
            template_tags.price(cents),
            template_tags.whole_dollars(cents),
            template_tags.compact_dollars(cents),
            template_tags.signed_percent(cents / 100),
            template_tags.signed_percent(cents / 1000),
            template_tags.direction(cents / 1000),
            template_tags.compact(abs(cents)),
        ]
        for cents in amounts
    ]


def test_a_change_that_is_written_as_nought_has_no_colour(
    hall: Hall, open_page: OpenPage, interceptor: Interceptor
) -> None:
    hall.tick()
    page = live(open_page, intercept=interceptor)
    [entry] = tape.read_tick(epoch=1, tick=2, streams=[tape.PUBLIC_STREAM])
    [update] = [event["data"] for event in entry.read() if event["type"] == "price:update"]
    apex = next(price for price in update["prices"] if price["symbol"] == "APEX")
    apex |= {"dayChange": 0.01, "dayChangePercent": 0.0049}
    interceptor.tell(
        type="price:update", channel="market:all", stream="public", seq=3, tick=3, data=update
    )
    row = page.locator("#market [data-symbol=APEX]")
    expect(row.locator("[data-field=change]")).to_have_text("+0.00%")
    expect(row).to_have_attribute("data-direction", "flat")


def test_a_page_that_is_not_there_looks_like_the_terminal(open_page: OpenPage) -> None:
    page = open_page("/agents/nobody", may_complain=True)
    expect(page.get_by_role("heading", level=1)).to_have_text("404: no such listing")
    expect(page.locator("main")).to_contain_text("quote /agents/nobody")
    page.get_by_role("link").click()
    expect(tick_of(page)).to_be_visible()


def test_halts_restrictions_and_bankruptcies_are_seen_as_they_happen(
    hall: Hall, open_page: OpenPage
) -> None:
    hall.tick()
    page = live(open_page, viewport={"width": 1800, "height": 1000})
    apex = page.locator("#market [data-symbol=APEX]")
    expect(apex.locator("[data-field=state]")).to_have_text("")
    hall.operate("HALT", symbol="APEX", ticks=2, reason="a look")
    hall.operate("RESTRICT_SHORTS", symbol="NOVA", reason="a raid")
    hall.tick()
    expect(apex.locator("[data-field=state]")).to_have_text("HALT")
    expect(page.locator("#market [data-symbol=NOVA] [data-field=state]")).to_have_text("NO SHORTS")
    expect_told(page, 3, "APEX")
    expect(page.locator("#market .halted")).to_be_hidden()
    omega = page.locator("#market [data-symbol=OMEGA]")
    hall.operate("SET_BANDS", symbol="OMEGA", bps=200, reason="a calm")
    hall.tick()
    expect(omega.locator("[data-field=state]")).to_have_text("BANDS")
    expect_told(page, 4, "OMEGA")
    hall.operate("FREE_BANDS", reason="over")
    hall.operate("HALT", ticks=9, reason="a storm")
    hall.tick()
    expect(page.locator("#market .halted")).to_be_visible()
    hall.operate("UNHALT", reason="over")
    hall.tick()
    expect(apex.locator("[data-field=state]")).to_have_text("")
    expect(page.locator("#market .halted")).to_be_hidden()
    expect_told(page, 6, "APEX")


def test_events_and_halts_have_a_list_of_their_own_that_keeps_the_last_twenty(
    hall: Hall, open_page: OpenPage
) -> None:
    page = live(open_page)
    for _ in range(24):
        hall.operate("INJECT", event="RALLY", impact=0.001, duration=1)
        hall.tick("ann BUY 1 MARKET")
    expect(tick_of(page)).to_have_text("25")
    written = list(Article.objects.order_by("-number").values_list("headline", flat=True)[:20])
    rows = page.locator("#news li")
    expect(rows.locator("a")).to_have_text(written)
    fresh = open_page(java_script_enabled=False).locator("#news li")
    assert fresh.all_inner_texts() == rows.all_inner_texts()
    links = "all => all.map(a => a.getAttribute('href'))"
    assert fresh.locator("a").evaluate_all(links) == rows.locator("a").evaluate_all(links)
    kinds = page.locator("#feed tbody tr").evaluate_all("all => all.map(row => row.dataset.kind)")
    assert {"BUY", "event", "price"} <= set(kinds)


def expect_told(page: Page, tick: int, symbol: str) -> None:
    """Expect what was written of a company in a tick among the events and news."""
    written = Article.objects.filter(tick=tick, symbols__contains=[symbol])
    headlines = list(written.values_list("headline", flat=True))
    assert headlines
    for headline in headlines:
        expect(page.locator("#news ol")).to_contain_text(headline)


def test_the_feed_can_be_paused_and_misses_nothing(hall: Hall, open_page: OpenPage) -> None:
    page = live(open_page)
    page.get_by_role("button", name="TRADES", exact=True).click()
    hall.tick("ann BUY 123 NEXUS MARKET")
    newest = page.locator("#feed tbody tr").first
    expect(newest).to_contain_text("2 BUY NEXUS 123")
    button = page.get_by_role("button", name="PAUSE")
    button.click()
    expect(page.locator("#feed .hold")).to_have_attribute("aria-pressed", "true")
    hall.tick("ann SELL 23 NEXUS MARKET")
    expect(tick_of(page)).to_have_text("3")
    expect(newest).to_contain_text("2 BUY NEXUS 123")
    page.get_by_role("button", name="RESUME").click()
    expect(newest).to_contain_text("3 SELL NEXUS 23")
    expect(page.locator("#feed")).to_contain_text("2 BUY NEXUS 123")


def test_the_feed_names_its_columns(hall: Hall, open_page: OpenPage) -> None:
    page = open_page(java_script_enabled=False)
    names = page.locator("#feed thead th").all_inner_texts()
    assert names == ["Tick", "Side", "Symbol", "Shares / %", "Price", "Value"]
    for button in page.locator("#feed button").all():
        expect(button).to_be_hidden()  # without a script it could do nothing


WATCH_SHIFTS = """() => {
    window.shifts = [];
    const note = ({ value, sources }) => window.shifts.push([value, sources.map(({ node }) =>
        (node?.nodeType === 1 ? node : node?.parentElement)?.outerHTML.slice(0, 90))]);
    new PerformanceObserver((list) => list.getEntries().forEach(note))
        .observe({ type: "layout-shift" });
}"""


def test_nothing_moves_while_the_market_is_watched(hall: Hall, open_page: OpenPage) -> None:
    hall.tick("ann BUY 1 NEXUS MARKET")
    page = live(open_page, viewport={"width": 1440, "height": 900})
    page.evaluate(WATCH_SHIFTS)
    for n in range(6):
        hall.operate("INJECT", event="CEO_SCANDAL", symbol="APEX", impact=-0.001, duration=50)
        hall.tick(f"ann BUY {n + 1} NEXUS MARKET\nbob BUY 1 APEX MARKET")
        expect(tick_of(page)).to_have_text(str(n + 3))
    shifts = page.evaluate("window.shifts")
    assert sum(value for value, _ in shifts) < 0.01, shifts


def test_names_of_agents_are_links(hall: Hall, open_page: OpenPage) -> None:
    hall.tick()
    page = live(open_page)
    hall.tick()
    expect(tick_of(page)).to_have_text("3")
    page.locator("#agents tbody").get_by_role("link", name="ann").click()
    expect(page).to_have_url(re.compile(r"/agents/ann$"))
    expect(page.locator("#agent b.large")).to_have_text("ann")


def test_without_a_network_the_page_says_offline_and_not_that_the_market_has_stalled(
    hall: Hall, open_page: OpenPage
) -> None:
    page = live(open_page, may_complain=True, own_clock=True)
    page.context.set_offline(True)
    expect(page.locator("#header [data-field=connection]")).to_have_text("OFFLINE")
    expect(page.locator("#header [data-field=session]")).to_have_text("OFFLINE")
    page.clock.run_for(12_000)  # longer than a tick may be late
    expect(page.locator("#header [data-field=session]")).to_have_text("OFFLINE")
    page.context.set_offline(False)
    expect(page.locator(".connection")).to_have_attribute("data-state", "connected")
    hall.tick()
    expect(page.locator("#header [data-field=session]")).to_have_text("OPEN")


STATES = """() => [
    ...[...document.querySelectorAll("#market tbody tr")].map((row) => row.innerText),
    ...[...document.querySelectorAll("#market tbody tr")].map((row) => row.dataset.state),
    ...[...document.querySelectorAll("#market td.state")].map((cell) => cell.title),
    document.querySelector("#market .halted").textContent,
    document.querySelector("#market .halted").hidden,
    document.querySelector("#header .session").innerText,
    document.querySelector("#header .session").dataset.session,
].sort()"""


def test_what_is_halted_why_and_until_when_is_on_the_page_whenever_it_is_loaded(
    hall: Hall, open_page: OpenPage
) -> None:
    page = live(open_page)
    note = page.locator("#market [data-symbol=APEX] td.state")
    banner, header = page.locator("#market .halted"), page.locator("#header .session")

    def expect_the_same_of_a_page_that_is_loaded_now() -> None:
        fresh = open_page(java_script_enabled=False)
        assert page.evaluate(STATES) == fresh.evaluate(STATES)

    hall.operate("HALT", symbol="APEX", reason="a look")
    hall.operate("HALT", symbol="NOVA", ticks=5, reason="a look")
    hall.operate("RESTRICT_SHORTS", symbol="MEME", reason="a raid")
    hall.tick()
    expect(note).to_have_attribute("title", "Halted until resumed: operator")
    nova = page.locator("#market [data-symbol=NOVA] td.state")
    expect(nova).to_have_attribute("title", "Halted until tick 7: operator")
    expect(header).to_contain_text("OPEN closes in")
    expect_the_same_of_a_page_that_is_loaded_now()
    hall.operate("HALT", ticks=9, reason="a storm")
    hall.tick()
    expect(banner).to_have_text("TRADING IS HALTED IN EVERY COMPANY until tick 12: operator")
    expect(header).to_have_text(re.compile(r"HALTED\s+until tick 12$"))
    expect_the_same_of_a_page_that_is_loaded_now()
    hall.operate("UNHALT", reason="over")
    hall.tick()
    expect(banner).to_be_hidden()
    expect(header).to_contain_text("OPEN closes in")
    expect(note).to_have_attribute("title", "")
    expect_the_same_of_a_page_that_is_loaded_now()


IS_READ_WHOLE = """(word) => {
    const [box, row] = [word, word.closest("tr")].map((element) => element.getBoundingClientRect());
    const cell = word.parentElement;
    const isOverlaid = getComputedStyle(word).position === "absolute"; // where there is no column
    const isWhole = isOverlaid || cell.scrollWidth <= cell.clientWidth;
    return isWhole && box.left >= row.left && box.right <= row.right + 0.5;
}"""


def test_the_word_for_what_keeps_a_company_from_trading_is_read_at_every_width(
    hall: Hall, open_page: OpenPage
) -> None:
    hall.operate("HALT", symbol="APEX", reason="a look")
    hall.operate("RESTRICT_SHORTS", symbol="MEME", reason="a raid")
    hall.operate("SET_BANDS", symbol="OMEGA", bps=200, reason="a calm")
    hall.tick()
    page = live(open_page)
    for width in (360, 480, 599, 640, 768, 1024, 1200, 1280, 1440, 1920):
        page.set_viewport_size({"width": width, "height": 800})
        for symbol, word in (("APEX", "HALT"), ("MEME", "NO SHORTS"), ("OMEGA", "BANDS")):
            state = page.locator(f"#market [data-symbol={symbol}] [data-field=state]")
            expect(state).to_be_visible()
            expect(state).to_have_text(word)
            assert state.evaluate(IS_READ_WHOLE), width
            sector = page.locator(f"#market [data-symbol={symbol}] .sector")
            expect(sector).not_to_have_text("")
    expect(page.locator("#market td.bands").first).to_have_text(re.compile(r"\d–\d"))
    expect(page.locator("#market td.bands").first).to_be_visible()


def test_an_active_event_is_seen_until_it_is_over(hall: Hall, open_page: OpenPage) -> None:
    page = live(open_page)
    expect(page.locator("#events .none")).to_be_visible()
    hall.operate("INJECT", event="RALLY", impact=0.012, duration=2)
    hall.tick()
    event = page.locator("#events li")
    expect(event.locator("[data-field=headline]")).to_have_text("The market: rally")
    expect(event.locator("[data-field=impact]")).to_have_text("+1.20%")
    expect(event.locator("[data-field=ticksLeft]")).to_have_text("2")
    hall.tick()
    expect(event.locator("[data-field=ticksLeft]")).to_have_text("1")
    hall.tick()
    expect(event).to_have_count(0)
    expect(page.locator("#events .none")).to_be_visible()


def test_a_bankruptcy_is_seen_as_it_happens(hall: Hall, open_page: OpenPage) -> None:
    page = live(open_page)
    expect(page.locator("#bankruptcies .none")).to_be_visible()
    hall.agents["cid"] = Agent.objects.create(name="cid", role="retail_trader", webhook_secret="")
    hall.submit(hall.registration("cid"))
    hall.tick("cid BUY 125 APEX MARKET")
    hall.operate("INJECT", event="CEO_SCANDAL", symbol="APEX", impact=-0.9, duration=5)
    while not Bankruptcy.objects.exists() and hall.row.tick < 120:
        hall.tick()
    fallen = page.locator("#bankruptcies li")
    expect(fallen).to_contain_text("cid")
    expect(fallen.locator("[data-field=cause]")).to_have_text("margin")
    page.reload()
    expect(page.locator("#bankruptcies li")).to_contain_text("margin")
