"""The news as rows and on the tape: what the machine wrote, kept and held against it."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from agents.services.registration import REGISTER
from market import tape
from market.models import MarketEvent
from news import checking
from news.models import Article, Prose, Rumor
from tests.floor.hall import Hall, Twin
from wallstreetsim.floor import rollback

GOOD = "very strong growth ahead for them"


def happen(hall: Hall, event: str = "EARNINGS_BEAT", impact: float = 0.05) -> Article:
    """Let an event happen to APEX, and return its article's row."""
    hall.operate("INJECT", event=event, symbol="APEX", impact=impact, duration=10)
    hall.tick()
    return Article.objects.get(event_type=event)


def rumor(hall: Hall, name: str = "ann", content: str = GOOD, symbol: str = "APEX") -> None:
    hall.submit(hall.raw(name, "RUMOR", {"symbol": symbol, "content": content}))
    hall.tick()


def told(hall: Hall, type: str) -> list[dict[str, object]]:
    entries = tape.read(epoch=1, stream=tape.PUBLIC_STREAM, since=0, limit=1_000)
    return [d for entry in entries for e in entry.read() if e["type"] == type for d in e["data"]]


def test_an_article_s_row_is_what_the_machine_wrote(hall: Hall) -> None:
    twin = Twin()
    hall.operate("INJECT", event="EARNINGS_BEAT", symbol="APEX", impact=0.05, duration=10)
    hall.tick()
    twin.follow(hall.row)
    written = twin.world.by_name["news"].report().articles
    rows = list(Article.objects.filter(tick=hall.row.tick).order_by("number"))
    assert [str(row.id) for row in rows] == [article.id for article in written]
    for row, article in zip(rows, written, strict=True):
        assert (row.headline, row.summary) == (article.headline, article.summary)
        assert row.symbols == list(article.symbols)
        assert row.figures == dict(article.figures)
        assert (row.section, row.topic, row.is_breaking) == (
            article.section,
            article.topic,
            article.is_breaking,
        )


def test_news_and_the_move_that_they_report_are_told_in_the_same_tick(hall: Hall) -> None:
    row = happen(hall)
    [article] = [one for one in told(hall, "news:breaking") if one["id"] == str(row.id)]
    [event] = [one for one in told(hall, "market:event") if one["type"] == "EARNINGS_BEAT"]
    assert article["tick"] == event["tick"] == row.tick
    assert article["content"] == row.summary
    assert article["event"] == {
        "type": "EARNINGS_BEAT",
        "symbol": "APEX",
        "sector": None,
        "impact": 0.05,
        "duration": 10,
        "ticksRemaining": 10,
    }


def test_the_books_of_the_news_are_sound(audited: Hall) -> None:
    happen(audited)
    rumor(audited)
    assert audited.audit() == []


@pytest.mark.parametrize("change", ["impact", "gone", "symbol"])
def test_the_audit_finds_an_event_told_wrongly(audited: Hall, change: str) -> None:
    row = happen(audited)
    if change == "gone":
        row.delete()
    else:
        changed = {"impact": 0.06} if change == "impact" else {"event_symbol": "NEXUS"}
        Article.objects.filter(number=row.number).update(**changed)
    assert any("EARNINGS_BEAT" in difference for difference in audited.audit())


def test_the_audit_finds_an_article_of_nothing(audited: Hall) -> None:
    happen(audited)
    MarketEvent.objects.all().delete()
    assert any("did not happen" in difference for difference in audited.audit())


def test_the_audit_finds_a_rumor_without_article_and_one_overspent(audited: Hall) -> None:
    rumor(audited)
    Article.objects.filter(section="rumor").delete()
    Rumor.objects.update(impact=0.2)
    differences = audited.audit()
    assert any("has no article" in one for one in differences)
    assert any("moved it by" in one for one in differences)


def test_the_audit_finds_marks_that_nobody_made(audited: Hall) -> None:
    row = happen(audited)
    Article.objects.filter(number=row.number).update(is_pinned=True)
    assert any("mark of article" in difference for difference in audited.audit())


def test_an_operator_s_mark_is_a_row_and_told(audited: Hall) -> None:
    row = happen(audited)
    audited.operate("RETRACT_ARTICLE", article=str(row.id), reason="it is wrong")
    audited.tick()
    row.refresh_from_db()
    assert (row.is_retracted, row.mark_reason) == (True, "it is wrong")
    [mark] = told(audited, "news:marked")
    assert mark == {
        "id": str(row.id),
        "pinned": False,
        "retracted": True,
        "reason": "it is wrong",
        "tick": audited.row.tick,
    }
    assert audited.audit() == []


def test_a_world_taken_back_has_the_news_of_then(
    audited: Hall, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rollback, "REST_TICKS", 0)
    row = happen(audited)
    rumor(audited)
    then = audited.row.tick
    audited.operate("PIN_ARTICLE", article=str(row.id), reason="of interest")
    audited.tick()
    audited.operate("INJECT", event="ANALYST_UPGRADE", symbol="APEX", impact=0.03, duration=3)
    audited.tick()
    later = Article.objects.get(event_type="ANALYST_UPGRADE")
    Prose.objects.create(article=later, tick=later.tick, text="x", model="m")
    assert Rumor.objects.get().verdict == "true"
    rollback.roll_back(then, dumps=tmp_path)
    row.refresh_from_db()
    assert not row.is_pinned
    assert Rumor.objects.get().verdict == ""
    assert not Article.objects.filter(tick__gt=then).exists()
    assert not Prose.objects.exists()
    assert audited.audit() == []


def test_an_author_is_told_what_became_of_its_rumor(hall: Hall) -> None:
    rumor(hall)
    happen(hall)
    [alert] = [one for one in hall.told("ann", type="agent:alert") if "rumor" in str(one)]
    assert alert["message"] == "Your rumor about APEX has come true."


def test_nobody_is_shown_who_spread_a_rumor(hall: Hall, client: Client) -> None:
    rumor(hall)
    [article] = [one for one in told(hall, "news:breaking") if one["rumor"]]
    assert article["rumor"] == {"untrusted": True, "author": None, "text": GOOD}
    agent = hall.agents["ann"]
    public = str(told(hall, "news:breaking")) + client.get("/api/v1/news").content.decode()
    assert str(agent.public_id) not in public and "ann" not in public.split('"')


def test_the_door_knows_what_a_rumor_may_not(
    hall: Hall, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    rumor(hall)
    with django_assert_num_queries(1):
        view = checking.view(hall.agents["ann"], [])
    account = hall.agents["ann"].id
    assert view.rumors_today(account) == 1
    assert view.is_old_enough(account)  # it was there from the first tick on
    assert view.trades("APEX") is True
    assert view.trades("NONE") is None
    hall.operate("HALT", symbol="APEX", ticks=9)
    hall.tick()
    assert checking.view(hall.agents["ann"], []).trades("APEX") is False


def test_the_door_turns_a_newcomer_away(hall: Hall) -> None:
    from agents.models import Agent

    for _ in range(12):
        hall.tick()
    hall.agents["eve"] = Agent.objects.create(name="eve", role="quant", webhook_secret="")
    row = hall.registration("eve")
    assert row.type == REGISTER
    hall.submit(row)
    hall.tick()
    assert not checking.view(hall.agents["eve"], []).is_old_enough(hall.agents["eve"].id)
