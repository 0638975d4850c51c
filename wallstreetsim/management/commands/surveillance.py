"""Measure surveillance: scripted crimes and honest look-alikes, on the machine, in memory.

Prints the scorecard beside that of naive rules. Exits 1 when something falls short.
"""

from argparse import ArgumentParser
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from wallstreetsim.lab import side_by_side
from wallstreetsim.lab.surveillance import metamorphic, scorecard, worlds
from wallstreetsim.lab.surveillance.catalogue import HALVES, HELD_OUT_HALF, TYPES
from wallstreetsim.machine.world import ENGINE_VERSION
from wallstreetsim.management.commands.realism import at_least_one
from wallstreetsim.stack import compiled

FAILED = 1  # the exit code
TOLD_EVERY = 50  # runs


class Command(BaseCommand):
    help = __doc__ or ""
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--seeds", type=at_least_one, default=10, help="of each script")
        parser.add_argument("--types", nargs="+", choices=TYPES, default=list(TYPES))
        parser.add_argument("--half", choices=HALVES, default=HELD_OUT_HALF, help="of the scripts")
        parser.add_argument("--jobs", type=at_least_one, default=2, help="processes")
        parser.add_argument(
            "--queue", action="store_true", help="run as Celery tasks, by workers of the queue lab"
        )
        parser.add_argument(
            "--only-crimes", action="store_true", help="no look-alikes: a third of the time"
        )
        parser.add_argument(
            "--metamorphic", action="store_true", help="what must not change what is found, instead"
        )
        parser.add_argument(
            "--worlds",
            type=at_least_one,
            metavar="N",
            help="who is convicted in N fresh worlds within two days, instead",
        )
        parser.add_argument("--out", type=Path, metavar="SCORECARD.json", help="write it as JSON")
        parser.add_argument(
            "--publish", action="store_true", help="write it where /sec/scorecard reads it"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        with side_by_side.runner(processes=options["jobs"], queue=options["queue"]) as run:
            if options["worlds"]:
                passes = self._found_worlds(run, options["worlds"], options["out"])
            elif options["metamorphic"]:
                passes = self._compare(run, options["seeds"], options["out"])
            else:
                passes = self._score(run, options)
        if not passes:
            raise CommandError("Surveillance falls short.", returncode=FAILED)

    def _score(self, run: side_by_side.RunAll, options: dict[str, Any]) -> bool:
        half, types = options["half"], options["types"]
        jobs = scorecard.jobs(half, options["seeds"], types, innocent=not options["only_crimes"])
        results = []
        for number, result in enumerate(run("surveillance", jobs), start=1):
            results.append(result)
            if number % TOLD_EVERY == 0:
                self.stderr.write(f"{number} of {len(jobs)} runs are done")
        card = scorecard.score(
            results,
            half=half,
            types=types,
            seeds=options["seeds"],
            engine_version=ENGINE_VERSION,
            engine_hash=compiled.state_of_sources(),
            date=datetime.now(UTC).date().isoformat(),
        )
        self.stdout.write(card.as_text())
        written = orjson.dumps(card.figures, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
        if options["out"]:
            options["out"].write_bytes(written)
        if options["publish"]:
            scorecard.PUBLISHED.write_bytes(written)
        return card.passes

    def _found_worlds(self, run: side_by_side.RunAll, count: int, out: Path | None) -> bool:
        jobs = worlds.jobs(count, companies=settings.COMPANIES, house=settings.HOUSE_AGENTS)
        found: list[worlds.Found] = []
        for one in run("fresh worlds", jobs):
            found.append(one)
            self.stderr.write(f"{len(found)} of {count} worlds are done")
        for line in worlds.lines(found):
            self.stdout.write(line)
        if out:
            out.write_bytes(orjson.dumps(found, option=orjson.OPT_INDENT_2))
        return worlds.passes(found)

    def _compare(self, run: side_by_side.RunAll, seeds: int, out: Path | None) -> bool:
        found: list[metamorphic.Comparison] = list(run("metamorphic", metamorphic.changes(seeds)))
        for one in found:
            self.stdout.write(
                f"{one['play']:18} {one['change']:32} {one['before']:>10} → {one['after']:10}"
                f" {_verdict(one['holds'])}"
            )
        if out:
            out.write_bytes(orjson.dumps(found, option=orjson.OPT_INDENT_2))
        return not _broken(found)


def _broken(found: Sequence[metamorphic.Comparison]) -> bool:
    return any(one["holds"] is False for one in found)


def _verdict(holds: bool | None) -> str:
    return "no matter" if holds is None else "holds" if holds else "BROKEN"
