"""The news for people: the list, an article, and the feed for readers."""

from __future__ import annotations

import re
from datetime import datetime
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element, fromstring

import pytest
from django.test import Client

from news.models import Article
from tests.floor.hall import Hall

EVIL = '<script>alert("x")</script> & =HYPERLINK("http://x")'


@pytest.fixture
def told(hall: Hall) -> Hall:
    for event, impact, symbol in (
        ("EARNINGS_BEAT", 0.05, "APEX"),
        ("CEO_SCANDAL", -0.06, "NEXUS"),
        ("MERGER_RUMOR", 0.25, "OMEGA"),
    ):
        hall.operate("INJECT", event=event, symbol=symbol, impact=impact, duration=5)
        hall.tick()
    return hall


def headlines(page: bytes) -> list[str]:
    return re.findall(r'class="headline" href="[^"]+">([^<]+)</a>', page.decode())


def test_the_list_shows_the_newest_first_before_any_script_runs(told: Hall, client: Client) -> None:
    response = client.get("/news")
    assert response.status_code == 200
    newest = list(Article.objects.newest_first().values_list("headline", flat=True))
    assert [h.replace("&#x27;", "'") for h in headlines(response.content)] == newest
    assert "form-action 'self'" in response["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("query", "event"),
    [("category=earnings", "EARNINGS_BEAT"), ("symbol=nexus&category=crime", "CEO_SCANDAL")],
)
def test_filters(told: Hall, client: Client, query: str, event: str) -> None:
    [shown] = headlines(client.get(f"/news?{query}").content)
    assert shown.replace("&#x27;", "'") == Article.objects.get(event_type=event).headline


