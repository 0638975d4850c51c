"""The registry: statuses, reputation, gifts, CEOs, ranks and figures."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agents.engine.agent_state import AgentStatus
from agents.engine.facts import CaseDecided, StatusChanged
from agents.engine.figures import sharpe
from agents.engine.names import folded, is_reserved
from agents.engine.rules import POINT
from market.engine.events import Brewing
from market.engine.refusals import Refused
from tests.cast import STILL, Player, cents, listing
from tests.engine.social import CLOSE, DAY, SocialStage

CEO = Player("ann", role="ceo")

# Names


@pytest.mark.parametrize(
    ("one", "other"), [("Ann", "aNN"), ("Lil", "1I1"), ("BOB", "b0b"), ("loop", "I00p")]
)
def test_names_that_look_alike_are_the_same(one: str, other: str) -> None:
    assert folded(one) == folded(other)


@pytest.mark.parametrize(
    "name",
    [
        *("sec", "SEC", "news", "Exchange", "admin", "market_maker", "bank", "treasury", "PUB1IC"),
        *("apex", "0mega", "9b2d1f3e-1111-4222-8333-abcdefabcdef"),
        "9b2d1f3e111142228333abcdefabcdef",
        *("market", "MarketAgent", "Reddit", "gamma", "0ptions", "DARKPOOL", "macro", "squeeze"),
    ],
)
def test_the_exchanges_names_a_companys_and_an_ids_form_are_nobodys(name: str) -> None:
    assert is_reserved(name, ["APEX", "OMEGA"])
    assert not is_reserved(f"{name}_x", ["APEX", "OMEGA"])


def test_an_id_wins_over_a_name() -> None:
    stage = SocialStage("bob", "agent-bob")
    assert stage.registry.resolve("agent-bob") == stage.ids["bob"]
    assert stage.registry.resolve("AGENT-BOB") == stage.ids["bob"]


# Statuses


def test_a_suspension_cancels_open_orders_and_ends_by_itself_with_an_alert() -> None:
    stage = SocialStage(Player("ann", holds={"APEX": 100}))
    stage.tick("ann SELL 10 @ 11.00")
    stage.registry.suspend(stage.ids["ann"], 20, "a test")
    assert not stage.account("ann").orders
    stage.submit()
    stage.tick("ann BUY 1 @ 9.00")
    assert stage.codes == ["AGENT_SUSPENDED"]
    stage.tick("ann SELL 1 @ 11.00 #s")
    assert stage.codes == ["OK"]
    stage.tick("ann REPLACE #s 2")
    assert stage.codes == ["AGENT_SUSPENDED"]
    stage.run_to(19)
    assert stage.state("ann").status == "suspended"
    stage.submit()
    assert stage.state("ann").status == "active"
    assert stage.alerts("ann") == ["released"]


def test_a_longer_suspension_outlives_a_shorter_one_and_prison_both() -> None:
    stage = SocialStage("ann")
    account = stage.ids["ann"]
    stage.registry.suspend(account, 100, "a test")
    stage.registry.suspend(account, 50, "a test")
    assert stage.state("ann").status_until == 100
    stage.registry.imprison(account, 80, "a test")
    stage.registry.suspend(account, 500, "a test")
    assert (stage.state("ann").status, stage.state("ann").status_until) == ("imprisoned", 80)
    stage.world.check(full=True)
    stage.run_to(80)
    assert stage.state("ann").status == "active"


def test_who_has_fled_is_back_in_time_and_nobody_thinks_anything_of_it() -> None:
    stage = SocialStage("ann")
    stage.registry.flee(stage.ids["ann"], "fled")
    assert stage.do("ann", "BLOCK", "ann") == "AGENT_FLED"
    stage.run_to(5_001)
    assert stage.state("ann").status == "active"
    assert stage.state("ann").reputation == 0


def test_a_change_of_status_is_a_fact() -> None:
    stage = SocialStage("ann")
    stage.registry.suspend(stage.ids["ann"], 20, "a test")
    [fact] = stage.world.facts.of(StatusChanged)
    assert (fact.old, fact.new, fact.why, fact.until) == ("active", "suspended", "a test", 20)


# Reputation


def test_time_draws_a_reputation_to_fifty_every_hundred_ticks() -> None:
    stage = SocialStage("ann", "bob")
    stage.state("ann").reputation, stage.state("bob").reputation = 90 * POINT, 10 * POINT
    stage.run_to(100)
    assert stage.state("ann").reputation == 50 * POINT + 40 * POINT * 9_512 // 10_000
    assert stage.state("bob").reputation == 50 * POINT - 40 * POINT * 9_512 // 10_000
    [change] = stage.state("ann").history
    assert (change.tick, change.why) == (100, "time")


def test_a_clean_record_earns_a_point_every_hundred_ticks_up_to_seventy() -> None:
    stage = SocialStage("ann")
    stage.run_to(1_099)
    assert stage.state("ann").reputation == 50 * POINT
    stage.run_to(1_100)
    assert stage.state("ann").reputation == 51 * POINT
    stage.state("ann").reputation = 70 * POINT - 1
    stage.run_to(1_200)
    assert 69 * POINT < stage.state("ann").reputation <= 70 * POINT
    assert len(stage.state("ann").history) == 1  # what time does is one change


def test_a_conviction_ends_a_clean_record_and_is_on_it_until_it_is_overturned() -> None:
    stage = SocialStage("ann")
    stage.run_to(1_099)
    account = stage.ids["ann"]
    decided = CaseDecided(1_099, "case-1", account, "spoofing", "APEX", "convicted", 100, 50)
    stage.registry.facts.add(decided)
    stage.registry.close_tick()
    assert stage.state("ann").clean_since == 1_099
    assert [one.crime for one in stage.state("ann").record] == ["spoofing"]
    stage.registry.facts.clear()
    stage.registry.facts.add(decided._replace(verdict="overturned"))
    stage.registry.close_tick()
    assert stage.state("ann").record == []


def test_no_time_passes_for_a_reputation_in_prison() -> None:
    stage = SocialStage("ann")
    stage.state("ann").reputation = 10 * POINT
    stage.registry.imprison(stage.ids["ann"], 500, "a test")
    stage.run_to(300)
    assert stage.state("ann").reputation == 10 * POINT


def test_a_reputation_stays_between_nothing_and_a_hundred_and_keeps_ten_changes() -> None:
    stage = SocialStage("ann")
    account = stage.ids["ann"]
    stage.registry.change_reputation(account, 80 * POINT, "praise")
    assert stage.state("ann").reputation == 100 * POINT
    assert stage.state("ann").history[-1].change == 50 * POINT
    stage.registry.change_reputation(account, -200 * POINT, "blame")
    assert stage.state("ann").reputation == 0
    for n in range(20):
        stage.registry.change_reputation(account, POINT, f"praise {n}")
    assert [one.why for one in stage.state("ann").history] == [f"praise {n}" for n in range(10, 20)]


# Gifts


def test_one_gives_what_one_has_gained_and_has_free() -> None:
    stage = SocialStage("ann")
    account = stage.ids["ann"]
    stage.earn("ann", "50,000.00")
    assert stage.registry.giveable(account) == 0
    stage.run_to(CLOSE)
    assert stage.registry.giveable(account) == cents("50,000.00")
    stage.earn("ann", "-20,000.00")
    assert stage.registry.giveable(account) == cents("30,000.00")
    stage.registry.may_give(account, cents("30,000.00"))
    with pytest.raises(Refused):
        stage.registry.may_give(account, cents("30,000.01"))
    stage.registry.set_debtor(account, True)
    with pytest.raises(Refused):
        stage.registry.may_give(account, 1)


def test_a_short_sellers_proceeds_are_nothing_to_give_away() -> None:
    stage = SocialStage(Player("ann", leverage=2), Player("bob"))
    stage.tick("bob BUY 1000 @ 10.00")
    stage.tick("ann SHORT 1000 @ 10.00")
    stage.run_to(CLOSE)
    assert stage.account("ann").cash > cents("1,000,000.00")
    assert stage.registry.giveable(stage.ids["ann"]) == 0


def test_ten_thousand_dollars_of_bribes_need_no_gain_in_a_life() -> None:
    stage = SocialStage("ann")
    account = stage.ids["ann"]
    assert stage.registry.giveable(account, as_bribe=True) == cents("10,000.00")
    stage.registry.note_bribe(account, cents("6,000.00"))
    stage.registry.may_give(account, cents("4,000.00"), as_bribe=True)
    with pytest.raises(Refused):
        stage.registry.may_give(account, cents("4,000.01"), as_bribe=True)


def test_gifts_received_are_capped_by_day_and_by_life() -> None:
    stage = SocialStage("ann")
    account = stage.ids["ann"]
    given = 0
    for day in range(25):
        stage.registry.tick = day * DAY
        most = stage.registry.receivable(account)
        stage.registry.receive_gift(account, most)
        assert stage.registry.receivable(account) == 0
        given += most
    assert given == cents("200,000.00")
    stage.world.check(full=True)


# Ranks and figures


def test_only_agents_from_outside_are_ranked_by_net_worth_less_gifts() -> None:
    stage = SocialStage("ann", "bob", "cid", switches=replace(STILL, house=3))
    stage.earn("ann", "10.00")
    stage.earn("bob", "50.00")
    stage.registry.receive_gift(stage.ids["bob"], cents("45.00"))
    standings = stage.submit().standings
    assert [stage.names[s.account] for s in standings] == ["ann", "bob", "cid"]
    assert standings[1].equity == cents("1,000,050.00")
    assert len(stage.registry.active()) == 6


def test_days_are_measured_whole_and_drawdown_from_the_highest_peak() -> None:
    stage = SocialStage("ann")
    stage.run_to(CLOSE)
    assert stage.state("ann").return_days == 0  # it came within the day
    stage.earn("ann", "100,000.00")
    stage.submit()
    stage.earn("ann", "-220,000.00")
    stage.submit()
    stage.earn("ann", "20,000.00")
    stage.run_to(DAY + CLOSE)
    ann = stage.state("ann")
    assert (ann.return_days, ann.return_sum) == (1, -100_000)
    assert ann.max_drawdown_bps == 2_000
    stage.world.market.transfer(stage.ids["ann"], stage.ids["treasury"], 50_000_000, kind="fine")
    stage.run_to(2 * DAY + CLOSE)
    assert (ann.return_days, ann.return_sum) == (2, -100_000)  # a fine is no loss
    assert ann.max_drawdown_bps == 2_000


def test_a_sharpe_ratio_needs_two_days_that_differ() -> None:
    assert sharpe(1, 100, 10_000) is None
    assert sharpe(2, 200, 20_000) is None
    assert sharpe(2, 4, 10) == pytest.approx(2 / 2**0.5)  # of 1 and 3


# CEOs


def test_a_ceo_is_in_the_office_of_one_company_that_has_no_other() -> None:
    stage = SocialStage(
        CEO,
        Player("bob", role="ceo"),
        Player("cid", role="ceo"),
        companies=[listing("APEX"), listing("NOVA")],
    )
    offices = [stage.state(name).company for name in ("ann", "bob", "cid")]
    assert sorted(offices) == ["", "APEX", "NOVA"]
    stage.registry.go_bankrupt(stage.registry.ceos["APEX"])
    assert "APEX" not in stage.registry.ceos


def test_two_ceos_of_one_origin_are_not_in_office_at_once() -> None:
    stage = SocialStage(companies=[listing("APEX"), listing("NOVA")])
    for n, name in enumerate(("ann", "bob")):
        stage.ids[name] = 1_000 + n
        given = {"agent": f"agent-{name}", "name": name, "role": "ceo", "origin": "somewhere"}
        stage.submit(stage.input(name, "REGISTER", given))
    assert stage.state("ann").company
    assert not stage.state("bob").company
    assert stage.registry.linked(stage.ids["ann"], stage.ids["bob"])


def test_a_ceo_is_paid_by_the_day_and_leaves_after_two_days_without_an_action() -> None:
    stage = SocialStage(CEO)
    stage.run_to(CLOSE)
    [entry] = stage.outcome.market.entries
    assert (entry.kind, entry.cents) == ("salary", cents("10,000.00"))
    assert stage.account("ann").equity == stage.account("ann").close_equity
    stage.run_to(1_000)
    stage.tick("ann BUY 1 @ 1.00")
    stage.run_to(1_000 + 1_261)
    assert stage.state("ann").company == "APEX"
    stage.submit()
    assert stage.state("ann").company == ""


def test_from_its_second_day_a_ceo_hears_early_of_what_is_not_too_much() -> None:
    stage = SocialStage(CEO, "bob")
    brewing = stage.world.market.climate.events.brewing
    brewing.append(Brewing(5, "EARNINGS_BEAT", "APEX", 0.04, 10))
    stage.registry._tell_ceos()
    stage.submit()
    assert stage.alerts("ann") == []
    brewing.clear()
    stage.run_to(DAY + 10)
    brewing.append(Brewing(5, "EARNINGS_BEAT", "APEX", 0.04, 10))
    brewing.append(Brewing(5, "SCANDAL", "APEX", -0.20, 10))
    stage.submit()
    [alert] = [a for a in stage.outcome.market.alerts if a.account == stage.ids["ann"]]
    assert alert.data["event"] == "EARNINGS_BEAT"
    assert stage.alerts("bob") == []
    stage.reload()
    stage.submit()
    assert stage.alerts("ann") == []  # it has heard


def test_a_scenarios_ceo_takes_the_company_it_names() -> None:
    stage = SocialStage(companies=[listing("APEX"), listing("NOVA")])
    stage.ids |= {"ann": 1_000, "bob": 1_001}
    given = {"agent": "a", "name": "ann", "role": "ceo", "company": "NOVA"}
    stage.submit(
        stage.input("ann", "REGISTER", given),
        stage.input("bob", "REGISTER", given | {"agent": "b", "name": "bob"}),
    )
    assert stage.codes == ["OK", "CONFLICT"]
    assert stage.state("ann").company == "NOVA"


# House agents


def test_a_house_agent_shares_nothing() -> None:
    stage = SocialStage("ann", switches=replace(STILL, house=1))
    [house] = [m for m in stage.registry.members.values() if m.is_house]
    assert stage.propose("ann", house.name, 1) == "INVALID_TARGET"
    assert stage.propose("ann", house.name, 0) == "OK"
    assert AgentStatus(stage.registry.status_of(house.account)) is AgentStatus.ACTIVE
