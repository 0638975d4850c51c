"""Figures of all couriers together: counted in Redis, for any process to show."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import accumulate
from typing import Any

import redis
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)

from market.common.redis_clients import redis_client
from webhooks import selectors
from webhooks.services.results import Result

log = logging.getLogger(__name__)

KEY = "wss:metrics:webhooks"
BUCKETS_MS = (5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000)


def count_results(results: Sequence[Result]) -> None:
    """Count deliveries by outcome, and how long their answers took. Without Redis, they are not."""
    counts: dict[str, int] = {}

    def add(name: str, number: int = 1) -> None:
        counts[name] = counts.get(name, 0) + number

    for result in results:
        add(f"outcome:{result.request.kind}:{result.outcome}")
        if result.actions_taken:
            add("actions", result.actions_taken)
        if result.is_delivered:
            add(f"bucket:{_bucket(result.milliseconds)}")
            add("milliseconds", result.milliseconds)
    try:
        with _redis().pipeline(transaction=False) as pipeline:
            for name, number in counts.items():
                pipeline.hincrby(KEY, name, number)
            pipeline.execute()
    except redis.RedisError as error:
        log.debug("deliveries are not counted: %s", error)


class WebhookCollector:
    """Collects the figures for Prometheus: what couriers have counted, and what is due now."""

    def collect(self) -> Iterable[Metric]:
        yield from _counted(_counts())
        endpoints = GaugeMetricFamily("wss_webhook_endpoints", "Endpoints", labels=["state"])
        standing = selectors.standing()
        for state, number in standing.endpoints.items():
            endpoints.add_metric([state], number)
        yield endpoints
        yield GaugeMetricFamily(
            "wss_webhook_due_seconds",
            "How long the oldest undelivered briefing has been due",
            value=standing.lag_seconds,
        )
        yield GaugeMetricFamily("wss_webhook_due", "Briefings that are due", value=standing.due)


def _counted(counts: dict[str, int]) -> Iterable[Metric]:
    outcomes = CounterMetricFamily(
        "wss_webhook_deliveries", "Tries by what came of them", labels=["kind", "outcome"]
    )
    for name, number in sorted(counts.items()):
        if name.startswith("outcome:"):
            outcomes.add_metric(name.split(":")[1:], number)
    yield outcomes
    yield CounterMetricFamily(
        "wss_webhook_actions", "Actions accepted from replies", value=counts.get("actions", 0)
    )
    bounds = [*map(str, BUCKETS_MS), "+Inf"]
    sums = accumulate(counts.get(f"bucket:{bound}", 0) for bound in bounds)
    named = [
        (bound if bound == "+Inf" else str(int(bound) / 1000), number)
        for bound, number in zip(bounds, sums, strict=True)
    ]
    histogram = HistogramMetricFamily(
        "wss_webhook_response_seconds", "How long endpoints take to answer"
    )
    histogram.add_metric([], named, counts.get("milliseconds", 0) / 1000)
    yield histogram


def _bucket(milliseconds: int) -> str:
    return next((str(bound) for bound in BUCKETS_MS if milliseconds <= bound), "+Inf")


def _counts() -> dict[str, int]:
    try:
        found: Any = _redis().hgetall(KEY)
    except redis.RedisError as error:
        log.debug("the couriers' figures are unavailable: %s", error)
        return {}
    return {name.decode(): int(number) for name, number in found.items()}


@cache
def _redis() -> redis.Redis:
    return redis_client()
