"""Longer texts from a language model: kept only if they say what the article says."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import uuid4

import pytest

from market.models import World
from news.models import Article, Insight, InsightProse, Narrative, NarrativeProse, Prose
from news.services import prose
from tests.floor.hall import Hall
from tests.stack.running import PATIENCE_SECONDS


class Model:
    """A local server of OpenAI's form, which answers as it is told."""

    def __init__(self) -> None:
        self.text: str | None = None  # None: the article's own summary
        self.status = 200
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.raw: bytes | None = None
        self.asked: list[Any] = []
        model = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                model.asked.append((self.path, body, self.headers.get("Authorization")))
                model.may_answer.wait(PATIENCE_SECONDS)
                summary = body["messages"][1]["content"].split("\n")[1]
                text = summary if model.text is None else model.text
                answer = {"choices": [{"message": {"role": "assistant", "content": text}}]}
                content = model.raw if model.raw is not None else json.dumps(answer).encode()
                self.send_response(model.status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: object) -> None:
                """Stay quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/v1"

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def model() -> Iterator[Model]:
    one = Model()
    yield one
    one.stop()


@pytest.fixture
def article(hall: Hall, settings: Any, model: Model) -> Article:
    """The one article that has no prose yet."""
    settings.NEWS_LLM_URL, settings.NEWS_LLM_KEY = model.url, "secret"
    hall.operate("INJECT", event="EARNINGS_BEAT", symbol="APEX", impact=0.05, duration=5)
    hall.tick()
    row = Article.objects.get(event_type="EARNINGS_BEAT")
    Article.objects.exclude(number=row.number).delete()
    return row


def test_a_good_text_is_kept_beside_the_article(article: Article, model: Model) -> None:
    assert prose.write_prose() == 1
    kept = Prose.objects.get()
    assert (kept.article_id, kept.text) == (article.number, article.summary)
    [(path, body, authorization)] = model.asked
    assert path == "/v1/chat/completions" and authorization == "Bearer secret"
    assert article.headline in body["messages"][1]["content"]
    assert prose.write_prose() == 0 and len(model.asked) == 1  # it is not asked for again


def test_it_is_off_unless_an_address_is_set(article: Article, model: Model, settings: Any) -> None:
    settings.NEWS_LLM_URL = ""
    assert prose.write_prose() == 0
    assert model.asked == []


@pytest.mark.parametrize(
    "text",
    [
        "Apex Technologies will gain 99.9% tomorrow.",
        "Apex Technologies beat estimates, and so will NEXUS.",
        "Apex Technologies beat estimates, says Goldman Sachs.",
        "Nexus Systems has reported a good quarter.",
        "Apex Technologies did well. <script>alert(1)</script>",
        "Apex Technologies did well, see https://example.com for more.",
        "Apex Technologies did well \u202e gnp.exe",
        "x" * 5_000,
        "",
    ],
)
def test_what_the_article_does_not_say_is_not_kept(
    article: Article, model: Model, text: str
) -> None:
    model.text = text
    assert prose.write_prose() == 0
    assert not Prose.objects.exists()


def test_an_agent_who_is_not_meant_is_not_named(article: Article, model: Model) -> None:
    model.text = "ann has bought before the report."
    assert prose.write_prose() == 0


@pytest.mark.parametrize(
    "raw",
    [b"", b"no json", b"[]", b'{"choices": []}', b'{"choices": [{"message": {}}]}', b"[" * 9_999],
)
def test_an_answer_without_form_is_none(article: Article, model: Model, raw: bytes) -> None:
    model.raw = raw
    assert prose.write_prose() == 0


@pytest.mark.parametrize("status", [302, 401, 429, 500])
def test_a_server_that_refuses(article: Article, model: Model, status: int) -> None:
    model.status = status
    assert prose.write_prose() == 0


def test_a_huge_answer_is_not_read_to_its_end(article: Article, model: Model) -> None:
    model.raw = b" " * 10_000_000
    assert prose.write_prose() == 0


def test_a_slow_server_is_not_waited_for(
    article: Article, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prose, "TIMEOUT_SECONDS", 0.3)
    model.may_answer.clear()
    assert prose.write_prose() == 0
    model.may_answer.set()


def test_an_absent_server_hurts_nothing(article: Article, model: Model) -> None:
    model.stop()
    assert prose.write_prose() == 0


def test_only_so_many_are_asked_for_at_a_time(
    article: Article, model: Model, settings: Any
) -> None:
    settings.NEWS_LLM_CALLS = 2
    columns = {
        f.name: getattr(article, f.name) for f in Article._meta.concrete_fields if f.name != "words"
    }
    for number in range(1, 6):
        id = f"00000000-0000-4000-8000-{number:012x}"
        Article.objects.create(**columns | {"number": article.number + number, "id": id})
    prose.write_prose()
    assert len(model.asked) == 2


# Of a narrative


def narrative(
    article: Article, text: str = "The market leans up: the index is at 1,012.5."
) -> Narrative:
    Article.objects.all().delete()
    return Narrative.objects.create(
        number=article.tick * 1_000, id=uuid4(), tick=article.tick, text=text,
        stances={}, confidence=50, watch=[], sources=[],
    )  # fmt: skip


def test_the_newest_narrative_is_written_too(article: Article, model: Model) -> None:
    row = narrative(article)
    assert prose.write_prose() == 1
    kept = NarrativeProse.objects.get()
    assert (kept.narrative_id, kept.tick, kept.text) == (row.number, row.tick, row.text)
    [(_, body, _)] = model.asked
    assert row.text in body["messages"][1]["content"]
    assert prose.write_prose() == 0 and len(model.asked) == 1


def test_a_narratives_prose_says_no_more_than_the_narrative(article: Article, model: Model) -> None:
    narrative(article)
    model.text = "The market leans up: the index will reach 2,000."
    assert prose.write_prose() == 0
    assert not NarrativeProse.objects.exists()


def test_a_narrative_and_articles_share_the_calls(
    article: Article, model: Model, settings: Any
) -> None:
    settings.NEWS_LLM_CALLS = 1
    Narrative.objects.create(
        number=article.tick * 1_000, id=uuid4(), tick=article.tick, text="It leans nowhere.",
        stances={}, confidence=50, watch=[], sources=[],
    )  # fmt: skip
    assert prose.write_prose() == 1
    assert len(model.asked) == 1 and not Prose.objects.exists()


def test_an_old_narrative_is_left_alone(article: Article, model: Model) -> None:
    row = narrative(article)
    World.objects.update(tick=row.tick + prose.YOUNGEST_TICKS)
    assert prose.write_prose() == 0
    assert model.asked == []


def insight(article: Article, analyst: str, tick: int, text: str) -> Insight:
    return Insight.objects.create(
        number=tick * 1_000 + len(analyst), id=uuid4(), tick=tick, analyst=analyst, text=text,
        confidence=50, actionable=[], warnings=[], summary={},
    )  # fmt: skip


def test_each_analysts_newest_insight_is_written_too(article: Article, model: Model) -> None:
    Article.objects.all().delete()
    now = World.objects.get().tick
    insight(article, "macro", now - 1, "Rates stand at 5.00%.")
    newest = insight(article, "macro", now, "Rates stand at 5.25%.")
    insight(article, "signal", now - prose.YOUNGEST_TICKS, "3 signals stand open.")
    model.text = "Rates stand at 5.25%."
    assert prose.write_prose() == 1
    kept = InsightProse.objects.get()
    assert (kept.insight_id, kept.tick, kept.text) == (newest.number, now, model.text)
    [(_, body, _)] = model.asked
    assert newest.text in body["messages"][1]["content"]
    assert prose.write_prose() == 0 and len(model.asked) == 1


def test_an_insights_prose_has_no_other_number(article: Article, model: Model) -> None:
    Article.objects.all().delete()
    insight(article, "macro", World.objects.get().tick, "Rates stand at 5.25%.")
    model.text = "Rates will stand at 9.75%."
    assert prose.write_prose() == 0
    assert not InsightProse.objects.exists()


def test_only_what_was_published_is_in_a_prompt(article: Article, model: Model) -> None:
    """The prompt is the exchange's own: no words of agents, and none of who asks."""
    row = narrative(article)
    prose.write_prose()
    [(_, body, _)] = model.asked
    contents = [message["content"] for message in body["messages"]]
    assert contents == [prose._PROMPT, f"The market\n{row.text}"]
