"""Run a scenario file on the machine, in memory, and print one JSON object."""

from argparse import ArgumentParser, ArgumentTypeError
from contextlib import closing
from pathlib import Path
from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandError

from wallstreetsim.lab import side_by_side
from wallstreetsim.lab.scenarios import BadScenario, Result, Scenario, read, run
from wallstreetsim.lab.scenarios.file import MOST_TICKS
from wallstreetsim.lab.scenarios.lobster import LobsterWriter
from wallstreetsim.lab.scenarios.yaml_text import LARGEST_BYTES
from wallstreetsim.machine.rules import RULES
from wallstreetsim.management.commands.realism import at_least_one

BAD_FILE = 2  # the exit code


def ticks(text: str) -> int:
    if text.isascii() and text.isdigit() and len(text) < 10 and 1 <= int(text) <= MOST_TICKS:
        return int(text)
    raise ArgumentTypeError(f"give a whole number from 1 to {MOST_TICKS:,}")


def seed(text: str) -> str:
    if text.isprintable():
        return text
    raise ArgumentTypeError("give printable text")


class Command(BaseCommand):
    help = f"{__doc__} The format is shown in docs/examples."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE.yaml")
        parser.add_argument("--ticks", type=ticks, help="run so many, whatever the file says")
        parser.add_argument("--seed", type=seed, help="instead of the file's")
        parser.add_argument("--out", type=Path, metavar="RESULT.json", help="instead of printing")
        parser.add_argument(
            "--lobster", type=Path, metavar="DIR", help="write message and book files there too"
        )
        parser.add_argument(
            "--seeds",
            type=at_least_one,
            metavar="N",
            help="run it with the seeds 1, 2, … N instead, and give one line of JSON each",
        )
        parser.add_argument("--jobs", type=at_least_one, default=2, help="processes, for --seeds")
        parser.add_argument(
            "--queue", action="store_true", help="run them as tasks, by workers of the queue lab"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        out: Path | None = options["out"]
        scenario = _load(options["file"], options["ticks"], options["seed"])
        if out:
            check_writable(out)
        if options["seeds"] and options["lobster"]:
            raise CommandError("--lobster is of one run: give --seed in place of --seeds.")
        try:
            if options["seeds"]:
                answer = _each_seed(options)
            else:
                result = _run(scenario, options["lobster"])
                answer = orjson.dumps(result.as_wire(), option=orjson.OPT_APPEND_NEWLINE)
            if out:
                out.write_bytes(answer)
            else:
                self.stdout.write(answer.decode(), ending="")
                self.stdout.flush()
        except OSError as error:
            where = error.filename or out or "standard output"
            raise CommandError(f"{where}: {error.strerror}") from None


def _run(scenario: Scenario, lobster: Path | None) -> Result:
    try:
        if lobster is None:
            return run(scenario)
        with closing(LobsterWriter(lobster)) as writer:
            return run(scenario, look=writer.look)
    except OSError:
        raise
    except Exception as error:
        if scenario.rules == RULES:
            raise
        raise CommandError(f"the machine does not work under these rules: {error!r}") from None


def _each_seed(options: dict[str, Any]) -> bytes:
    """Run a file, which was read without a complaint, with one seed after another."""
    text = options["file"].read_text()
    jobs = [
        {"source": text, "ticks": options["ticks"], "seed": str(number)}
        for number in range(1, options["seeds"] + 1)
    ]
    with side_by_side.runner(processes=options["jobs"], queue=options["queue"]) as run_all:
        results = list(run_all("scenario", jobs))
    return b"".join(orjson.dumps(one, option=orjson.OPT_APPEND_NEWLINE) for one in results)


def _load(path: Path, ticks: int | None, seed: str | None) -> Scenario:
    try:
        with path.open("rb") as file:
            source = file.read(LARGEST_BYTES + 1)
        return read(source, ticks=ticks, seed=seed)
    except BadScenario as bad:
        raise CommandError(f"{path}, {bad}", returncode=BAD_FILE) from None
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}", returncode=BAD_FILE) from None


def check_writable(path: Path) -> None:
    """Complain now rather than after an hour's run."""
    try:
        path.open("ab").close()
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}") from None
