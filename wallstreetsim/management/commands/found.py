"""Found the world if there is none, and tell beat what to fire."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from market.engine.rules import Switches
from market.models import World
from wallstreetsim.founding import found_if_missing, schedule


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        switches = Switches(events=True, house=settings.HOUSE_AGENTS)
        founded = found_if_missing(switches=switches)
        schedule()
        world = World.objects.get()
        self.stdout.write(f"{'Founded' if founded else 'Found'} the world at {world}.")
