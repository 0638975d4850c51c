"""A question about the tape, answered from the record of what was published.

It reads what the anonymous API shows, and no other table.
"""

from __future__ import annotations

from itertools import chain

from market import selectors as market
from news.engine.grammar import dollars
from news.models import Article, Insight, Narrative, ResearchAlert, ResearchSignal
from news.research import questions
from news.research.questions import ALERT, ARTICLE, INSIGHT, NARRATIVE, SIGNAL, Quoted, Tape, Told

RECENT = 200  # rows of a table that an answer may rest on, the newest


def answer_question(question: str) -> questions.Answer:
    """Return the answer to a question that is not blank, in a fixed number of queries."""
    return questions.answer(question, _tape())


def _tape() -> Tape:
    world = market.world()
    previous = world.previous_close_index
    return Tape(
        quotes={
            row.symbol: Quoted(
                row.symbol,
                row.name,
                row.sector,
                row.price,
                row.price / row.previous_close - 1.0,
                row.reopens_tick is not None,
            )
            for row in market.companies()
        },
        told=sorted(
            chain(_signals(), _alerts(), _articles(), _insights(), _narratives()),
            key=lambda one: -one.tick,
        ),
        regime=world.regime,
        index_level=world.index,
        index_change=world.index / previous - 1.0 if previous else 0.0,
    )


def _alerts() -> list[Told]:
    return [
        Told(str(row.id), row.tick, ALERT, row.kind, _symbols(row.symbol), f"{row.title}.")
        for row in ResearchAlert.objects.order_by("-number")[:RECENT]
    ]


def _signals() -> list[Told]:
    return [
        Told(str(row.id), row.tick, SIGNAL, row.kind, (row.symbol,), _of_signal(row))
        for row in ResearchSignal.objects.order_by("-number")[:RECENT]
    ]


def _of_signal(row: ResearchSignal) -> str:
    levels = f"target {dollars(row.target)}, stop {dollars(row.stop)}"
    ended = f" It ended: {row.outcome.lower()}." if row.outcome else ""
    return f"{row.rationale} Entry {dollars(row.entry)}, {levels}.{ended}"


def _articles() -> list[Told]:
    """Return headlines, without those of rumors: their words are their authors'."""
    rows = Article.objects.newest_first().filter(quote="", is_retracted=False)
    rows = rows.defer("words", "summary", "figures")
    return [
        Told(str(row.id), row.tick, ARTICLE, row.kind, tuple(row.symbols), f"{row.headline}.")
        for row in rows[:RECENT]
    ]


def _insights() -> list[Told]:
    return [
        Told(str(row.id), row.tick, INSIGHT, row.analyst, _symbols(row.symbol), row.text)
        for row in Insight.objects.order_by("-number")[:RECENT]
    ]


def _narratives() -> list[Told]:
    """Return the newest narrative alone: an older one says what is so no more."""
    return [
        Told(str(row.id), row.tick, NARRATIVE, NARRATIVE, (), row.text)
        for row in Narrative.objects.order_by("-number")[:1]
    ]


def _symbols(symbol: str | None) -> tuple[str, ...]:
    return () if symbol is None else (symbol,)
