"""Where agents are briefed, what is due there since when, and what became of each delivery.

The tick writes `DueBriefing` and nothing else here; couriers write the rest. So neither ever waits
for the other.
"""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from agents.ids import new_id
from agents.models import Agent
from webhooks.engine.circuit import CircuitState


class EndpointState(models.TextChoices):
    NONE = "none", "no URL"
    PENDING = "pending", "waits for a ping to be answered"
    ACTIVE = "active", "active"
    DISABLED = "disabled", "disabled"


class Endpoint(models.Model):
    """An agent's endpoint: whether it is briefed, up to where it has been, and how it answers.

    The URL and the secret are the agent's own settings. A courier that has claimed an endpoint is
    alone with it until it lets go, or `claimed_until`.
    """

    agent = models.OneToOneField(
        Agent, on_delete=models.CASCADE, primary_key=True, related_name="endpoint"
    )
    state = models.CharField(
        max_length=8, choices=EndpointState.choices, default=EndpointState.PENDING
    )
    why_disabled = models.CharField(max_length=200, blank=True, default="")
    is_banned = models.BooleanField(
        default=False, help_text="An operator has disabled it; its owner cannot enable it."
    )

    # Settings
    symbols = ArrayField(models.CharField(max_length=12), default=list, blank=True)
    wants_order_books = models.BooleanField(default=False)
    wants_news = models.BooleanField(default=True)
    previous_secret = models.CharField(max_length=200, blank=True, default="")
    previous_secret_until = models.DateTimeField(null=True, blank=True)

    # Up to where it has been briefed
    epoch = models.PositiveIntegerField(default=0)
    briefed_tick = models.BigIntegerField(default=-1, help_text="-1: never.")
    briefed_seq = models.BigIntegerField(default=0, help_text="Of the agent's own stream.")
    has_last_briefing = models.BooleanField(
        default=False, help_text="It has been told that its agent is bankrupt, or has fled."
    )
    last_reply = models.JSONField(default=list, help_text="What was said of its last actions.")

    # In flight
    ping = models.UUIDField(null=True, help_text="The delivery that a wanted ping will be.")
    claim = models.UUIDField(null=True)
    claimed_until = models.DateTimeField(null=True)
    waits_until = models.DateTimeField(
        null=True, help_text="For a retry, or a circuit to half open."
    )

    # How it answers
    circuit = models.CharField(
        max_length=9,
        choices=[(state.value, state.value) for state in CircuitState],
        default=CircuitState.CLOSED,
    )
    failures_in_row = models.PositiveIntegerField(default=0)
    successes_in_row = models.PositiveIntegerField(default=0)
    openings = models.PositiveIntegerField(default=0)
    deliveries = models.BigIntegerField(default=0)
    failures = models.BigIntegerField(default=0)
    actions_taken = models.BigIntegerField(default=0)
    response_ms_total = models.BigIntegerField(default=0)
    last_response_ms = models.IntegerField(null=True)
    last_success_at = models.DateTimeField(null=True)
    last_failure_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="a_claim_ends",
                condition=Q(claim=None, claimed_until=None)
                | Q(claim__isnull=False, claimed_until__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"endpoint of agent {self.agent_id}"


class DueBriefing(models.Model):
    """Since when an endpoint is owed a briefing, and the newest tick that it is to tell of.

    Written by the tick, for all endpoints in one statement, and by nobody else.
    """

    endpoint = models.OneToOneField(
        Endpoint,
        on_delete=models.DO_NOTHING,
        primary_key=True,
        db_constraint=False,
        related_name="due",
    )
    tick = models.BigIntegerField()
    since = models.DateTimeField()

    def __str__(self) -> str:
        return f"tick {self.tick} to endpoint {self.endpoint_id}"


class DeliveryKind(models.TextChoices):
    BRIEFING = "briefing"
    PING = "ping"


class Delivery(models.Model):
    """One try, with what became of it. Its id is the `webhook-id`: there is one a body, so that a
    reply is acted on once.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    endpoint = models.ForeignKey(
        Endpoint,
        on_delete=models.CASCADE,
        related_name="tries",
        db_constraint=False,
        db_index=False,
    )
    kind = models.CharField(max_length=8, choices=DeliveryKind.choices)
    tick = models.BigIntegerField()
    attempt = models.PositiveIntegerField()
    outcome = models.CharField(max_length=9)
    status = models.PositiveSmallIntegerField(null=True)
    response_ms = models.IntegerField(null=True)
    body_bytes = models.IntegerField()
    actions = models.PositiveSmallIntegerField(default=0, help_text="Taken of its reply.")
    error = models.CharField(max_length=200, blank=True)
    sent_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "deliveries"
        indexes: ClassVar = [models.Index(name="last_deliveries", fields=["endpoint", "sent_at"])]

    def __str__(self) -> str:
        return f"{self.kind} of tick {self.tick}: {self.outcome}"


class SavedAlert(models.Model):
    """An alert that must arrive, saved from a tape that is about to be pruned."""

    endpoint = models.ForeignKey(
        Endpoint, on_delete=models.CASCADE, related_name="saved_alerts", db_constraint=False
    )
    epoch = models.PositiveIntegerField()
    tick = models.BigIntegerField()
    seq = models.BigIntegerField()
    place = models.PositiveSmallIntegerField(help_text="Among the alerts of its entry.")
    alert = models.JSONField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="an_alert_is_saved_once", fields=["endpoint", "epoch", "seq", "place"]
            )
        ]

    def __str__(self) -> str:
        return f"alert of tick {self.tick} for endpoint {self.endpoint_id}"
