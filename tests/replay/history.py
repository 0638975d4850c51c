"""A scripted history: the same seed always gives the same inputs, tick by tick.

Run as a program it prints the digest of every tick, for one process to be compared with another.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random

from agents.engine.inputs import Input
from agents.engine.operator_acts import SET_FEE
from agents.engine.rules import ROLES
from market.engine.operator_acts import FREE_BANDS, HALT, INJECT, RESTRICT_SHORTS, SET_BANDS, UNHALT
from market.engine.parameters import Parameters
from market.engine.rules import SessionRules, Switches
from market.engine.values import SelfTrade
from tests.cast import rules_with
from wallstreetsim.machine.world import PAUSE, REGISTER, RESUME, STEP, World

RULES = rules_with(session=SessionRules(open_ticks=60, closed_ticks=20))  # three days in 220 ticks
TICKS = 220
SWITCHES = Switches(events=True, house=12)
COMPANIES = 12
AGENTS = range(1_000, 1_018)


def _event(impact: float, symbol: str | None = None) -> tuple[str, Parameters]:
    kind = "CEO_SCANDAL" if symbol else "MARKET_CRASH"
    return INJECT, {"event": kind, "symbol": symbol, "impact": impact, "duration": 9}


OPERATIONS: dict[int, list[tuple[str, Parameters]]] = {
    4: [_event(0.05, "NEXUS"), _event(90.0, "PULSE")],  # walks up until its shares are split
    6: [_event(-0.94, "MEME"), _event(-0.85, "MEME")],  # walks down until they are joined
    20: [(HALT, {"symbol": "NEXUS", "ticks": 6, "reason": "a rumor"})],
    23: [(SET_FEE, {"bps": 5})],
    30: [(RESTRICT_SHORTS, {"symbol": "APEX", "reason": "a raid"})],
    40: [(PAUSE, {}), (RESUME, {})],
    45: [(HALT, {"reason": "a drill"})],
    50: [
        (SET_BANDS, {"bps": 50, "ticks": 5}),
        (SET_BANDS, {"symbol": "OMEGA", "bps": 2_500, "reason": "a test"}),
    ],
    58: [(FREE_BANDS, {})],
    48: [(UNHALT, {})],
    90: [(PAUSE, {}), (STEP, {"ticks": 3})],
    95: [_event(-0.11)],  # as the whole market falls, all of it is halted
    128: [_event(-0.13)],  # and so deep that the day ends
}


def new_world(seed: str = "seed 37") -> World:
    world = World(RULES, seed, SWITCHES)
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
        given: Parameters = {
            "agent": f"agent-{account}",
            "name": f"agent {account}",
            "role": role.name,
        }
        if tick % 3:
            given |= {"cash": 300_000 * tick, "leverage": 10}  # little, and that on margin
        given["holdings"] = dict.fromkeys([*world.market.companies][tick % 4 :: 4], 43)
        yield REGISTER, given, account
    for type, given in OPERATIONS.get(tick, ()):
        yield type, given, None
    if tick == 33:  # more than there is below the band: the book is pinned to it
        limit = world.market.companies["TITAN"].listing.price * 2
        order: Parameters = {"symbol": "TITAN", "quantity": 200_000, "kind": "LIMIT"}
        yield "BUY", order | {"limit": limit, "time_in_force": "DAY"}, AGENTS[8]
    for account in AGENTS[: tick - 1]:
        if random.random() < 0.5:
            yield *_order(world, tick, random), account
        if random.random() < 0.1:
            yield "CANCEL_ORDER", {"client_id": f"c{tick - random.randrange(1, 9)}"}, account
        if random.random() < 0.1:
            name = f"c{tick - random.randrange(1, 9)}"
            quantity = random.choice([1, 50, 5_000])
            yield "REPLACE_ORDER", {"client_id": name, "quantity": quantity}, account
        if random.random() < 0.02:
            yield "CANCEL_ALL", {}, account
    yield from _social_acts(AGENTS[: tick - 1], Random(f"social {tick}"))


def _social_acts(
    accounts: Sequence[int], random: Random
) -> Iterator[tuple[str, Parameters, int | None]]:
    """Yield what agents do to each other; some of it they may not do."""
    for account in accounts:
        if random.random() < 0.2:
            target = f"agent {random.choice(accounts)}"
            yield *_social_act(target, random), account


def _social_act(target: str, random: Random) -> tuple[str, Parameters]:
    type = random.choice(
        [
            *("MESSAGE", "MESSAGE", "ALLY", "ALLY_ACCEPT", "ALLY_ACCEPT", "ALLY_REJECT"),
            *("ALLY_DISSOLVE", "BLOCK", "UNBLOCK"),
        ]
    )
    given: Parameters = {"target": target}
    match type:
        case "MESSAGE":
            given["content"] = "How do you do?"
        case "ALLY":
            given |= {"percent": random.choice([0, 10, 50]), "proposal": "Let us share it."}
        case "ALLY_DISSOLVE":
            given["now"] = random.random() < 0.5
    return type, given


def _order(world: World, tick: int, random: Random) -> tuple[str, Parameters]:
    symbol = random.choice([*world.market.companies, "NOWHERE"])
    price = world.market.companies[symbol].listing.price if symbol != "NOWHERE" else 100
    kind = random.choice(["MARKET", "MARKET", "LIMIT", "LIMIT", "LIMIT", "STOP", "STOP_LIMIT"])
    order: Parameters = {
        "symbol": symbol,
        "quantity": random.choice([1, 10, 100, 100, 1_000]),
        "kind": kind,
        "time_in_force": random.choice(["GTC", "GTC", "GTC", "DAY", "IOC", "FOK"]),
    }
    if kind in ("LIMIT", "STOP_LIMIT"):
        order["limit"] = price * random.randrange(96, 105) // 100
    if kind in ("STOP", "STOP_LIMIT"):
        order["stop"] = price * random.randrange(96, 105) // 100
    if kind == "LIMIT" and order["time_in_force"] in ("GTC", "DAY") and random.random() < 0.2:
        order["post_only"] = True
    if random.random() < 0.5:
        order["client_id"] = f"c{tick}"
    if random.random() < 0.5:
        order["self_trade"] = random.choice([*SelfTrade]).value
    return random.choice(["BUY", "BUY", "SELL", "SHORT", "COVER"]), order


if __name__ == "__main__":
    print(*play(new_world(), Random(7)), sep="\n")
