"""How a case goes, from its opening to the last cent of its fine."""

from __future__ import annotations

import pytest

from market.engine.accounts import TREASURY
from sec.engine.detectors.habits import Early, Habit, Use
from sec.engine.detectors.insider_trading import InsiderTrading
from sec.engine.records import KEPT, EventSeen, PaymentSeen
from sec.engine.rules import BRIBERY, INSIDER_TRADING, PUMP_AND_DUMP
from sec.engine.suspicion import Suspicion
from tests.cast import Player
from tests.engine.court import INVESTIGATOR, UNSEEN, Court

POOR = Player("ann", "1,000.00", leverage=3, holds={"APEX": 20_000})  # in cash
WASHER = Player("ann", "1,000,000.00", holds={"APEX": 100_000})
BIG = 20_000  # shares: two hundred thousand dollars, and so no light offence


def accused(*cast: str | Player, shares: int = BIG) -> Court:
    """Return a court in which ann has washed enough to be convicted."""
    court = Court(WASHER, INVESTIGATOR, *cast)
    court.member("ivy").admitted_tick = -10_000
    court.wash("ann", shares=shares)
    return court


def active(*cast: str | Player, shares: int = BIG) -> Court:
    court = accused(*cast, shares=shares)
    while court.status("ann") == "opened":
        court.submit()
    return court


def charged(*cast: str | Player, shares: int = BIG) -> Court:
    court = active(*cast, shares=shares)
    while court.status("ann") == "active":
        court.submit()
    return court


def convicted(*cast: str | Player, shares: int = BIG) -> Court:
    court = charged(*cast, shares=shares)
    court.pass_ticks(50)
    assert court.status("ann") == "convicted"
    return court


def id_of(court: Court) -> str:
    return court.case_of("ann")[0].id


# The course of a case


def test_a_case_is_opened_active_charged_and_decided_in_time() -> None:
    court = accused()
    case, one = court.case_of("ann")
    court.pass_ticks(100)
    assert one.active_tick == one.opened_tick + 10
    assert one.charged_tick is not None and one.charged_tick >= one.active_tick
    assert one.decided_tick == one.charged_tick + 50
    assert one.status.value == "convicted"
    assert case.source.value == "detector"


def test_one_course_of_conduct_is_one_case() -> None:
    court = active()
    court.wash("ann", 3)
    assert len(court.sec.book.cases) == 1


def test_what_has_been_tried_is_not_tried_again_and_what_is_new_is_another_case() -> None:
    court = convicted(shares=100)
    first, _ = court.case_of("ann")
    court.pass_ticks(150)
    assert list(court.sec.book.cases) == [first.id]
    court.wash("ann")
    second, one = court.case_of("ann")
    assert second.id != first.id
    assert second.first_tick == one.opened_tick - 2  # the third order in a row opens it


def test_a_case_that_does_not_verify_is_dismissed_after_200_ticks() -> None:
    court = Court(WASHER, INVESTIGATOR)
    court.wash("ann", 3)  # enough to open, too little to convict
    _, one = court.case_of("ann")
    court.pass_ticks(200)
    assert one.status.value == "dismissed"
    assert one.decided_tick == one.opened_tick + 200
    assert not court.member("ann").is_accused
    assert court.reputation("ann") == pytest.approx(50, abs=1)


def test_the_accused_is_told_when_it_is_active_and_not_before() -> None:
    court = Court(WASHER, INVESTIGATOR)
    court.wash("ann", 2)
    told = []
    for _ in range(15):
        court.wash("ann", 1)
        told += [
            (a.kind, a.data["status"]) for a in court.outcome.market.alerts if "status" in a.data
        ]
    assert told == [("investigation", "active")] or told[0] == ("investigation", "active")


def test_a_secret_case_is_answered_like_none() -> None:
    court = accused()
    case = id_of(court)
    for type, more in (("RESPOND", {"content": "no"}), ("SETTLE", {}), ("APPEAL", {})):
        secret = court.act("ann", type, investigationId=case, **more)
        none = court.act(
            "ann", type, investigationId="00000000-0000-4000-8000-999999999999", **more
        )
        assert (secret.code, secret.message) == (none.code, none.message)
    assert court.act("ann", "FLEE").code == "NOT_YOUR_CASE"


