"""What surveillance takes of a busy tick: in the machine, in memory."""

from __future__ import annotations

import random
import statistics
from time import perf_counter

from agents.engine.inputs import Input
from market.engine import engine
from market.engine.accounts import FIRST_AGENT_ACCOUNT
from market.engine.rules import Switches
from wallstreetsim.lab.bench.figures import Baseline, Figure
from wallstreetsim.lab.bench.ticks import AGENTS, Crowd, order_of
from wallstreetsim.machine.gc_control import collection_paused
from wallstreetsim.machine.rules import RULES
from wallstreetsim.machine.world import REGISTER, World

COMPANIES, ORDERS = 100, 10_000
WARMING, TICKS = 3, 20
HOUSE, HOUSE_COMPANIES, DAYS = 60, 20, 6


def sec_10000() -> Figure:
    """Measure a tick of 10,000 orders of 1,000 agents; the baseline is the same without the SEC's
    step. Beside it the step where every agent has an ally, whose trades are compared with its own.
    """
    watched, unwatched, allied = _world(), _world(), _world()
    _ally_in_pairs(allied)
    left_out = watched.by_name["sec"].steps()[engine.SURVEILLANCE]
    assert left_out in watched.steps[engine.SURVEILLANCE]
    unwatched.steps[engine.SURVEILLANCE] = []
    samples: list[float] = []
    plain: list[float] = []
    steps: list[float] = []
    steps_of_allies: list[float] = []
    draw = random.Random("sec_10000")
    with collection_paused():
        for tick in range(WARMING + TICKS):
            inputs = _inputs(watched, draw, tick)
            took, step = _advance(unwatched, inputs)
            is_measured = tick >= WARMING
            if is_measured:
                plain.append(took)
            took, step = _advance(watched, inputs)
            if is_measured:
                samples.append(took)
                steps.append(step)
            _, step = _advance(allied, inputs)
            if is_measured:
                steps_of_allies.append(step)
    extra = {
        "surveillance at p50": f"{statistics.median(steps):.1f}",
        "at most": f"{max(steps):.1f}",
        "with an ally each": f"{statistics.median(steps_of_allies):.1f}",
        "agents": AGENTS,
    }
    return Figure("sec_10000", "ms", samples, Baseline("without surveillance", plain), extra)


def sec_day_6() -> Figure:
    """Measure the SEC's step where the house has made friends and enemies for days: on its sixth
    day, over ticks in which the market is open. The baseline is the same on the first.
    """
    world = World(RULES, "bench", Switches(house=HOUSE, crooks=True, events=True))
    world.found(HOUSE_COMPANIES)
    days: list[list[float]] = []
    with collection_paused():
        for _ in range(DAYS):
            days.append([])
            for _ in range(RULES.market.session.day_ticks):
                _, step = _advance(world, [])
                if world.market.moment.is_open:
                    days[-1].append(step)
    extra = {"at most": f"{max(days[-1]):.1f}", "house": HOUSE, "companies": HOUSE_COMPANIES}
    return Figure("sec_day_6", "ms", days[-1], Baseline("on the first day", days[0]), extra)


def _world() -> World:
    world = World(RULES, "bench", Switches(never_closes=True, events=True))
    world.found(COMPANIES)
    registrations = []
    for number in range(AGENTS):
        given = {"agent": f"quant{number}", "name": f"quant{number}", "role": "quant"}
        registrations.append(
            Input(f"{REGISTER} {number}", REGISTER, given, FIRST_AGENT_ACCOUNT + number)
        )
    world.advance(registrations)
    return world


def _ally_in_pairs(world: World) -> None:
    for type, given, who in (
        ("ALLY", {"proposal": "Let us pool what we earn.", "percent": 10}, 0),
        ("ALLY_ACCEPT", {}, 1),
    ):
        world.advance(
            [
                Input(
                    f"{type} {number}",
                    type,
                    {"target": f"quant{number + 1 - who}"} | given,
                    FIRST_AGENT_ACCOUNT + number + who,
                )
                for number in range(0, AGENTS, 2)
            ]
        )
    assert world.registry.linked(FIRST_AGENT_ACCOUNT, FIRST_AGENT_ACCOUNT + 1)


def _inputs(world: World, draw: random.Random, tick: int) -> list[Input]:
    """Return orders as `tick_10000` has them, made of what this world's accounts hold."""
    accounts = [world.market.accounts[id] for id in world.registry.active()]
    crowd = Crowd(accounts, list(world.market.companies.values()))
    inputs = []
    for number in range(ORDERS):
        account, type, parameters = order_of(crowd, draw)
        id = f"00000000-0000-8000-8000-{tick * ORDERS + number:012d}"
        inputs.append(Input(id, type, parameters, account))
    return inputs


def _advance(world: World, inputs: list[Input]) -> tuple[float, float]:
    """Return what a tick takes, and its step of surveillance, in milliseconds."""
    times: dict[str, float] = {}

    def watch(step: str) -> None:
        times[step] = perf_counter()

    started = perf_counter()
    world.advance(inputs, watch)
    took = perf_counter() - started
    return 1000 * took, 1000 * (times[engine.SURVEILLANCE] - times[engine.MARGIN])
