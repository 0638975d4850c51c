"""The news over the API: filters, search, one article, and what may not be asked."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from news import selectors
from news.models import Article, Prose
from tests.floor.hall import Hall

READS = 3  # the world, a page, and the count of all


@pytest.fixture
def told(hall: Hall) -> Hall:
    """A world with a good, a bad and a breaking event, each of its own company or of all."""
    for event, impact, target in (
        ("MARKET_CRASH", -0.05, {}),
        ("EARNINGS_BEAT", 0.05, {"symbol": "APEX"}),
        ("CEO_SCANDAL", -0.06, {"symbol": "NEXUS"}),
        ("ANALYST_UPGRADE", 0.03, {"symbol": "APEX"}),
    ):
        hall.operate("INJECT", event=event, impact=impact, duration=5, **target)
        hall.tick()
    return hall


def ask(client: Client, **query: str) -> dict[str, Any]:
    response = client.get("/api/v1/news", query)
    assert response.status_code == 200, response.content
    return dict(response.json()["data"])


def events(page: dict[str, Any]) -> list[str]:
    return [item["event"]["type"] for item in page["items"] if item["event"]]


def test_the_newest_comes_first(told: Hall, client: Client) -> None:
    page = ask(client)
    assert events(page) == ["ANALYST_UPGRADE", "CEO_SCANDAL", "EARNINGS_BEAT", "MARKET_CRASH"]
    assert page["total"] == Article.objects.count()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"symbol": "APEX"}, ["ANALYST_UPGRADE", "EARNINGS_BEAT"]),
        ({"symbol": "apex"}, ["ANALYST_UPGRADE", "EARNINGS_BEAT"]),
        ({"category": "earnings"}, ["EARNINGS_BEAT"]),
        ({"category": "analysis"}, ["ANALYST_UPGRADE"]),
        ({"category": "crime"}, ["CEO_SCANDAL"]),
        ({"category": "breaking"}, ["MARKET_CRASH"]),
        ({"category": "market"}, ["MARKET_CRASH"]),
        ({"category": "company"}, ["ANALYST_UPGRADE", "CEO_SCANDAL", "EARNINGS_BEAT"]),
        ({"category": "merger"}, []),
        ({"symbol": "NEXUS", "category": "earnings"}, []),
        ({"q": "chief executive"}, ["CEO_SCANDAL"]),
        ({"q": '"apex technologies" -earnings', "category": "analysis"}, ["ANALYST_UPGRADE"]),
        ({"q": "zebra"}, []),
    ],
)
def test_filters(told: Hall, client: Client, query: dict[str, str], found: list[str]) -> None:
    assert [one for one in events(ask(client, **query)) if one in found or found == []] == found


@pytest.mark.parametrize(
    "query",
    [
        "category=sports",
        "symbol=%00",
        "symbol=THIRTEENCHARS",
        "q=%00",
        f"q={'x' * 101}",
        "page=0",
        "pageSize=101",
        "since=4",
    ],
)
def test_what_may_not_be_asked(hall: Hall, client: Client, query: str) -> None:
    response = client.get(f"/api/v1/news?{query}")
    assert response.status_code == 400
    assert response.json()["details"]


def test_a_search_reads_the_index_of_words_however_many_articles_there_are(told: Hall) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO news_article (number, id, tick, section, topic, kind, headline, summary,"
            " sentiment, symbols, agents, is_breaking, event_type, duration, quote, figures)"
            " SELECT 1000 + n, gen_random_uuid(), 1, 'company', '', 'JUMP', 'Word' || n % 500,"
            " 'More of it', 0, '{}', '[]', false, '', 0, '', '{}' FROM generate_series(1, 5000) n"
        )
        cursor.execute("ANALYZE news_article")
    rows = selectors.articles(words="word7 more -less")
    assert [row.headline for row in rows] == ["Word7"] * 10
    assert "articles_by_word" in rows.explain()


@pytest.mark.parametrize("words", ["'", '"', "a & | !", "\\", "(((", "ﷺ", "😀", "%", ":*"])
def test_any_words_may_be_sought(told: Hall, client: Client, words: str) -> None:
    ask(client, q=words)


def test_one_article(told: Hall, client: Client) -> None:
    row = Article.objects.get(event_type="EARNINGS_BEAT")
    data = client.get(f"/api/v1/news/{row.id}").json()["data"]
    assert (data["headline"], data["content"]) == (row.headline, row.summary)
    assert data["figures"]["impact"] == 5.0
    assert data["prose"] is None
    Prose.objects.create(article=row, tick=row.tick, text="In other words.", model="m")
    assert client.get(f"/api/v1/news/{row.id}").json()["data"]["prose"] == "In other words."


def test_an_unknown_article(hall: Hall, client: Client) -> None:
    assert client.get("/api/v1/news/00000000-0000-4000-8000-000000000000").status_code == 404
    assert client.get("/api/v1/news/x").status_code == 404


def test_what_is_left_of_an_event_counts_down(told: Hall, client: Client) -> None:
    row = Article.objects.get(event_type="ANALYST_UPGRADE")

    def left() -> int:
        data = client.get(f"/api/v1/news/{row.id}").json()["data"]
        return int(data["event"]["ticksRemaining"])

    before = left()
    for _ in range(3):
        told.tick()
    assert left() < before
    for _ in range(12):
        told.tick()
    assert left() == 0


def test_a_retraction_shows(told: Hall, client: Client) -> None:
    row = Article.objects.get(event_type="CEO_SCANDAL")
    told.operate("RETRACT_ARTICLE", article=str(row.id), reason="it was another")
    told.tick()
    data = client.get(f"/api/v1/news/{row.id}").json()["data"]
    assert (data["retracted"], data["reason"]) == (True, "it was another")


def test_a_list_is_as_many_queries_however_long(
    told: Hall, client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for size in ("1", "50"):
        with django_assert_max_num_queries(READS + 2):  # the instant's own statements beside
            ask(client, pageSize=size)
