"""The news held against themselves and against the machine."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.backends.utils import CursorWrapper

from market.common.auditing import Check, differences, rows_of
from market.tape import RESEARCH_STREAM
from news.engine.desk import NewsDesk
from news.research.auditing import differences as differences_of_desk

_STRAY_EVENTS = """
    SELECT article.number, article.tick, event_type FROM news_article AS article
    LEFT JOIN market_marketevent AS event ON event.number = event_number
    WHERE event_number IS NOT NULL AND (
        event.tick, event.kind, event.symbol, event.sector, event.impact, event.duration
    ) IS DISTINCT FROM (
        article.tick, event_type, event_symbol, event_sector, article.impact, article.duration
    )
    ORDER BY 1 LIMIT 1000
"""
_UNTOLD_EVENTS = """
    SELECT event.number, event.tick, kind FROM market_marketevent AS event
    WHERE event.tick >= (SELECT min(tick) FROM news_article)
        AND NOT EXISTS (SELECT FROM news_article WHERE event_number = event.number)
    ORDER BY 1 LIMIT 1000
"""
_UNTOLD_RUMORS = """
    SELECT rumor.number, rumor.symbol, rumor.tick FROM news_rumor AS rumor
    WHERE NOT EXISTS (
        SELECT FROM news_article AS article
        WHERE article.tick = rumor.tick AND article.quote = rumor.text
            AND article.symbols = ARRAY[rumor.symbol]
    )
    ORDER BY 1 LIMIT 1000
"""
_BUDGETS = """
    SELECT symbol, day, sign, sum(abs(impact)) FROM news_rumor
    GROUP BY symbol, day, sign
    HAVING sum(abs(impact)) > 0.05 ORDER BY 1, 2 LIMIT 1000
"""
_RESEARCH = """
    SELECT desk.tick, desk.seq, max(entry.seq)
    FROM (SELECT tick, epoch, seq FROM news_researchstate ORDER BY tick DESC LIMIT 1) AS desk
    LEFT JOIN market_tapeentry AS entry
        ON entry.stream = %s AND entry.epoch = desk.epoch
    GROUP BY 1, 2 HAVING max(entry.seq) <> desk.seq
"""
_JUDGED = "SELECT number, verdict FROM news_rumor WHERE tick > %d"
_MARKS = (
    "SELECT id::text, is_pinned, is_retracted FROM news_article WHERE is_pinned OR is_retracted"
)


def checks(cursor: CursorWrapper, engine: NewsDesk | None) -> Iterator[Check]:
    """Yield what was held against what; against the machine only if there is one."""
    yield Check(
        "articles of events against the events",
        [
            *(
                f"article {number} of tick {tick} tells of {kind}, which did not happen"
                for number, tick, kind in rows_of(cursor, _STRAY_EVENTS)
            ),
            *(
                f"event {number} of tick {tick}, {kind}, has no article"
                for number, tick, kind in rows_of(cursor, _UNTOLD_EVENTS)
            ),
        ],
    )
    yield Check(
        "rumors against their articles and budgets",
        [
            *(
                f"rumor {number} about {symbol} of tick {tick} has no article"
                for number, symbol, tick in rows_of(cursor, _UNTOLD_RUMORS)
            ),
            *(
                f"rumors about {symbol} moved it by {moved:.4f} on day {day} with sign {sign}"
                for symbol, day, sign, moved in rows_of(cursor, _BUDGETS)
            ),
        ],
    )
    yield Check(
        "the research desk ends where its stream does",
        [
            f"after tick {tick} it has told {seq} entries, and the stream ends at {last}"
            for tick, seq, last in rows_of(cursor, _RESEARCH % RESEARCH_STREAM)
        ],
    )
    yield Check("what the research desk said is what the tape gives", list(differences_of_desk()))
    if engine is not None:
        yield Check("news rows against the machine", list(_against_machine(cursor, engine)))


def _against_machine(cursor: CursorWrapper, desk: NewsDesk) -> Iterator[str]:
    rumors = desk.book.rumors
    since = min((rumor.tick for rumor in rumors), default=desk.tick) - 1
    kept = {rumor.number: rumor.verdict for rumor in rumors}
    rows = dict(rows_of(cursor, _JUDGED % since))
    recorded = {number: verdict for number, verdict in rows.items() if number in kept}
    yield from differences("rumor", recorded, kept)
    marks = {m.article: (m.is_pinned, m.is_retracted) for m in desk.marks.values()}
    marked = {id: (pinned, retracted) for id, pinned, retracted in rows_of(cursor, _MARKS)}
    yield from differences("mark of article", marked, marks)
    last = rows_of(cursor, "SELECT coalesce(max(number), 0) FROM news_article")[0][0]
    yield from differences("articles", {"last": last}, {"last": desk.numbered})
