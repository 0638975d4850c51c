"""The feed's figures over HTTP, of all web processes together: totals and channels for everyone,
for staff each process too, and the open sockets one by one.
"""

from __future__ import annotations

from typing import Any, NotRequired, cast

import orjson
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.cache import never_cache
from drf_spectacular.utils import extend_schema
from redis import RedisError
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response

from market.common.redis_clients import redis_client
from market.common.view import APIView
from wallstreetsim.api.envelope import only_read
from wallstreetsim.feed import stats
from wallstreetsim.feed.resume_points import FIGURES, SOCKETS

SCANNED = 1_000  # keys of Redis at a time: others' are many more than ours


class NoFigures(APIException):
    status_code = 503
    default_detail = "Redis is unavailable, and with it the figures of the web processes."


class FeedFigures(stats.FeedStats):
    """The feed of all web processes together; to staff, that of each and the open sockets too."""

    each: NotRequired[dict[str, stats.FeedStats]]
    sockets: NotRequired[list[stats.SocketStats]]


class FeedStatsView(APIView):
    """It is no part of the API that agents' keys open: staff are known by their session."""

    authentication_classes = ()
    reads_record = False
    is_staff = False

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.is_staff = bool(request.user.is_staff)
        return super().dispatch(request, *args, **kwargs)

    @extend_schema(operation_id="getFeedStats", responses=FeedFigures)
    def get(self, request: Request) -> Response:
        """Show how many sockets are open, on which channels, and what was sent."""
        try:
            return Response(_shown(is_staff=self.is_staff))
        except RedisError as error:
            raise NoFigures from error


ws_stats = never_cache(only_read(FeedStatsView.as_view()))


def _shown(*, is_staff: bool) -> FeedFigures:
    each = figures()
    total = stats.total(each.values())
    if not is_staff:
        return cast("FeedFigures", total)
    sockets = [one for listed in _under(SOCKETS).values() for one in listed]
    return {**total, "each": each, "sockets": sockets}


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
