"""Articles as the wire shows them: camelCase, what an agent wrote marked as such."""

from __future__ import annotations

from market.engine.values import Tick
from market.wire import Wire
from news.engine.articles import Article
from news.engine.desk import Mark


def article(article: Article) -> Wire:
    """An article in the tick in which it was written."""
    _, type, symbol, sector, impact, duration = article.occasion
    return article_item(
        id=article.id,
        tick=article.tick,
        category=article.category,
        section=article.section,
        topic=article.topic,
        headline=article.headline,
        summary=article.summary,
        sentiment=article.sentiment,
        symbols=list(article.symbols),
        agents=[{"id": agent.id, "name": agent.name} for agent in article.agents],
        is_breaking=article.is_breaking,
        event_type=type,
        event_symbol=symbol,
        event_sector=sector,
        impact=impact,
        duration=duration,
        ticks_remaining=duration,
        quote=article.quote,
    )


def article_item(
    *,
    id: str,
    tick: Tick,
    category: str,
    section: str,
    topic: str,
    headline: str,
    summary: str,
    sentiment: float,
    symbols: list[str],
    agents: list[Wire],
    is_breaking: bool,
    event_type: str,
    event_symbol: str | None,
    event_sector: str | None,
    impact: float | None,
    duration: Tick,
    ticks_remaining: Tick,
    quote: str,
    is_pinned: bool = False,
    is_retracted: bool = False,
    mark_reason: str = "",
) -> Wire:
    """The PRD's NewsPayload, with what else is known of the article."""
    event = None
    if event_type:
        event = {
            "type": event_type,
            "symbol": event_symbol,
            "sector": event_sector,
            "impact": impact,
            "duration": duration,
            "ticksRemaining": ticks_remaining,
        }
    return {
        "id": id,
        "tick": tick,
        "category": category,
        "section": section,
        "topic": topic or None,
        "headline": headline,
        "content": summary,
        "sentiment": sentiment,
        "symbols": symbols,
        "agents": agents,
        "isBreaking": is_breaking,
        "event": event,
        "rumor": {"untrusted": True, "author": None, "text": quote} if quote else None,
        "pinned": is_pinned,
        "retracted": is_retracted,
        "reason": mark_reason or None,
    }


def mark(mark: Mark) -> Wire:
    """What an operator has done to an article."""
    return {
        "id": mark.article,
        "pinned": mark.is_pinned,
        "retracted": mark.is_retracted,
        "reason": mark.reason,
        "tick": mark.tick,
    }
