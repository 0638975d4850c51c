"""Alliances: proposals, what is pooled and paid at a close, and how they end."""

from __future__ import annotations

from typing import Any

import pytest

from agents.engine.facts import AllianceEnded, AllianceFormed
from agents.engine.rules import POINT
from tests.cast import Player, cents
from tests.engine.social import CLOSE, DAY, SocialStage


def trio(**more: Any) -> SocialStage:
    return SocialStage("ann", "bob", "cid", **more)


# Proposals


def test_a_proposal_is_told_to_its_target_and_formed_when_it_is_accepted() -> None:
    stage = trio()
    verdict = stage.verdict("ann", "ALLY", "bob", percent=20, proposal="Let us share it.")
    assert verdict.data["allianceId"] == stage.outcome.results[0].id
    assert stage.alerts("bob") == ["alliance_request"]
    [alert] = [a for a in stage.outcome.market.alerts if a.kind == "alliance_request"]
    assert alert.data["proposal"] == {
        "untrusted": True,
        "author": "ann",
        "text": "Let us share it.",
    }
    assert not stage.registry.allied(stage.ids["ann"], stage.ids["bob"])
    assert stage.do("bob", "ALLY_ACCEPT", alliance=verdict.data["allianceId"]) == "OK"
    assert stage.alerts("ann") == ["alliance_accepted"]
    assert stage.registry.allied(stage.ids["bob"], stage.ids["ann"])
    [formed] = stage.outcome.agents.formed
    assert isinstance(formed, AllianceFormed)
    assert formed.share_percent == 20


def test_only_the_other_agent_answers_and_only_once() -> None:
    stage = trio()
    stage.propose("ann", "bob")
    [proposal] = stage.registry.open_alliances(stage.ids["ann"])
    assert stage.do("cid", "ALLY_ACCEPT", alliance=proposal.id) == "INVALID_TARGET"
    assert stage.do("ann", "ALLY_ACCEPT", alliance=proposal.id) == "FORBIDDEN"
    assert stage.do("bob", "ALLY_DISSOLVE", alliance=proposal.id) == "CONFLICT"
    answers = ("bob", "ALLY_ACCEPT", None, {"alliance": proposal.id})
    stage.act_at_once(answers, answers)
    assert stage.codes == ["OK", "ALREADY_ANSWERED"]
    assert stage.do("bob", "ALLY_REJECT", alliance=proposal.id) == "ALREADY_ANSWERED"


def test_a_proposal_is_rejected_withdrawn_or_expires() -> None:
    stage = trio()
    stage.propose("ann", "bob")
    assert stage.do("bob", "ALLY_REJECT", "ann", reason="No.") == "OK"
    assert stage.propose("ann", "bob") == "OK"
    assert stage.do("ann", "ALLY_DISSOLVE", "bob") == "OK"
    assert stage.propose("ann", "bob") == "OK"
    stage.run_to(stage.world.tick + 200)
    assert stage.registry.open_alliances(stage.ids["ann"])
    stage.submit()
    assert not stage.registry.open_alliances(stage.ids["ann"])
    assert stage.do("bob", "ALLY_ACCEPT", "ann") == "INVALID_TARGET"
    assert stage.outcome.agents.ended == []  # no alliance had been formed


def test_two_agents_have_one_proposal_or_alliance_between_them() -> None:
    stage = trio()
    stage.propose("ann", "bob")
    assert stage.propose("ann", "bob") == "DUPLICATE"
    assert stage.propose("bob", "ann") == "DUPLICATE"
    stage.do("bob", "ALLY_ACCEPT", "ann")
    assert stage.propose("bob", "ann") == "DUPLICATE"


def test_an_agent_is_in_three_alliances_that_share_all_it_gains_at_most() -> None:
    crowd = [f"a{n}x" for n in range(5)]
    stage = SocialStage("ann", *crowd)
    assert stage.propose("ann", crowd[0], 60) == "OK"
    stage.do(crowd[0], "ALLY_ACCEPT", "ann")
    assert stage.propose("ann", crowd[1], 41) == "CONFLICT"
    for name in crowd[1:3]:
        stage.ally("ann", name, 20)
    assert stage.propose("ann", crowd[3], 0) == "CONFLICT"
    assert stage.propose(crowd[3], "ann", 0) == "CONFLICT"


def test_room_is_looked_at_again_when_a_proposal_is_accepted() -> None:
    stage = trio()
    stage.propose("bob", "ann", 60)
    stage.propose("cid", "ann", 60)
    assert stage.do("ann", "ALLY_ACCEPT", "bob") == "OK"
    assert stage.do("ann", "ALLY_ACCEPT", "cid") == "CONFLICT"


def test_an_agent_has_ten_proposals_out_at_most() -> None:
    crowd = [f"a{n:02}x" for n in range(12)]
    stage = SocialStage("ann", *crowd)
    codes = [stage.propose("ann", name, 0) for name in crowd]
    assert codes == ["OK"] * 10 + ["RATE_LIMITED"] * 2


