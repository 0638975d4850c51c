"""The pages in the site's frame: what they show, what they refuse, and how often they read."""

from __future__ import annotations

import gzip
import re
from datetime import timedelta
from html import unescape
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.db.models import F
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from agents.models import Agent
from market import selectors
from market.engine.candles import INDEX
from market.engine.sessions import moment_of
from market.models import Candle, Company, EquityPoint, World
from market.selectors import AdjustedCandle
from tests.floor.hall import Hall
from wallstreetsim.machine.rules import RULES
from wallstreetsim.terminal import moves
from wallstreetsim.terminal.markets import chart_of, depth_of
from wallstreetsim.terminal.modules import imports_of
from wallstreetsim.terminal.places import SECTIONS
from wallstreetsim.terminal.state import scheduled

PAGES = (
    "/markets",
    "/markets/APEX",
    "/agents",
    "/agents/ann",
    "/sec",
    "/research",
    "/world",
    "/tv",
    "/help",
    "/rules",
    "/status",
)
CODE = Path(__file__).resolve().parents[2]
MOST_READS = 12
MOST_BYTES = 250_000
FILES = re.compile(r'(?:src|href)="/static/([^"]+\.(?:js|css))')


def text_of(client: Client, path: str) -> str:
    response = client.get(path)
    assert response.status_code == 200
    return response.content.decode()


@pytest.mark.parametrize("path", PAGES)
def test_before_the_founding_a_page_says_so(db: None, client: Client, path: str) -> None:
    assert client.get(path).status_code in (503, 404)


@pytest.mark.parametrize("path", PAGES)
def test_a_page_names_its_section_and_links_to_the_others(
    hall: Hall, client: Client, path: str
) -> None:
    page = text_of(client, path)
    for section in SECTIONS:
        assert f'<a href="{section.path}"' in page
    assert page.count('aria-current="page"') == 1
    assert f"<b>{hall.row.tick}</b>" in page


def listed(client: Client, path: str) -> str:
    """Return the list of companies of a page, without what is above it."""
    return text_of(client, path).partition('id="companies"')[2]


def test_markets_are_searched_filtered_and_sorted(hall: Hall, client: Client) -> None:
    symbols = re.compile(r'<th scope="row"><a href="/markets/([A-Z]+)"')
    found = symbols.findall(listed(client, "/markets?sort=-price"))
    prices = dict(Company.objects.values_list("symbol", "price"))
    assert [prices[symbol] for symbol in found] == sorted(prices.values(), reverse=True)
    assert symbols.findall(listed(client, "/markets?q=apex")) == ["APEX"]
    sector = Company.objects.get(symbol="APEX").sector
    within = symbols.findall(listed(client, f"/markets?sector={sector}"))
    assert set(within) == set(
        Company.objects.filter(sector=sector).values_list("symbol", flat=True)
    )


@pytest.mark.parametrize("query", ["sort=nonsense", "sector=Nowhere", "interval=7", "q=%00%3Cb%3E"])
def test_an_unknown_choice_is_the_usual_one(hall: Hall, client: Client, query: str) -> None:
    for path in PAGES:
        page = text_of(client, f"{path}?{query}")
        assert "<b>\x00" not in page
        assert "&lt;b&gt;" in page or "q=" not in query or path != "/markets"


def test_a_company_page_shows_its_book_and_trades(hall: Hall, client: Client) -> None:
    hall.tick("ann BUY 100 MARKET")
    row = Company.objects.get(symbol="APEX")
    page = text_of(client, "/markets/apex")
    assert f"{row.price / 100:,.2f}" in page
    assert f"{row.bids[0][0] / 100:,.2f}" in page
    assert f"{row.asks[0][0] / 100:,.2f}" in page
    assert ">BUY<" in page
    assert client.get("/markets/NOPE").status_code == 404


