"""The research desk on its page and on a company's: right before any script runs."""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from market.models import World
from news.models import ResearchSignal
from news.research.standing import the_copy
from tests.floor.hall import Hall
from tests.research.said import signal
from tests.research.test_runner import runner


def test_the_page_shows_all_of_the_desk_before_any_script_runs(said: Hall, client: Client) -> None:
    page = client.get("/research").content.decode()
    for text in (
        *("All of it.", "MACRO", "first", "of all", "last"),
        *(
            "SELL",
            "HIGH 61",
            "$100.00",
            "$90.00",
            "$105.00",
            "Next Fed meeting",
            "The desk keeps up",
        ),
        *("squeeze", "not enough", "Nobody talks of any company.", "Ask the desk"),
    ):
        assert text in page, text
    assert "&lt;b&gt;It falls.&lt;/b&gt;" in page and "<b>It falls.</b>" not in page
    assert 'aria-current="page">RESEARCH</a>' in page


def test_the_page_answers_a_question(said: Hall, client: Client) -> None:
    page = client.get("/research", {"question": "What of NEXUS? <i>"}).content.decode()
    assert "What of NEXUS? &lt;i&gt;" in page and "source" in page
    page = client.get("/research", {"question": "zzz qqq"}).content.decode()
    assert "Nothing on the tape about that" in page


def test_the_scanner_is_sorted_by_its_address(said: Hall, client: Client) -> None:
    with the_copy().read() as desk:
        assert desk is not None
        for place, company in enumerate(desk.companies.values()):
            company.short_interest = 1 + place
    page = client.get("/research?sort=-shortInterestPercent").content.decode()
    assert 'aria-sort="descending"' in page
    scanner = page.partition('id="scanner"')[2].partition("</table>")[0]
    cells = [cell.partition("</td>")[0] for cell in scanner.split("<td>")[1:]]
    shorts = [float(cell.removesuffix("%")) for cell in cells if cell.endswith("%")]
    assert shorts == sorted(shorts, reverse=True) and len(set(shorts)) > 3
    assert "companies; GET" not in page, "all of them are shown"
    assert client.get("/research?sort=nonsense").status_code == 200


def test_the_page_reads_little_and_is_made_once(
    said: Hall,
    client: Client,
    django_assert_num_queries: DjangoAssertNumQueries,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    client.get("/health")
    with the_copy().read():  # a process makes its copy once
        pass
    with django_assert_max_num_queries(12):
        client.get("/research")
    with django_assert_num_queries(2):
        client.get("/research")


def test_it_is_made_anew_when_the_desk_has_read_more(said: Hall, client: Client) -> None:
    before = client.get("/research")
    said.tick()
    behind = client.get("/research").content.decode()
    runner().catch_up()
    after = client.get("/research").content.decode()
    tick = World.objects.get().tick
    assert f"at tick {tick}" not in before.content.decode()
    assert f"at tick {tick}" not in behind
    assert f"at tick {tick}" in after


def test_a_company_s_page_shows_its_levels_signals_and_alerts(said: Hall, client: Client) -> None:
    """And alerts that are older than what the desk remembers, as the API does."""
    with the_copy().read() as desk:
        assert desk is not None
        company = desk.companies["APEX"]
        company.levels = [company.price]
        desk.view.alerts.clear()
        level = f"{company.price / 100:,.2f}"
        desk.signals._take(signal(2))
        desk.signals._take(signal(2, "NEXUS"))
    page = client.get("/markets/APEX").content.decode()
    research = page.partition('id="company-research"')[2].partition("</section>")[0]
    assert f"${level}" in research and f'data-price="{company.price / 100}"' in research
    assert "score 61, selloff: target $90.00, stop $105.00" in research and "first" in research
    assert research.count("score 61") == 1
    assert "last" not in research and "NEXUS" not in research


def test_the_page_says_of_how_many_it_shows_the_first(
    said: Hall, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    with the_copy().read() as desk:
        assert desk is not None
        for company in desk.companies.values():
            company.short_interest = 1
        listed = len(desk.companies)
    monkeypatch.setattr("wallstreetsim.terminal.research.CARDS", 0)
    monkeypatch.setattr("wallstreetsim.terminal.research.SQUEEZES", 3)
    page = client.get("/research").content.decode()
    count = ResearchSignal.objects.filter(outcome="").count()
    assert count and f"The newest 0 of {count} that are open" in page
    assert f"The first 3 of {listed} companies" in page
