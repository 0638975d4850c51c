"""Run the machine again on the journal, and hold each tick's digest against the record's.

Exit 1, naming the first tick and step that differ.
"""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from market.models import World
from wallstreetsim.floor.checkpoints import CannotRestore
from wallstreetsim.floor.replaying import replay
from wallstreetsim.management.record import RecordCommand


class Command(RecordCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--from",
            dest="start",
            type=int,
            required=True,
            metavar="N",
            help="begin at the newest sound checkpoint at or before tick N",
        )
        parser.add_argument(
            "--to", dest="end", type=int, metavar="M", help="instead of the last tick"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            done = replay(start=options["start"], end=options["end"])
        except World.DoesNotExist:
            raise CommandError("There is no world to replay.") from None
        except CannotRestore as refusal:
            raise CommandError(f"Cannot replay: {refusal}.") from None
        if found := done.difference:
            raise CommandError(f"Tick {found.tick} differs, step {found.step}: {found.what}.")
        self.stdout.write(
            f"Ticks {done.start + 1} to {done.end} come out again: {done.compared} digests"
            f" compared, all equal, the last {done.digest[:16]}."
        )
