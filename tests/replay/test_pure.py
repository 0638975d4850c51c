"""Same seed and same inputs, same history, digest by digest: restored or not, here or elsewhere."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from agents.engine.inputs import Input
from market.engine.values import OrderStatus
from tests.replay.history import AGENTS, RULES, TICKS, inputs_of, new_world, play
from wallstreetsim.machine.world import World

GOLDEN_DIGEST = "c50962a93c3abfb4cdf0fbb27c13e8e825bb9213b5275dbe700137bebf342cd3"

# Of what is decided alone: it stays when only the digest's own making changes.
DECISIONS = "58e39593936a2004e40f10cffda1380eef01909e2f430fa23e65354ee90a7d24"

WORDS = ("reason", "reason_code", "note")

SOCIAL = ("messages", "blocks", "payouts")

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def digests() -> list[str]:
    """The digest of every tick of the history."""
    return list(play(new_world(), Random(7)))


@pytest.fixture(scope="module")
def worlds_decisions() -> str:
    """A hash over all that the history's ticks decide."""
    world, random, hashed = new_world(), Random(7), hashlib.sha256()
    while world.tick < TICKS:
        outcome = world.advance(inputs_of(world, random))
        for kind in (
            *("orders", "trades", "entries", "accounts", "holdings", "companies", "candles"),
            *("halts", "splits", "events", "bankruptcies"),
        ):
            for row in getattr(outcome.market, kind):
                decided = row
                if kind == "orders":  # why one has ended is said, not decided
                    named = row._asdict().items()
                    decided = tuple(value for name, value in named if name not in WORDS)
                hashed.update(repr(tuple(decided)).encode())
        for alert in outcome.market.alerts:  # its wording decides nothing
            hashed.update(f"{alert.account} {alert.kind}".encode())
        for standing in outcome.standings:
            hashed.update(repr(tuple(standing)).encode())
    return hashed.hexdigest()


def restored(world: World) -> World:
    return World.load(RULES, json.loads(json.dumps(world.dump())))


def test_the_history_is_worth_replaying() -> None:
    """It sees every end of an order, every kind of trade, halt and refusal, and the rest."""
    world, random = new_world(), Random(7)
    statuses, codes, aggressors, sessions = set(), set(), set(), set()
    halts, alerts, triggers, powers, entries = set(), set(), set(), set(), set()
    bonds, social = set(), set()
    while world.tick < TICKS:
        outcome = world.advance(inputs_of(world, random))
        market = outcome.market
        statuses |= {order.status for order in market.orders}
        triggers |= {order.triggered_by for order in market.orders}
        codes |= {result.verdict.code for result in outcome.results}
        aggressors |= {trade.aggressor for trade in market.trades}
        halts |= {halt.reason for halt in market.halts}
        alerts |= {alert.kind for alert in market.alerts}
        powers |= {company.split_power for company in market.companies}
        entries |= {entry.kind for entry in market.entries}
        sessions.add(outcome.moment.is_open)
        bonds |= {alliance.status for alliance in outcome.agents.alliances}
        social |= {kind for kind in SOCIAL if getattr(outcome.agents, kind)}
    assert statuses == set(OrderStatus)
    assert triggers == {"", "last", "price"}
    assert codes >= {
        *("OK", "INSUFFICIENT_FUNDS", "INSUFFICIENT_SHARES", "INVALID_SYMBOL"),
        *("MARKET_HALTED", "POSITION_CONFLICT", "WOULD_TAKE", "NO_LIQUIDITY", "ORDER_NOT_OPEN"),
        *("INVALID_PRICE", "AGENT_BANKRUPT", "RATE_LIMITED", "INVALID_TARGET", "DUPLICATE"),
    }
    assert aggressors == {"BUY", "SELL", None}
    assert sessions == {True, False}
    assert halts == {
        *("limit_band", "news_pending", "market_wide", "operator", "short_sale_restriction"),
        *("operator_bands", "usual_bands"),
    }
    assert alerts == {
        *("margin_call", "liquidation", "bankrupt", "system"),
        *("alliance_request", "alliance_accepted"),
    }
    assert bonds >= {"pending", "active", "ending", "rejected", "betrayed", "dissolved", "broken"}
    assert social == {"messages", "blocks", "payouts"}
    assert powers >= {-1, 0, 1}
    assert entries >= {
        *("endowment", "interest", "borrow_fee", "split", "split_fraction", "write_off"),
        "close_out",
        *("salary", "profit_share"),
    }


def test_the_history_is_the_pinned_one(digests: list[str]) -> None:
    assert digests[-1] == GOLDEN_DIGEST, (
        "behaviour changed: raise ENGINE_VERSION and update the pin GOLDEN_DIGEST"
    )


def test_what_is_decided_is_the_pinned(worlds_decisions: str) -> None:
    """Orders, trades, ledger, balances, prices and standings, whatever the digest is made of."""
    assert worlds_decisions == DECISIONS


def test_the_same_inputs_give_the_same_history(digests: list[str]) -> None:
    assert list(play(new_world(), Random(7))) == digests


def test_another_seed_gives_another_history(digests: list[str]) -> None:
    other = list(play(new_world("another seed"), Random(7), upto=3))
    assert all(mine != theirs for mine, theirs in zip(digests, other, strict=False))


def test_one_input_more_gives_another_history_from_its_tick_on(digests: list[str]) -> None:
    world, random = new_world(), Random(7)
    while world.tick < 30:
        inputs = inputs_of(world, random)
        if world.tick + 1 == 20:
            inputs.append(Input("more", "CANCEL_ORDER", {"id": "none"}, AGENTS[0]))
        same = world.advance(inputs).digest == digests[world.tick - 1]
        assert same is (world.tick < 20)


@pytest.mark.parametrize("every", [3, 50])
def test_a_machine_restored_on_the_way_goes_on_as_the_old_one_would_have(every: int) -> None:
    """In all that its outcomes say, of which the digest is but a part."""
    old, new = new_world(), new_world()
    random = Random(7)
    while old.tick < TICKS:
        inputs = inputs_of(old, random)
        assert new.advance(inputs) == old.advance(inputs)
        if new.tick % every == 0:
            new = restored(new)


def test_a_restored_machine_has_the_state_that_was_kept() -> None:
    world, random = new_world(), Random(7)
    for tick in range(10, TICKS, 10):
        list(play(world, random, upto=tick))
        assert json.dumps(restored(world).dump()) == json.dumps(world.dump())


def test_what_was_kept_does_not_change_as_the_machine_goes_on() -> None:
    world, random = new_world(), Random(7)
    list(play(world, random, upto=33))
    kept = world.dump()
    written = json.dumps(kept)
    list(play(world, random, upto=40))
    assert json.dumps(kept) == written
    list(play(World.load(RULES, kept), Random(7), upto=40))
    assert json.dumps(kept) == written


def test_what_is_kept_is_plain_data() -> None:
    world, random = new_world(), Random(7)
    list(play(world, random, upto=70))
    assert any(company.queue for company in world.market.companies.values()), (
        "kept with orders waiting for the opening"
    )
    assert json.loads(json.dumps(world.dump(), allow_nan=False))


@pytest.mark.parametrize("hash_seed", ["0", "4711"])
def test_another_process_with_other_hashes_gives_the_same_history(
    hash_seed: str, digests: list[str]
) -> None:
    command = [sys.executable, "-m", "tests.replay.history"]
    environment = os.environ | {"PYTHONHASHSEED": hash_seed}
    run = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert run.stdout.split() == digests
