"""The scenario runner, in memory: ten companies, and fifty agents who trade."""

from __future__ import annotations

import random
from dataclasses import replace
from decimal import Decimal

from wallstreetsim.lab.bench.figures import Baseline, Figure, seconds
from wallstreetsim.lab.scenarios import Scenario, Step, Trader, run
from wallstreetsim.lab.scenarios.script import DEFAULTS
from wallstreetsim.machine.gc_control import collection_paused

TICKS = 300
AGENTS = 50
RUNS = 5


def scenario_speed() -> Figure:
    """Measure ticks a second with scripted agents, each of whom trades every tick."""
    busy = Scenario(ticks=TICKS, agents=tuple(_traders()), steps=tuple(_steps()))
    return _figure("scenario_speed", busy, Scenario(ticks=TICKS))


def scenario_house() -> Figure:
    """Measure ticks a second with agents of the house, who decide for themselves."""
    busy = Scenario(ticks=TICKS, switches=replace(DEFAULTS, house=AGENTS))
    return _figure("scenario_house", busy, Scenario(ticks=TICKS))


def _figure(name: str, busy: Scenario, quiet: Scenario) -> Figure:
    """Run a world; the baseline is the same one with nobody in it."""
    speeds, quiet_speeds = ([_speed(world) for _ in range(RUNS)] for world in (busy, quiet))
    baseline = Baseline("the same world without agents", quiet_speeds)
    return Figure(name, "ticks/s", speeds, baseline, {"agents": AGENTS, "companies": 10})


def _speed(scenario: Scenario) -> float:
    with collection_paused():
        return scenario.ticks / seconds(lambda: run(scenario))


def _traders() -> list[Trader]:
    return [Trader(f"trader{number}") for number in range(AGENTS)]


def _steps() -> list[Step]:
    """Let every agent send one order a tick: half at market, half limits about the founding
    price.
    """
    draw = random.Random("scenario")
    return [
        Step(tick, f"trader{number}", (_order(draw),))
        for tick in range(2, TICKS + 1)
        for number in range(AGENTS)
    ]


def _order(draw: random.Random) -> dict[str, object]:
    order: dict[str, object] = {
        "type": draw.choice(("BUY", "SELL")),
        "symbol": draw.choice(("APEX", "NEXUS", "OMEGA", "PULSE")),
        "quantity": draw.randint(1, 50),
    }
    if draw.random() < 0.5:
        prices = {"APEX": 142, "NEXUS": 89, "OMEGA": 203, "PULSE": 67}
        cents = round(100 * prices[str(order["symbol"])] * (1 + draw.gauss(0, 0.01)))
        order |= {"orderType": "LIMIT", "price": Decimal(cents) / 100}
    return order
