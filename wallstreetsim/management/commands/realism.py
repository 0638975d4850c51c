"""Measure whether the market behaves like one, on the machine, in memory.

Prints the facts of the market model with their verdicts beside a naive engine's, and whether simple
strategies, adversaries and the research desk's signals earn free money. Exits 1 when the market
does not pass.
"""

from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path
from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandError

from wallstreetsim.lab import side_by_side

FAILED = 1  # the exit code


def at_least_one(text: str) -> int:
    if text.isascii() and text.isdigit() and 1 <= int(text) <= 10_000:
        return int(text)
    raise ArgumentTypeError("give a whole number from 1 on")


class Command(BaseCommand):
    help = __doc__ or ""
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--days", type=at_least_one, default=20)
        parser.add_argument("--companies", type=at_least_one, default=20)
        parser.add_argument("--seeds", type=at_least_one, default=3, help="runs, seeds 1, 2, …")
        parser.add_argument("--house", type=at_least_one, default=24, help="house agents")
        parser.add_argument("--jobs", type=at_least_one, default=2, help="processes")
        parser.add_argument(
            "--queue", action="store_true", help="run as Celery tasks, by workers of the queue lab"
        )
        parser.add_argument(
            "--no-adversaries", action="store_true", help="only the facts: a third of the time"
        )
        parser.add_argument(
            "--signal-days",
            type=at_least_one,
            default=20,
            help="for which the research desk's signals are tried, on four seeds of their own",
        )
        parser.add_argument(
            "--no-signals", action="store_true", help="do not try the research desk's signals"
        )
        parser.add_argument("--out", type=Path, metavar="REPORT.json", help="write it as JSON")
        parser.add_argument("--plots", type=Path, metavar="PAGE.png", help="or .svg, .pdf")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            from wallstreetsim.lab.realism import report
        except ImportError as missing:
            raise CommandError(f"{missing}. The report needs the group 'realism'.") from None
        with side_by_side.runner(processes=options["jobs"], queue=options["queue"]) as run:
            measured, histories = report.measure(
                days=options["days"],
                companies=options["companies"],
                seeds=options["seeds"],
                house=options["house"],
                adversaries=not options["no_adversaries"],
                signal_days=0 if options["no_signals"] else options["signal_days"],
                run=run,
                tell=self.stderr.write,
            )
        self.stdout.write(measured.as_text())
        if options["out"]:
            options["out"].write_bytes(orjson.dumps(measured.as_json(), option=orjson.OPT_INDENT_2))
        if options["plots"]:
            from wallstreetsim.lab.realism import plots

            plots.draw_page(histories, options["plots"])
        if not measured.passes:
            raise CommandError("The market does not pass.", returncode=FAILED)