def test_a_suspended_agent_proposes_and_accepts_nothing() -> None:
    stage = trio()
    stage.propose("ann", "bob")
    stage.registry.suspend(stage.ids["bob"], 500, "a test")
    assert stage.do("bob", "ALLY_ACCEPT", "ann") == "AGENT_SUSPENDED"
    assert stage.propose("bob", "cid") == "AGENT_SUSPENDED"
    assert stage.do("bob", "ALLY_REJECT", "ann") == "OK"


# What is shared


def test_what_both_gain_over_their_high_water_marks_is_pooled_and_split() -> None:
    stage = trio()
    stage.earn("ann", "500,000.00")  # before: it is no part of the pool
    alliance = stage.ally("ann", "bob", 20)
    stage.run_to(CLOSE)  # of the day in which it was formed: no full day
    assert stage.outcome.agents.payouts == []
    stage.earn("ann", "10,000.00")
    stage.run_to(DAY + CLOSE)
    [payout] = stage.outcome.agents.payouts
    assert (payout.payer, payout.receiver) == (stage.ids["ann"], stage.ids["bob"])
    assert payout.payer_pooled_cents == cents("2,000.00")
    assert payout.receiver_pooled_cents == 0
    assert payout.cents == cents("1,000.00")
    [entry] = stage.outcome.market.entries
    assert (entry.kind, entry.debit, entry.credit, entry.cents) == (
        "profit_share",
        stage.ids["ann"],
        stage.ids["bob"],
        cents("1,000.00"),
    )
    assert stage.state("bob").gifts_received == cents("1,000.00")
    stage.run_to(2 * DAY + CLOSE)
    assert stage.outcome.agents.payouts == []  # nothing new was gained
    assert alliance.status == "active"


def test_a_gift_counts_neither_as_a_gain_nor_in_performance() -> None:
    stage = trio()
    stage.earn("ann", "500,000.00")
    stage.ally("ann", "bob", 50)
    stage.run_to(DAY - 1)
    stage.earn("ann", "20,000.00")
    stage.run_to(DAY + CLOSE)
    [payout] = stage.outcome.agents.payouts
    assert payout.cents == cents("5,000.00")
    bob, ann = stage.account("bob"), stage.account("ann")
    assert bob.equity - bob.close_equity == 0  # its day's profit
    assert ann.equity - ann.close_equity == 0
    assert stage.state("bob").return_sum == 0
    assert stage.world.market.equity_day_ago(bob) == bob.equity
    stage.run_to(2 * DAY + CLOSE)
    assert stage.outcome.agents.payouts == []  # for bob it is no rise


def test_a_loss_is_made_good_before_anything_is_pooled_again() -> None:
    stage = trio()
    stage.earn("ann", "500,000.00")
    stage.ally("ann", "bob", 50)
    stage.run_to(CLOSE)
    stage.earn("ann", "-30,000.00")
    stage.run_to(DAY + CLOSE)
    assert stage.outcome.agents.payouts == []
    stage.earn("ann", "30,000.00")
    stage.run_to(2 * DAY + CLOSE)
    assert stage.outcome.agents.payouts == []
    stage.earn("ann", "400.00")
    stage.run_to(3 * DAY + CLOSE)
    [payout] = stage.outcome.agents.payouts
    assert payout.cents == cents("100.00")


def test_a_payout_is_no_more_than_gifts_may_be_and_the_rest_lapses() -> None:
    stage = trio()
    stage.earn("ann", "500,000.00")
    stage.ally("ann", "bob", 100)
    stage.run_to(CLOSE)
    stage.earn("ann", "300,000.00")
    stage.run_to(DAY + CLOSE)
    [payout] = stage.outcome.agents.payouts
    assert payout.cents == cents("10,000.00")  # 1 % of what bob was endowed with
    assert payout.lapsed_cents == cents("140,000.00")


def test_who_has_only_its_endowment_pays_nothing() -> None:
    stage = trio()
    stage.ally("ann", "bob", 100)
    stage.earn("ann", "-100,000.00")
    stage.run_to(CLOSE)
    stage.registry.open_alliances(stage.ids["ann"])[0].proposer_mark = stage.account("ann").equity
    stage.earn("ann", "50,000.00")
    stage.run_to(DAY + CLOSE)
    [payout] = stage.outcome.agents.payouts
    assert (payout.cents, payout.lapsed_cents) == (0, cents("25,000.00"))


def test_what_was_gained_since_the_last_close_is_not_given_away_yet() -> None:
    stage = trio()
    stage.ally("ann", "bob", 100)
    stage.run_to(DAY)
    stage.earn("ann", "8,000.00")
    stage.run_to(DAY + CLOSE)
    assert stage.outcome.agents.payouts[0].cents == 0
    stage.earn("ann", "2,000.00")
    stage.run_to(2 * DAY + CLOSE)
    assert stage.outcome.agents.payouts[0].cents == cents("1,000.00")


