"""The command line: where lines lead, how they are completed, and what is said of others."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.floor.hall import Hall
from wallstreetsim.api.limits import LIMITS, Limit
from wallstreetsim.terminal.command import (
    COMMANDS,
    UnknownCommand,
    completions,
    target_of,
    wanted_for,
)

SYMBOLS = ["APEX", "APOLLO", "NEXUS", "NOVA"]


@pytest.mark.parametrize(
    ("line", "address"),
    [
        ("APEX", "/markets/APEX"),
        ("apex book", "/markets/APEX#book"),
        ("NEWS", "/news"),
        ("NEWS APEX", "/news?symbol=APEX"),
        ("APEX NEWS", "/news?symbol=APEX"),
        ("AGENT Ann", "/agents/Ann"),
        ("AGENT ../sec", "/agents/..%2Fsec"),
        ("  top ", "/agents"),
        ("SEC", "/sec"),
        ("HELP", "/help"),
        ("BUY 100 APEX", "/markets/APEX?side=BUY&quantity=100"),
        ("short 1,000 apex", "/markets/APEX?side=SHORT&quantity=1000"),
    ],
)
def test_a_line_leads_where_it_says(line: str, address: str) -> None:
    assert target_of(line).address == address


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("", "Type a command"),
        ("BUY", "BUY QUANTITY SYMBOL"),
        ("BUY APEX 100", "BUY QUANTITY SYMBOL"),
        ("BUY 0 APEX", "BUY QUANTITY SYMBOL"),
        ("BUY ١٠ APEX", "BUY QUANTITY SYMBOL"),
        ("AGENT", "AGENT NAME"),
        ("APEX TO THE MOON", "no such command"),
    ],
)
def test_of_a_line_that_is_no_command_it_is_said_how_it_is_written(line: str, fault: str) -> None:
    with pytest.raises(UnknownCommand, match=fault):
        target_of(line)


@pytest.mark.parametrize(
    ("line", "lines"),
    [
        ("ne", ["NEWS", "NEXUS"]),
        ("NEWS ", ["NEWS APEX", "NEWS APOLLO", "NEWS NEXUS", "NEWS NOVA"]),
        ("news ap", ["NEWS APEX", "NEWS APOLLO"]),
        ("apex ", ["APEX BOOK", "APEX CHART", "APEX NEWS"]),
        ("buy 100 n", ["BUY 100 NEXUS", "BUY 100 NOVA"]),
        ("buy x n", []),
        ("agent an", ["AGENT ann"]),
        ("agent ann x", []),
    ],
)
def test_a_line_is_completed(line: str, lines: list[str]) -> None:
    wanted = wanted_for(line)
    known = [one for one in SYMBOLS if wanted.symbol is not None and one.startswith(wanted.symbol)]
    assert completions(line, known, ["ann"] if wanted.name else []) == lines


def test_every_command_without_a_word_of_ones_own_is_a_page(db: None, client: Client) -> None:
    Hall("ann")
    for command in COMMANDS:
        if command.is_whole:
            assert client.get(command.address).status_code == 200, command
            assert target_of(command.text).address == command.address


def test_the_line_is_a_form_that_needs_no_script(db: None, client: Client) -> None:
    Hall("ann")
    assert client.get("/go", {"q": "apex book"})["Location"] == "/markets/APEX#book"
    assert client.get("/go", {"q": "AGENT ANN"})["Location"] == "/agents/ANN"
    for line, fault in (
        ("NOPE", "There is no company NOPE, and no such command."),
        ("AGENT nobody", "There is no agent nobody."),
        ("<b>x y z", "There is no such command; HELP lists them."),
        ("AGENT a\x00b", "There is no agent ab."),
    ):
        answer = client.get("/go", {"q": line})
        assert answer.status_code == 404
        page = answer.content.decode()
        assert fault in page and "<b>x" not in page
    assert client.get("/go/completions", {"q": "agent A"}).json() == {"lines": ["AGENT ann"]}
    assert client.get("/go/completions", {"q": "ap\x00"}).json()["lines"][0] == "APEX"
    assert client.get("/go/completions", {"q": "x" * 9999}).json() == {"lines": []}


def test_a_companys_page_leads_to_those_beside_it_round_the_end(db: None, client: Client) -> None:
    hall = Hall("ann")
    assert hall.floor.world is not None
    symbols = sorted(hall.floor.world.market.companies)
    page = client.get(f"/markets/{symbols[0]}").content.decode()
    assert f'rel="prev" href="/markets/{symbols[-1]}"' in page
    assert f'rel="next" href="/markets/{symbols[1]}"' in page


def test_completions_count_under_a_limit_of_their_own(
    db: None, client: Client, nothing_counted: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(LIMITS, "completions", (Limit(1, 3_600),))
    answers = [client.get("/go/completions?q=TO") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 429]
    assert answers[1].json()["code"] == "RATE_LIMITED"
    assert client.get("/go?q=TOP").status_code == 302
