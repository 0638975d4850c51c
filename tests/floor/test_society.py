"""What agents do to each other, as rows and on the tape."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents.models import Agent, Alliance, Block, Message
from market import tape
from tests.floor.hall import Hall, Twin
from tests.replay.test_rollback import photograph
from wallstreetsim.floor import rollback

HELLO = "=1+1; <b>How</b> do you do? 🙂"


def public(hall: Hall, type: str) -> list[dict[str, object]]:
    """Return what happened of this type, as the public tape tells it."""
    entries = tape.read(epoch=1, stream=tape.PUBLIC_STREAM, since=0, limit=1_000)
    return [
        item
        for entry in entries
        for event in entry.read()
        if event["type"] == "market:event"
        for item in event["data"]
        if item["type"] == type
    ]


def befriend(hall: Hall) -> None:
    hall.social("ann", "MESSAGE", "bob", content=HELLO)
    hall.social("bob", "MESSAGE", "ann", content="Well.")
    hall.social("cid", "BLOCK", "ann")
    hall.social("ann", "ALLY", "bob", percent=10, proposal="Let us share.")
    hall.social("bob", "ALLY_ACCEPT", "ann")


def test_a_message_is_a_row_and_on_its_recipients_stream_alone(hall: Hall) -> None:
    assert hall.social("ann", "MESSAGE", "bob", content=HELLO) == "OK"
    [row] = Message.objects.all()
    assert (row.sender, row.recipient, row.text) == (
        hall.agents["ann"].id,
        hall.agents["bob"].id,
        HELLO,
    )
    [told] = hall.told("bob", type="agent:message")
    assert told == {
        "id": str(row.public_id),
        "fromAgentId": str(hall.agents["ann"].public_id),
        "fromAgentName": "ann",
        "content": {"untrusted": True, "author": "ann", "text": HELLO},
        "tick": row.tick,
    }
    assert hall.told("ann", type="agent:message") == []
    assert hall.told("cid", type="agent:message") == []
    [result] = hall.told("ann", type="action:result")[-1:]
    assert result["data"] == {"messageId": str(row.public_id)}


def test_alliances_and_betrayals_are_public(hall: Hall) -> None:
    befriend(hall)
    [formed] = public(hall, "ALLIANCE")
    assert [member["name"] for member in formed["members"]] == ["ann", "bob"]  # type: ignore[attr-defined]
    assert Alliance.objects.get().status == "active"
    hall.social("bob", "ALLY_DISSOLVE", "ann", now=True, reason="Enough.")
    [betrayal] = public(hall, "BETRAYAL")
    assert betrayal["headline"] == "bob betrays its alliance with ann"
    assert Alliance.objects.get().status == "betrayed"
    bob = Agent.objects.get(name="bob")
    assert bob.reputation == 40_000_000
    assert bob.history == [
        {
            "tick": hall.row.tick,
            "change": -10_000_000,
            "after": 40_000_000,
            "why": "betrayal",
        }
    ]
    assert hall.audit() == []


def test_the_record_of_a_society_is_taken_back_and_replayed(
    hall: Hall, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rollback, "REST_TICKS", 0)
    befriend(hall)
    before, tick = photograph(), hall.row.tick
    hall.social("cid", "UNBLOCK", "ann")
    hall.social("bob", "BLOCK", "cid")
    hall.social("ann", "ALLY_DISSOLVE", "bob", now=True)
    hall.social("ann", "ALLY", "cid", percent=0, proposal="And the two of us?")
    hall.social("ann", "MESSAGE", "cid", content="Read it.")
    assert hall.audit() == []
    rollback.roll_back(tick, dumps=tmp_path)
    assert photograph() == before
    hall.restart().tick()
    assert hall.social("ann", "MESSAGE", "cid", content="Read it.") == "INVALID_TARGET"
    assert hall.audit() == []
    assert Twin().follow(hall.row) == hall.row.digest
    assert Block.objects.filter(is_lifted=False).count() == 1


def test_the_audit_names_what_differs(hall: Hall) -> None:
    befriend(hall)
    Agent.objects.filter(name="ann").update(reputation=1)
    Alliance.objects.update(percent=99)
    Block.objects.update(is_lifted=True)
    found = hall.audit()
    assert len(found) == 3
    assert [line.split()[0] for line in found] == ["agent", "alliance", "block"]
