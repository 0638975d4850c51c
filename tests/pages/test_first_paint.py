"""The pages as the server makes them, before any script has run."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from market import tape
from market.models import Company
from news.models import Article
from sec.models import Investigation, Penalty
from tests.floor.hall import Hall
from wallstreetsim.terminal import template_tags
from wallstreetsim.terminal.dashboard import Quote

READS = 12  # the digest; the world, its tape, companies, their lines, agents' lines, last trades,
# bankruptcies, who is on trial, who in prison, the news, and whether webhooks are behind


def test_before_the_founding_the_terminal_says_so(db: None, client: Client) -> None:
    response = client.get("/")
    assert response.status_code == 503
    assert b"not founded yet" in response.content


def test_a_world_that_never_ticked_has_a_page(db: None, client: Client) -> None:
    from wallstreetsim.floor.founding import found_if_missing

    found_if_missing(seed="a seed", companies=8)
    response = client.get("/")
    assert response.status_code == 200
    assert b"No agents yet." in response.content
    assert b"1,000.00" in response.content  # the index


def test_the_page_reads_as_often_however_much_was_traded(
    hall: Hall, client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for script in ("", "ann BUY 100 MARKET\nbob BUY 5 NEXUS MARKET\nann SELL 10 MARKET"):
        hall.tick(script)
        with django_assert_num_queries(READS):
            client.get("/")


def test_the_page_is_made_once_a_tick(
    hall: Hall, client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    first = client.get("/").content
    with django_assert_num_queries(1):
        assert client.get("/").content == first
    hall.tick()
    assert client.get("/").content != first


def test_every_company_is_listed_by_its_worth(hall: Hall, client: Client) -> None:
    page = client.get("/").content.decode()
    _, _, market = page.partition('id="market"')
    worth = sorted(Company.objects.all(), key=lambda company: -company.market_cap)
    places = [market.index(f'data-symbol="{company.symbol}"') for company in worth]
    assert places == sorted(places)


def test_lines_leave_out_the_night(hall: Hall) -> None:
    from market.models import Candle, World
    from wallstreetsim.terminal import dashboard

    Candle.objects.all().delete()
    for tick in (380, 385, 390, 395, 630, 635):
        Candle(
            symbol="APEX", interval=5, tick=tick, open=1, high=1, low=1, close=tick, volume=0
        ).save()
    World.objects.update(tick=636)
    [apex] = (quote for quote in dashboard.load().quotes if quote.symbol == "APEX")
    assert apex.closes[:-1] == [380, 385, 630, 635]


def test_the_index_is_drawn_from_the_candles_that_the_api_has(hall: Hall, client: Client) -> None:
    while hall.row.tick < 12:
        hall.tick("ann BUY 100 MARKET")
    page = client.get("/").content.decode()
    drawn = re.findall(r'data-candles="([^"]*)"', page)[0].split(";")
    history = client.get("/api/v1/market/index/history?interval=5").json()["data"]
    assert history["name"] == "WSS Market Index"
    assert [candle["tick"] for candle in history["candles"]] == [4, 9]
    for line, candle in zip(drawn, history["candles"], strict=False):
        tick, *prices = map(int, line.split(","))
        names = ("open", "high", "low", "close")
        assert (tick, prices) == (candle["tick"], [round(100 * candle[name]) for name in names])
    tick, *_, close = map(int, drawn[2].split(","))  # it forms
    assert (tick, close) == (12, hall.row.index)
    assert client.get("/market/index/history?interval=7").json()["code"] == "BAD_REQUEST"


def test_the_figures_are_those_of_the_api_at_the_same_tick(hall: Hall, client: Client) -> None:
    hall.tick("ann BUY 100 MARKET\nbob SELL 5 NEXUS MARKET\nbob BUY 7 NEXUS MARKET")
    page = client.get("/").content.decode()
    status = client.get("/api/v1/world/status").json()["data"]
    stocks = client.get("/api/v1/market/stocks?pageSize=100").json()["data"]["items"]
    [told] = tape.read_tick(epoch=1, tick=hall.row.tick, streams=[tape.PUBLIC_STREAM])
    trades = next(e["data"]["tradeCount"] for e in told.read() if e["type"] == "tick:update")

    def field(name: str) -> str:
        return str(re.findall(rf'data-field="{name}">([^<]*)<', page)[0])

    assert field("tick") == template_tags.grouped(status["tick"])
    assert field("marketCap") == template_tags.compact_dollars(round(status["marketCap"] * 100))
    assert field("tradesAMinute") == str(trades) == "2"
    worth: dict[str, list[float]] = {}
    for stock in stocks:
        shares = stock["marketCap"] / stock["price"]
        sums = worth.setdefault(stock["sector"], [0.0, 0.0])
        sums[0] += stock["marketCap"]
        sums[1] += (stock["price"] - stock["change"]) * shares
    shown = re.findall(r'data-sector="(\w+)".*?</span> ([^<]+)</span>', panel(page, "sectors"))
    assert dict(shown) == {
        sector: template_tags.signed_percent(100 * (now - before) / before)
        for sector, (now, before) in worth.items()
    }


def test_active_events_are_listed_until_they_are_over(hall: Hall, client: Client) -> None:
    assert "No market event is active." in events_panel(client)
    hall.operate("INJECT", event="RALLY", impact=0.012, duration=3)
    hall.tick()
    assert re.findall(r'data-field="\w+">([^<]+)<', events_panel(client)) == [
        "The market: rally",
        "+1.20%",
        "3",
    ]
    hall.tick()
    assert 'data-field="ticksLeft">2<' in events_panel(client)
    hall.tick()
    hall.tick()
    assert "rally" not in events_panel(client)


def events_panel(client: Client) -> str:
    _, _, rest = client.get("/").content.decode().partition('id="events"')
    panel, _, _ = rest.partition("<template>")
    return panel


def test_all_that_keeps_a_company_from_trading_as_usual_is_said() -> None:
    quote = Quote("APEX", "Apex", "Technology", 10, 100, 100, 100, None, None, 0, [])
    several = replace(quote, is_restricted=True, has_band_override=True)
    assert (several.state, several.note) == (
        "NO SHORTS",
        "Short sales are restricted. An operator has set the bands",
    )
    assert (quote.state, quote.note) == ("", "")


def test_the_feed_has_everything_and_the_news_have_what_was_written(
    hall: Hall, client: Client
) -> None:
    for n in range(22):
        hall.operate("INJECT", event="RALLY", impact=0.001, duration=1)
        hall.operate("HALT", symbol="APEX", ticks=1, reason=f"look {n}")
        hall.tick("ann BUY 1 NEXUS MARKET")
    page = client.get("/").content.decode()
    listed = re.findall(r'data-field="headline">([^<]+)<', panel(page, "news"))
    written = Article.objects.order_by("-number").values_list("headline", flat=True)[:20]
    assert [unescape(headline) for headline in listed] == list(written)
    kinds = set(re.findall(r'data-kind="(\w+)"', panel(page, "feed")))
    assert {"BUY", "event"} <= kinds <= {"BUY", "SELL", "CROSS", "price", "event", "news", "sec"}
    ticks = [int(tick) for tick in re.findall(r'data-tick="(\d+)"', panel(page, "feed"))]
    assert ticks == sorted(ticks, reverse=True)


def test_who_is_on_trial_and_who_in_prison_is_listed(hall: Hall, client: Client) -> None:
    tick, ids = hall.row.tick, {name: agent.id for name, agent in hall.agents.items()}
    case = Investigation.objects.create(
        id=uuid4(),
        tick=1,
        crime="wash_trading",
        source="tip",
        first_tick=1,
        last_tick=1,
        confidence=1.0,
        has_detector=False,
    )
    sums = ("gain", "notional", "fine", "collected", "escrowed", "owed")
    figures: dict[str, Any] = {f"{name}_cents": 0 for name in sums}
    figures |= {"sentence_ticks": 0, "suspension_ticks": 0, "confidence": 1.0}
    case.accused.create(
        tick=1,
        account=ids["ann"],
        status="charged",
        charged_tick=tick,
        is_appeal_over=False,
        **figures,
    )
    Penalty.objects.create(
        tick=tick,
        investigation=case.id,
        account=ids["bob"],
        kind="prison",
        cents=0,
        ticks=9,
        until=tick + 9,
    )
    page = client.get("/").content.decode()
    wanted, prison = panel(page, "wanted"), panel(page, "prison")
    assert "ann" in wanted and "wash trading" in wanted and "bob" not in wanted
    assert "bob" in prison and f'until">{tick + 9}' in prison and "ann" not in prison
    assert 'left">9<' in prison


def panel(page: str, name: str) -> str:
    """Return what a panel of the page holds, its template left out."""
    return page.split(f'id="{name}"')[1].split("<template>")[0]


def test_names_are_escaped(hall: Hall, client: Client) -> None:
    from agents.models import Agent

    hall.agents["<b>"] = Agent.objects.create(name="<b>", role="quant", webhook_secret="")
    hall.submit(hall.registration("<b>"))
    hall.tick()
    page = client.get("/").content
    assert b"&lt;b&gt;" in page
    assert b'data-field="name"><b>' not in page


def test_a_page_runs_our_scripts_only_and_talks_to_our_socket_only(
    hall: Hall, client: Client
) -> None:
    policy = client.get("/")["Content-Security-Policy"]
    assert "default-src 'none'; script-src 'self';" in policy
    assert "connect-src 'self' ws://testserver wss://testserver;" in policy
    assert "unsafe" not in policy


def test_pages_that_name_no_icon_have_ours(db: None, client: Client) -> None:
    assert client.get("/favicon.ico")["Location"] == "/static/favicon.svg"


@pytest.mark.parametrize(
    ("number", "written"),
    [
        (999.4, "999"),
        (999.5, "1.00K"),
        (900_265, "900.27K"),
        (995_000, "995.00K"),
        (999_994, "999.99K"),
        (999_996, "1.00M"),
        (10**15, "1,000.00T"),
    ],
)
def test_a_large_number_is_written_with_the_unit_that_fits_it(number: float, written: str) -> None:
    assert template_tags.compact(number) == written


def test_what_is_not_there_is_answered_in_the_visitors_own_language(
    db: None, client: Client
) -> None:
    for_people = client.get("/nowhere", headers={"accept": "text/html"})
    assert for_people.status_code == 404
    assert b"404: no such listing" in for_people.content
    assert for_people["Content-Security-Policy"].startswith("default-src 'none'")
    assert client.get("/api/v1/nowhere").json()["code"] == "NOT_FOUND"


def test_a_page_that_breaks_looks_like_the_terminal(
    db: None, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wallstreetsim.terminal.pages.newest", lambda: 1 / 0)
    client.raise_request_exception = False
    response = client.get("/", headers={"accept": "text/html"})
    assert response.status_code == 500
    assert b"500: this page is halted" in response.content
