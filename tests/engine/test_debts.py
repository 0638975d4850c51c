"""What an account owes of a penalty, and what one charged with a crime may still do."""

from __future__ import annotations

from tests.cast import Player, Stage


def test_a_debt_counts_against_equity_and_buying_power() -> None:
    stage = Stage(Player("ann", "10,000.00", leverage=2))
    account = stage.account("ann")
    account.debt = 400_000
    assert account.equity == 600_000
    assert account.buying_power == 1_200_000
    stage.tick("ann BUY 1201 @ 10.00")
    assert stage.codes == ["INSUFFICIENT_FUNDS"]
    stage.tick("ann BUY 1200 @ 10.00")
    assert stage.codes == ["OK"]


def test_a_debt_may_bring_a_margin_call() -> None:
    stage = Stage(Player("ann", "6,000.00", leverage=2), Player("bob", holds={"APEX": 1_000}))
    stage.tick("bob SELL 1000 @ 10.00\nann BUY 1000 @ 10.00")
    stage.account("ann").debt = 400_000
    stage.submit()
    assert stage.account("ann").call is not None


def test_a_bankrupts_debt_is_void_and_only_its_loan_is_written_off() -> None:
    stage = Stage(Player("ann", "10,000.00"))
    account = stage.account("ann")
    stage.world.market.pay(account.id, 2, 1_000_500, kind="fine")
    account.debt = 999_999
    stage.submit()
    assert account.is_bankrupt
    assert (account.cash, account.debt, account.equity) == (0, 0, 0)
    assert [b.final for b in stage.outcome.market.bankruptcies] == [-500]


def test_a_debt_alone_makes_nobody_bankrupt() -> None:
    stage = Stage(Player("ann", "10,000.00"))
    stage.account("ann").debt = 5_000_000
    stage.submit()
    assert not stage.account("ann").is_bankrupt


def test_one_charged_with_a_crime_may_only_close() -> None:
    stage = Stage(Player("ann", holds={"APEX": 100}), Player("bob", holds={"APEX": 100}))
    stage.account("ann").is_reduce_only = True
    stage.tick("ann BUY 1 @ 10.00\nann SELL 100 @ 12.00 #out")
    assert stage.codes == ["FORBIDDEN", "OK"]
    stage.tick("ann REPLACE #out 50")
    assert stage.codes == ["OK"]


def test_a_stop_to_open_that_triggers_after_the_charge_is_rejected() -> None:
    stage = Stage("ann", "bob")
    stage.tick("ann BUY 10 STOP 10.50 #in")
    stage.account("ann").is_reduce_only = True
    stage.reprice("11.00")
    stage.submit()
    stage.submit()
    assert (stage.orders["in"].status, stage.orders["in"].reason_code) == ("rejected", "FORBIDDEN")


def test_debts_and_charges_survive_a_restart() -> None:
    stage = Stage("ann")
    stage.account("ann").debt, stage.account("ann").is_reduce_only = 7, True
    stage.reload()
    assert (stage.account("ann").debt, stage.account("ann").is_reduce_only) == (7, True)
