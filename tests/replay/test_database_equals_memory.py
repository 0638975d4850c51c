"""Same seed and inputs, same digest: with the database and without, restarted or not."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from uuid import UUID, uuid5

import pytest

from agents.engine.inputs import Input
from agents.models import Agent, Source
from agents.models import Input as InputRow
from tests.replay.history import COMPANIES, RULES, SWITCHES, inputs_of, new_world
from wallstreetsim.floor import checkpoints
from wallstreetsim.floor.audit import audit
from wallstreetsim.floor.founding import found_if_missing
from wallstreetsim.floor.shell import Floor
from wallstreetsim.machine.world import REGISTER, RESUME, World

TICKS = 96  # a day, its night, and a pause


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wallstreetsim.floor.shell.SHORTEST_INTERVAL", 0.0)
    monkeypatch.setattr(checkpoints, "EVERY_TICKS", 40)


@pytest.mark.parametrize("restarts", [(), (1, 25, 61, 70, 79, 80, 81, 91)])
def test_the_floor_and_the_machine_alone_agree_at_every_tick(
    transactional_db: None, restarts: tuple[int, ...]
) -> None:
    machine = new_world()
    found_if_missing(seed=machine.seed, companies=COMPANIES, rules=RULES, switches=SWITCHES)
    floor = Floor(RULES)
    for inputs in _history(machine):
        _send(inputs)
        committed, outcome = floor.tick(), machine.advance(inputs)
        assert committed is not None
        assert committed.outcome.digest == outcome.digest
        assert committed.outcome.results == outcome.results
        if outcome.tick in restarts:
            floor = Floor(RULES)
    checks = audit(RULES).checks
    assert [difference for check in checks for difference in check.differences] == []


def _history(machine: World) -> Iterator[list[Input]]:
    """Yield the inputs of every tick, as rows can hold them; a world that stands still is woken."""
    random = Random(7)
    while machine.tick < TICKS:
        inputs = inputs_of(machine, random)
        if machine.needs_waking():
            inputs.append(Input(f"{machine.tick}/waking", RESUME, {}))
        yield [input._replace(id=str(uuid5(UUID(int=0), input.id))) for input in inputs]


def _send(inputs: list[Input]) -> None:
    for input in inputs:
        if input.type == REGISTER:
            given = input.parameters
            Agent.objects.create(
                id=input.account, name=given["agent"], role=given["role"], webhook_secret=""
            )
    InputRow.objects.bulk_create(
        InputRow(
            public_id=input.id,
            type=input.type,
            parameters=input.parameters,
            account=input.account,
            source=Source.API if input.account else Source.OPERATOR,
        )
        for input in inputs
    )
