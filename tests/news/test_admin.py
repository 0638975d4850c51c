"""The desk of an operator: articles that are retracted and pinned, by inputs, with a reason."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from agents.models import Input
from news.models import Article
from tests.floor.hall import Hall


@pytest.fixture
def article(hall: Hall) -> Article:
    hall.operate("INJECT", event="EARNINGS_BEAT", symbol="APEX", impact=0.05, duration=5)
    hall.tick()
    return Article.objects.get(event_type="EARNINGS_BEAT")


def enter(client: Client, *, is_superuser: bool) -> None:
    user = User.objects.create_user("op", password="x", is_staff=True, is_superuser=is_superuser)
    client.force_login(user)


def test_an_operator_retracts_an_article(hall: Hall, client: Client, article: Article) -> None:
    enter(client, is_superuser=True)
    page = client.get(f"/admin/news/article/{article.number}/change/")
    assert page.status_code == 200 and b"RETRACT_ARTICLE" in page.content
    act = f"/admin/news/article/{article.number}/act"
    assert client.post(act, {"act": "RETRACT_ARTICLE", "reason": "wrong"}).status_code == 302
    asked = Input.objects.get(type="RETRACT_ARTICLE")
    assert asked.operator is not None and asked.parameters["reason"] == "wrong"
    hall.tick()
    article.refresh_from_db()
    assert article.is_retracted


@pytest.mark.parametrize("form", [{"act": "RETRACT_ARTICLE"}, {"act": "X", "reason": "y"}])
def test_without_a_reason_nothing_is_asked(
    hall: Hall, client: Client, article: Article, form: dict[str, str]
) -> None:
    enter(client, is_superuser=True)
    client.post(f"/admin/news/article/{article.number}/act", form)
    assert not Input.objects.filter(type="RETRACT_ARTICLE").exists()


def test_who_is_no_operator_marks_nothing(hall: Hall, client: Client, article: Article) -> None:
    enter(client, is_superuser=False)
    act = f"/admin/news/article/{article.number}/act"
    assert client.post(act, {"act": "PIN_ARTICLE", "reason": "y"}).status_code == 403
    assert client.get(act).status_code in (403, 405)


def test_the_lists_are_there(hall: Hall, client: Client, article: Article) -> None:
    hall.submit(hall.raw("ann", "RUMOR", {"symbol": "APEX", "content": "very strong growth"}))
    hall.tick()
    enter(client, is_superuser=True)
    for address in ("article/?section=rumor", "article/?mark=pinned", "rumor/", "prose/"):
        assert client.get(f"/admin/news/{address}").status_code == 200, address
    assert b"ann" in client.get("/admin/news/rumor/").content
