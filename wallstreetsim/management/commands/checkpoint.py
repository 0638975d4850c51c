"""List the checkpoints, verify them, or take the world back to an earlier tick."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from market.models import World
from wallstreetsim.floor import checkpoints, rollback
from wallstreetsim.floor.checkpoints import CannotRestore
from wallstreetsim.machine.rules import RULES
from wallstreetsim.management.record import RecordCommand


class Command(RecordCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        acts.add_parser("list", help="what is kept, the newest first")
        acts.add_parser(
            "verify",
            help="load each, and go from the newest sound one to where the world stands",
        )
        restore = acts.add_parser(
            "restore",
            help="take the world back to tick N under a new epoch; the floor must be stopped."
            " A dump of what is replaced is written first",
        )
        restore.add_argument("tick", type=int, metavar="N")
        restore.add_argument(
            "--dumps", type=Path, metavar="DIRECTORY", help="instead of dumps/ in the data"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        world = World.objects.first()
        if world is None:
            raise CommandError("There is no world.")
        if options["act"] == "list":
            self._list()
        elif options["act"] == "verify":
            self._verify(world)
        else:
            self._restore(options["tick"], options["dumps"])

    def _list(self) -> int:
        """Return how many are unsound."""
        unsound = 0
        for state in checkpoints.kept(RULES):
            unsound += state.fault is not None
            self.stdout.write(
                f"epoch {state.epoch}  tick {state.tick:>8}  {state.digest[:16]}"
                f"  engine {state.engine_version}  {state.bytes / 1024:>9,.0f} kB"
                f"  {state.written_at:%Y-%m-%d %H:%M:%S}  {state.fault or 'sound'}"
            )
        return unsound

    def _verify(self, world: World) -> None:
        unsound = self._list()
        try:
            checkpoints.load_latest(world, RULES)
        except CannotRestore as refusal:
            raise CommandError(f"The machine cannot be restored: {refusal}.") from None
        self.stdout.write(f"The newest sound one and the inputs since make {world}.")
        if unsound:
            raise CommandError(f"{unsound} cannot be used; those before serve instead.")

    def _restore(self, tick: int, dumps: Path | None) -> None:
        try:
            done = rollback.roll_back(tick, dumps=dumps)
        except CannotRestore as refusal:
            raise CommandError(f"Nothing is changed: {refusal}.") from None
        self.stdout.write(f"What was replaced is in {done.dump}.")
        if done.readmitted:
            self.stdout.write(f"Endowed again by the next tick: {', '.join(done.readmitted)}.")
        self.stdout.write(f"The world is at tick {done.tick} of epoch {done.epoch}.")