def test_twenty_new_accounts_cannot_be_gathered_into_one() -> None:
    """Endowments stay where they are, however many accounts one hand has."""
    crowd = [f"a{n:02}x" for n in range(20)]
    stage = SocialStage("ann", *crowd)
    for name in crowd[:3]:  # more alliances there cannot be
        stage.ally(name, "ann", 33)
    before = stage.account("ann").equity
    stage.run_to(3 * DAY)
    assert stage.account("ann").equity == before
    for account in stage.ids.values():
        if account >= 1_000:
            assert stage.registry.giveable(account) == 0


def test_nothing_accrues_while_a_member_is_suspended() -> None:
    stage = trio()
    stage.earn("ann", "500,000.00")
    stage.ally("ann", "bob", 50)
    stage.run_to(CLOSE)
    stage.registry.suspend(stage.ids["bob"], 2 * DAY, "a test")
    stage.earn("ann", "10,000.00")
    stage.run_to(DAY + CLOSE)
    assert stage.outcome.agents.payouts == []
    stage.run_to(2 * DAY + CLOSE)
    assert stage.state("bob").status == "active"
    assert stage.outcome.agents.payouts == []
    stage.earn("ann", "1,000.00")
    stage.run_to(3 * DAY + CLOSE)
    assert stage.outcome.agents.payouts[0].cents == cents("250.00")


def test_an_accused_member_pays_nothing() -> None:
    stage = trio()
    stage.earn("ann", "500,000.00")
    stage.ally("ann", "bob", 50)
    stage.run_to(CLOSE)
    stage.earn("ann", "10,000.00")
    stage.registry.set_accused(stage.ids["ann"], True)
    stage.run_to(DAY + CLOSE)
    assert stage.outcome.agents.payouts[0].cents == 0


# How they end


def test_a_dissolved_alliance_shares_the_next_close_and_is_over_then() -> None:
    stage = trio()
    stage.earn("ann", "500,000.00")
    alliance = stage.ally("ann", "bob", 50)
    stage.run_to(CLOSE)
    stage.earn("ann", "10,000.00")
    stage.run_to(DAY)
    assert stage.do("ann", "ALLY_DISSOLVE", "bob", reason="Enough.") == "OK"
    assert stage.do("ann", "ALLY_DISSOLVE", "bob") == "DUPLICATE"
    assert alliance.status == "ending"
    stage.run_to(DAY + CLOSE)
    assert stage.outcome.agents.payouts[0].cents == cents("2,500.00")
    assert alliance.status == "dissolved"
    [ended] = stage.outcome.agents.ended
    assert not ended.is_betrayal
    assert stage.state("ann").reputation >= 50 * POINT


def test_who_dissolves_at_once_betrays_and_nothing_is_paid() -> None:
    stage = trio()
    stage.earn("ann", "500,000.00")
    alliance = stage.ally("ann", "bob", 50)
    stage.run_to(CLOSE)
    stage.earn("ann", "10,000.00")
    stage.run_to(DAY)
    before = stage.state("ann").reputation
    assert stage.do("ann", "ALLY_DISSOLVE", "bob", now=True) == "OK"
    [ended] = stage.outcome.agents.ended
    assert isinstance(ended, AllianceEnded)
    assert ended.is_betrayal
    assert stage.state("ann").reputation == before - 10 * POINT
    assert stage.state("ann").history[-1].why == "betrayal"
    assert alliance.status == "betrayed"
    stage.run_to(DAY + CLOSE)
    assert stage.outcome.agents.payouts == []


def test_who_is_bankrupt_or_has_fled_is_in_no_alliance() -> None:
    for fall in ("go_bankrupt", "flee"):
        stage = trio()
        alliance = stage.ally("ann", "bob", 50)
        stage.propose("ann", "cid")
        account = stage.ids["ann"]
        if fall == "flee":
            stage.registry.flee(account, "fled")
        else:
            stage.registry.go_bankrupt(account)
        assert alliance.status == "broken"
        assert stage.registry.open_alliances(account) == []
        assert stage.registry.open_alliances(stage.ids["cid"]) == []
        stage.world.check(full=True)


def test_an_ally_may_be_bankrupt_between_accepting_and_the_payout() -> None:
    stage = SocialStage("ann", Player("bob", cash="1,000.00", leverage=5))
    stage.earn("ann", "500,000.00")
    stage.ally("ann", "bob", 50)
    stage.run_to(CLOSE)
    stage.earn("ann", "10,000.00")
    stage.earn("bob", "-2,000.00")
    stage.run_to(DAY + CLOSE)
    assert stage.state("bob").status == "bankrupt"
    assert stage.outcome.agents.payouts == []
    assert sum(a.cash for a in stage.world.market.accounts.values()) == 0


@pytest.mark.parametrize("reload", [False, True])
def test_an_alliance_outlives_a_restart(reload: bool) -> None:
    stage = trio()
    stage.earn("ann", "500,000.00")
    stage.ally("ann", "bob", 50)
    stage.run_to(CLOSE)
    stage.earn("ann", "10,000.00")
    if reload:
        stage.reload()
    stage.run_to(DAY + CLOSE)
    assert stage.outcome.agents.payouts[0].cents == cents("2,500.00")
