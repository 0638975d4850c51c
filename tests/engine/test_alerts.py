"""What is told to one agent from outside the machine."""

from __future__ import annotations

import pytest

from tests.cast import Stage


def test_an_agent_is_told_and_nobody_else() -> None:
    stage = Stage("ann", "bob")
    account = stage.account("ann").id
    told = stage.operate("ALERT", account=account, kind="webhook_disabled", message="Gone.")
    [alert] = told.market.alerts
    assert (alert.account, alert.kind, alert.message) == (account, "webhook_disabled", "Gone.")
    assert told.told == [account]


@pytest.mark.parametrize(
    ("account", "kind", "code"),
    [
        (999, "system", "BAD_REQUEST"),
        (5_000, "system", "INVALID_TARGET"),
        (1_000, "x", "BAD_REQUEST"),
    ],
)
def test_an_alert_to_nobody_is_refused(account: int, kind: str, code: str) -> None:
    stage = Stage("ann")
    stage.operate("ALERT", account=account, kind=kind, message="Hello.")
    assert stage.codes == [code]