def test_from_active_on_the_accused_gives_no_gifts() -> None:
    court = active()
    assert court.act("ann", "BRIBE", targetAgent="ivy", amount=1_000).code == "FORBIDDEN"


def test_from_charged_on_exposure_may_not_rise() -> None:
    court = charged()
    court.tick("ann BUY 1 @ 9.00")
    assert court.codes == ["FORBIDDEN"]
    court.tick("ann SELL 1 @ 11.00")
    assert court.codes == ["OK"]


# The verdict


def test_a_conviction_fines_imprisons_and_costs_reputation() -> None:
    court = charged()
    treasury, before = court.treasury, court.cash("ann")
    reputation = court.reputation("ann")
    court.pass_ticks(50)
    _, one = court.case_of("ann")
    assert one.fine_cents == one.notional_cents // 100 == 6 * 20_000 * 1_000 // 100
    assert court.cash("ann") == before - one.fine_cents
    assert court.escrow == one.fine_cents
    assert court.treasury == treasury
    member = court.member("ann")
    assert member.status.value == "imprisoned"
    assert one.decided_tick is not None
    assert member.status_until == one.decided_tick + one.sentence_ticks
    assert 1_000 <= one.sentence_ticks <= 3_000
    assert court.reputation("ann") <= reputation - 10
    court.pass_ticks(200)
    assert (court.escrow, one.is_appeal_over) == (0, True)
    share = min(one.fine_cents * 2 // 100, 500_000)
    assert court.treasury - treasury == one.fine_cents - share
    assert court.cash("ivy") == 10_000_000 + share


def test_prison_ends_in_time_and_with_an_alert() -> None:
    court = convicted()
    until = court.member("ann").status_until
    court.run_to(until)
    assert court.member("ann").status.value == "active"
    assert [a.kind for a in court.outcome.market.alerts] == ["released"]


def test_an_arrest_cancels_open_orders() -> None:
    court = charged()
    court.tick("ann SELL 1 @ 12.00 #rest")
    assert court.company().best_ask == 1_200
    while court.orders["rest"].status != "cancelled":
        court.pass_ticks(1)
    assert court.company().best_ask is None, "nobody is shown what no longer rests"
    assert court.world.tick < 70


def test_a_first_light_offence_is_a_suspension() -> None:
    court = convicted(shares=100)
    _, one = court.case_of("ann")
    assert one.sentence_ticks == 0
    assert 100 <= one.suspension_ticks <= 500
    assert court.member("ann").status.value == "suspended"


def test_a_second_offence_is_prison() -> None:
    court = convicted(shares=100)
    court.pass_ticks(700)
    court.wash("ann", shares=100)
    court.pass_ticks(80)
    assert court.member("ann").status.value == "imprisoned"


def test_sentences_are_consecutive() -> None:
    court = convicted()
    until = court.member("ann").status_until
    payment = PaymentSeen("p", court.world.tick, KEPT, court.ids["ann"], court.ids["ivy"], 100_000)
    court.sec.take(
        Suspicion(
            BRIBERY,
            (court.ids["ann"],),
            None,
            1.0,
            court.world.tick,
            court.world.tick,
            payments=(payment,),
        )
    )
    court.pass_ticks(100)
    _, one = court.case_of("ann", BRIBERY)
    assert one.status.value == "convicted"
    assert court.member("ann").status_until == until + one.sentence_ticks


# Answers, settlements, appeals


def test_settling_costs_60_percent_of_the_fine_and_spares_prison() -> None:
    court = active()
    before = court.cash("ann")
    verdict = court.act("ann", "SETTLE", investigationId=id_of(court))
    _, one = court.case_of("ann")
    assert verdict.data["paid"] == one.fine_cents / 100 == 6 * 20_000 * 10 / 100 * 0.6
    assert court.cash("ann") == before - one.fine_cents
    assert one.status.value == "settled"
    assert court.member("ann").status.value == "active"
    assert court.sec.priors[court.ids["ann"]] == 1
    assert court.escrow == 0


def test_one_settles_once_in_20_days() -> None:
    court = active()
    court.act("ann", "SETTLE", investigationId=id_of(court))
    court.wash("ann", shares=BIG)
    court.pass_ticks(10)
    assert court.act("ann", "SETTLE", investigationId=id_of(court)).code == "RATE_LIMITED"


def test_a_settlement_is_paid_in_full_at_once_or_not_at_all() -> None:
    court = active()
    court.tick("ann BUY 99900 @ 9.99 #all")
    before = court.cash("ann")
    code = court.act("ann", "SETTLE", investigationId=id_of(court)).code
    assert (code, court.cash("ann")) == ("INSUFFICIENT_FUNDS", before)
    court.submit(
        *court.inputs("ann CANCEL #all"), court.do("ann", "SETTLE", investigationId=id_of(court))
    )
    assert court.codes == ["OK", "OK"]


def test_nobody_answers_the_case_of_another() -> None:
    court = active("bob")
    for type, more in (("RESPOND", {"content": "no"}), ("SETTLE", {}), ("APPEAL", {})):
        verdict = court.act("bob", type, investigationId=id_of(court), **more)
        assert verdict.code == "NOT_YOUR_CASE"


def test_stops_that_the_accused_cites_are_weighed() -> None:
    court = Court(WASHER, "bob", INVESTIGATOR)
    for n in range(6):
        court.tick(f"ann BUY {BIG} @ 9.50 #bid{n}")
        court.tick(f"ann SELL {BIG} STOP 10.00 allow #stop{n}")
        court.submit()
        court.submit()
    court.pass_ticks(40)
    assert court.status("ann") == "charged"
    cited = " ".join(court.orders[f"stop{n}"].id for n in range(6))
    court.act("ann", "RESPOND", investigationId=id_of(court), content=f"These were stops: {cited}")
    court.pass_ticks(50)
    assert court.status("ann") == "acquitted"
    assert court.escrow == 0


def test_an_appeal_that_fails_pays_the_fine_out_later_and_prison_runs_on() -> None:
    court = Court(WASHER, INVESTIGATOR)
    court.wash("ann", 12, shares=BIG)
    court.pass_ticks(100)
    until = court.member("ann").status_until
    assert court.act("ann", "APPEAL", investigationId=id_of(court)).success
    assert court.act("ann", "APPEAL", investigationId=id_of(court)).code == "ALREADY_ANSWERED"
    court.pass_ticks(98)
    assert court.escrow > 0
    court.pass_ticks(1)
    assert court.escrow == 0
    assert court.status("ann") == "convicted"
    assert court.member("ann").status_until == until


def test_an_appeal_that_succeeds_gives_everything_back() -> None:
    court = charged()
    before, reputation = court.cash("ann"), court.reputation("ann")
    court.pass_ticks(50)
    court.act("ann", "APPEAL", investigationId=id_of(court))  # six orders: too few for more doubt
    court.pass_ticks(101)
    assert court.status("ann") == "overturned"
    assert court.cash("ann") == before
    assert court.reputation("ann") == pytest.approx(reputation, abs=1)
    assert court.member("ann").status.value == "active"
    assert court.escrow == 0
    assert court.ids["ann"] not in court.sec.priors


def test_there_is_no_appeal_after_200_ticks() -> None:
    court = convicted()
    court.pass_ticks(201)
    verdict = court.act("ann", "APPEAL", investigationId=id_of(court))
    assert verdict.code == "ALREADY_ANSWERED"


# Debts


def test_positions_are_closed_for_a_fine_within_what_a_tick_may() -> None:
    court = Court(POOR, "bob", INVESTIGATOR)
    court.wash("ann", shares=BIG)
    court.tick("bob BUY 5000 @ 10.00")
    court.pass_ticks(90)
    _, one = court.case_of("ann")
    assert one.status.value == "convicted"
    assert one.collected_cents > 100_000
    assert court.holding("bob") == 20_000 - court.holding("ann") > 0
    court.pass_ticks(10)
    assert one.owed_cents == court.account("ann").debt
    assert one.collected_cents + one.owed_cents == one.fine_cents


def test_what_is_missing_is_a_debt_that_bears_interest_and_counts_against_equity() -> None:
    court = Court(POOR, INVESTIGATOR)
    court.wash("ann", shares=BIG)
    cash = court.cash("ann")
    court.pass_ticks(100)
    _, one = court.case_of("ann")
    assert one.collected_cents == cash
    owed = one.owed_cents
    account = court.account("ann")
    assert account.debt == owed == one.fine_cents - cash
    assert account.equity == 20_000 * 1_000 - owed
    court.run_to(391)
    assert one.owed_cents > owed
    assert court.member("ann").is_debtor


def test_a_debtor_gives_nothing_and_does_not_flee() -> None:
    court = Court(POOR, INVESTIGATOR)
    court.wash("ann", shares=BIG)
    court.pass_ticks(100)
    court.world.registry.release(court.ids["ann"], "a test")
    assert court.act("ann", "BRIBE", targetAgent="ivy", amount=1_000).code == "FORBIDDEN"


# Ends without a verdict


def test_bankruptcy_abates_a_case() -> None:
    court = active()
    court.world.registry.go_bankrupt(court.ids["ann"])
    court.submit()
    assert court.status("ann") == "abated"


def test_an_operator_dismisses_with_a_reason() -> None:
    court = charged()
    assert court.order("DISMISS_CASE", case=id_of(court), reason="a test").success
    case, one = court.case_of("ann")
    assert (one.status.value, case.note) == ("dismissed", "a test")
    assert not court.account("ann").is_reduce_only
    assert court.order("DISMISS_CASE", case=id_of(court), reason="again").code == "CONFLICT"


@pytest.mark.parametrize("by_operator", [True, False])
def test_a_habit_outlives_a_case_that_time_ended_and_none_that_an_operator_did(
    by_operator: bool,
) -> None:
    court = Court(WASHER, INVESTIGATOR)
    detector = court.sec.surveillance.detectors.by_crime[INSIDER_TRADING]
    assert isinstance(detector, InsiderTrading)
    opened = court.order("OPEN_CASE", agent="ann", crime=INSIDER_TRADING, reason="a test")
    early = Early(
        court.ids["ann"], EventSeen("news", 1, "APEX", "UP", 0.02), 9, 9, 1, 0.1, 1.0, False, 0
    )
    habit = detector.habits[court.ids["ann"]] = Habit(court.ids["ann"], 630)
    habit.tick, habit.uses["news"] = court.sec.tick, Use(early, 1.0, (), ())
    if by_operator:
        case = opened.data["investigationId"]
        assert court.order("DISMISS_CASE", case=case, reason="a test").success
    else:
        court.pass_ticks(200)
    assert court.status("ann", INSIDER_TRADING) == "dismissed"
    kept = detector.habits.get(court.ids["ann"])
    assert (kept.judged if kept else None) == (None if by_operator else "news")


def test_an_operator_overrules_even_when_the_fine_is_paid_out() -> None:
    court = charged()
    before = court.cash("ann")
    court.pass_ticks(50 + 201)
    assert court.escrow == 0
    assert court.order("OVERRULE_CASE", case=id_of(court), reason="a test").success
    assert court.cash("ann") == before
    assert court.member("ann").status.value == "active"


def test_an_operator_opens_a_case_which_still_needs_proof() -> None:
    court = Court("ann", INVESTIGATOR)
    verdict = court.order("OPEN_CASE", agent="ann", crime="spoofing", reason="a hunch")
    assert verdict.success
    assert court.status("ann", "spoofing") == "opened"
    court.pass_ticks(200)
    assert court.status("ann", "spoofing") == "dismissed"
    assert court.order("OPEN_CASE", agent="ann", crime="spoofing", reason="").code == "BAD_REQUEST"


def test_agents_cannot_do_what_operators_do() -> None:
    court = Court("ann", INVESTIGATOR)
    court.submit(
        court.input("ann", "OPEN_CASE", {"agent": "ivy", "crime": "bribery", "reason": "x"})
    )
    assert court.codes == ["FORBIDDEN"]


# The investigator


def test_the_investigator_is_neither_the_informer_nor_linked_to_the_accused() -> None:
    court = Court(WASHER, INVESTIGATOR, Player("ida", role="sec_investigator"))
    for name in ("ivy", "ida"):
        court.member(name).admitted_tick = -10_000
    court.wash("ann", 2)
    court.act("ivy", "WHISTLEBLOW", targetAgent="ann", crimeType="wash_trading", evidence="x" * 20)
    assert court.case_of("ann")[0].investigator == court.ids["ida"]


def test_an_outside_investigator_is_five_days_old_and_of_reputation() -> None:
    court = Court(WASHER, INVESTIGATOR)
    court.wash("ann", 4)
    assert court.case_of("ann")[0].investigator is None


def test_a_kept_bribe_of_the_accused_delays_the_charge_by_100_ticks_once() -> None:
    court = Court(WASHER, INVESTIGATOR, rules=UNSEEN)
    court.member("ivy").admitted_tick = -10_000
    bribe = court.act("ann", "BRIBE", targetAgent="ivy", amount=1_000).data["bribeId"]
    court.act("ivy", "KEEP_BRIBE", bribeId=bribe)
    court.wash("ann", shares=BIG)
    case, one = court.case_of("ann")
    assert case.investigator == court.ids["ivy"]
    court.pass_ticks(200)
    assert one.active_tick is not None
    assert one.charged_tick == one.active_tick + 101


def test_a_subpoena_is_for_the_assigned_investigator_once_active_and_the_subject_is_told() -> None:
    court = Court(WASHER, "bob", INVESTIGATOR, Player("ida", role="sec_investigator"))
    court.member("ivy").admitted_tick = -10_000
    court.wash("ann", 4)
    case = id_of(court)
    assert court.act("ida", "SUBPOENA", investigationId=case).code == "NOT_YOUR_CASE"
    assert court.act("ivy", "SUBPOENA", investigationId=case).code == "CONFLICT"
    court.pass_ticks(10)
    verdict = court.act("ivy", "SUBPOENA", investigationId=case)
    assert verdict.success, verdict
    assert verdict.data["accused"] == ["agent-ann"]
    assert [court.names[a.account] for a in court.outcome.market.alerts] == ["ann"]


def test_a_jailed_investigator_is_replaced() -> None:
    court = Court(WASHER, INVESTIGATOR, Player("ida", role="sec_investigator"))
    court.member("ivy").admitted_tick = -10_000
    court.wash("ann", 4)
    court.member("ida").admitted_tick = -10_000
    court.world.registry.imprison(court.ids["ivy"], 5_000, "a test")
    court.submit()
    assert court.case_of("ann")[0].investigator == court.ids["ida"]


# Compensation


def dump_court() -> Court:
    """Return a court in which ann, who held 10,000, has spread a rumor and sold to bob above."""
    court = Court(
        Player("ann", holds={"APEX": 10_000}),
        "bob",
        Player("cid", holds={"APEX": 10}),
        INVESTIGATOR,
    )
    court.spread("ann", +1)
    court.reprice("10.30")
    court.tick()
    court.tick("ann SELL 10000 @ 10.30\nbob BUY 10000 @ 10.30")
    return court


def test_an_author_who_sells_into_its_rumor_is_convicted_and_its_buyers_compensated() -> None:
    court = dump_court()
    court.pass_ticks(100)
    _, one = court.case_of("ann", PUMP_AND_DUMP)
    assert one.status.value == "convicted"
    assert one.gain_cents == 10_000 * 30
    bob = court.cash("bob")
    court.pass_ticks(201)
    assert court.cash("bob") - bob == 10_000 * 30
    assert court.escrow == 0


def test_an_ally_is_not_compensated() -> None:
    court = dump_court()
    court.act("ann", "MESSAGE", targetAgent="bob", content="hello")
    court.act("bob", "MESSAGE", targetAgent="ann", content="hello yourself")
    bob = court.cash("bob")
    court.pass_ticks(400)
    assert court.cash("bob") == bob
    assert court.treasury > 0


# Keeping


def test_a_restart_in_every_stage_changes_nothing() -> None:
    def run(reloads: bool) -> str:
        court = dump_court()
        court.wash("ann", 0)
        for tick in range(340):
            if tick == 120:
                case, _ = court.case_of("ann", PUMP_AND_DUMP)
                court.act("ann", "APPEAL", investigationId=case.id)
            else:
                court.submit()
            if reloads and tick % 30 == 0:
                court.reload()
        return court.world.digest

    assert run(True) == run(False)


def test_what_is_long_over_is_forgotten() -> None:
    court = active()
    court.act("ann", "SETTLE", investigationId=id_of(court))
    assert court.sec.book.cases
    court.pass_ticks(700)
    assert not court.sec.book.cases
    assert not court.sec.records.trades
    assert not court.sec.records.orders
    assert court.world.market.accounts[TREASURY].cash > 0
