"""Recompute every balance from the rows and hold the machine against it; exit 1 if one differs."""

from typing import Any

from django.core.management.base import CommandError

from market.common.auditing import Check
from market.models import World
from wallstreetsim.floor.audit import audit
from wallstreetsim.management.record import RecordCommand

SHOWN = 10  # differences of each check


class Command(RecordCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            world, checks, _ = audit()
        except World.DoesNotExist:
            raise CommandError("There is no world to audit.") from None
        self.stdout.write(f"The record at {world}:")
        for check in checks:
            self._print(check)
        if wrong := sum(len(check.differences) for check in checks):
            raise CommandError(f"{wrong} differences.")

    def _print(self, check: Check) -> None:
        self.stdout.write(f"  {'WRONG' if check.differences else 'ok   '}  {check.what}")
        for difference in check.differences[:SHOWN]:
            self.stdout.write(f"         {difference}")
        if more := len(check.differences[SHOWN:]):
            self.stdout.write(f"         … and {more} more")
