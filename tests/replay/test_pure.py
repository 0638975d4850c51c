"""Same seed and same inputs, same history, digest by digest: restored or not, here or elsewhere."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from agents.engine.inputs import Input
from tests.replay.history import AGENTS, RULES, TICKS, inputs_of, lively_world, play
from wallstreetsim.world import World

GOLDEN_DIGEST = "39c71635e2db2b3149a1370051358b53dda75a54696a74582c40ed7374f210d1"

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def digests() -> list[str]:
    """The digest of every tick of the history."""
    return list(play(lively_world(), Random(7)))


def restored(world: World) -> World:
    return World.load(RULES, json.loads(json.dumps(world.dump())))


def test_the_history_is_worth_replaying() -> None:
    """It sees every end of an order, both aggressors, closed sessions and many refusals."""
    world, random = lively_world(), Random(7)
    statuses, codes, aggressors, sessions = set(), set(), set(), set()
    while world.tick < TICKS:
        outcome = world.advance(inputs_of(world, random))
        statuses |= {order.status for order in outcome.market.orders}
        codes |= {result.verdict.code for result in outcome.results}
        aggressors |= {trade.aggressor for trade in outcome.market.trades}
        sessions.add(outcome.moment.is_open)
    assert statuses == {"pending", "open", "partial", "filled", "cancelled", "rejected"}
    assert codes >= {
        "OK",
        "INSUFFICIENT_FUNDS",
        "INSUFFICIENT_SHARES",
        "INVALID_SYMBOL",
        "NO_LIQUIDITY",
        "ORDER_NOT_OPEN",
    }
    assert aggressors == {"BUY", "SELL"}
    assert sessions == {True, False}


def test_the_history_is_the_pinned_one(digests: list[str]) -> None:
    assert digests[-1] == GOLDEN_DIGEST, (
        "behaviour changed: raise ENGINE_VERSION and update the pin GOLDEN_DIGEST"
    )


def test_the_same_inputs_give_the_same_history(digests: list[str]) -> None:
    assert list(play(lively_world(), Random(7))) == digests


def test_another_seed_gives_another_history(digests: list[str]) -> None:
    other = list(play(lively_world("another seed"), Random(7), upto=3))
    assert all(mine != theirs for mine, theirs in zip(digests, other, strict=False))


def test_one_input_more_gives_another_history_from_its_tick_on(digests: list[str]) -> None:
    world, random = lively_world(), Random(7)
    while world.tick < 30:
        inputs = inputs_of(world, random)
        if world.tick + 1 == 20:
            inputs.append(Input("more", "CANCEL_ORDER", {"id": "none"}, AGENTS[0]))
        same = world.advance(inputs).digest == digests[world.tick - 1]
        assert same is (world.tick < 20)


@pytest.mark.parametrize("every", [3, 50])
def test_a_machine_restored_on_the_way_goes_on_as_the_old_one_would_have(every: int) -> None:
    """In all that its outcomes say, of which the digest is but a part."""
    old, new = lively_world(), lively_world()
    random = Random(7)
    while old.tick < TICKS:
        inputs = inputs_of(old, random)
        assert new.advance(inputs) == old.advance(inputs)
        if new.tick % every == 0:
            new = restored(new)


def test_a_restored_machine_has_the_state_that_was_kept() -> None:
    world, random = lively_world(), Random(7)
    for tick in range(10, TICKS, 10):
        list(play(world, random, upto=tick))
        assert json.dumps(restored(world).dump()) == json.dumps(world.dump())


def test_what_was_kept_does_not_change_as_the_machine_goes_on() -> None:
    world, random = lively_world(), Random(7)
    list(play(world, random, upto=33))
    kept = world.dump()
    written = json.dumps(kept)
    list(play(world, random, upto=40))
    assert json.dumps(kept) == written
    list(play(World.load(RULES, kept), Random(7), upto=40))
    assert json.dumps(kept) == written


def test_what_is_kept_is_plain_data() -> None:
    world, random = lively_world(), Random(7)
    list(play(world, random, upto=70))
    assert world.market.queue, "kept with orders waiting for the opening"
    assert json.loads(json.dumps(world.dump(), allow_nan=False))


@pytest.mark.parametrize("hash_seed", ["0", "1", "4711"])
def test_another_process_with_other_hashes_gives_the_same_history(
    hash_seed: str, digests: list[str]
) -> None:
    command = [sys.executable, "-m", "tests.replay.history"]
    environment = os.environ | {"PYTHONHASHSEED": hash_seed}
    run = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert run.stdout.split() == digests
