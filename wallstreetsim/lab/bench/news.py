"""What the news takes of a busy tick, alone: in the machine, in memory."""

from __future__ import annotations

from time import perf_counter

from agents.engine.inputs import Input
from market.engine.outcome import Trade
from market.engine.rules import Switches
from news.engine.desk import NewsDesk
from wallstreetsim.lab.bench.figures import Baseline, Figure
from wallstreetsim.machine.gc_control import collection_paused
from wallstreetsim.machine.rules import RULES
from wallstreetsim.machine.world import World

COMPANIES, TRADES, EVENTS, TICKS = 100, 5_000, 10, 100
KINDS = (("EARNINGS_BEAT", 0.05), ("EARNINGS_MISS", -0.05), ("ANALYST_UPGRADE", 0.03))


def news_busy() -> Figure:
    """Measure the articles of ticks with 5,000 trades and 10 events; the baseline's have none."""
    world = World(RULES, "a seed", Switches(events=True))
    world.found(COMPANIES)
    desk = world.by_name["news"]
    assert isinstance(desk, NewsDesk)
    times: list[float] = []
    written: list[int] = []
    [step] = world.steps["news"]
    is_busy = False

    def write() -> None:
        log = world.market.log
        kept = len(log.trades)
        if is_busy:
            log.trades += _trades(world)
        started = perf_counter()
        step()
        times.append(1000 * (perf_counter() - started))
        del log.trades[kept:]
        written.append(len(desk.written))

    world.steps["news"] = [write]
    with collection_paused():
        for tick in range(1, 2 * TICKS + 1):
            is_busy = tick % 2 == 0
            world.advance(_events(world, tick) if is_busy else [])
    extra = {"companies": COMPANIES, "trades": TRADES, "articles": sum(written[1::2]) / TICKS}
    return Figure("news_busy", "ms", times[1::2], Baseline("a quiet tick", times[::2]), extra)


def _events(world: World, tick: int) -> list[Input]:
    symbols = list(world.market.companies)
    inputs = []
    for number in range(EVENTS):
        kind, impact = KINDS[number % len(KINDS)]
        given = {
            "event": kind,
            "symbol": symbols[(7 * tick + 9 * number) % COMPANIES],
            "impact": impact,
            "duration": 5,
        }
        id = f"00000000-0000-4000-8000-{tick * EVENTS + number:012x}"
        inputs.append(Input(id, "INJECT", given))
    return inputs


def _trades(world: World) -> list[Trade]:
    """Return trades of ordinary sizes in all companies."""
    companies = list(world.market.companies.values())
    return [
        Trade(
            number,
            "",
            world.tick,
            company.symbol,
            company.price,
            100,
            1_000,
            1_001,
            "",
            "",
            "BUY",
            0,
        )
        for number in range(TRADES)
        for company in (companies[number % COMPANIES],)
    ]
