"""The pages in the site's frame: what they show, what they refuse, and how often they read."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from agents.models import Agent
from market.models import Company
from market.selectors import AdjustedCandle
from tests.floor.hall import Hall
from wallstreetsim.terminal import frame
from wallstreetsim.terminal.markets import chart_of

PAGES = ("/markets", "/markets/APEX", "/agents", "/agents/ann", "/sec", "/world")


@pytest.fixture(autouse=True)
def nothing_made_yet() -> Iterator[None]:
    frame._kept.cache_clear()
    yield
    frame._kept.cache_clear()


@pytest.fixture
def hall(db: None, monkeypatch: pytest.MonkeyPatch) -> Hall:
    monkeypatch.setattr("wallstreetsim.floor.shell.SHORTEST_INTERVAL", 0.0)
    return Hall("ann", "bob")


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
    for section in frame.SECTIONS:
        assert f'<a href="{section.path}"' in page
    assert page.count('aria-current="page"') == 1
    assert f"<b>{hall.row.tick}</b>" in page


def test_markets_are_searched_filtered_and_sorted(hall: Hall, client: Client) -> None:
    symbols = re.compile(r'<th scope="row"><a href="/markets/([A-Z]+)"')
    found = symbols.findall(text_of(client, "/markets?sort=-price"))
    prices = dict(Company.objects.values_list("symbol", "price"))
    assert [prices[symbol] for symbol in found] == sorted(prices.values(), reverse=True)
    assert symbols.findall(text_of(client, "/markets?q=apex")) == ["APEX"]
    sector = Company.objects.get(symbol="APEX").sector
    within = symbols.findall(text_of(client, f"/markets?sector={sector}"))
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


@pytest.mark.parametrize(("path", "reads"), [("/markets", 4), ("/markets/APEX", 7), ("/world", 7)])
def test_a_page_is_made_once_a_tick_in_a_few_reads(
    hall: Hall,
    client: Client,
    django_assert_num_queries: DjangoAssertNumQueries,
    path: str,
    reads: int,
) -> None:
    hall.tick("ann BUY 100 MARKET\nbob BUY 100 NEXUS MARKET")
    client.get("/health")
    with django_assert_num_queries(reads):
        client.get(path)
    with django_assert_num_queries(2 if "APEX" in path else 1):
        client.get(path)


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
