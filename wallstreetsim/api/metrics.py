"""The figures for Prometheus: the floor's, which it leaves in Redis, and this web process's own."""

from __future__ import annotations

import hmac
import ipaddress
import logging
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from shutil import disk_usage
from time import time
from typing import TYPE_CHECKING, Any

import orjson
import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from agents.models import Input
from market.common import database_health
from market.common.redis_clients import redis_client
from market.models import World
from wallstreetsim.api.envelope import only_read, refuse
from webhooks.metrics import WebhookCollector

if TYPE_CHECKING:
    from wallstreetsim.floor.shell import Committed

log = logging.getLogger(__name__)

FLOOR_KEY = "wss:metrics:floor"
STANDSTILL_KEY = "wss:metrics:standstill"
AUDIT_KEY = "wss:metrics:audit"
FLOOR_SECONDS = 300  # how long the floor's figures stand after its last tick
UNKNOWN = float("nan")
FORWARDING_HEADERS = ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_VIA", "HTTP_X_REAL_IP")

_STEP_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5)

# The floor's

FLOOR = CollectorRegistry()
TICK = Gauge("wss_tick", "The last committed tick", registry=FLOOR)
TICK_SECONDS = Histogram(
    "wss_tick_seconds", "Duration of a tick", buckets=_STEP_BUCKETS, registry=FLOOR
)
STEP_SECONDS = Histogram(
    "wss_tick_step_seconds",
    "Duration of each step of a tick",
    ["step"],
    buckets=_STEP_BUCKETS,
    registry=FLOOR,
)
LATENESS = Histogram(
    "wss_tick_lateness_seconds",
    "How long after it was due a tick began",
    buckets=_STEP_BUCKETS,
    registry=FLOOR,
)
INPUTS = Counter("wss_inputs", "Inputs taken", registry=FLOOR)
ORDERS = Counter("wss_orders", "Orders placed", registry=FLOOR)
TRADES = Counter("wss_trades", "Trades executed", registry=FLOOR)

# This process's; the feed adds its own to the same registry

REQUESTS = Counter("wss_http_requests", "HTTP requests", ["method", "route", "status"])
REQUEST_SECONDS = Histogram("wss_http_request_seconds", "Duration of HTTP requests", ["route"])
INBOX = Gauge("wss_inbox_depth", "Inputs that wait for the next tick")

_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


def record_tick(committed: Committed) -> None:
    """Count a committed tick, and leave the floor's figures where `render` finds them.

    Without Redis the figures are late, and nothing else.
    """
    market = committed.outcome.market
    TICK.set(committed.outcome.tick)
    TICK_SECONDS.observe(sum(committed.seconds.values()))
    for step, seconds in committed.seconds.items():
        STEP_SECONDS.labels(step).observe(seconds)
    LATENESS.observe(max(0.0, committed.late_by))
    INPUTS.inc(len(committed.outcome.results))
    ORDERS.inc(sum(order.is_new for order in market.orders))
    TRADES.inc(len(market.trades))
    try:
        _redis().set(FLOOR_KEY, generate_latest(FLOOR), ex=FLOOR_SECONDS)
    except redis.RedisError as error:
        log.debug("the floor's figures are not left in Redis: %s", error)


def record_request(request: HttpRequest, status: int, seconds: float) -> None:
    """Count an answered HTTP request, by its route."""
    route = getattr(request.resolver_match, "route", "") if request.resolver_match else ""
    method = request.method if request.method in _METHODS else "other"
    REQUESTS.labels(method, route, status).inc()
    REQUEST_SECONDS.labels(route).observe(seconds)


def record_standstill(why: str) -> None:
    """Note why the floor cannot run the tick that is due; "" when it can."""
    try:
        if why:
            _redis().set(STANDSTILL_KEY, why, ex=FLOOR_SECONDS)
        elif _Noted.standstill:
            _redis().delete(STANDSTILL_KEY)
        _Noted.standstill = why
    except redis.RedisError as error:
        log.debug("whether the floor stands still is not left in Redis: %s", error)


def record_audit(*, failed: bool) -> None:
    """Note what came of the audit in the background."""
    try:
        _redis().set(AUDIT_KEY, orjson.dumps([time(), failed]))
    except redis.RedisError as error:
        log.debug("what came of the audit is not left in Redis: %s", error)


class _Noted:
    standstill = "?"  # what a floor before this one has noted, nobody here knows


