"""Inputs: registering, operators' acts, and those that make the machine fail."""

from __future__ import annotations

import pytest

from agents.engine.agent_state import AgentStatus
from market.engine.action import Verdict
from market.engine.rules import Switches
from tests.cast import Player, Stage, cents
from wallstreetsim.machine.world import InputFailed

SELLER = Player("ann", holds={"APEX": 1_000})

# Registering


def test_a_new_agent_is_endowed_by_the_bank_and_may_trade_at_once() -> None:
    stage = Stage(SELLER)
    stage.tick("ann SELL 10 @ 10.00")
    stage.ids["bob"] = 1_001
    bob = {"agent": "agent-bob", "name": "bob", "role": "retail_trader"}
    buy = {"symbol": "APEX", "quantity": 10, "kind": "MARKET", "time_in_force": "GTC"}
    stage.submit(stage.input("bob", "REGISTER", bob), stage.input("bob", "BUY", buy))
    assert stage.codes == ["OK", "OK"]
    assert stage.account("bob").cash == cents("9,900.00") - 1
    [entry] = stage.outcome.market.entries
    assert (entry.kind, entry.debit, entry.credit, entry.cents) == (
        "endowment",
        stage.ids["bank"],
        stage.ids["bob"],
        cents("10,000.00"),
    )
    assert [(m.name, m.status, m.reputation) for m in stage.outcome.agents.members] == [
        ("bob", "active", 50_000_000)
    ]


def test_an_agent_is_registered_once() -> None:
    stage = Stage("ann")
    again = {"agent": "agent-ann", "name": "ann", "role": "quant"}
    stage.submit(stage.input("ann", "REGISTER", again))
    assert stage.codes == ["CONFLICT"]
    assert stage.account("ann").cash == cents("1,000,000.00")


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (AgentStatus.SUSPENDED, "AGENT_SUSPENDED"),
        (AgentStatus.IMPRISONED, "AGENT_IMPRISONED"),
        (AgentStatus.BANKRUPT, "AGENT_BANKRUPT"),
        (AgentStatus.FLED, "AGENT_FLED"),
    ],
)
def test_only_an_active_agent_acts(status: AgentStatus, code: str) -> None:
    stage = Stage("ann")
    stage.world.registry.members[stage.ids["ann"]].status = status
    stage.tick("ann BUY 1 @ 1.00")
    assert stage.codes == [code]
    assert stage.outcome.standings == []


# The agents' streams


def test_an_agents_stream_rises_by_one_in_each_tick_that_concerns_it() -> None:
    stage = Stage(SELLER, "bob", "cid")
    assert _seqs(stage) == {"ann": 1, "bob": 1, "cid": 1}
    stage.tick("ann SELL 100 @ 10.00")
    assert _seqs(stage) == {"ann": 2, "bob": 1, "cid": 1}
    stage.tick("bob BUY 10 MARKET\n" * 5)
    assert _seqs(stage) == {"ann": 3, "bob": 2, "cid": 1}
    stage.submit()
    assert _seqs(stage) == {"ann": 3, "bob": 2, "cid": 1}
    stage.tick("cid SELL 1 NOWHERE MARKET")
    assert _seqs(stage) == {"ann": 3, "bob": 2, "cid": 2}


def test_the_tick_reports_whom_it_concerns_with_the_seq_of_their_streams() -> None:
    stage = Stage(SELLER, "bob")
    stage.tick("ann SELL 100 @ 10.00")
    assert stage.outcome.told == [stage.ids["ann"]]
    reported = {a.id: a.tape_seq for a in stage.outcome.market.accounts}
    assert reported[stage.ids["ann"]] == 2


def test_a_trade_with_the_market_maker_is_told_to_the_agent_alone() -> None:
    stage = Stage("ann", switches=Switches(True, maker=True, walk=False))
    stage.tick("ann BUY 1 MARKET")
    assert stage.outcome.told == [stage.ids["ann"]]
    assert stage.account("market_maker").tape_seq == 0


def _seqs(stage: Stage) -> dict[str, int]:
    return {name: stage.account(name).tape_seq for name in ("ann", "bob", "cid")}


# Operators


