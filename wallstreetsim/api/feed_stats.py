"""The feed's figures over HTTP, of all web processes together: totals and channels for everyone,
for staff each process too, and the open sockets one by one.
"""

from __future__ import annotations

import math
from typing import Any

import orjson
import redis
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache

from market.common.client_address import address_of
from market.common.redis_clients import redis_client
from wallstreetsim.api.envelope import JSON, only_read, refuse, without_parameters
from wallstreetsim.api.limits import LIMITS, spend
from wallstreetsim.feed import stats
from wallstreetsim.feed.resume_points import FIGURES, SOCKETS

SCANNED = 1_000  # keys of Redis at a time: others' are many more than ours


@never_cache
@only_read
@without_parameters
def ws_stats(request: HttpRequest) -> HttpResponse:
    allowance = spend("requests", address_of(request), LIMITS["requests"])
    if allowance is not None and not allowance.is_granted:
        seconds = math.ceil(allowance.retry_seconds)
        return refuse(429, "Too many requests.", retry_after=seconds)
    try:
        data = _shown(is_staff=bool(request.user.is_staff))
    except redis.RedisError:
        return refuse(503, "Redis is unavailable, and with it the figures of the web processes.")
    return HttpResponse(orjson.dumps({"success": True, "data": data}), content_type=JSON)


def _shown(*, is_staff: bool) -> dict[str, Any]:
    each = figures()
    data = {**stats.total(each.values())}
    if not is_staff:
        return data
    sockets = [one for listed in _under(SOCKETS).values() for one in listed]
    return {**data, "each": each, "sockets": sockets}


def figures() -> dict[str, stats.FeedStats]:
    """Return each web process's figures, at most a few seconds old, by its name."""
    return _under(FIGURES)


def _under(prefix: str) -> dict[str, Any]:
    """Return what each web process leaves in Redis under a prefix, by its name."""
    with redis_client() as client:
        keys = sorted(client.scan_iter(f"{prefix}*", count=SCANNED))
        texts = client.mget(keys) if keys else []
    return {
        key.decode().removeprefix(prefix): orjson.loads(text)
        for key, text in zip(keys, texts, strict=True)
        if text
    }