def test_an_unchanged_page_is_not_sent_again(hall: Hall, client: Client) -> None:
    first = client.get("/markets")
    again = client.get("/markets", headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    hall.tick()
    assert client.get("/markets", headers={"If-None-Match": first["ETag"]}).status_code == 200


def test_pages_read_little_are_made_once_a_tick_and_are_light(
    hall: Hall,
    client: Client,
    django_assert_num_queries: DjangoAssertNumQueries,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for _ in range(3):
        hall.tick("ann BUY 100 MARKET\nbob BUY 100 NEXUS MARKET")
    client.get("/health")
    for path in PAGES:
        with django_assert_max_num_queries(MOST_READS):
            page = client.get(path)
        assert len(gzip.compress(page.content)) + weight_of_files(page.content) <= MOST_BYTES, path
        if path == "/status":
            continue  # which is made for each who looks
        also_asks = "APEX" in path or "ann" in path or path == "/research"  # who, or how far it is
        with django_assert_num_queries(2 if also_asks else 1):
            client.get(path)


def test_the_terminal_and_the_replay_are_light(hall: Hall, client: Client) -> None:
    for _ in range(3):
        hall.tick("ann BUY 100 MARKET\nbob BUY 100 NEXUS MARKET")
    for path in ("/", "/replay"):
        page = client.get(path)
        assert page.status_code == 200
        files = weight_of_files(page.content)
        assert files > 50_000, path  # the fonts are found, and the modules that others import
        assert len(gzip.compress(page.content)) + files <= MOST_BYTES, path


@pytest.mark.parametrize(
    ("path", "at_once", "later"),
    [
        ("/", "dashboard/main.js", ("dashboard/socket.js", "dashboard/candles.js")),
        ("/replay", "replay/main.js", ("replay/player.js", "dashboard/candles.js")),
    ],
)
def test_what_only_follows_the_market_is_asked_for_once_a_page_can_be_used(
    hall: Hall, client: Client, path: str, at_once: str, later: tuple[str, ...]
) -> None:
    hall.tick("ann BUY 100 MARKET")
    page = text_of(client, path)
    [waiting] = re.findall(r'<template class="later">(.*?)</template>', page)
    first, then = FILES.findall(page.replace(waiting, "")), FILES.findall(waiting)
    assert at_once in first
    assert set(later) <= set(then)
    assert not set(later) & set(first)
    assert len(first) < len(then)
    assert len(then) == len(set(then))


def weight_of_files(page: bytes) -> int:
    """Return what a page's scripts and styles weigh, compressed, with what they import; and the
    fonts.
    """
    seen = {name.partition("?")[0] for name in FILES.findall(page.decode())}
    seen |= {one for name in seen if name.endswith(".js") for one in imports_of(name)}
    fonts = CODE.glob("static/vendor/*.woff2")
    scripts = (Path(str(finders.find(name))).read_bytes() for name in seen)
    return sum(len(gzip.compress(script)) for script in scripts) + sum(
        font.stat().st_size for font in fonts
    )


def test_candles_are_placed_between_the_lowest_and_the_highest_price() -> None:
    candles = [
        AdjustedCandle(5, 100, 120, 90, 110, 10),
        AdjustedCandle(10, 110, 110, 80, 90, 20),
    ]
    chart = chart_of(candles)
    assert (chart.lowest, chart.highest, chart.first, chart.last) == (80, 120, 5, 10)
    rising, falling = chart.bars
    assert (rising.direction, falling.direction) == ("up", "down")
    assert rising.high == 0
    assert falling.low == 240
    assert falling.volume_height == 2 * rising.volume_height


def test_candles_of_one_price_lie_in_the_middle() -> None:
    [bar] = chart_of([AdjustedCandle(1, 50, 50, 50, 50, 0)]).bars
    assert bar.high == bar.low == bar.top == 120


def test_columns_sort_and_turn_round(hall: Hall, client: Client) -> None:
    page = text_of(client, "/markets?sort=-price")
    assert 'aria-sort="descending"><a href="?q=&amp;sector=&amp;sort=price">Price ▼</a>' in page
    page = text_of(client, "/markets?sort=volatility&sector=Technology")
    assert 'aria-sort="ascending"' in page
    assert "sector=Technology&amp;sort=-volatility" in page


def test_gainers_losers_and_halts_are_above_the_list(hall: Hall, client: Client) -> None:
    hall.operate("HALT", symbol="NOVA", ticks=5, reason="a look")
    hall.tick()
    Company.objects.update(previous_close=F("price"))
    Company.objects.filter(symbol="APEX").update(previous_close=F("price") / 2)
    Company.objects.filter(symbol="MEME").update(previous_close=F("price") * 2)
    top, _, _ = text_of(client, "/markets").partition('id="markets"')
    gainers, _, rest = top.partition('id="losers"')
    losers, _, halts = rest.partition('id="halts"')
    assert re.findall(r'href="/markets/(\w+)"', gainers.partition('id="gainers"')[2]) == ["APEX"]
    assert re.findall(r'href="/markets/(\w+)"', losers) == ["MEME"]
    assert re.findall(r'href="/markets/(\w+)"', halts) == ["NOVA"]


def test_an_agents_curve_is_shown_against_the_index(hall: Hall, client: Client) -> None:
    while hall.row.tick < 11:
        hall.tick()
    index = dict(Candle.objects.filter(symbol=INDEX, interval=1).values_list("tick", "close"))
    for tick, equity in ((4, 1_000_000), (7, 1_500_000), (10, 1_200_000)):
        EquityPoint.objects.create(account_id=hall.agents["ann"].id, tick=tick, equity=equity)
    page = text_of(client, "/agents/ann")
    _, _, table = page.partition("The samples as a table")
    rows = re.findall(r"<td>(\d+)</td><td>([^<]+)</td><td>([^<]+)</td><td>([^<]+)%</td>", table)
    assert [(tick, worth, fall) for tick, worth, _, fall in rows] == [
        ("4", "$10,000", "0.00"),
        ("7", "$15,000", "0.00"),
        ("10", "$12,000", "20.00"),
    ]
    for tick, _, as_index, _ in rows:
        assert as_index == f"${1_000_000 * index[int(tick)] // index[4] // 100:,}"


def test_the_calendar_tells_what_is_known_to_come() -> None:
    session, fed = RULES.market.session, RULES.market.climate
    moment = moment_of(100, session)
    closes, opens, decides = scheduled(100, moment)
    assert (closes.tick, closes.ticks_left) == (session.open_ticks, session.open_ticks - 100)
    assert opens.tick == session.day_ticks
    assert decides.tick == fed.fed_days * session.day_ticks + fed.fed_tick_in_day
    later = decides.tick
    assert scheduled(later, moment_of(later, session))[-1].tick > later


def test_rules_are_those_at_config(hall: Hall, client: Client) -> None:
    page, told = unescape(text_of(client, "/rules")), client.get("/api/v1/config").json()["data"]
    for action in told["actions"]:
        assert f">{action['type']}<" in page and f">{action['summary']}<" in page
    for role in told["roles"]:
        assert f">{role['role']}<" in page
    assert f"<dt>fees · taker bps</dt><dd>{told['fees']['takerBps']}</dd>" in page


def test_the_status_says_whether_ticks_come_on_time(hall: Hall, client: Client) -> None:
    hall.tick()
    assert "Ticks come on time." in text_of(client, "/status")
    World.objects.update(claimed_at=timezone.now() - timedelta(minutes=5))
    page = text_of(client, "/status")
    assert "The tick is late." in page and "300." in page


@pytest.mark.parametrize("path", ["/", "/markets"])
def test_a_kept_page_says_that_the_clock_has_stopped_since_it_was_made(
    hall: Hall, client: Client, path: str
) -> None:
    hall.tick()
    page = text_of(client, path)
    assert '<b data-field="session">OPEN</b>' in page
    assert re.search(r'<p id="stale"[^>]* hidden>', page)
    made = World.objects.get().claimed_at
    World.objects.update(claimed_at=timezone.now() - timedelta(hours=2))
    late = text_of(client, path)
    assert '<b data-field="session">STALLED</b>' in late and "OPEN</b>" not in late
    assert re.search(r'<p id="stale" role="status" data-age="72\d\d">', late)
    assert f'figures as of tick <b data-field="tick">{hall.row.tick}</b>, ' in late
    assert re.search(r'<span data-field="age">2:0\d:\d\d</span> ago', late)
    World.objects.update(is_paused=True)
    assert '<p id="stale" role="status" data-age="0" hidden>' in text_of(client, path)
    World.objects.update(is_paused=False, claimed_at=made)
    assert text_of(client, path) == page


def test_a_chart_has_a_table_twin_and_what_is_marked(hall: Hall, client: Client) -> None:
    hall.operate("HALT", symbol="APEX", ticks=2, reason="a look")
    for _ in range(4):
        hall.tick("ann BUY 100 MARKET")
    page = text_of(client, "/markets/APEX?interval=1&range=60")
    _, _, table = page.partition('id="candle-rows"')
    rows = re.findall(r"<tr><td>([\d,]+)</td>", table.partition("</tbody>")[0])
    closed = Candle.objects.filter(symbol="APEX", interval=1).order_by("tick")
    assert rows == [f"{candle.tick:,}" for candle in closed]
    assert 'data-kind="trade"' in page
    assert page.count('aria-current="true"') == 2  # the address says which interval and range


def test_a_company_without_a_book_has_its_page_too(hall: Hall, client: Client) -> None:
    Company.objects.filter(symbol="APEX").update(bids=[], asks=[], bid=None, ask=None)
    assert "Nothing rests in the book now." in text_of(client, "/markets/APEX")


def test_a_candle_that_is_not_finished_is_made_of_its_ticks(hall: Hall) -> None:
    while hall.row.tick < 12:
        hall.tick("ann BUY 100 MARKET")
    forming = selectors.forming_candle(Company.objects.get(symbol="APEX"), 12, interval=5)
    parts = list(Candle.objects.filter(symbol="APEX", interval=1, tick__range=(10, 12)))
    assert forming == AdjustedCandle(
        14,
        parts[0].open,
        max(part.high for part in parts),
        min(part.low for part in parts),
        parts[-1].close,
        sum(part.volume for part in parts),
    )


def test_what_moved_a_price_adds_up_and_names_the_events(hall: Hall, client: Client) -> None:
    hall.operate("INJECT", event="RALLY", impact=0.012, duration=3)
    for _ in range(3):
        hall.tick("ann BUY 100 MARKET")
    told = moves.recent(hall.row, "APEX")
    assert [move.tick for move in told] == sorted((move.tick for move in told), reverse=True)
    for move in told:
        assert move.flow + move.shock + move.world == pytest.approx(move.change, abs=0.02)
    assert "The market: rally" in text_of(client, "/markets/APEX").split('id="moves"')[1]


def test_the_depth_chart_is_the_book_added_up() -> None:
    depth = depth_of([[99_00, 10, 1], [98_00, 30, 2]], [[101_00, 20, 1]])
    assert depth is not None
    assert (depth.lowest, depth.highest, depth.most) == (98_00, 101_00, 40)
    assert depth.bids.split()[:2] == ["139.4,120.0", "139.4,90.0"]  # a quarter of the shares
    assert depth_of([[99_00, 10, 1], [98_00, 30, 2], [20_00, 9, 1]], [[101_00, 20, 1]]) == depth
    assert depth_of([], []) is None


def test_an_agents_page_shows_nothing_private(hall: Hall, client: Client) -> None:
    hall.tick("ann BUY 100 MARKET")
    Agent.objects.filter(name="ann").update(callback_url="https://secret.example/hook")
    page = text_of(client, "/agents/ANN")
    assert "$50,000,0" in page or "$49,99" in page
    assert "secret.example" not in page
    assert client.get("/agents/nobody").status_code == 404
    assert text_of(client, f"/agents/{hall.agents['ann'].public_id}").count(">ann<")


def test_agents_are_ranked_without_the_house(hall: Hall, client: Client) -> None:
    assert re.findall(r'<a href="/agents/(\w+)">', text_of(client, "/agents")) == ["ann", "bob"]
    assert "No agent matches" in text_of(client, "/agents?house=only")
    assert "No agent matches" in text_of(client, "/agents?role=ceo")
    assert "No agent matches" in text_of(client, "/agents?page=99999")
    assert text_of(client, "/agents?page=x&sort=sharpe").count("<tr data-direction") == 2


@pytest.mark.parametrize("path", ["/agents/me", "/agents/me/portfolio"])
def test_the_apis_bare_paths_are_still_the_apis(hall: Hall, client: Client, path: str) -> None:
    assert client.get(path).json()["code"] == "UNAUTHORIZED"
