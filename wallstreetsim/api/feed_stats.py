"""The feed's figures over HTTP, for staff: of all web processes together, and of each."""

from __future__ import annotations

import orjson
import redis
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache

from market.common.redis_clients import redis_client
from wallstreetsim.api.envelope import JSON, only_read, refuse
from wallstreetsim.feed import stats
from wallstreetsim.feed.resume_points import FIGURES


@never_cache
@only_read
def ws_stats(request: HttpRequest) -> HttpResponse:
    if not request.user.is_staff:
        return refuse(403, "These figures are for staff.")
    try:
        each = figures()
    except redis.RedisError:
        return refuse(503, "Redis is unavailable, and with it the figures of the web processes.")
    data = {**stats.total(each.values()), "each": each}
    return HttpResponse(orjson.dumps({"success": True, "data": data}), content_type=JSON)


def figures() -> dict[str, stats.FeedStats]:
    """Return each web process's figures, at most a few seconds old, by its name."""
    with redis_client() as client:
        keys = sorted(client.scan_iter(f"{FIGURES}*"))
        texts = client.mget(keys) if keys else []
    return {
        key.decode().removeprefix(FIGURES): orjson.loads(text)
        for key, text in zip(keys, texts, strict=True)
        if text
    }
