"""A longer text for an article, or another for a narrative, asked of a language model and kept only
if it says nothing that theirs does not.

Off unless an address is set. The template's text stands whatever comes of it; what is kept lies in
a row of its own, outside digest, tape and briefing.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Iterable
from typing import Any, NamedTuple

import orjson
import requests
from django.conf import settings

from agents.models import Agent
from market.models import Company, World
from news.models import Article, Insight, InsightProse, Narrative, NarrativeProse, Prose

log = logging.getLogger(__name__)

TIMEOUT_SECONDS = 10.0  # for the whole exchange
LARGEST_ANSWER = 64 * 1024
LONGEST_PROSE = 1_200  # characters
YOUNGEST_TICKS = 300  # older articles are not written of any more
_PROMPT = (
    "You write for a financial wire service. Rewrite the report below in three or four plain"
    " sentences. Use only the names, symbols and numbers in it, written exactly as they are, and"
    " add none. No headline, no markup."
)

_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9'&_.-]*")
_SENTENCE = re.compile(r"[.!?:]\s+")
_FORBIDDEN = re.compile(r"[<>{}\[\]`*#|\\]|https?:|www\.|[^\x20-\x7E\u2013\u2014\u2018-\u201D\n]")


class Unusable(Exception):
    """What the model answered may not be shown; the message says why."""


class Report(NamedTuple):
    """What a model is given, and all that its text may say: a title, a text, and the names and
    symbols that they may use. No words of agents are among them.
    """

    title: str
    text: str
    names: tuple[str, ...] = ()


def write_prose() -> int:
    """Ask for the texts of the newest narrative, insights and articles that have none, at most as
    many as a minute allows, and return how many were kept.
    """
    if not settings.NEWS_LLM_URL:
        return 0
    calls = settings.NEWS_LLM_CALLS
    kept = 0
    for narrative in _narratives_without_prose()[:calls]:
        calls -= 1
        if text := _written(Report("The market", narrative.text), f"narrative {narrative.id}"):
            values = {"tick": narrative.tick, "text": text, "model": settings.NEWS_LLM_MODEL}
            NarrativeProse.objects.get_or_create(narrative=narrative, defaults=values)
            kept += 1
    for insight in _insights_without_prose()[:calls]:
        calls -= 1
        if text := _written(Report(insight.analyst, insight.text), f"insight {insight.id}"):
            values = {"tick": insight.tick, "text": text, "model": settings.NEWS_LLM_MODEL}
            InsightProse.objects.get_or_create(insight=insight, defaults=values)
            kept += 1
    for article in _without_prose(calls):
        if text := _written(report_of(article), f"article {article.id}"):
            values = {"tick": article.tick, "text": text, "model": settings.NEWS_LLM_MODEL}
            Prose.objects.get_or_create(article=article, defaults=values)
            kept += 1
    return kept


def _written(report: Report, subject: str) -> str | None:
    """Return what a model makes of a report, None where that may not be shown."""
    try:
        text = ask(report)
        check(text, report)
    except (Unusable, requests.RequestException, ValueError) as error:
        log.warning("no prose for %s: %s", subject, error)
        return None
    return text


def report_of(article: Article) -> Report:
    """Return what a model is told of an article."""
    names = (*article.symbols, *(agent["name"] for agent in article.agents))
    return Report(article.headline, article.summary, names)


def _narratives_without_prose() -> list[Narrative]:
    """Return the newest narrative, if it has no prose and is young."""
    newest = Narrative.objects.order_by("-number").select_related("prose").first()
    tick = World.objects.values_list("tick", flat=True).first() or 0
    if newest is None or newest.tick <= tick - YOUNGEST_TICKS or hasattr(newest, "prose"):
        return []
    return [newest]


def _insights_without_prose() -> list[Insight]:
    """Return each analyst's newest insight, if it has no prose and is young, the newest first."""
    tick = World.objects.values_list("tick", flat=True).first() or 0
    newest = Insight.objects.order_by("analyst", "-number").distinct("analyst")
    rows = [one for one in newest.select_related("prose") if one.tick > tick - YOUNGEST_TICKS]
    return sorted((one for one in rows if not hasattr(one, "prose")), key=lambda one: -one.number)


