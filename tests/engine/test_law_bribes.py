"""Bribes: odds, escrow, and what their target does."""

from __future__ import annotations

import pytest

from market.engine.accounts import ESCROW, TREASURY
from market.engine.refusals import Refused
from sec.engine.bribes import odds_of_detection
from sec.engine.rules import BRIBERY, BribeRules
from tests.cast import Player
from tests.engine.court import INVESTIGATOR, SEEN, UNSEEN, Court

BRIBE = 100_000  # cents


def offered(court: Court, amount: int = 1_000) -> str:
    verdict = court.act("ann", "BRIBE", targetAgent="ivy", amount=amount)
    assert verdict.success, verdict
    return str(verdict.data["bribeId"])


@pytest.mark.parametrize(
    ("dollars", "points", "odds"),
    [
        (1_000, 50, 0.3 + 0.2 - 0.01),
        (20_000, 50, 0.3),
        (50_000, 0, 0.1),
        (1_000_000, 50, 0.3),
        (1_000, 100, 0.69),
    ],
)
def test_the_odds_rise_with_the_targets_reputation_and_fall_with_the_amount(
    dollars: int, points: int, odds: float
) -> None:
    assert odds_of_detection(dollars * 100, points * 1_000_000, BribeRules()) == pytest.approx(odds)


def test_an_undetected_bribe_lies_in_escrow() -> None:
    court = Court("ann", INVESTIGATOR, rules=UNSEEN)
    before = court.cash("ann")
    offered(court)
    assert court.cash("ann") == before - BRIBE
    assert court.escrow == BRIBE
    assert [(e.kind, e.debit, e.credit) for e in court.outcome.market.entries] == [
        ("bribe_escrow", court.ids["ann"], ESCROW)
    ]


def test_silence_gives_it_back_and_touches_nobody() -> None:
    court = Court("ann", INVESTIGATOR, rules=UNSEEN)
    before = court.cash("ann")
    offered(court)
    reputations = court.reputation("ann"), court.reputation("ivy")
    court.pass_ticks(201)
    assert (court.cash("ann"), court.escrow) == (before, 0)
    assert (court.reputation("ann"), court.reputation("ivy")) == reputations
    assert not court.sec.book.cases


def test_a_detected_bribe_is_forfeit_and_opens_a_case_against_its_giver_alone() -> None:
    court = Court("ann", INVESTIGATOR, rules=SEEN)
    treasury = court.treasury
    verdict = court.act("ann", "BRIBE", targetAgent="ivy", amount=1_000, request="look away")
    assert verdict.data["detected"]
    assert court.treasury == treasury + BRIBE
    assert court.reputation("ann") == 40
    assert court.reputation("ivy") == 55
    case, _ = court.case_of("ann", BRIBERY)
    assert list(case.accused) == [court.ids["ann"]]
    assert case.id == court.outcome.results[-1].id == verdict.data["bribeId"]


def test_keeping_takes_what_gifts_allow_and_costs_reputation() -> None:
    court = Court("ann", INVESTIGATOR, rules=UNSEEN)
    ann, ivy = court.cash("ann"), court.cash("ivy")
    id = offered(court, 3_000)
    verdict = court.act("ivy", "KEEP_BRIBE", bribeId=id)
    assert verdict.data["kept"] == 1_000  # one percent of her endowment a day
    assert court.cash("ivy") == ivy + BRIBE
    assert court.cash("ann") == ann - BRIBE
    assert court.escrow == 0
    assert court.reputation("ivy") == 40
    assert court.member("ivy").gifts_received == BRIBE


def test_reporting_gives_it_back_and_opens_a_case() -> None:
    court = Court("ann", INVESTIGATOR, rules=UNSEEN)
    before = court.cash("ann")
    id = offered(court)
    assert court.act("ivy", "REPORT_BRIBE", bribeId=id).success
    assert court.cash("ann") == before
    assert court.reputation("ivy") == 55
    assert court.status("ann", BRIBERY) == "opened"


def test_a_bribe_is_answered_once_and_by_its_target_alone() -> None:
    court = Court("ann", "bob", INVESTIGATOR, rules=UNSEEN)
    id = offered(court)
    assert court.act("bob", "REPORT_BRIBE", bribeId=id).code == "ALREADY_ANSWERED"
    court.submit(
        court.do("ivy", "KEEP_BRIBE", bribeId=id), court.do("ivy", "REPORT_BRIBE", bribeId=id)
    )
    assert court.codes == ["OK", "ALREADY_ANSWERED"]
    assert court.escrow == 0


