"""The research desk beside the floor: what it costs a tick, what an entry costs it, and how much it
says in a day.
"""

from __future__ import annotations

import random
import statistics
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from time import process_time
from typing import NamedTuple

import zstandard
from django.conf import settings

from market.engine.rules import Switches
from news.research import runner
from wallstreetsim.floor.shell import Floor
from wallstreetsim.lab.bench.figures import Baseline, Figure
from wallstreetsim.lab.bench.ticks import AGENTS, HOUSE, Run, fresh_floor, send_orders
from wallstreetsim.lab.research_desk import DeskInMemory, entry_of
from wallstreetsim.machine.rules import RULES
from wallstreetsim.machine.world import World

ORDERS = 10_000
TICKS = 8  # of each turn
TURNS = 3
COMPANIES = 100

# Another process's desk: it folds what is new for every line that it is sent, and answers with how
# many entries that were, and how many milliseconds it took, of the clock and of its processor.
_DESK = """
import os, sys, time
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wallstreetsim.settings")
import django
django.setup()
from django.conf import settings
from news.research.runner import Runner
desk = Runner(settings.RULES.market)
for line in sys.stdin:
    started = time.perf_counter(), time.process_time()
    count = desk.catch_up()
    ended = time.perf_counter(), time.process_time()
    print(count, *(1000 * (end - start) for end, start in zip(ended, started)), flush=True)
"""


class Answer(NamedTuple):
    """What came of one line: how many entries were folded, and how many milliseconds it took."""

    entries: int
    took: float
    worked: float  # of its processor alone


class DeskProcess:
    """A desk in a process of its own, as a courier has it."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._asked = 0

    def wake(self) -> None:
        """Have it read the tape; nobody waits for it."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        self._asked += 1

    def answers(self) -> list[Answer]:
        """Return what came of all that was asked."""
        assert self._process.stdout is not None
        lines = [self._process.stdout.readline().split() for _ in range(self._asked)]
        self._asked = 0
        return [Answer(int(count), float(took), float(worked)) for count, took, worked in lines]


def tick_10000_desk() -> Figure:
    """Take 10,000 orders a tick while the desk folds the tick before; the baseline is the same
    world without it. They take turns, so that what else the machine does falls on both.
    """
    floor = fresh_floor(agents=AGENTS, switches=Switches(events=True))
    draw = random.Random("tick_10000_desk")
    beside: list[float] = []
    alone: list[float] = []
    told: list[Answer] = []
    with _desk_process() as desk:
        _run(floor, draw, None, ticks=3)
        for _ in range(TURNS):
            alone += _run(floor, draw, None, ticks=TICKS)
            desk.wake()  # it catches up with what it was not told of
            desk.answers()
            beside += _run(floor, draw, desk, ticks=TICKS)
            told += desk.answers()
    folded = [one for one in told if one.entries]
    extra = {
        "an entry ms": _spread(one.took / one.entries for one in folded),
        "of its processor": _spread(one.worked / one.entries for one in folded),
        "behind at most": max(one.entries for one in told) - 1,
    }
    return Figure("tick_10000_desk", "ms", beside, Baseline("without the desk", alone), extra)


def _spread(samples: Iterable[float]) -> str:
    each = sorted(samples)
    return f"{statistics.median(each):.1f}, at most {each[-1]:.1f}"


def _run(floor: Floor, draw: random.Random, desk: DeskProcess | None, *, ticks: int) -> list[float]:
    """Run ticks, each while a desk, if there is one, folds the entry of the tick before."""
    run = Run()
    for _ in range(ticks):
        send_orders(floor, ORDERS, draw)
        if desk is not None:
            desk.wake()
        run.add(floor)
    return run.samples


@contextmanager
def _desk_process() -> Iterator[DeskProcess]:
    process = subprocess.Popen(
        [sys.executable, "-c", _DESK],
        cwd=settings.BASE_DIR,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield DeskProcess(process)
    finally:
        process.terminate()
        process.wait()


def research_day() -> Figure:
    """Fold every entry of a day in memory, in milliseconds of this process; the baseline is to sort
    an entry for the desk alone. `bytes a tick` are what the tape holds of what it says.
    """
    world = World(RULES, "bench", Switches(events=True, house=HOUSE))
    world.found(COMPANIES)
    desk = DeskInMemory(world)
    compress = zstandard.ZstdCompressor(level=1).compress
    folds: list[float] = []
    reads: list[float] = []
    kept = plain = alerts = 0
    for _ in range(RULES.market.session.day_ticks):
        outcome = world.advance([])
        started = process_time()
        entry = entry_of(world, outcome)
        reads.append(1000 * (process_time() - started))
        started = process_time()
        folded = desk.desk.fold(entry)
        folds.append(1000 * (process_time() - started))
        alerts += len(folded.admission.sent)
        if folded.events:
            said = runner.encoded(folded.events)
            plain += len(said)
            kept += len(compress(said))
    ticks = len(folds)
    extra = {
        "companies": COMPANIES,
        "alerts": alerts,
        "bytes a tick": kept // ticks,
        "before compression": plain // ticks,
    }
    return Figure("research_day", "ms", folds, Baseline("sorting an entry", reads), extra)