def operate(stage: Stage, *acts: tuple[str, dict[str, int]]) -> None:
    stage.submit(*(stage.input(None, type, parameters) for type, parameters in acts))


def test_a_paused_world_stands_still_until_it_is_resumed() -> None:
    stage = Stage()
    assert not stage.world.needs_waking()
    operate(stage, ("PAUSE", {}))
    assert stage.world.needs_waking()
    assert stage.outcome.is_paused
    operate(stage, ("RESUME", {}))
    assert not stage.world.needs_waking()
    assert not stage.outcome.is_paused


@pytest.mark.parametrize("ticks", [1, 2, 5])
def test_a_step_runs_so_many_ticks_its_own_among_them(ticks: int) -> None:
    stage = Stage()
    operate(stage, ("PAUSE", {}))
    paused_at = stage.world.tick
    operate(stage, ("STEP", {"ticks": ticks}))
    while not stage.world.needs_waking():
        stage.submit()
    assert stage.world.tick == paused_at + ticks


def test_a_step_of_a_running_world_lets_it_stand_still_afterwards() -> None:
    stage = Stage()
    operate(stage, ("STEP", {"ticks": 2}))
    assert not stage.world.needs_waking()
    stage.submit()
    assert stage.world.needs_waking()


def test_steps_add_up_whether_a_tick_takes_them_together_or_apart() -> None:
    stage = Stage()
    operate(stage, ("PAUSE", {}))
    paused_at = stage.world.tick
    operate(stage, ("STEP", {"ticks": 1}), ("STEP", {"ticks": 2}))
    operate(stage, ("STEP", {"ticks": 1}))
    while not stage.world.needs_waking():
        stage.submit()
    assert stage.world.tick == paused_at + 4


def test_of_two_acts_in_one_tick_the_later_counts() -> None:
    stage = Stage()
    operate(stage, ("RESUME", {}), ("PAUSE", {}))
    assert stage.world.needs_waking()
    operate(stage, ("STEP", {"ticks": 5}), ("RESUME", {}))
    assert not stage.world.needs_waking()
    operate(stage, ("STEP", {"ticks": 5}), ("PAUSE", {}))
    assert stage.world.needs_waking()


def test_a_restored_world_is_as_paused_as_it_was() -> None:
    stage = Stage()
    operate(stage, ("STEP", {"ticks": 3}))
    stage.reload()
    assert not stage.world.needs_waking()
    stage.run_to(stage.world.tick + 2)
    stage.reload()
    assert stage.world.needs_waking()


def test_an_operators_act_concerns_no_agent() -> None:
    stage = Stage("ann")
    operate(stage, ("PAUSE", {}))
    assert stage.outcome.told == []
    assert [(r.type, r.account, r.verdict.code) for r in stage.outcome.results] == [
        ("PAUSE", None, "OK")
    ]


# Failures of ours


def test_a_handler_that_raises_names_its_input() -> None:
    stage = Stage("ann")

    def fail(input: object) -> Verdict:
        raise ZeroDivisionError

    stage.world.performers["BUY"] = fail
    good = stage.input(
        "ann",
        "SELL",
        {"symbol": "NOWHERE", "quantity": 1, "kind": "MARKET", "time_in_force": "GTC"},
    )
    bad = stage.input(
        "ann", "BUY", {"symbol": "APEX", "quantity": 1, "kind": "MARKET", "time_in_force": "GTC"}
    )
    with pytest.raises(InputFailed) as caught:
        stage.submit(good, bad, good)
    assert caught.value.input is bad
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


@pytest.mark.parametrize(
    ("type", "parameters", "account"),
    [
        ("NOSUCH", {}, 1_000),
        ("BUY", {}, 1_000),
        ("REGISTER", {"agent": "a", "name": "a", "role": "emperor"}, 1_001),
        ("REGISTER", {"agent": "a", "name": "a", "role": "quant"}, None),
        ("REGISTER", {"agent": "a", "name": "a", "role": "quant"}, 2),
    ],
)
def test_an_input_that_no_door_lets_in_fails_by_name(
    type: str, parameters: dict[str, object], account: int | None
) -> None:
    stage = Stage("ann")
    odd = stage.input("ann", type, parameters)._replace(account=account)
    with pytest.raises(InputFailed) as caught:
        stage.submit(odd)
    assert caught.value.input is odd


