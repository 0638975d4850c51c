"""The last tick: what names it, and whether the next one is late. Every page asks it first."""

from __future__ import annotations

from typing import NamedTuple

from django.conf import settings

from market.engine.values import Tick
from market.models import World
from wallstreetsim.api.health import LATE_INTERVALS, seconds_since_tick

LATE_SECONDS = LATE_INTERVALS * settings.TICK_SECONDS


class Newest(NamedTuple):
    """The last committed tick. `digest` names it, with its epoch; `late_seconds` is for how long
    there has been none, 0 while the world's clock goes or an operator has stopped it.
    """

    digest: str
    tick: Tick
    late_seconds: int


def newest() -> Newest | None:
    """Return the last committed tick; None before the founding. One query."""
    world = World.objects.first()
    if world is None:
        return None
    age = seconds_since_tick(world)
    late_seconds = int(age) if age > LATE_SECONDS else 0
    return Newest(f"{world.epoch}:{world.digest}", world.tick, late_seconds)
