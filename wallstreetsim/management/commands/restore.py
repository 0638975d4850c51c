"""Fill an empty database from a backup, and take the world up there under a new epoch."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from wallstreetsim.floor import backups
from wallstreetsim.management.record import RecordCommand


class Command(RecordCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE", help="a dump, its .sha256 beside it")
        parser.add_argument(
            "--epoch",
            type=int,
            metavar="N",
            help="the new epoch, where clients have seen later ones than the dump's",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            done = backups.restore(options["file"], epoch=options["epoch"])
        except backups.BackupError as error:
            raise CommandError(f"{error}.") from None
        self.stdout.write("The checksum, the digest and the audit agree.")
        if done.readmitted:
            self.stdout.write(f"Endowed by the next tick: {', '.join(done.readmitted)}.")
        self.stdout.write(f"The world is at tick {done.tick} of epoch {done.epoch}.")