def test_one_bribe_a_pair_and_day() -> None:
    court = Court("ann", INVESTIGATOR, rules=UNSEEN)
    court.submit(
        court.do("ann", "BRIBE", targetAgent="ivy", amount=1_000),
        court.do("ann", "BRIBE", targetAgent="ivy", amount=1_000),
    )
    assert court.codes == ["OK", "RATE_LIMITED"]
    court.pass_ticks(629)
    assert court.act("ann", "BRIBE", targetAgent="ivy", amount=1_000).success


def test_two_bribes_in_a_tick_to_two_targets_are_drawn_apart() -> None:
    court = Court("ann", INVESTIGATOR, Player("ida", role="sec_investigator"), rules=UNSEEN)
    court.submit(
        court.do("ann", "BRIBE", targetAgent="ivy", amount=1_000),
        court.do("ann", "BRIBE", targetAgent="ida", amount=1_000),
    )
    assert court.codes == ["OK", "OK"]
    assert court.escrow == 2 * BRIBE


def test_fifty_bribes_with_the_same_money_cannot_spend_it_twice() -> None:
    targets = [Player(f"inv{n}", "100,000.00", role="sec_investigator") for n in range(50)]
    court = Court(Player("ann", "5,000.00"), *targets, rules=UNSEEN)
    before = court.cash("ann")
    court.submit(*(court.do("ann", "BRIBE", targetAgent=t.name, amount=1_000) for t in targets))
    assert court.codes == ["OK"] * 5 + ["INSUFFICIENT_FUNDS"] * 45
    assert court.cash("ann") == 0
    assert court.escrow == before


def test_above_the_life_allowance_a_bribe_comes_from_gains_alone() -> None:
    targets = [Player(f"inv{n}", "100,000.00", role="sec_investigator") for n in range(12)]
    court = Court("ann", *targets, rules=UNSEEN)
    court.submit(*(court.do("ann", "BRIBE", targetAgent=t.name, amount=1_000) for t in targets))
    assert court.codes == ["OK"] * 10 + ["INSUFFICIENT_FUNDS"] * 2


def test_only_an_active_investigator_is_bribed_and_not_by_itself() -> None:
    court = Court("ann", "bob", INVESTIGATOR, rules=UNSEEN)
    assert court.act("ann", "BRIBE", targetAgent="bob", amount=1_000).code == "INVALID_TARGET"
    assert court.act("ivy", "BRIBE", targetAgent="ivy", amount=1_000).code == "INVALID_TARGET"
    court.world.registry.suspend(court.ids["ivy"], 900, "a test")
    assert court.act("ann", "BRIBE", targetAgent="ivy", amount=1_000).code == "INVALID_TARGET"


def test_a_blocked_briber_is_refused() -> None:
    court = Court("ann", INVESTIGATOR, rules=UNSEEN)
    court.act("ivy", "BLOCK", targetAgent="ann")
    assert court.act("ann", "BRIBE", targetAgent="ivy", amount=1_000).code == "FORBIDDEN"


@pytest.mark.parametrize("amount", [999, 0, -5, 10**30])
def test_an_amount_out_of_bounds_is_malformed(amount: int) -> None:
    court = Court("ann", INVESTIGATOR)
    with pytest.raises((ValueError, Refused)):
        court.do("ann", "BRIBE", targetAgent="ivy", amount=amount)


def test_reputation_is_gained_by_refusing_once_in_five_days() -> None:
    court = Court("ann", "bob", INVESTIGATOR, rules=UNSEEN)
    for name in ("ann", "bob"):
        verdict = court.act(name, "BRIBE", targetAgent="ivy", amount=1_000)
        court.act("ivy", "REPORT_BRIBE", bribeId=verdict.data["bribeId"])
    assert court.reputation("ivy") == 55


def test_a_bribe_of_one_who_is_gone_falls_to_the_treasury() -> None:
    court = Court("ann", INVESTIGATOR, rules=UNSEEN)
    offered(court)
    court.world.registry.flee(court.ids["ann"], "a test")
    treasury = court.treasury
    court.pass_ticks(201)
    assert court.world.market.accounts[TREASURY].cash == treasury + BRIBE


def test_a_kept_bribe_is_found_when_any_case_of_either_becomes_active() -> None:
    court = Court(Player("ann", holds={"APEX": 1_000}), INVESTIGATOR, rules=UNSEEN)
    court.act("ivy", "KEEP_BRIBE", bribeId=offered(court))
    court.wash("ann")
    court.pass_ticks(11)
    case, _ = court.case_of("ann", BRIBERY)
    assert set(case.accused) == {court.ids["ann"], court.ids["ivy"]}


def test_bribes_in_escrow_survive_a_restart() -> None:
    court = Court("ann", INVESTIGATOR, rules=UNSEEN)
    id = offered(court)
    court.reload()
    assert court.act("ivy", "KEEP_BRIBE", bribeId=id).success
    assert court.act("ann", "BRIBE", targetAgent="ivy", amount=1_000).code == "RATE_LIMITED"
