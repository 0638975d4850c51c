"""The SEC's pages: what is public of a case, and nothing before its charge."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client

from sec.models import Investigation, Violation
from tests.floor.test_law import court, wash
from wallstreetsim.terminal import frame


@pytest.fixture(autouse=True)
def nothing_made_yet(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr("wallstreetsim.floor.shell.SHORTEST_INTERVAL", 0.0)
    frame._kept.cache_clear()
    yield
    frame._kept.cache_clear()


def text_of(client: Client, path: str) -> str:
    response = client.get(path)
    assert response.status_code == 200
    return response.content.decode()


def test_a_case_is_shown_from_its_charge_to_the_end_of_its_sentence(
    transactional_db: None, client: Client
) -> None:
    hall = court()
    page = text_of(client, "/sec")
    assert "No case is public yet." in page
    assert "Nobody is in prison." in page
    wash(hall)
    hall.operate("OPEN_CASE", agent="ann", crime="wash_trading", symbol="APEX", reason="a look")
    hall.tick()
    [case] = Investigation.objects.all()
    while not Violation.objects.public().exists():
        assert client.get(f"/sec/cases/{case.id}").status_code == 404
        assert ">ann<" not in text_of(client, "/sec")
        hall.tick()
        assert hall.row.tick < 60
    assert ">charged</td>" in text_of(client, "/sec")
    while Violation.objects.get().status == "charged":
        hall.tick()
        assert hall.row.tick < 150
    decided = Violation.objects.get()
    assert decided.status == "convicted"
    page = text_of(client, f"/sec/cases/{case.id}")
    assert "Wash trading in APEX" in page
    assert f"${decided.fine_cents / 100:,.2f}" in page
    for trade in case.evidence["trades"]:
        assert f"<td>{trade['price'] / 100:.2f}</td>" in page
    assert ">convicted</td>" in text_of(client, "/sec?crime=wash_trading&status=convicted")
    assert ">convicted</td>" not in text_of(client, "/sec?crime=bribery")
    assert "ann" in text_of(client, "/agents/ann").partition('id="record"')[0]
    assert "wash trading" in text_of(client, "/agents/ann")


def test_a_case_that_is_not_there_is_not_found(transactional_db: None, client: Client) -> None:
    court()
    assert client.get("/sec/cases/00000000-0000-4000-8000-000000000000").status_code == 404
    assert client.get("/sec?crime=x&status=y&page=-1").status_code == 200
