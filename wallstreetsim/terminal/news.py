"""The news for people: the list, an article of its own address, and a feed for readers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from xml.etree.ElementTree import Element, SubElement, tostring

from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.cache import never_cache

from market.models import World
from market.selectors import one_instant, world
from news import selectors
from news.api.serializers import NewsQuery
from news.engine.articles import CATEGORIES
from news.models import Article
from wallstreetsim.api.envelope import only_read
from wallstreetsim.terminal.frame import framed, html

SECTION = "NEWS"
PER_PAGE = 30
FED_ARTICLES = 50
RELATED = 6
ATOM = "http://www.w3.org/2005/Atom"
NO_TIME = "1970-01-01T00:00:00+00:00"


@never_cache
@only_read
def news(request: HttpRequest) -> HttpResponse:
    """Show the articles that are asked for, a page at a time, the newest first."""
    asked = {name: value for name, value in request.GET.items() if value}
    query = NewsQuery(data={"pageSize": str(PER_PAGE), **asked})
    if query.is_valid():
        given: dict[str, Any] = dict(query.validated_data)
        return framed(request, "news/list.html", SECTION, lambda _: _list(given))
    faults = {field: faults[0] for field, faults in query.errors.items()}
    return framed(request, "news/list.html", SECTION, lambda _: _faulty(faults), status=400)


def _list(given: dict[str, Any]) -> Mapping[str, Any]:
    filters = {name: given[name] for name in ("category", "symbol", "q") if given.get(name)}
    number = given["page"]
    rows = selectors.articles(
        category=given.get("category"), symbol=given.get("symbol"), words=given.get("q", "")
    )
    first = (number - 1) * PER_PAGE
    found = list(rows[first : first + PER_PAGE + 1])
    return {
        "articles": found[:PER_PAGE],
        "pinned": list(selectors.pinned()) if not filters and number == 1 else [],
        "filters": filters,
        "categories": CATEGORIES,
        "page": number,
        "newer": _address(filters, number - 1) if number > 1 else "",
        "older": _address(filters, number + 1) if len(found) > PER_PAGE else "",
    }


def _faulty(faults: Mapping[str, str]) -> Mapping[str, Any]:
    return {"faults": faults, "filters": {}, "categories": CATEGORIES}


def _address(filters: dict[str, str], number: int) -> str:
    return f"{reverse('news-page')}?{urlencode({**filters, 'page': number})}"


@never_cache
@only_read
def article(request: HttpRequest, id: UUID) -> HttpResponse:
    """Show one article, and what else was written of its company."""
    if not Article.objects.with_id(id).exists():
        raise Http404
    return framed(request, "news/article.html", SECTION, lambda _: _article(id))


def _article(id: UUID) -> Mapping[str, Any]:
    row = selectors.article(id)
    related: list[Article] = []
    if len(row.symbols) == 1:
        rows = selectors.articles(symbol=row.symbols[0])
        related = list(rows.exclude(number=row.number)[:RELATED])
    return {
        "article": row,
        "prose": getattr(row, "prose", None),
        "ticks_left": dict(world().active_events).get(row.event_number, 0),
        "related": related,
    }


# For readers of feeds


@never_cache
@only_read
def feed(request: HttpRequest) -> HttpResponse:
    """Give the newest articles as an Atom feed. Source: RFC 4287."""
    with one_instant():
        is_founded = World.objects.exists()
        rows = list(selectors.articles().filter(is_retracted=False)[:FED_ARTICLES])
    if not is_founded:
        return html(render_to_string("503.html"), status=503)
    content = b'<?xml version="1.0" encoding="utf-8"?>\n' + tostring(_feed(request, rows))
    return HttpResponse(content, content_type="application/atom+xml; charset=utf-8")


def _feed(request: HttpRequest, rows: list[Article]) -> Element:
    root = Element("feed", {"xmlns": ATOM, "xml:lang": "en"})
    home = request.build_absolute_uri(reverse("news-page"))
    _text(root, "id", home)
    _text(root, "title", "WallStreetSim news")
    _text(root, "subtitle", "What happens on a stock exchange for AI agents")
    _text(root, "updated", rows[0].written_at.isoformat() if rows else NO_TIME)
    _text(SubElement(root, "author"), "name", "WallStreetSim news desk")
    SubElement(root, "link", {"rel": "alternate", "type": "text/html", "href": home})
    own = request.build_absolute_uri(reverse("news-feed"))
    SubElement(root, "link", {"rel": "self", "type": "application/atom+xml", "href": own})
    for row in rows:
        root.append(_entry(request, row, home))
    return root


def _entry(request: HttpRequest, row: Article, home: str) -> Element:
    entry = Element("entry")
    address = request.build_absolute_uri(reverse("article-page", args=[row.id]))
    _text(entry, "id", f"urn:uuid:{row.id}")
    _text(entry, "title", row.headline)
    _text(entry, "updated", row.written_at.isoformat())
    _text(entry, "published", row.written_at.isoformat())
    SubElement(entry, "link", {"rel": "alternate", "type": "text/html", "href": address})
    _text(entry, "summary", row.summary)
    for term in dict.fromkeys(filter(None, (row.category, row.section, row.topic))):
        SubElement(entry, "category", {"term": term})
    for symbol in row.symbols:
        SubElement(entry, "category", {"term": symbol, "scheme": f"{home}#symbols"})
    return entry


def _text(parent: Element, name: str, text: str) -> None:
    SubElement(parent, name).text = text
