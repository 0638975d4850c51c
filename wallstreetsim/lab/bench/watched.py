"""Ticks that are watched: what sockets cost the floor beside them."""

from __future__ import annotations

import random
import time
from time import monotonic

from market.engine.rules import Switches
from wallstreetsim.feed.publishing import publish
from wallstreetsim.floor.shell import Floor
from wallstreetsim.lab.bench.feed import spectators, web_process
from wallstreetsim.lab.bench.figures import Baseline, Figure
from wallstreetsim.lab.bench.ticks import AGENTS, Run, fresh_floor, send_orders

SOCKETS = 1_000
ORDERS = 1_000
TICKS = 15  # of each turn
TURNS = 2
SECOND = 1.0  # from the start of a tick to that of the next


def tick_1000_watched() -> Figure:
    """Take 1,000 orders a tick, a tick a second, while 1,000 sockets of a web process have every
    price; the baseline is the same world and process without them. They take turns, so that what
    else the machine does falls on both.
    """
    floor, draw = (
        fresh_floor(agents=AGENTS, switches=Switches(events=True)),
        random.Random("watched"),
    )
    floor.publish = publish
    watched: list[float] = []
    alone: list[float] = []
    with web_process("wallstreetsim.asgi") as (port, _):
        _run(floor, draw, 3)
        for _ in range(TURNS):
            alone += _run(floor, draw, TICKS)
            with spectators(port, SOCKETS):
                watched += _run(floor, draw, TICKS)
    return Figure("tick_1000_watched", "ms", watched, Baseline("without sockets", alone))


def _run(floor: Floor, draw: random.Random, ticks: int) -> list[float]:
    """Run ticks, each begun a second after the one before; return what they took, in ms."""
    run = Run()
    for _ in range(ticks):
        send_orders(floor, ORDERS, draw)
        started = monotonic()
        run.add(floor)
        time.sleep(max(0.0, SECOND - (monotonic() - started)))
    return run.samples
