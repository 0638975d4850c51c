"""The news on the wire: what a request may ask, and the shapes of the answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict

from rest_framework import serializers

from market.api.serializers import CompanyFilter
from market.common.fields import Choice, Text
from market.common.lists import PageQuery
from market.engine.values import Tick
from market.wire import Wire
from news import wire
from news.engine.articles import CATEGORIES
from news.models import Article as Row

MOST_WORDS = 100  # characters of a search


class NewsQuery(PageQuery):
    category = Choice(
        choices=CATEGORIES,
        required=False,
        help_text="A section (market, company, regulatory, rumor), a topic, or breaking.",
    )
    symbol = CompanyFilter(required=False)
    q = Text(
        required=False,
        max_length=MOST_WORDS,
        help_text='Words to search for; "in quotes" together, -without.',
    )

    def validate_q(self, value: str) -> str:
        if "\0" in value:
            raise serializers.ValidationError("Must not hold NUL.")
        return value


class Mention(TypedDict):
    id: str
    name: str


class Occasion(TypedDict):
    """The market event that an article is about; the impact is a fraction of the price."""

    type: str
    symbol: str | None
    sector: str | None
    impact: float
    duration: int
    ticksRemaining: int


class Quote(TypedDict):
    """What an agent wrote, unverified; its author is not shown."""

    untrusted: bool
    author: None
    text: str


class Article(TypedDict):
    """An article. `category` is breaking, or its section; `topic` is the word under it.

    `rumor` holds the words of one, which nobody has verified. What an operator has retracted keeps
    its place, and says why.
    """

    id: str
    tick: int
    timestamp: str
    category: str
    section: str
    topic: str | None
    headline: str
    content: str
    sentiment: float
    symbols: list[str]
    agents: list[Mention]
    isBreaking: bool
    event: Occasion | None
    rumor: Quote | None
    pinned: bool
    retracted: bool
    reason: str | None


class ArticleDetail(Article):
    """An article with the exact figures behind its text, and a longer text where one was written by
    a language model.
    """

    figures: dict[str, float]
    prose: str | None


def article_item(row: Row, active: Mapping[int, Tick]) -> Wire:
    """An article of the record; `active` are the ticks left of active events, by number."""
    return wire.article_item(
        id=str(row.id),
        tick=row.tick,
        category=row.category,
        section=row.section,
        topic=row.topic,
        headline=row.headline,
        summary=row.summary,
        sentiment=row.sentiment,
        symbols=row.symbols,
        agents=row.agents,
        is_breaking=row.is_breaking,
        event_type=row.event_type,
        event_symbol=row.event_symbol,
        event_sector=row.event_sector,
        impact=row.impact,
        duration=row.duration,
        ticks_remaining=active.get(row.event_number or 0, 0),
        quote=row.quote,
        is_pinned=row.is_pinned,
        is_retracted=row.is_retracted,
        mark_reason=row.mark_reason,
    )


def article(row: Row, active: Mapping[int, Tick]) -> Wire:
    return {**article_item(row, active), "timestamp": row.written_at.isoformat()}


def article_detail(row: Row, active: Mapping[int, Tick]) -> Wire:
    prose: Any = getattr(row, "prose", None)
    return {**article(row, active), "figures": row.figures, "prose": prose.text if prose else None}
