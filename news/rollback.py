"""The rows that say how articles and rumors stand, written anew when the world is taken back."""

from __future__ import annotations

from collections.abc import Iterator

from market.common.bulk import Write
from news.engine.desk import NewsReport
from news.record import update_marks, upsert_rumors

_UNMARK = (
    "UPDATE news_article SET is_pinned = false, is_retracted = false, mark_reason = ''"
    " WHERE is_pinned OR is_retracted"
)
# A rumor that the machine has forgotten was judged before: those judged later it remembers.
_UNJUDGED = (
    "UPDATE news_rumor SET verdict = '', judged_tick = NULL"
    " WHERE judged_tick > (SELECT tick FROM market_world)"
)


def writes(report: NewsReport) -> Iterator[Write]:
    """Yield the writes, of a report in which everything stands."""
    yield Write(_UNMARK, [])
    yield Write(_UNJUDGED, [])
    yield upsert_rumors(report.rumors)
    yield update_marks(report.marks)
