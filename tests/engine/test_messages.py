"""Messages: who may write to whom, how often, and what is delivered."""

from __future__ import annotations

import pytest

from agents.engine.agent_state import AgentStatus
from tests.cast import Player
from tests.engine.social import DAY, SocialStage

CROWD = [f"a{n:02}x" for n in range(25)]


def test_a_message_is_delivered_with_the_tick_and_concerns_its_recipient() -> None:
    stage = SocialStage("ann", "bob")
    assert stage.message("ann", "bob", "Buy APEX?") == "OK"
    [sent] = stage.outcome.agents.messages
    assert (sent.sender, sent.recipient, sent.text) == (
        stage.ids["ann"],
        stage.ids["bob"],
        "Buy APEX?",
    )
    assert stage.ids["bob"] in stage.outcome.told
    assert stage.outcome.results[0].verdict.data == {"messageId": sent.id}
    assert sent.id == stage.outcome.results[0].id


def test_an_agent_is_named_by_its_id_or_by_its_name_however_it_is_written() -> None:
    stage = SocialStage("ann", "bob", "Lil0")
    assert stage.message("ann", "agent-bob") == "OK"
    assert stage.message("ann", "I1iO") == "OK"
    assert stage.outcome.agents.messages[0].recipient == stage.ids["Lil0"]
    assert stage.message("ann", "nobody") == "INVALID_TARGET"
    assert stage.message("ann", "ANN") == "INVALID_TARGET"


def test_a_first_message_waits_for_its_answer_and_no_other_follows() -> None:
    stage = SocialStage("ann", "bob")
    assert stage.message("ann", "bob") == "OK"
    assert stage.message("ann", "bob") == "RATE_LIMITED"
    assert not stage.registry.answered(stage.ids["ann"], stage.ids["bob"])
    assert stage.message("bob", "ann") == "OK"
    assert stage.registry.linked(stage.ids["ann"], stage.ids["bob"])
    assert stage.message("ann", "bob") == "OK"


def test_two_first_messages_of_one_tick_are_one_and_an_answer() -> None:
    stage = SocialStage("ann", "bob")
    hello = {"content": "Hello."}
    stage.act_at_once(("ann", "MESSAGE", "bob", hello), ("ann", "MESSAGE", "bob", hello))
    assert stage.codes == ["OK", "RATE_LIMITED"]
    stage.act_at_once(("bob", "MESSAGE", "ann", hello), ("bob", "MESSAGE", "ann", hello))
    assert stage.codes == ["OK", "OK"]


def test_a_pair_that_has_answered_exchanges_twenty_messages_a_day() -> None:
    stage = SocialStage("ann", "bob")
    codes = [stage.message(*pair) for pair in [("ann", "bob"), ("bob", "ann")] * 11]
    assert codes == ["OK"] * 20 + ["RATE_LIMITED"] * 2
    stage.run_to(DAY)
    assert stage.message("ann", "bob") == "OK"


def test_an_agent_hears_from_twenty_strangers_a_day() -> None:
    stage = SocialStage("ann", *CROWD)
    codes = [stage.message(name, "ann") for name in CROWD]
    assert codes == ["OK"] * 20 + ["RATE_LIMITED"] * 5
    assert stage.message("ann", CROWD[0]) == "OK"
    assert stage.message(CROWD[0], "ann") == "OK"  # no stranger any more
    stage.run_to(DAY)
    assert stage.message(CROWD[20], "ann") == "OK"


def test_an_agent_receives_a_hundred_messages_a_day() -> None:
    stage = SocialStage("ann", *CROWD)
    for name in CROWD[:10]:
        stage.message(name, "ann")
        stage.message("ann", name)
    codes = [stage.message(name, "ann") for _ in range(10) for name in CROWD[:10]]
    assert codes.count("OK") == 90
    assert stage.registry.received_today(stage.ids["ann"]).total == 100


def test_an_unanswered_first_message_may_be_repeated_when_it_is_old() -> None:
    stage = SocialStage("ann", "bob")
    stage.message("ann", "bob")
    stage.registry.mail.day = -1
    [pair] = stage.registry.mail.contacts
    contact = stage.registry.mail.contacts[pair]
    stage.registry.mail.contacts[pair] = contact._replace(tick=contact.tick - 20 * DAY)
    assert stage.message("ann", "bob") == "OK"
    assert stage.outcome.agents.messages[0].is_first


@pytest.mark.parametrize("status", [s for s in AgentStatus if s is not AgentStatus.ACTIVE])
def test_only_an_active_agent_is_written_to(status: AgentStatus) -> None:
    stage = SocialStage("ann", "bob")
    stage.state("bob").status = status
    assert stage.message("ann", "bob") == "INVALID_TARGET"


def test_a_suspended_agent_writes_and_a_prisoner_does_not() -> None:
    stage = SocialStage("ann", "bob")
    stage.registry.suspend(stage.ids["ann"], 100, "a test")
    assert stage.message("ann", "bob") == "OK"
    stage.registry.imprison(stage.ids["ann"], 100, "a test")
    assert stage.message("ann", "bob") == "AGENT_IMPRISONED"


# Blocks


def test_a_block_covers_messages_and_proposals_until_it_is_lifted() -> None:
    stage = SocialStage("ann", "bob")
    assert stage.do("bob", "BLOCK", "ann") == "OK"
    assert stage.message("ann", "bob") == "INVALID_TARGET"
    assert stage.propose("ann", "bob") == "INVALID_TARGET"
    assert stage.message("bob", "ann") == "INVALID_TARGET"  # it could not be answered
    assert stage.do("bob", "BLOCK", "ann") == "DUPLICATE"
    assert stage.do("bob", "UNBLOCK", "ann") == "OK"
    assert stage.do("bob", "UNBLOCK", "ann") == "INVALID_TARGET"
    assert stage.message("ann", "bob") == "OK"


def test_what_has_passed_is_remembered_over_a_restart() -> None:
    stage = SocialStage("ann", "bob", Player("cid"))
    stage.message("ann", "bob")
    stage.do("cid", "BLOCK", "ann")
    stage.reload()
    assert stage.message("ann", "bob") == "RATE_LIMITED"
    assert stage.message("ann", "cid") == "INVALID_TARGET"
    assert stage.message("bob", "ann") == "OK"
