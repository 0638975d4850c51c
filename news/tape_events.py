"""What a tick wrote, as events of the tape: all of it is public."""

from __future__ import annotations

from collections.abc import Iterator

from market.engine.values import Tick
from market.wire import Wire
from news import wire
from news.engine.desk import NewsReport

CHANNEL = "news"
WRITTEN, MARKED = "news:breaking", "news:marked"


def public_events(report: NewsReport, tick: Tick) -> Iterator[tuple[str, str, Wire]]:
    """Yield (type, channel, item): each article, and what operators did to articles."""
    for article in report.articles:
        yield WRITTEN, CHANNEL, wire.article(article)
    for mark in report.marks:
        yield MARKED, CHANNEL, wire.mark(mark)


def agent_events(report: NewsReport, tick: Tick) -> Iterator[tuple[int, str, Wire]]:
    """Yield nothing: what an author is told of its rumor is the exchange's alert."""
    return iter(())
