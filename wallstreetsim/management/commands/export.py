"""Write a day that is over to a folder: orders, trades, ledger, candles, news and cases, as
compressed NDJSON with a manifest, checksums and what each column is. Owners are hidden until the
epoch ends.
"""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from market.models import World
from wallstreetsim.floor import old_days
from wallstreetsim.management.record import RecordCommand


class Command(RecordCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--day", type=int, metavar="N")
        what.add_argument(
            "--owners", type=int, metavar="EPOCH", help="who they were, once the epoch has ended"
        )
        parser.add_argument("--out", type=Path, required=True, metavar="DIR")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["owners"] is None:
                written = old_days.export(options["day"], options["out"])
            else:
                written = old_days.reveal_owners(options["owners"], options["out"])
        except World.DoesNotExist:
            raise CommandError("There is no world.") from None
        except (old_days.CannotSeal, OSError) as refusal:
            raise CommandError(f"Nothing is exported: {refusal}.") from None
        self.stdout.write(f"Wrote {written}.")