class SiteCollector(Collector):
    """Collects how the whole site stands: what rules for alerts need, from every web process."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        def gauge(name: str, what: str, value: float) -> GaugeMetricFamily:
            return GaugeMetricFamily(name, what, value=value)

        yield gauge("wss_tick_interval_seconds", "Seconds between ticks", settings.TICK_SECONDS)
        age, size, behind = _of_record()
        yield gauge("wss_world_age_seconds", "Since the last tick; 0 while the world stands", age)
        yield gauge("wss_database_bytes", "Size of the database", size)
        yield gauge("wss_research_behind_ticks", "That the research desk has not read yet", behind)
        free = disk_usage(_existing(settings.PLACES.data)).free
        yield gauge("wss_disk_free_bytes", "Free where this process keeps its data", free)
        is_up, stands_still, audited = _of_redis()
        yield gauge("wss_redis_up", "Whether Redis answers", is_up)
        yield gauge("wss_floor_refused", "Whether the floor cannot run the tick", stands_still)
        at, failed = audited
        yield gauge("wss_audit_failed", "Whether the last audit found a difference", failed)
        yield gauge("wss_audit_age_seconds", "Since the last audit", time() - at)


def _of_record() -> tuple[float, float, float]:
    """Return the seconds since the last tick, the size of the database in bytes, and by how many
    ticks the research desk is behind.
    """
    try:
        if not database_health.is_available():
            return UNKNOWN, UNKNOWN, UNKNOWN
        with connection.cursor() as cursor:
            cursor.execute(_RECORD)
            age, size, behind = cursor.fetchone()
            return float(age or 0), float(size), float(behind or 0)
    except DatabaseError:
        return UNKNOWN, UNKNOWN, UNKNOWN


_RECORD = f"""
    SELECT (
        SELECT extract(epoch FROM clock_timestamp() - coalesce(claimed_at, founded_at))
        FROM market_world WHERE {World.RUNS_TICKS}
    ), pg_database_size(current_database()), (
        SELECT tick - (SELECT coalesce(max(tick), 0) FROM news_researchstate) FROM market_world
    )
"""


def _of_redis() -> tuple[bool, bool, tuple[float, float]]:
    """Return whether it answers, whether the floor stands still, and when the last audit was and
    whether it failed.
    """
    try:
        found: Any = _redis().mget(STANDSTILL_KEY, AUDIT_KEY)
    except redis.RedisError:
        return False, False, (UNKNOWN, 0)
    standstill, audit = found
    at, failed = orjson.loads(audit) if audit else (UNKNOWN, False)
    return True, bool(standstill), (at, failed)


def _existing(directory: Path) -> Path:
    return directory if directory.exists() else directory.parent


SITE = CollectorRegistry()
SITE.register(SiteCollector())
WEBHOOKS = CollectorRegistry()
WEBHOOKS.register(WebhookCollector())


def render() -> bytes:
    """Return all figures as Prometheus reads them."""
    try:
        INBOX.set(Input.objects.waiting().count() if database_health.is_available() else UNKNOWN)
    except DatabaseError:
        INBOX.set(UNKNOWN)
    site = generate_latest(SITE)
    return _floors_figures() + generate_latest(REGISTRY) + site + _webhooks_figures()


@only_read
def view(request: HttpRequest) -> HttpResponse:
    if not _may_read(request):
        return refuse(403, "The metrics are for the exchange's operators.")
    return HttpResponse(render(), content_type=CONTENT_TYPE_LATEST)


def _webhooks_figures() -> bytes:
    try:
        return generate_latest(WEBHOOKS) if database_health.is_available() else b""
    except DatabaseError:
        return b""


def _may_read(request: HttpRequest) -> bool:
    """Say whether the request bears the token, or comes from this machine.

    What a proxy on this machine passes on does not come from it.
    """
    sent = request.META.get("HTTP_AUTHORIZATION", "").removeprefix("Bearer ").strip()
    token = settings.METRICS_TOKEN
    if token and hmac.compare_digest(sent.encode(), token.encode()):
        return True
    if any(header in request.META for header in FORWARDING_HEADERS):
        return False
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False


def _floors_figures() -> bytes:
    try:
        figures = _redis().get(FLOOR_KEY)
    except redis.RedisError as error:
        log.debug("the floor's figures are unavailable: %s", error)
        return b""
    return figures if isinstance(figures, bytes) else b""


@cache
def _redis() -> redis.Redis:
    return redis_client()
