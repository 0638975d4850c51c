"""Write a dump of the whole database with its checksum, while the exchange runs, and remove the
dumps that are not kept: of each of the last 7 days and 4 weeks that have one the newest stays.
"""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from market.models import World
from wallstreetsim.floor import backups
from wallstreetsim.management.record import RecordCommand


class Command(RecordCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--to", type=Path, metavar="DIR", help="instead of backups/ in the data directory"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        directory = options["to"] or settings.PLACES.data / "backups"
        try:
            file = backups.back_up(directory)
        except World.DoesNotExist:
            raise CommandError("There is no world to back up.") from None
        except (backups.BackupError, OSError) as error:
            raise CommandError(f"There is no backup: {error}") from None
        self.stdout.write(f"Wrote {file}, {file.stat().st_size:,} bytes.")
        if old := backups.rotate(directory):
            self.stdout.write(f"Removed {', '.join(old)}.")
