"""Every read of the news: one question, one function, a fixed number of queries."""

from __future__ import annotations

from uuid import UUID

from market.engine.values import Tick
from news.models import Article, ArticleQuerySet


def articles(
    *, category: str | None = None, symbol: str | None = None, words: str = ""
) -> ArticleQuerySet:
    """Return the articles of a category, about a company and with these words, newest first."""
    rows = Article.objects.defer("words").newest_first()
    if category:
        rows = rows.of_category(category)
    if symbol:
        rows = rows.filter(symbols__contains=[symbol])
    if words:
        rows = rows.with_words(words)
    return rows


def article(id: UUID) -> Article:
    """Return one article, with its prose if there is any. Raises Article.DoesNotExist."""
    return Article.objects.with_id(id).select_related("prose").defer("words").get()


def pinned() -> ArticleQuerySet:
    """Return the articles that operators have pinned, newest first."""
    return articles().filter(is_pinned=True)


def articles_until(tick: Tick) -> ArticleQuerySet:
    """Return the articles of a tick and before, newest first."""
    return articles().filter(tick__lte=tick)
