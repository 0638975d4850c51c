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
from functools import cache
from time import process_time
from typing import NamedTuple

import zstandard
from django.conf import settings

from market import tape
from market.engine.rules import Switches
from news.research import runner
from wallstreetsim.floor.shell import Floor
from wallstreetsim.lab.bench.figures import Baseline, Figure, ratio_of_pairs, seconds
from wallstreetsim.lab.bench.ticks import AGENTS, HOUSE, Run, fresh_floor, send_orders
from wallstreetsim.lab.research_desk import DeskInMemory, entry_of
from wallstreetsim.machine.rules import RULES
from wallstreetsim.machine.world import World

ORDERS = 10_000
PAIRS = 24  # of a tick with the desk beside it and one without
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
    """How many entries were folded, and how many milliseconds that took."""

    entries: int
    took: float
    worked: float  # of its processor alone


class DeskProcess:
    """A desk in a process of its own, as a courier has it."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def wake(self) -> None:
        """Have it read the tape; nobody waits for it."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()

    def answer(self) -> Answer:
        """Return what came of it, once it has read."""
        assert self._process.stdout is not None
        count, took, worked = self._process.stdout.readline().split()
        return Answer(int(count), float(took), float(worked))


class Tick(NamedTuple):
    """What a tick took in ms, of the clock and of the floor's processor, and the desk's answer."""

    took: float
    worked: float
    answer: Answer


class Measured(NamedTuple):
    """Ticks with the desk beside and without, in pairs, and in ms what it takes to read all of an
    entry.
    """

    beside: list[Tick]
    alone: list[Tick]
    read: list[float]


def tick_10000_desk() -> Figure:
    """Take 10,000 orders a tick while the desk folds the tick before; the baseline is the same
    world, as it folds that between two ticks. The two come in pairs, either first, so that what
    else the machine does falls on both.
    """
    its = _measured()
    beside, alone = ([one.took for one in ticks] for ticks in (its.beside, its.alone))
    worked = ([one.worked for one in ticks] for ticks in (its.beside, its.alone))
    answers = [one.answer for one in its.beside]
    extra = {
        "of pairs": ratio_of_pairs(zip(beside, alone, strict=True)),
        "of the floor's processor": ratio_of_pairs(zip(*worked, strict=True)),
        "an entry beside ms": _spread(one.took for one in answers),
        "behind at most": max(one.entries for one in answers) - 1,
    }
    return Figure("tick_10000_desk", "ms", beside, Baseline("without the desk", alone), extra)


def research_entry() -> Figure:
    """Fold an entry of 10,000 orders, from the tape to the commit; the baseline is to read all that
    it says.
    """
    its = _measured()
    answers = [one.answer for one in its.alone]
    extra = {"of its processor": _spread(one.worked for one in answers)}
    took = [one.took for one in answers]
    return Figure("research_entry", "ms", took, Baseline("reading all of it", its.read), extra)


@cache
def _measured() -> Measured:
    floor = fresh_floor(agents=AGENTS, switches=Switches(events=True))
    draw = random.Random("tick_10000_desk")
    its = Measured([], [], [])
    with _desk_process() as desk:
        for _ in range(3):  # they warm up, and do not count
            _tick(floor, draw, desk, is_beside=False)
        for _ in range(PAIRS):
            for is_beside in draw.sample((True, False), 2):
                tick = _tick(floor, draw, desk, is_beside=is_beside)
                (its.beside if is_beside else its.alone).append(tick)
            its.read.append(1000 * seconds(lambda: _read_last(floor)))
    return its


def _tick(floor: Floor, draw: random.Random, desk: DeskProcess, *, is_beside: bool) -> Tick:
    """Run a tick, and have the desk fold the one before: beside it from its very beginning, which
    costs it most, or before it.
    """
    run = Run()
    send_orders(floor, ORDERS, draw)
    desk.wake()
    answer = None if is_beside else desk.answer()
    started = process_time()
    run.add(floor)
    worked = 1000 * (process_time() - started)
    return Tick(run.samples[0], worked, answer or desk.answer())


def _read_last(floor: Floor) -> None:
    assert floor.world is not None
    [entry] = tape.read_tick(epoch=1, tick=floor.world.tick, streams=[tape.PUBLIC_STREAM])
    entry.read()


def _spread(samples: Iterable[float]) -> str:
    each = sorted(samples)
    return f"{statistics.median(each):.1f}, at most {each[-1]:.1f}"


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
