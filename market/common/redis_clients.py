"""Clients of the exchange's Redis. They fail soon: Redis only carries messages."""

from __future__ import annotations

import redis
import redis.asyncio
from django.conf import settings
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.retry import Retry

TIMEOUT_SECONDS = 0.5
HEALTH_CHECK_SECONDS = 10


def redis_client(
    url: str | None = None, *, timeout_seconds: float = TIMEOUT_SECONDS, retries: int = 1
) -> redis.Redis:
    """Return a client of Redis at `url`, by default the exchange's own.

    A broken connection is made anew at once, `retries` times. Its calls raise RedisError.
    """
    return redis.Redis.from_url(
        url or settings.REDIS_URL,
        socket_timeout=timeout_seconds,
        socket_connect_timeout=timeout_seconds,
        retry=Retry(NoBackoff(), retries),
    )


def async_redis_client() -> redis.asyncio.Redis:
    """Return a client for an event loop, with the same timeouts. Its calls raise RedisError."""
    return redis.asyncio.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=TIMEOUT_SECONDS,
        socket_connect_timeout=TIMEOUT_SECONDS,
        retry=AsyncRetry(NoBackoff(), 1),
    )


def subscribing_redis_client() -> redis.asyncio.Redis:
    """Return a client that waits for a message without end, and notices a broken connection."""
    return redis.asyncio.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=None,
        socket_connect_timeout=2,
        health_check_interval=HEALTH_CHECK_SECONDS,
        retry=AsyncRetry(NoBackoff(), 0),
    )