@pytest.mark.parametrize(
    ("type", "parameters"),
    [
        ("STEP", {}),
        ("STEP", {"ticks": 0}),
        ("STEP", {"ticks": -3}),
        ("HALT", {"symbol": "APEX", "ticks": 0}),
        ("SET_BANDS", {"symbol": "APEX", "bps": 10_001}),
        ("INJECT", {"event": "NOSUCH", "impact": 0.1, "duration": 1}),
        ("INJECT", {"event": "RALLY", "impact": 1e9, "duration": 1}),
        ("INJECT", {"event": "RALLY", "impact": float("nan"), "duration": 1}),
        ("SET_FEE", {"bps": -1}),
    ],
)
def test_an_operators_act_out_of_bounds_is_refused(
    type: str, parameters: dict[str, object]
) -> None:
    stage = Stage("ann")
    stage.operate(type, **parameters)
    assert stage.codes == ["BAD_REQUEST"]


def test_a_quarantined_input_is_answered_and_not_performed() -> None:
    stage = Stage("ann")
    buy = {"symbol": "APEX", "quantity": 1, "kind": "LIMIT", "limit": 1_000, "time_in_force": "GTC"}
    bad = stage.input("ann", "BUY", buy, is_quarantined=True)
    good = stage.input("ann", "BUY", buy)
    stage.submit(bad, good)
    assert stage.codes == ["INTERNAL", "OK"]
    assert not stage.outcome.results[0].verdict.success
    assert stage.resting() == ["ann BUY 1 @ 10.00"]


def test_even_an_input_of_no_known_type_can_be_quarantined() -> None:
    stage = Stage("ann")
    stage.submit(stage.input("ann", "NOSUCH", {}, is_quarantined=True))
    assert stage.codes == ["INTERNAL"]
    assert stage.outcome.told == [stage.ids["ann"]]


def test_a_world_without_the_failed_input_goes_on_as_if_it_had_never_been() -> None:
    """The rest of the tick is performed, and only the answer to the failed input differs."""
    spoilt, whole = Stage(SELLER, "bob"), Stage(SELLER, "bob")
    odd = spoilt.input("bob", "NOSUCH", {}, is_quarantined=True)
    whole.input("bob", "NOSUCH", {})
    for stage, extra in ((spoilt, [odd]), (whole, [])):
        sell = stage.input(
            "ann",
            "SELL",
            {
                "symbol": "APEX",
                "quantity": 5,
                "kind": "LIMIT",
                "limit": 999,
                "time_in_force": "GTC",
            },
        )
        buy = stage.input(
            "bob",
            "BUY",
            {"symbol": "APEX", "quantity": 5, "kind": "MARKET", "time_in_force": "GTC"},
        )
        stage.submit(sell, *extra, buy)
    assert spoilt.outcome.market.trades == whole.outcome.market.trades
    assert spoilt.outcome.market.orders == whole.outcome.market.orders
    assert spoilt.codes == ["OK", "INTERNAL", "OK"]


def test_an_empty_world_ticks() -> None:
    stage = Stage(companies=[])
    assert stage.run_to(5).tick == 5


@pytest.mark.parametrize("account", [None, 1, 4, 4_711])
@pytest.mark.parametrize("type", ["BUY", "CANCEL_ORDER"])
def test_an_account_that_is_no_agents_may_not_act(type: str, account: int | None) -> None:
    stage = Stage("ann")
    buy = {"symbol": "APEX", "quantity": 1, "kind": "MARKET", "time_in_force": "GTC"}
    stage.submit(stage.input("ann", type, buy)._replace(account=account))
    assert stage.codes == ["FORBIDDEN"]


@pytest.mark.parametrize("act", ["PAUSE", "RESUME", "STEP"])
def test_an_agent_does_not_pace_the_world(act: str) -> None:
    stage = Stage("ann")
    stage.submit(stage.input("ann", act, {"ticks": 5}))
    assert stage.codes == ["FORBIDDEN"]
    assert not stage.world.is_paused
