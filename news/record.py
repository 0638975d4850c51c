"""What a tick wrote, as rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial

import orjson

from market.common.bulk import Write, array_literal, insertion, update, upsert
from market.engine.values import Tick
from news.engine.articles import Article
from news.engine.desk import Mark, NewsReport
from news.engine.rumors import Rumor

_ARTICLE = (
    *("number", "id", "tick", "section", "topic", "kind", "headline", "summary", "sentiment"),
    *("symbols", "agents", "is_breaking", "event_number", "event_type", "event_symbol"),
    *("event_sector", "impact", "duration", "quote", "figures"),
)
_RUMOR = {
    "number": "bigint",
    "id": "uuid",
    "tick": "bigint",
    "day": "bigint",
    "account": "bigint",
    "symbol": "text",
    "text": "text",
    "sentiment": "float8",
    "sign": "smallint",
    "strength": "float8",
    "reach": "float8",
    "impact": "float8",
    "verdict": "text",
    "judged_tick": "bigint",
}
_MARK = {"number": "bigint", "is_pinned": "bool", "is_retracted": "bool", "mark_reason": "text"}


def writes(tick: Tick, report: NewsReport) -> Iterator[tuple[str, Callable[[], Write]]]:
    """Yield (step, encoder) pairs, in the order in which they are to be sent."""
    yield "write news", partial(insert_articles, report.articles)
    yield "write news", partial(upsert_rumors, report.rumors)
    yield "write news", partial(update_marks, report.marks)


def insert_articles(articles: Iterable[Article]) -> Write:
    return insertion("news_article", _ARTICLE, map(_article, articles))


def _article(article: Article) -> tuple[object, ...]:
    number, type, symbol, sector, impact, duration = article.occasion
    agents = [{"id": agent.id, "name": agent.name} for agent in article.agents]
    return (
        article.number,
        article.id,
        article.tick,
        article.section,
        article.topic,
        article.kind,
        article.headline,
        article.summary,
        article.sentiment,
        array_literal(article.symbols),
        orjson.dumps(agents).decode(),
        article.is_breaking,
        number or None,
        type,
        symbol,
        sector,
        impact,
        duration,
        article.quote,
        orjson.dumps(dict(article.figures)).decode(),
    )


def upsert_rumors(rumors: Iterable[Rumor]) -> Write:
    """Insert what was spread, and bring what was judged up to date."""
    rows = ([getattr(rumor, column) for column in _RUMOR] for rumor in rumors)
    return upsert("news_rumor", _RUMOR, ("number",), rows)


def update_marks(marks: Iterable[Mark]) -> Write:
    """Mark articles as pinned or retracted; of several marks of one, the last counts."""
    last = {int(mark.article[-12:], 16): mark for mark in marks}
    rows = ((number, m.is_pinned, m.is_retracted, m.reason) for number, m in last.items())
    return update("news_article", _MARK, rows)
