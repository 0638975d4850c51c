"""Let bots play against each other and the house, offline, and print how they did."""

from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path
from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandError

from wallstreetsim.lab.arena import match, table
from wallstreetsim.lab.arena.file import ArenaFile, BadScenario, read
from wallstreetsim.lab.scenarios.yaml_text import LARGEST_BYTES
from wallstreetsim.management.commands.scenario import BAD_FILE, seed, ticks
from webhooks.engine.delivery import EXCHANGE_SECONDS


def seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if 0.01 <= value <= 3_600:
        return value
    raise ArgumentTypeError("give seconds, from 0.01 to 3600")


class Command(BaseCommand):
    help = f"{__doc__} docs/tutorial-bots.md describes the file."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="BOTS.yaml")
        parser.add_argument("--ticks", type=ticks, default=390)
        parser.add_argument("--seed", type=seed, default="0")
        parser.add_argument(
            "--turn-seconds", type=seconds, default=EXCHANGE_SECONDS, help="to reply within"
        )
        parser.add_argument("--out", type=Path, metavar="RESULT.json", help="write it as JSON too")
        parser.add_argument("--plot", type=Path, metavar="EQUITY.png", help="or .svg, .pdf")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        if options["plot"]:
            _check_plots()
        played = match.play(
            _load(path),
            ticks=options["ticks"],
            seed=options["seed"],
            directory=path.resolve().parent,
            seconds=options["turn_seconds"],
        )
        self.stdout.write(table.as_text(played))
        try:
            if options["out"]:
                options["out"].write_bytes(orjson.dumps(table.as_json(played)))
            if options["plot"]:
                from wallstreetsim.lab.arena import plot

                plot.draw(played, options["plot"])
        except (OSError, ValueError) as error:
            raise CommandError(str(error)) from None


def _load(path: Path) -> ArenaFile:
    try:
        with path.open("rb") as file:
            return read(file.read(LARGEST_BYTES + 1))
    except BadScenario as bad:
        raise CommandError(f"{path}, {bad}", returncode=BAD_FILE) from None
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}", returncode=BAD_FILE) from None


def _check_plots() -> None:
    try:
        import matplotlib  # noqa: F401
    except ImportError as missing:
        raise CommandError(f"{missing}. Plots need the group 'realism'.") from None