def _without_prose(most: int) -> list[Article]:
    newest = Article.objects.newest_first().first()
    if newest is None:
        return []
    rows = Article.objects.newest_first().defer("words")
    rows = rows.filter(prose=None, quote="", is_retracted=False)  # a rumor's words are not retold
    return list(rows.filter(tick__gt=newest.tick - YOUNGEST_TICKS)[:most])


def ask(report: Report) -> str:
    """Return what the model writes. Raises RequestException, ValueError or Unusable."""
    body = {
        "model": settings.NEWS_LLM_MODEL,
        "messages": [
            {"role": "system", "content": _PROMPT},
            {"role": "user", "content": f"{report.title}\n{report.text}"},
        ],
        "max_tokens": 400,
        "temperature": 0.4,
    }
    headers = {"Authorization": f"Bearer {settings.NEWS_LLM_KEY}"} if settings.NEWS_LLM_KEY else {}
    url = f"{settings.NEWS_LLM_URL.rstrip('/')}/chat/completions"
    deadline = time.monotonic() + TIMEOUT_SECONDS
    with requests.post(
        url,
        json=body,
        headers=headers,
        timeout=TIMEOUT_SECONDS,
        allow_redirects=False,
        stream=True,
    ) as response:
        if response.status_code != 200:
            raise Unusable(f"the model answers {response.status_code}")
        answer = _read(response, deadline)
    return _text_of(orjson.loads(answer))


def _read(response: requests.Response, deadline: float) -> bytes:
    """Read an answer as it comes. Raises Unusable when it is too long or takes too long."""
    answer = b""
    for part in response.iter_content(1024):
        answer += part
        if len(answer) > LARGEST_ANSWER:
            raise Unusable("the model's answer is too long")
        if time.monotonic() > deadline:
            raise Unusable("the model's answer takes too long")
    return answer


def _text_of(answer: Any) -> str:
    try:
        text = answer["choices"][0]["message"]["content"]
    except (TypeError, KeyError, IndexError):
        raise Unusable("the model's answer has no text") from None
    if not isinstance(text, str) or not text.strip():
        raise Unusable("the model's answer has no text")
    return text.strip()


# The check


def check(text: str, report: Report) -> None:
    """Raise Unusable unless every number, name and symbol of a text is in the report."""
    if len(text) > LONGEST_PROSE:
        raise Unusable("it is too long")
    if found := _FORBIDDEN.search(text):
        raise Unusable(f"it holds {found.group()!r}")
    source = f"{report.title} {report.text}"
    known_numbers = set(_numbers(source))
    for number in _numbers(text):
        if number not in known_numbers:
            raise Unusable(f"the number {number} is not in the report")
    known = {_bare(word) for word in _WORD.findall(f"{source} {' '.join(report.names)}")}
    for word in _named(text):
        if _bare(word) not in known:
            raise Unusable(f"the name {word} is not in the report")
    _check_strangers(text, known)


def _numbers(text: str) -> Iterable[str]:
    return (number.replace(",", "").rstrip(".") for number in _NUMBER.findall(text))


def _bare(word: str) -> str:
    return word.lower().rstrip(".'-").removesuffix("'s")


def _named(text: str) -> Iterable[str]:
    """Yield the words that are written as names: in capitals, or with one where no sentence
    begins.
    """
    for sentence in _SENTENCE.split(text):
        words = _WORD.findall(sentence)
        for place, word in enumerate(words):
            if word in ("I", "A"):
                continue
            is_symbol = len(word) > 1 and word.isupper()
            if is_symbol or (place and word[:1].isupper()):
                yield word


def _check_strangers(text: str, known: set[str]) -> None:
    """Raise Unusable where a sentence begins with a company or an agent that is not meant."""
    words = {word for word in _WORD.findall(text) if _bare(word) not in known}
    first_words = {
        name.split()[0].lower() for name in Company.objects.values_list("name", flat=True)
    }
    for word in words:
        if word[:1].isupper() and _bare(word) in first_words:
            raise Unusable(f"the company {word} is not in the report")
    if stranger := Agent.objects.filter(name__in=words).first():
        raise Unusable(f"the agent {stranger.name} is not in the report")
