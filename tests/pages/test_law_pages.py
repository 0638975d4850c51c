"""The SEC's pages: what is public of a case, and nothing before its charge."""

from __future__ import annotations

import re
from pathlib import Path

import orjson
import pytest
from django.test import Client

from agents.services.keys import create_key
from sec.engine.outcome import CaseState
from sec.engine.records import (
    EventSeen,
    LinkSeen,
    OrderSeen,
    PaymentSeen,
    PriceSeen,
    RumorSeen,
)
from sec.models import Investigation, Violation
from tests.floor.test_law import court, wash
from wallstreetsim.lab.surveillance.measure import Alert, Played, Result
from wallstreetsim.lab.surveillance.scorecard import score
from wallstreetsim.terminal import frame, law


@pytest.fixture(autouse=True)
def as_fast_as_it_can(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wallstreetsim.floor.shell.SHORTEST_INTERVAL", 0.0)


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


def test_a_case_that_is_no_public_one_is_shown_to_the_accused_alone(
    transactional_db: None, nothing_counted: None
) -> None:
    hall = court()
    readers = {name: Client() for name in ("ann", "bob")}
    for name, reader in readers.items():
        _, key = create_key(hall.agents[name])
        assert reader.post("/login", {"apiKey": key}).status_code == 302
    wash(hall)
    hall.operate("OPEN_CASE", agent="ann", crime="wash_trading", symbol="APEX", reason="a look")
    hall.tick()
    path = f"/sec/cases/{Investigation.objects.get().id}"
    assert readers["ann"].get(path).status_code == 404  # it is secret from her too
    while Violation.objects.get().status != "active":
        hall.tick()
        assert hall.row.tick < 60
    assert "Wash trading in APEX" in text_of(readers["ann"], path)
    for stranger in (readers["bob"], Client()):  # her page is kept for nobody
        assert stranger.get(path).status_code == 404


def test_a_case_file_shows_every_kind_of_evidence_and_names_the_accused_alone(
    transactional_db: None, client: Client
) -> None:
    hall = court()
    wash(hall)
    while not Violation.objects.public().exists():
        hall.tick()
        assert hall.row.tick < 60
    [case] = Investigation.objects.all()
    ann, bob = hall.agents["ann"].id, hall.agents["bob"].id
    pulled = OrderSeen(
        *("order-1", 3, ann, "APEX", "BUY", 700, 1_012, False, "allow", False),
        filled=40,
        closed_tick=4_321,
        is_pulled=True,
    )
    links = [LinkSeen("1", 5, ann, bob), LinkSeen("2", 6, bob, bob, is_chief=True)]
    case.evidence |= {
        "orders": [pulled._asdict()],
        "rumors": [RumorSeen("r", 8, ann, "APEX", 1, 50, 1_000)._asdict()],
        "bribes": [PaymentSeen("p", 9, "kept", ann, bob, 123_400)._asdict()],
        "events": [EventSeen("1:APEX", 7, "APEX", "EARNINGS_BEAT", 0.0525)._asdict()],
        "links": [link._asdict() for link in links],
        "prices": [PriceSeen("x", 2, "APEX", 1_003, 1_001, 1_007, 90, 30)._asdict()],
    }
    case.save()
    assert set(CaseState._fields) >= set(case.evidence)
    page = text_of(client, f"/sec/cases/{case.id}").partition("EVIDENCE")[2]
    for shown in ("10.12", "4,321", "a rumor about APEX", "$1,234.00", "earnings beat", "5.25%"):
        assert shown in page
    assert "10.03</td><td>10.01</td><td>10.07" in page
    assert "the company, as its chief" in page
    assert ">ann<" in page
    assert not re.search(r"\bbob\b", page)
    evidence = client.get(f"/api/v1/sec/cases/{case.id}").json()["data"]["evidence"]
    assert set(evidence) == set(case.evidence)
    assert evidence["links"][0]["agentId"] == str(hall.agents["ann"].public_id)
    assert evidence["links"][0]["otherId"] is None
    assert str(bob) not in str(evidence)
    case.evidence = {key: case.evidence[key] for key in ("orders", "trades", "rumors", "bribes")}
    case.save()
    frame._kept.cache_clear()
    assert "Who was linked" not in text_of(client, f"/sec/cases/{case.id}")  # one of before


def test_a_case_that_is_not_there_is_not_found(transactional_db: None, client: Client) -> None:
    court()
    assert client.get("/sec/cases/00000000-0000-4000-8000-000000000000").status_code == 404
    assert client.get("/sec?crime=x&status=y&page=-1").status_code == 200


def test_the_scorecard_shows_what_was_published_and_what_falls_short(
    transactional_db: None, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    court()
    assert '<a href="/sec/scorecard">' in text_of(client, "/sec")
    monkeypatch.setattr(law, "SCORECARD", tmp_path / "scorecard.json")
    law._published.cache_clear()
    assert "No scorecard is published yet." in text_of(client, "/sec/scorecard")
    caught = Played(name="spoof_to_buy", crime="spoofing", style="plain", proven=95, counted=95)
    right = Alert(
        crime="spoofing",
        tick=101,
        about="spoof_to_buy",
        right=True,
        also=False,
        exact=True,
        convicted=1,
        charged=1,
        wronged=0,
    )
    missed = Played(name="spoof_in_turns", crime="spoofing", style="evasive", proven=90, counted=90)
    card = score(
        [
            Result(half="held-out", played=[caught], alerts=[right], naive=[], voids=0),
            Result(half="held-out", played=[missed], alerts=[], naive=[], voids=0),
        ],
        half="held-out",
        types=["spoofing"],
        seeds=1,
        engine_version=4,
        engine_hash="e4e4",
        date="2026-01-31",
    )
    law.SCORECARD.write_bytes(orjson.dumps(card.figures))
    law._published.cache_clear()
    frame._kept.cache_clear()
    page = text_of(client, "/sec/scorecard")
    law._published.cache_clear()
    assert "spoofing, evasive: recall 0.00, less than 0.85" in page
    assert '<th scope="row" class="text">spoofing</th><td>2</td><td>0.50</td>' in page
    assert "2026-01-31" in page and "<code>e4e4</code>" in page
    assert "layers_below" in page
