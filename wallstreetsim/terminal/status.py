"""The page of the exchange's own state: ticks on time, couriers, sockets. Made for each who looks,
for it must tell of a market that stands still.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any, NamedTuple

import redis
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache

from market import tape
from market.models import TapeEntry, World
from wallstreetsim.api.envelope import only_read
from wallstreetsim.api.feed_stats import figures
from wallstreetsim.api.health import is_late
from wallstreetsim.feed.stats import FeedStats, total
from wallstreetsim.terminal.frame import framed
from wallstreetsim.terminal.guards import heavy
from webhooks import selectors as webhooks

TICKS = 120  # looked at
LATE_PARTS = 0.25  # of an interval, by which a tick may be late and on time


class Punctuality(NamedTuple):
    """How many of so many ticks came on time, and the longest time between two, in seconds."""

    on_time: int
    ticks: int
    longest: float

    @property
    def percent(self) -> float:
        return 100 * self.on_time / self.ticks if self.ticks else 100.0


@heavy(cost=1)
@never_cache
@only_read
def status(request: HttpRequest) -> HttpResponse:
    return framed(request, "status/page.html", "STATUS", _status, is_kept=False)


def _status(world: World) -> Mapping[str, Any]:
    claimed_at = world.claimed_at or world.founded_at
    return {
        "is_late": is_late(world),
        "is_paused": world.stands_still,
        "since_tick": max(0.0, (timezone.now() - claimed_at).total_seconds()),
        "interval": settings.TICK_SECONDS,
        "punctuality": punctuality(world.epoch, world.tick),
        "couriers": webhooks.standing(),
        "behind_after": webhooks.BEHIND_SECONDS,
        "sockets": _sockets(),
        "founded_at": world.founded_at,
    }


def punctuality(epoch: int, tick: int) -> Punctuality:
    """Return how the last ticks came. One query."""
    rows = TapeEntry.objects.filter(
        epoch=epoch, stream=tape.PUBLIC_STREAM, tick__gt=tick - TICKS - 1
    )
    times = list(rows.order_by("tick").values_list("claimed_at", flat=True))
    gaps = [(after - before).total_seconds() for before, after in pairwise(times)]
    longest_on_time = settings.TICK_SECONDS * (1 + LATE_PARTS)
    return Punctuality(sum(gap <= longest_on_time for gap in gaps), len(gaps), max(gaps, default=0))


def _sockets() -> FeedStats | None:
    """Return what all web processes tell of their sockets, None where Redis does not answer."""
    try:
        return total(figures().values())
    except redis.RedisError:
        return None
