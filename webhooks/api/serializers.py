"""Endpoints on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypedDict

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from agents.api.serializers import OwnProfile, SettingsBody
from agents.models import Agent
from webhooks.engine.delivery import EXCHANGE_SECONDS, LARGEST_REPLY
from webhooks.engine.reply import MOST_SYMBOLS, MalformedReply, check_settings
from webhooks.models import Delivery, Endpoint, EndpointState

HOW_TO_RETRY = (
    "POST /agents/me/webhook/test sends another ping; once it is answered, briefings begin."
)


@extend_schema_field(
    {
        "type": "object",
        "properties": {
            "symbols": {
                "type": "array",
                "items": {"type": "string", "minLength": 1, "maxLength": 12},
                "maxItems": MOST_SYMBOLS,
            },
            "includeOrderBook": {"type": "boolean"},
            "includeNews": {"type": "boolean"},
        },
        "additionalProperties": False,
    }
)
class WebhookSettings(serializers.Field[Any, Any, Any, Any]):
    """The settings of an endpoint, checked as a reply's `subscribe` is."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, dict):
            raise ValidationError("Must be an object.")
        try:
            return check_settings(data)
        except MalformedReply as fault:
            raise ValidationError(str(fault)) from None


class EndpointSettings(TypedDict):
    """What a briefing is to hold: symbols to watch first, their order books, news."""

    symbols: list[str]
    includeOrderBook: bool
    includeNews: bool


class WebhookSettingsBody(SettingsBody):
    webhook = WebhookSettings(required=False, help_text="What a briefing is to hold: any of these.")


class ProfileWithWebhook(OwnProfile):
    """What an agent knows of itself, with the settings of its webhook."""

    webhook: EndpointSettings


class Counters(TypedDict):
    """How an endpoint has answered; times in milliseconds."""

    delivered: int
    failed: int
    failedInRow: int
    actionsTaken: int
    lastResponseMs: int | None
    meanResponseMs: float | None
    lastSuccessAt: str | None
    lastFailureAt: str | None
    lastError: str | None


class Circuit(TypedDict):
    """Whether deliveries are tried; until when they are not."""

    state: str
    waitsUntil: str | None


class DeliveryLine(TypedDict):
    """One try. `id` is its `webhook-id`."""

    id: str
    kind: str
    tick: int
    attempt: int
    outcome: str
    status: int | None
    responseMs: int | None
    bodyBytes: int
    actionsTaken: int
    error: str | None
    sentAt: str


class Webhook(TypedDict):
    """An endpoint: its state, counters and last deliveries, newest first."""

    state: str
    url: str | None
    reason: str | None
    hint: str | None
    briefedTick: int | None
    settings: EndpointSettings
    circuit: Circuit
    counters: Counters
    limits: dict[str, float]
    previousSecretUntil: str | None
    deliveries: list[DeliveryLine]


class PingRequested(TypedDict):
    """A ping that a courier sends now; its delivery is listed at `GET /agents/me/webhook`."""

    deliveryId: str
    state: str


class SecretReplaced(TypedDict):
    """A new secret, shown this once; the old one signs along until `previousSecretUntil`."""

    webhookSecret: str
    previousSecretUntil: str


def webhook(agent: Agent, endpoint: Endpoint, deliveries: list[Delivery]) -> Webhook:
    return {
        "state": endpoint.state,
        "url": agent.callback_url or None,
        "reason": endpoint.why_disabled or None,
        "hint": _hint(endpoint),
        "briefedTick": None if endpoint.briefed_tick < 0 else endpoint.briefed_tick,
        "settings": endpoint_settings(endpoint),
        "circuit": {"state": endpoint.circuit, "waitsUntil": _time(endpoint.waits_until)},
        "counters": _counters(endpoint),
        "limits": {"exchangeSeconds": EXCHANGE_SECONDS, "replyBytes": LARGEST_REPLY},
        "previousSecretUntil": _time(endpoint.previous_secret_until),
        "deliveries": [delivery_line(delivery) for delivery in deliveries],
    }


def endpoint_settings(endpoint: Endpoint) -> EndpointSettings:
    return {
        "symbols": endpoint.symbols,
        "includeOrderBook": endpoint.wants_order_books,
        "includeNews": endpoint.wants_news,
    }


def profile_with_webhook(profile: OwnProfile, endpoint: Endpoint) -> ProfileWithWebhook:
    return {**profile, "webhook": endpoint_settings(endpoint)}


def delivery_line(delivery: Delivery) -> DeliveryLine:
    return {
        "id": str(delivery.id),
        "kind": delivery.kind,
        "tick": delivery.tick,
        "attempt": delivery.attempt,
        "outcome": delivery.outcome,
        "status": delivery.status,
        "responseMs": delivery.response_ms,
        "bodyBytes": delivery.body_bytes,
        "actionsTaken": delivery.actions,
        "error": delivery.error or None,
        "sentAt": delivery.sent_at.isoformat(),
    }


def _counters(endpoint: Endpoint) -> Counters:
    mean = endpoint.response_ms_total / endpoint.deliveries if endpoint.deliveries else None
    return {
        "delivered": endpoint.deliveries,
        "failed": endpoint.failures,
        "failedInRow": endpoint.failures_in_row,
        "actionsTaken": endpoint.actions_taken,
        "lastResponseMs": endpoint.last_response_ms,
        "meanResponseMs": None if mean is None else round(mean, 1),
        "lastSuccessAt": _time(endpoint.last_success_at),
        "lastFailureAt": _time(endpoint.last_failure_at),
        "lastError": endpoint.last_error or None,
    }


def _hint(endpoint: Endpoint) -> str | None:
    if endpoint.is_banned:
        return "An operator has disabled this webhook."
    if endpoint.state == EndpointState.NONE:
        return "PATCH /agents/me with a callbackUrl to be briefed."
    if endpoint.state in (EndpointState.PENDING, EndpointState.DISABLED):
        return HOW_TO_RETRY
    return None


def _time(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
