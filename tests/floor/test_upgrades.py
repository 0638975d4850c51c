"""A world of an older version goes on: its checkpoint is lifted to today's schema.

`kept/` holds states as the older versions dumped them, in the night after a day's trading: ann has
offered 400 APEX of her 1,000 at 200.00 and has queued to sell 100 APEX and to buy 50 NEXUS; bob
holds 2,000 NEXUS, bids for 500 OMEGA at 150.00 and has queued a market order for 250 APEX; cid bids
for 10 APEX at 100.00. Those of schemas 2 and 3 are of the replayed
history's 34th tick.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import orjson
import pytest
import zstandard

from market import models
from market.engine.accounts import ESCROW
from market.engine.orders import Account
from tests.engine.brute_force import audit
from tests.replay import history
from wallstreetsim.floor import checkpoints
from wallstreetsim.machine import upgrades
from wallstreetsim.machine.rules import RULES
from wallstreetsim.machine.world import ENGINE_VERSION, SCHEMA_VERSION, World

KEPT = Path(__file__).parent / "kept"
OPENING = 630


def kept(schema: int) -> bytes:
    return (KEPT / f"schema-{schema}.json.zst").read_bytes()


def state_of(schema: int) -> dict[str, Any]:
    state = orjson.loads(zstandard.decompress(kept(schema)))
    assert state["schema"] == schema
    return dict(state)


@pytest.fixture
def world() -> World:
    return World.load(RULES, upgrades.lifted(state_of(1), RULES))


def named(world: World, name: str) -> Account:
    return next(a for a in world.market.accounts.values() if a.name == name)


def open_orders(world: World, name: str) -> dict[str | None, tuple[str, str, int, int | None]]:
    return {
        o.client_id: (o.intent.value, o.company.symbol, o.unfilled, o.limit)
        for o in named(world, name).orders.values()
    }


def test_every_schema_since_the_first_can_be_lifted() -> None:
    assert frozenset(range(1, SCHEMA_VERSION + 1)) == upgrades.KNOWN_SCHEMAS


def test_everybody_owns_what_they_owned(world: World) -> None:
    before = {account["id"]: account for account in state_of(1)["market"]["accounts"]}
    escrow = world.market.accounts.pop(ESCROW)  # which no older schema knows
    assert (escrow.cash, escrow.holdings) == (0, {})
    for account in world.market.accounts.values():
        held = [[s, h.quantity, h.cost] for s, h in account.holdings.items()]
        assert held == before[account.id]["holdings"]
        assert account.cash == before[account.id]["cash"]
    assert named(world, "ann").quantity_of("APEX") == 1_000
    assert named(world, "bob").quantity_of("NEXUS") == 2_000


def test_what_was_open_is_open_and_holds_back_what_it_may_need(world: World) -> None:
    price = world.market.companies["APEX"].price
    nexus = world.market.companies["NEXUS"].price
    assert open_orders(world, "ann") == {
        "offer": ("SELL", "APEX", 400, 20_000),
        "queued-limit": ("SELL", "APEX", 100, price - 50),
        "queued-bid": ("BUY", "NEXUS", 50, nexus + 20),
    }
    assert open_orders(world, "bob") == {
        "bid": ("BUY", "OMEGA", 500, 15_000),
        "queued-market": ("BUY", "APEX", 250, None),
    }
    assert named(world, "ann").reserved == 50 * (nexus + 20)
    assert named(world, "bob").reserved == 500 * 15_000 + -(-250 * price * 105 // 100)
    assert named(world, "ann").closable("APEX") == 500
    assert named(world, "cid").reserved == 10 * 10_000


def test_it_goes_on_through_the_opening_auction(world: World) -> None:
    while world.tick < OPENING:
        outcome = world.advance([])
    crossed = {o.client_id: (o.status, o.filled_now) for o in outcome.market.orders}
    assert crossed["queued-market"] == ("filled", 250)
    assert crossed["queued-limit"] == ("filled", 100)
    assert crossed["queued-bid"] == ("open", 0), "the night took NEXUS above it"
    world.advance([])
    accounts = world.market.accounts.values()
    assert sum(account.cash for account in accounts) == 0
    for symbol, company in world.market.companies.items():
        assert sum(account.quantity_of(symbol) for account in accounts) == company.shares


def test_what_it_dumps_then_is_todays(world: World) -> None:
    again = World.load(RULES, orjson.loads(orjson.dumps(world.dump())))
    for _ in range(3):
        assert again.advance([]).digest == world.advance([]).digest


@pytest.mark.parametrize("schema", [2, 3])
def test_a_state_of_an_older_engine_goes_on_by_the_rules(schema: int) -> None:
    """It comes to what the books allow, and to the same whenever it is taken over."""
    digests = []
    for _ in range(2):
        world = World.load(history.RULES, upgrades.lifted(state_of(schema), history.RULES))
        while world.tick < 74:
            world.advance([])
            audit(world.market)
        digests.append(world.digest)
    assert digests[0] == digests[1]


def test_a_state_of_the_third_schema_goes_on_by_the_rules() -> None:
    """Its events are active for as long as they had yet, and the day has its candle."""
    state = state_of(3)
    tick, old = state["tick"], state["market"]["climate"]["events"]["active"]
    world = World.load(history.RULES, upgrades.lifted(state, history.RULES))
    left = {event.number: event.ticks_remaining for event in world.market.climate.events.active}
    assert left == {number: last - tick + 1 for number, *_, last in old if last >= tick}
    assert left
    days = []
    while world.tick < tick + 100:
        days += [c for c in world.advance([]).market.candles if c.interval == 80]
        audit(world.market)
    assert {c.tick % 80 for c in days} == {59}


@pytest.mark.django_db
def test_the_floor_restores_the_checkpoint_of_a_clean_shutdown() -> None:
    state, packed = state_of(1), kept(1)
    row = models.World.objects.create(
        tick=state["tick"],
        digest=state["digest"],
        seed=state["seed"],
        engine_version=state["engine"],
        interest_bps=500,
        inflation_bps=200,
        gdp_growth_bps=250,
    )
    models.Checkpoint.objects.create(
        epoch=row.epoch,
        tick=row.tick,
        digest=row.digest,
        schema_version=1,
        engine_version=state["engine"],
        checksum=hashlib.sha256(packed).hexdigest(),
        state=packed,
    )
    restored = checkpoints.load_latest(row, RULES)
    assert restored.engine_version != ENGINE_VERSION
    assert (restored.world.tick, restored.world.digest) == (row.tick, row.digest)
