"""A scripted history: the same seed always gives the same inputs, tick by tick.

Run as a program it prints the digest of every tick, for one process to be compared with another.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from agents.engine.inputs import Input
from agents.engine.rules import ROLES
from market.engine.parameters import Parameters
from market.engine.rules import SessionRules, Switches
from tests.cast import rules_with
from wallstreetsim.world import PAUSE, REGISTER, RESUME, STEP, World

RULES = rules_with(session=SessionRules(open_ticks=60, closed_ticks=20))  # three days in 200 ticks
TICKS = 200
COMPANIES = 12
AGENTS = range(1_000, 1_018)


def new_world(seed: str = "a seed") -> World:
    world = World(RULES, seed)
    world.found(COMPANIES)
    return world


def lively_world(seed: str = "a seed") -> World:
    """Return a world that has events, regimes and house agents as well."""
    world = World(RULES, seed, Switches(events=True, house=24))
    world.found(COMPANIES)
    return world


def inputs_of(world: World, random: Random) -> list[Input]:
    """Return the next tick's inputs, which look at nothing but the tick."""
    tick = world.tick + 1
    script = list(_act(world, tick, random))
    return [Input(f"{tick}/{number}", *act) for number, act in enumerate(script)]


def play(world: World, random: Random, *, upto: int = TICKS) -> Iterator[str]:
    """Run the history on and yield each tick's digest."""
    while world.tick < upto:
        yield world.advance(inputs_of(world, random)).digest


def _act(world: World, tick: int, random: Random) -> Iterator[tuple[str, Parameters, int | None]]:
    if tick <= len(AGENTS):
        account, role = AGENTS[tick - 1], ROLES[tick % len(ROLES)]
        given = {"agent": f"agent-{account}", "name": f"agent {account}", "role": role.name}
        yield REGISTER, given, account
    if tick in (40, 90):
        yield PAUSE, {}, None
        yield (RESUME, {}, None) if tick == 40 else (STEP, {"ticks": 3}, None)
    for account in AGENTS[: tick - 1]:
        if random.random() < 0.5:
            yield *_order(world, tick, random), account
        if random.random() < 0.2:
            yield "CANCEL_ORDER", {"client_id": f"c{tick - random.randrange(1, 9)}"}, account


def _order(world: World, tick: int, random: Random) -> tuple[str, Parameters]:
    symbol = random.choice([*world.market.companies, "NOWHERE"])
    price = world.market.companies[symbol].listing.price if symbol != "NOWHERE" else 100
    order: Parameters = {
        "symbol": symbol,
        "quantity": random.choice([1, 10, 100, 1_000, 20_000]),
        "kind": random.choice(["MARKET", "LIMIT"]),
        "time_in_force": "GTC",
    }
    if order["kind"] == "LIMIT":
        order["limit"] = price * random.randrange(96, 105) // 100
    if random.random() < 0.5:
        order["client_id"] = f"c{tick}"
    return random.choice(["BUY", "SELL"]), order


if __name__ == "__main__":
    print(*play(lively_world(), Random(7)), sep="\n")
