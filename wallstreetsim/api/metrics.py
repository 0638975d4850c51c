"""The figures for Prometheus: the floor's, which it leaves in Redis, and this web process's own."""

from __future__ import annotations

import hmac
import ipaddress
import logging
from functools import cache
from typing import TYPE_CHECKING

import redis
from django.conf import settings
from django.db import DatabaseError
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

from agents.models import Input
from market.common import database_health
from market.common.redis_clients import redis_client
from wallstreetsim.api.envelope import only_read, refuse
from webhooks.metrics import WebhookCollector

if TYPE_CHECKING:
    from wallstreetsim.floor.shell import Committed

log = logging.getLogger(__name__)

FLOOR_KEY = "wss:metrics:floor"
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


WEBHOOKS = CollectorRegistry()
WEBHOOKS.register(WebhookCollector())


def render() -> bytes:
    """Return all figures as Prometheus reads them."""
    try:
        INBOX.set(Input.objects.waiting().count() if database_health.is_available() else UNKNOWN)
    except DatabaseError:
        INBOX.set(UNKNOWN)
    return _floors_figures() + generate_latest(REGISTRY) + _webhooks_figures()


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
