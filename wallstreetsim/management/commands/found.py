"""Found the world if there is none, and tell beat what to fire."""

from typing import Any

from django.conf import settings

from market.engine.rules import Switches
from market.models import World
from wallstreetsim.floor.founding import found_if_missing, schedule
from wallstreetsim.management.record import RecordCommand


class Command(RecordCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        switches = Switches(events=True, house=settings.HOUSE_AGENTS)
        founded = found_if_missing(switches=switches)
        schedule()
        world = World.objects.get()
        self.stdout.write(f"{'Founded' if founded else 'Found'} the world at {world}.")
