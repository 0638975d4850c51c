"""The law as rows and on the tape: cases, bribes and tips, audited, replayed and taken back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from agents.models import Agent
from market import tape
from market.models import Account, LedgerEntry
from sec.models import Bribe, Investigation, Penalty, Suspicion, Tip, Violation
from tests.floor.hall import Hall, Twin
from tests.replay.test_rollback import floor_at_rest, photograph
from wallstreetsim.floor import rollback
from wallstreetsim.machine.rules import RULES, Rules

__all__ = ["floor_at_rest"]  # a fixture


def rules_with_odds(odds: float) -> Rules:
    bribes = replace(RULES.sec.bribes, least_odds=odds, most_odds=odds)
    return replace(RULES, sec=replace(RULES.sec, bribes=bribes))


def court(odds: float = 0.0) -> Hall:
    """Return a hall with ann and bob, and ivy, who is an investigator."""
    hall = Hall("ann", "bob", rules=rules_with_odds(odds))
    hall.agents["ivy"] = Agent.objects.create(
        name="ivy", role="sec_investigator", webhook_secret=""
    )
    hall.submit(hall.registration("ivy"))
    hall.tick()
    return hall


def wash(hall: Hall, times: int = 6) -> None:
    """Let ann buy shares and trade with herself, off the market maker's quotes."""
    hall.tick("ann BUY 10 APEX MARKET")
    for _ in range(times):
        company = hall.floor.world.market.companies["APEX"]  # type: ignore[union-attr]
        assert company.best_ask is not None
        price = f"{(company.best_ask - 1) / 100:.2f}"
        hall.tick(f"ann SELL 10 APEX @ {price}\nann BUY 10 APEX @ {price} allow")


def public(hall: Hall) -> list[dict[str, object]]:
    entries = tape.read(epoch=1, stream=tape.PUBLIC_STREAM, since=0, limit=1_000)
    return [
        item
        for entry in entries
        for event in entry.read()
        if event["type"] == "sec:update"
        for item in event["data"]
    ]


def test_a_bribe_is_a_row_and_told_to_its_target_alone(transactional_db: None) -> None:
    hall = court()
    assert hall.social("ann", "BRIBE", "ivy", cents=100_000, request="Look away.") == "OK"
    [row] = Bribe.objects.all()
    assert (row.status, row.cents, row.request) == ("offered", 100_000, "Look away.")
    [alert] = hall.told("ivy", type="agent:alert")[-1:]
    assert alert["data"]["bribeId"] == str(row.id)  # type: ignore[index]
    assert not [a for a in hall.told("bob", type="agent:alert") if "bribeId" in str(a)]
    assert public(hall) == []
    assert hall.audit() == []
    hall.submit(hall.raw("ivy", "KEEP_BRIBE", {"bribe": str(row.id)}))
    hall.tick()
    row.refresh_from_db()
    assert (row.status, row.kept_cents) == ("kept", 100_000)
    kinds = set(LedgerEntry.objects.values_list("kind", flat=True))
    assert {"bribe_escrow", "bribe_kept"} <= kinds
    assert hall.audit() == []


def test_a_tip_is_a_row_that_feeds_its_case(transactional_db: None) -> None:
    hall = court()
    wash(hall, 2)
    words = {"crime": "wash_trading", "evidence": "She trades with herself, look."}
    assert hall.social("bob", "WHISTLEBLOW", "ann", **words) == "OK"
    [tip] = Tip.objects.all()
    [case] = Investigation.objects.all()
    assert (tip.investigation, case.source, tip.status) == (case.id, "tip", "taken")
    assert public(hall) == []


def test_a_case_goes_from_suspicion_to_prison_and_is_found_again(
    transactional_db: None, tmp_path: Path
) -> None:
    hall = court()
    wash(hall, 6)
    [case] = Investigation.objects.all()
    assert Suspicion.objects.filter(investigation=case.id).count() >= 1
    assert len(case.evidence["trades"]) == 6
    violation = Violation.objects.get()
    assert (violation.status, violation.account) == ("opened", hall.agents["ann"].id)
    while violation.status != "charged":
        hall.tick()
        violation.refresh_from_db()
    before = photograph()
    charged = hall.row.tick
    assert [item["status"] for item in public(hall)] == ["charged"]
    while violation.status == "charged":
        hall.tick()
        violation.refresh_from_db()
    assert violation.status == "convicted"
    alerts = hall.told("ann", type="agent:alert")
    told = [a["data"] for a in alerts if a["type"] == "investigation"]
    assert [data["status"] for data in told] == [  # type: ignore[index]
        *("active", "charged", "convicted")
    ]
    assert [item["status"] for item in public(hall)] == ["charged", "convicted"]
    assert Agent.objects.get(name="ann").status == "suspended"  # a first, light offence
    assert set(Penalty.objects.values_list("kind", flat=True)) == {"fine", "suspension"}
    assert Account.objects.get(name="escrow").cash == violation.fine_cents
    assert hall.audit() == []
    assert Twin(hall.rules).follow(hall.row) == hall.row.digest
    hall.restart()
    hall.tick()
    assert hall.audit() == []
    rollback.roll_back(charged, rules=hall.rules, dumps=tmp_path)
    assert photograph() == before


def test_an_audit_names_a_row_that_was_changed(transactional_db: None) -> None:
    hall = court()
    wash(hall, 4)
    Violation.objects.update(owed_cents=5)
    assert any("owes 0 cents, its cases say 5" in line for line in hall.audit())
    Violation.objects.update(owed_cents=0, status="acquitted")
    assert any("acquitted" in line for line in hall.audit())


def test_however_many_cases_a_tick_touches_its_statements_are_as_many(
    transactional_db: None,
) -> None:
    hall = court(odds=1.0)
    for name in ("ida", "ike"):
        hall.agents[name] = Agent.objects.create(
            name=name, role="sec_investigator", webhook_secret=""
        )
        hall.submit(hall.registration(name))
    hall.tick()

    def statements(*bribed: str) -> int:
        given = {"cents": 100_000, "request": "Look away."}
        bribes = [hall.raw("ann", "BRIBE", {"target": name, **given}) for name in bribed]
        hall.submit(*bribes)
        with CaptureQueriesContext(connection) as queries:
            hall.floor.tick()
        assert hall.codes(bribes) == ["OK"] * len(bribed)
        return len(queries)

    assert statements("ivy") == statements("ida", "ike")
    assert Investigation.objects.count() == 3


@pytest.mark.parametrize("act", ["DISMISS_CASE", "OVERRULE_CASE"])
def test_an_operators_act_without_a_reason_is_refused(transactional_db: None, act: str) -> None:
    hall = court()
    wash(hall, 4)
    case = Investigation.objects.get()
    row = hall.operate(act, case=str(case.id), reason="")
    hall.tick()
    assert hall.codes([row]) == ["BAD_REQUEST"]
