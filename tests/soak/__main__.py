"""A long soak of the machine: `python -m tests.soak [--ticks N] [--first SEED] [--log FILE]`.

World after world, each its seed's, is traded at random, while a naive exchange judges each order
and trade; each tick's outcome must agree with all before, and the books are audited by brute force
every few ticks. It is run by a floor in memory that is killed in the middle of ticks, restored from
checkpoints (some of them damaged) and the journal, and sent its inputs late, shuffled, twice, and
now and then such as make it raise. A twin that suffers none of this must go the same way, outcome
by outcome, and know the same, byte by byte.

The log has a line a seed. Given the log of an earlier run, only the seeds that it lacks are run,
until there are so many ticks in all. A seed that fails is told, and run again by `--only SEED`;
the others go on.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import count, islice
from pathlib import Path
from typing import TextIO

TOLD_EVERY = 60.0  # seconds
MOST_FAILURES = 10


def main() -> int:
    given = _arguments()
    _set_up()
    if given.only is not None:
        alone = _soak(given.only)[1]
        print(_figures(alone or Counter()))
        return 0 if alone else 1
    done = _read(given.log)
    seen: Counter[str] = sum(done.values(), Counter())
    failed: list[int] = []
    seeds = (seed for seed in count(given.first) if seed not in done)
    began, told, ticks_before = time.monotonic(), time.monotonic(), seen["ticks"]
    print(f"{seen['ticks']:,} ticks of {len(done):,} worlds are done already", flush=True)
    with given.log.open("a") as log:
        for seed, world in _soaked(seeds, given.processes):
            if world is None:
                failed.append(seed)
                if len(failed) == MOST_FAILURES:
                    break
                continue
            seen += world
            _write(log, seed, world)
            if time.monotonic() - told > TOLD_EVERY or seen["ticks"] >= given.ticks:
                told = time.monotonic()
                pace = (seen["ticks"] - ticks_before) / (told - began)
                print(f"{_figures(seen)}; {pace:,.0f} ticks a second", flush=True)
            if seen["ticks"] >= given.ticks:
                break
    print(f"failed: {', '.join(map(str, failed))}" if failed else "nothing amiss")
    return 1 if failed else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--ticks", type=int, default=1_000_000)
    parser.add_argument("--first", type=int, default=0, metavar="SEED")
    parser.add_argument("--only", type=int, metavar="SEED")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--log", type=Path, default=Path("soak.log"))
    return parser.parse_args()


def _set_up() -> None:
    """Let Django know its models; there is no database."""
    import logging

    import django

    os.environ["WSS_DATA_DIR"] = tempfile.gettempdir()
    os.environ["SECRET_KEY"] = "only for the soak"
    os.environ["DJANGO_SETTINGS_MODULE"] = "wallstreetsim.settings"
    django.setup()
    logging.disable()  # each damaged checkpoint would be told


def _soaked(seeds: Iterator[int], processes: int) -> Iterator[tuple[int, Counter[str] | None]]:
    if processes == 1:
        yield from map(_soak, seeds)
        return
    with ProcessPoolExecutor(processes) as pool:
        while True:
            yield from pool.map(_soak, islice(seeds, 16 * processes))


def _soak(seed: int) -> tuple[int, Counter[str] | None]:
    """Return what the world of a seed saw, or None if it failed."""
    from tests.soak.trading import Soaking

    try:
        return seed, Soaking(seed).run()
    except Exception:
        traceback.print_exc()
        print(f"the world of seed {seed} failed; again: --only {seed}", file=sys.stderr, flush=True)
        return seed, None


def _figures(seen: Counter[str]) -> str:
    ordered = sorted(seen.items(), key=lambda item: (item[0] != "ticks", item[0]))
    return ", ".join(f"{count:,} {name}" for name, count in ordered)


def _write(log: TextIO, seed: int, seen: Counter[str]) -> None:
    print(json.dumps({"seed": seed, **seen}), file=log, flush=True)


def _read(log: Path) -> dict[int, Counter[str]]:
    """Return what an earlier run saw, by seed; a line that it was killed in does not count."""
    done: dict[int, Counter[str]] = {}
    for line in log.read_text().splitlines() if log.exists() else ():
        try:
            seen = json.loads(line)
        except ValueError:
            continue
        seed = seen.pop("seed")
        done[seed] = Counter(seen)
    return done


if __name__ == "__main__":
    sys.exit(main())