def test_the_archive_pages(told: Hall, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wallstreetsim.terminal.news.PER_PAGE", 2)
    seen: list[str] = []
    address = "/news"
    while address:
        page = client.get(address).content
        seen += headlines(page)
        older = re.search(rb'rel="next" href="([^"]+)"', page)
        address = older.group(1).decode().replace("&amp;", "&") if older else ""
    assert len(seen) == Article.objects.count()
    assert client.get("/news?page=900").status_code == 200


@pytest.mark.parametrize("query", ["category=x", "symbol=%3Cb%3E", "page=0", "q=%00"])
def test_what_cannot_be_asked_is_said_plainly(hall: Hall, client: Client, query: str) -> None:
    response = client.get(f"/news?{query}")
    assert response.status_code == 400
    assert b"That cannot be asked" in response.content
    assert b"<b>" not in response.content.partition(b"<form")[2]


def test_an_article_has_an_address_of_its_own(told: Hall, client: Client) -> None:
    row = Article.objects.get(event_type="MERGER_RUMOR")
    page = client.get(f"/news/{row.id}").content.decode()
    assert row.headline in page and "MERGER_RUMOR" in page and "+25.00%" in page
    assert client.get("/news/00000000-0000-4000-8000-000000000000").status_code == 404


def test_a_rumor_s_words_stay_words(hall: Hall, client: Client) -> None:
    hall.submit(hall.raw("ann", "RUMOR", {"symbol": "APEX", "content": EVIL}))
    hall.tick()
    row = Article.objects.get(section="rumor")
    for address in ("/news", f"/news/{row.id}"):
        page = client.get(address).content
        assert b"<script>alert" not in page and b"&lt;script&gt;" in page
    assert client.get("/api/v1/news").json()["data"]["items"][0]["rumor"]["text"] == EVIL


def test_what_is_pinned_comes_on_top_and_what_is_retracted_is_struck(
    told: Hall, client: Client
) -> None:
    first, second = Article.objects.filter(event_number__isnull=False).order_by("number")[:2]
    told.operate("PIN_ARTICLE", article=str(first.id), reason="of interest")
    told.operate("RETRACT_ARTICLE", article=str(second.id), reason="wrong company")
    told.tick()
    page = client.get("/news").content
    assert headlines(page)[0].replace("&#x27;", "'") == first.headline
    assert b"RETRACTED: wrong company" in page


def test_the_home_page_has_the_newest_headlines(told: Hall, client: Client) -> None:
    panel = client.get("/").content.decode().partition('id="news"')[2]
    newest = Article.objects.newest_first()[:8]
    assert all(str(row.id) in panel for row in newest)


def test_a_company_s_page_has_its_news(told: Hall, client: Client) -> None:
    row = Article.objects.get(event_type="CEO_SCANDAL")
    assert str(row.id) in client.get("/markets/NEXUS").content.decode()
    assert str(row.id) not in client.get("/markets/APEX").content.decode()


# The feed

ATOM = "{http://www.w3.org/2005/Atom}"
ONCE = {"id", "title", "updated"}
OF_A_FEED = ONCE | {"subtitle", "link", "author", "entry", "generator", "rights", "category"}
OF_AN_ENTRY = ONCE | {"published", "link", "summary", "category", "author", "content"}


def check_atom(root: Element) -> None:
    """Raise where a document breaks a rule of RFC 4287 for what we put in a feed."""
    assert root.tag == f"{ATOM}feed"
    entries = root.findall(f"{ATOM}entry")
    _check_element(root, OF_A_FEED)
    assert root.find(f"{ATOM}author/{ATOM}name") is not None  # else each entry needs one
    links = root.findall(f"{ATOM}link")
    assert sum(link.get("rel") == "self" for link in links) == 1
    ids = [entry.findtext(f"{ATOM}id") for entry in entries]
    assert len(set(ids)) == len(ids)
    for entry in entries:
        _check_element(entry, OF_AN_ENTRY)
        rels = [link.get("rel", "alternate") for link in entry.findall(f"{ATOM}link")]
        assert "alternate" in rels or entry.find(f"{ATOM}content") is not None
        assert len(entry.findall(f"{ATOM}summary")) <= 1
    assert _time(root) >= max((_time(entry) for entry in entries), default=_time(root))


def _check_element(element: Element, allowed: set[str]) -> None:
    for child in element:
        assert child.tag.removeprefix(ATOM) in allowed, child.tag
        if child.tag in (f"{ATOM}title", f"{ATOM}subtitle", f"{ATOM}summary"):
            assert child.get("type", "text") in ("text", "html", "xhtml")
        if child.tag == f"{ATOM}link":
            assert urlsplit(child.get("href", "")).scheme in ("http", "https")
        if child.tag == f"{ATOM}category":
            assert child.get("term")
            assert "scheme" not in child.attrib or urlsplit(child.attrib["scheme"]).scheme
    for name in ONCE:
        [found] = element.findall(f"{ATOM}{name}")
        assert (found.text or "").strip()
    assert urlsplit(element.findtext(f"{ATOM}id") or "").scheme in ("http", "https", "urn")
    alternates = [
        (link.get("type"), link.get("hreflang"))
        for link in element.findall(f"{ATOM}link")
        if link.get("rel", "alternate") == "alternate"
    ]
    assert len(set(alternates)) == len(alternates)
    _time(element)


def _time(element: Element) -> datetime:
    text = element.findtext(f"{ATOM}updated") or ""
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", text)
    return datetime.fromisoformat(text)


def test_the_feed_is_valid_atom(told: Hall, client: Client) -> None:
    told.submit(told.raw("ann", "RUMOR", {"symbol": "APEX", "content": EVIL}))
    told.tick()
    response = client.get("/news/feed.xml")
    assert response["Content-Type"] == "application/atom+xml; charset=utf-8"
    root = fromstring(response.content)
    check_atom(root)
    titles = [entry.findtext(f"{ATOM}title") for entry in root.findall(f"{ATOM}entry")]
    assert titles == list(Article.objects.newest_first().values_list("headline", flat=True))


def test_a_feed_of_nothing_is_valid_too(hall: Hall, client: Client) -> None:
    Article.objects.all().delete()
    check_atom(fromstring(client.get("/news/feed.xml").content))


@pytest.mark.parametrize(
    "broken",
    [
        b"<feed xmlns='http://www.w3.org/2005/Atom'><id>http://x/</id><title>t</title></feed>",
        b"<feed xmlns='http://www.w3.org/2005/Atom'><id>x</id><title>t</title>"
        b"<updated>2026-01-01T00:00:00Z</updated><author><name>n</name></author>"
        b"<link rel='self' href='http://x/'/></feed>",
        b"<feed xmlns='http://www.w3.org/2005/Atom'><id>http://x/</id><title>t</title>"
        b"<updated>yesterday</updated><author><name>n</name></author>"
        b"<link rel='self' href='http://x/'/></feed>",
    ],
)
def test_the_check_of_feeds_finds_what_is_wrong(broken: bytes) -> None:
    with pytest.raises((AssertionError, ValueError)):
        check_atom(fromstring(broken))


def test_before_the_founding_there_is_no_news(db: None, client: Client) -> None:
    assert client.get("/news").status_code == 503
    assert client.get("/news/feed.xml").status_code == 503
