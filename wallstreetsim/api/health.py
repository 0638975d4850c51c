"""Health checks: whether this process can serve, and whether ticks are on time."""

from __future__ import annotations

from typing import Any

import orjson
import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache

from agents.models import Input
from market import tape
from market.common import database_health
from market.common.redis_clients import redis_client
from market.models import World
from wallstreetsim.api.envelope import JSON, only_read, refuse
from webhooks.selectors import behind_seconds

LATE_INTERVALS = 10


@never_cache
@only_read
def health(request: HttpRequest) -> HttpResponse:
    """Answer 503 when the database is unavailable, `degraded` without Redis: then no tick comes,
    and all else works. Show staff more.
    """
    try:
        if not database_health.is_available():
            return _out_of_reach()
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        details = _details() if request.user.is_staff else {}
    except DatabaseError:
        return _out_of_reach()
    status = "ok" if redis_answers() else "degraded"
    return _fine({"status": status, **details})


@never_cache
@only_read
def ready(request: HttpRequest) -> HttpResponse:
    """Answer 503 when the database is unavailable or the tick is late."""
    try:
        if not database_health.is_available():
            return _out_of_reach()
        world = World.objects.first()
    except DatabaseError:
        return _out_of_reach()
    if world is None:
        return refuse(503, "The world is not founded yet.")
    if is_late(world):
        return refuse(503, "The tick is late.")
    behind = behind_seconds()
    return _fine({"status": "ready", "tick": world.tick, "webhooksBehindSeconds": behind})


def is_late(world: World) -> bool:
    """Say whether the next tick should have come long ago; a paused world is in no hurry."""
    return seconds_since_tick(world) > LATE_INTERVALS * settings.TICK_SECONDS


def seconds_since_tick(world: World) -> float:
    """Return how long ago the last tick was, 0 while an operator has the world stand still."""
    if world.stands_still:
        return 0.0
    return (timezone.now() - (world.claimed_at or world.founded_at)).total_seconds()


def _out_of_reach() -> HttpResponse:
    return refuse(503, "The database is unavailable.")


def _details() -> dict[str, Any]:
    world = World.objects.first()
    return {
        "epoch": world.epoch if world else None,
        "tick": world.tick if world else None,
        "claimedAt": world.claimed_at.isoformat() if world and world.claimed_at else None,
        "paused": world.stands_still if world else None,
        "damagedRows": tape.damaged_rows(),
        "inboxDepth": Input.objects.waiting().count(),
        "redis": redis_answers(),
    }


def redis_answers() -> bool:
    """Say whether Redis answers, which it is asked at once."""
    try:
        with redis_client() as client:
            return bool(client.ping())
    except redis.RedisError:
        return False


def _fine(data: dict[str, Any]) -> HttpResponse:
    return HttpResponse(orjson.dumps({"success": True, "data": data}), content_type=JSON)
