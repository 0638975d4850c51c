"""What makes the market live, alone: the price step and the house, in the machine, in memory."""

from __future__ import annotations

from time import perf_counter

from market.engine import pricing
from market.engine.pricing import Trading
from market.engine.rules import Switches
from wallstreetsim.lab.bench.figures import Baseline, Figure
from wallstreetsim.machine.gc_control import collection_paused
from wallstreetsim.machine.rules import RULES
from wallstreetsim.machine.world import World

COMPANIES = 100
TICKS = 200


def prices_100() -> Figure:
    """Measure a tick's events, weather and price steps; the baseline draws the weather only."""
    world = _world(0)
    market, steps, weathers = world.market, [], []
    with collection_paused():
        for _ in range(TICKS):
            world.advance([])
            started = perf_counter()
            weather = market.climate.weather(market.moment)
            weathers.append(1000 * (perf_counter() - started))
            pricing.step_all(_trading(world), weather, market.streams, RULES.market.pricing)
            steps.append(1000 * (perf_counter() - started))
    extra = {"companies": COMPANIES}
    return Figure("prices_100", "ms", steps, Baseline("the weather", weathers), extra)


def house_24() -> Figure:
    return _house("house_24", 24, TICKS)


def house_1000() -> Figure:
    return _house("house_1000", 1_000, 30)


def _house(name: str, count: int, ticks: int) -> Figure:
    """Measure what the house takes of a tick, to decide and to act; the baseline decides only."""
    world, watch = _world(count), _Watch()
    with collection_paused():
        for _ in range(ticks):
            watch.begin()
            world.advance([], watch)
    whole = [sum(times) for times in watch.ticks]
    decided = [times[0] for times in watch.ticks]
    extra = {"companies": COMPANIES, "trades": world.market.trades_numbered // ticks}
    return Figure(name, "ms", whole, Baseline("deciding", decided), extra)


class _Watch:
    """Hears the end of each step and keeps what the house's took, in milliseconds, by tick."""

    def __init__(self) -> None:
        self.ticks: list[list[float]] = []
        self.last = 0.0

    def begin(self) -> None:
        self.ticks.append([])
        self.last = perf_counter()

    def __call__(self, step: str) -> None:
        now = perf_counter()
        if step == "house":
            self.ticks[-1].append(1000 * (now - self.last))
        self.last = now


def _world(house: int) -> World:
    world = World(RULES, "bench", Switches(never_closes=True, events=True, house=house))
    world.found(COMPANIES)
    return world


def _trading(world: World) -> list[Trading]:
    return [
        Trading(c.symbol, c.listing.sector, c.pricing, c.net_flow, c.tick_volume)
        for c in world.market.companies.values()
    ]
