"""When the research desk began its work: shown in its health, and no alert."""

from __future__ import annotations

import logging
from datetime import datetime

from django.utils import timezone
from redis import RedisError

from market.common.redis_clients import redis_client

log = logging.getLogger(__name__)

STARTED = "wss:research:started"
TOGETHER = "wss:research:starting"
TOGETHER_SECONDS = 60  # in which couriers start that are started together


def note_started() -> None:
    """Note that a courier's desk is at work from now on, unless another has just done so."""
    try:
        with redis_client() as redis:
            if redis.set(TOGETHER, 1, nx=True, ex=TOGETHER_SECONDS):
                redis.set(STARTED, timezone.now().isoformat())
    except RedisError as error:
        log.warning("it is not noted that the research desk is at work: %s", error)


def started_at() -> datetime | None:
    """Return when the couriers that are at work were started, None where that is not known."""
    try:
        with redis_client() as redis:
            text = redis.get(STARTED)
    except RedisError:
        return None
    return datetime.fromisoformat(text.decode()) if isinstance(text, bytes) else None
