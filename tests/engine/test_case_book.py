"""Which case a suspicion belongs to where a habit goes on in another company, and what a split does
to the evidence of one.
"""

from __future__ import annotations

import pytest

from sec.engine.cases import Case, CaseBook, Source
from sec.engine.records import EventSeen, TradeSeen
from sec.engine.rules import INSIDER_TRADING, WASH_TRADING
from sec.engine.suspicion import Conduct, Suspicion, strongest

APEX, NOVA = EventSeen("a1", 10, "APEX", "UP", 0.05), EventSeen("n1", 90, "NOVA", "UP", 0.05)
LATER = EventSeen("n2", 190, "NOVA", "UP", 0.05)
SOLD = TradeSeen("t1", 95, "NOVA", 4_000, 30, 7, 8, "o1", "o2", None)


def suspicion(*events: EventSeen, crime: str = INSIDER_TRADING, account: int = 7) -> Suspicion:
    first, last = events[0], events[-1]
    return Suspicion(
        crime, (account,), first.symbol, 0.9, first.tick, last.tick, trades=(SOLD,), events=events
    )


@pytest.fixture
def book() -> CaseBook:
    book = CaseBook(window_ticks=630, kept_faint=10)
    case = Case("c1", INSIDER_TRADING, "APEX", Source.DETECTOR, 90, 10, 90, 0.9, price_before=5_000)
    case.add(suspicion(APEX, NOVA), 90)
    book.cases[case.id] = case
    return book


def test_a_habit_that_goes_on_elsewhere_is_one_conduct(book: CaseBook) -> None:
    assert book.same_conduct(suspicion(NOVA, LATER)) is book.cases["c1"]
    assert book.same_conduct(suspicion(LATER)) is None
    assert book.same_conduct(suspicion(NOVA, LATER, crime=WASH_TRADING)) is None
    assert book.same_conduct(suspicion(NOVA, LATER, account=8)) is None


def test_a_split_restates_evidence_of_other_companies_too(book: CaseBook) -> None:
    case = book.cases["c1"]
    book.split("NOVA", 10, 1)
    assert case.evidence.trades["t1"] == SOLD._replace(price=400, quantity=300)
    assert case.price_before == 5_000
    book.split("APEX", 10, 1)
    assert case.evidence.trades["t1"].quantity == 300
    assert case.price_before == 500


@pytest.mark.parametrize(
    ("symbol", "is_meant"), [("APEX", True), ("NOVA", True), (None, True), ("TITAN", False)]
)
def test_a_tip_may_name_any_company_of_a_habit(symbol: str | None, is_meant: bool) -> None:
    found = strongest([suspicion(APEX, NOVA)], Conduct(7, symbol, 0, 100))
    assert (found is not None) == is_meant
