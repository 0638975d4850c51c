"""Drop the orders, trades, inputs and pages of the days up to N, once they are exported. What they
moved stays as a balance, from which the audit starts.
"""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from market.models import World
from wallstreetsim.floor import old_days
from wallstreetsim.management.record import RecordCommand


class Command(RecordCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--day", type=int, required=True, metavar="N")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            done = old_days.seal(options["day"])
        except World.DoesNotExist:
            raise CommandError("There is no world.") from None
        except old_days.CannotSeal as refusal:
            raise CommandError(f"Nothing is changed: {refusal}.") from None
        old_days.pack_indexes()
        self.stdout.write(
            f"Dropped up to tick {done.last_tick}: {done.orders:,} orders, {done.trades:,} trades,"
            f" {done.entries:,} entries, {done.inputs:,} inputs."
        )
