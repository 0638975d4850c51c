"""Run a scenario over a grid of values and many seeds, side by side, and print means with their
confidence intervals.
"""

from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path
from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandError

from wallstreetsim.lab import side_by_side
from wallstreetsim.lab.scenarios import BadScenario, sweep
from wallstreetsim.lab.scenarios.yaml_text import LARGEST_BYTES
from wallstreetsim.machine.world import ENGINE_VERSION
from wallstreetsim.management.commands.realism import at_least_one
from wallstreetsim.management.commands.scenario import BAD_FILE, check_writable

MOST_RUNS = 10_000


def setting(text: str) -> sweep.Setting:
    try:
        return sweep.parse_setting(text)
    except ValueError as bad:
        raise ArgumentTypeError(str(bad)) from None


class Command(BaseCommand):
    help = f"{__doc__} The file is a scenario's; PATH leads to a key of it, such as\
 rules.market.takerFeeBps or agents[0].cash."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE.yaml")
        parser.add_argument("--seeds", type=at_least_one, default=5, help="runs, seeds 1, 2, …")
        parser.add_argument(
            "--set",
            type=setting,
            action="append",
            default=[],
            metavar="PATH=A,B,C",
            dest="sets",
        )
        parser.add_argument("--processes", type=at_least_one, default=2)
        parser.add_argument(
            "--queue", action="store_true", help="on the workers of the queue 'lab' instead"
        )
        parser.add_argument("--out", type=Path, metavar="RESULT.json", help="write it as JSON too")

    def handle(self, *args: Any, **options: Any) -> None:
        cells, names = sweep.grid(options["sets"]), range(1, options["seeds"] + 1)
        if len(cells) * len(names) > MOST_RUNS:
            raise CommandError(f"That is more than {MOST_RUNS:,} runs.")
        jobs = _jobs(options["file"], cells, [str(name) for name in names])
        if options["out"]:
            check_writable(options["out"])
        with side_by_side.runner(processes=options["processes"], queue=options["queue"]) as run:
            done = list(run("sweep", jobs))
        result = _result(cells, done, len(names))
        self.stdout.write(_as_text(result))
        if options["out"]:
            options["out"].write_bytes(orjson.dumps(result, option=orjson.OPT_INDENT_2))


def _jobs(path: Path, cells: list[dict[str, str]], names: list[str]) -> list[Any]:
    """Return a job for each run. Every cell is read once, so that a fault is found before any."""
    try:
        with path.open("rb") as file:
            source = file.read(LARGEST_BYTES + 1).decode("utf-8-sig")
        for changes in cells:
            sweep.scenario_of(source, changes, names[0])
    except BadScenario as bad:
        raise CommandError(f"{path}, {bad}", returncode=BAD_FILE) from None
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{path}: {error}", returncode=BAD_FILE) from None
    return [
        {"source": source, "changes": changes, "seed": name} for changes in cells for name in names
    ]


def _result(cells: list[dict[str, str]], done: list[Any], count: int) -> dict[str, Any]:
    found = []
    for number, changes in enumerate(cells):
        runs = done[number * count : (number + 1) * count]
        estimates = sweep.estimates(run["figures"] for run in runs)
        found.append(
            {
                "set": changes,
                "rules": runs[0]["rules"],
                "figures": {
                    name: {"mean": one.mean, "margin": one.margin}
                    for name, one in estimates.items()
                },
                "digests": [run["digest"] for run in runs],
            }
        )
    return {
        "engineVersion": ENGINE_VERSION,
        "seeds": count,
        "confidence": sweep.CONFIDENCE,
        "cells": found,
    }


def _as_text(result: dict[str, Any]) -> str:
    lines = []
    for cell in result["cells"]:
        name = ", ".join(f"{path}={value}" for path, value in cell["set"].items()) or "the file"
        lines.append(f"{name} (rules {cell['rules']})")
        for figure, one in cell["figures"].items():
            margin = "" if one["margin"] is None else f" ± {one['margin']:,.4g}"
            lines.append(f"  {figure:24} {one['mean']:>18,.4f}{margin}")
    seeded = f"engine version {result['engineVersion']}, {result['seeds']} seeds"
    return "\n".join([*lines, f"{seeded}, ± at {100 * result['confidence']:g} % confidence"])
