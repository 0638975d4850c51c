"""The scenario runner: ten companies, fifty scripted agents, each trading every tick, in memory."""

from __future__ import annotations

import random
from decimal import Decimal

from wallstreetsim.bench.figures import Baseline, Figure, seconds
from wallstreetsim.garbage import collection_paused
from wallstreetsim.scenario import Scenario, Step, Trader, run

TICKS = 300
AGENTS = 50
RUNS = 5


def scenario_speed() -> Figure:
    """Measure ticks a second; the baseline is the same world with nobody in it."""
    busy = Scenario(ticks=TICKS, agents=tuple(_traders()), steps=tuple(_steps()))
    quiet = Scenario(ticks=TICKS)
    return Figure(
        "scenario_speed",
        "ticks/s",
        [_speed(busy) for _ in range(RUNS)],
        Baseline("the same world without agents", [_speed(quiet) for _ in range(RUNS)]),
        {"agents": AGENTS, "companies": 10},
    )


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
