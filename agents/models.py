"""Who acts: agents, their keys and sessions, and the inbox through which everything enters the
world.
"""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from agents.engine.registry import AgentStatus
from agents.engine.rules import ROLES
from agents.ids import new_id


class Agent(models.Model):
    """An agent's identity and settings, and how it stood with the world at the last tick.

    Its account bears its number. `status` and `reputation` are the tick's to write, all else is its
    owner's.
    """

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(unique=True, default=new_id, editable=False)
    name = models.CharField(max_length=50)
    role = models.CharField(max_length=24, choices=[(role.name, role.name) for role in ROLES])
    status = models.CharField(
        max_length=12, choices=[(s.value, s.value) for s in AgentStatus], default=AgentStatus.ACTIVE
    )
    reputation = models.PositiveIntegerField(default=5_000, help_text="Hundredths of a point.")
    is_house = models.BooleanField(default=False)
    callback_url = models.URLField(max_length=500, blank=True)
    webhook_secret = models.CharField(max_length=200, help_text="Sealed.")
    created_at = models.DateTimeField(auto_now_add=True)

    is_authenticated = True  # to REST framework, an agent is the user of its own requests

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(Lower("name"), name="names_are_unique_without_regard_to_case")
        ]

    def __str__(self) -> str:
        return self.name


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    def live(self) -> ApiKeyQuerySet:
        return self.filter(revoked_at=None)


class ApiKey(models.Model):
    """A key, of which only the digest is kept; `prefix` lets its owner tell it from the others."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="keys")
    digest = models.CharField(max_length=64, unique=True)
    prefix = models.CharField(max_length=12)
    created_at = models.DateTimeField(auto_now_add=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = ApiKeyQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.prefix}… of {self.agent}"


class Session(models.Model):
    """A session token's digest: for requests until it ends, or a ticket good for one WebSocket."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="sessions")
    digest = models.CharField(max_length=64, unique=True)
    is_ticket = models.BooleanField(default=False)
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{'ticket' if self.is_ticket else 'session'} of {self.agent}"


class Source(models.TextChoices):
    API = "api"
    WEBHOOK = "webhook"
    SITE = "site"
    OPERATOR = "operator"


class InputQuerySet(models.QuerySet["Input"]):
    def waiting(self) -> InputQuerySet:
        return self.filter(waiting__isnull=False)

    def performed(self) -> InputQuerySet:
        return self.filter(verdict__isnull=False)


class Input(models.Model):
    """The inbox, then the journal: everything that changes the world, by arrival.

    An input is listed in `Waiting` until a tick takes it; from then on it has a `Verdict`. Its own
    row is written once.
    """

    id = models.BigAutoField(primary_key=True)  # the arrival number
    public_id = models.UUIDField(unique=True, default=new_id, editable=False)
    account = models.BigIntegerField(null=True)
    type = models.CharField(max_length=20)
    parameters = models.JSONField(default=dict)
    source = models.CharField(max_length=8, choices=Source.choices)
    operator = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, db_index=False
    )
    client_order_id = models.CharField(max_length=48, null=True, blank=True)
    received_at = models.DateTimeField(auto_now_add=True)
    is_quarantined = models.BooleanField(default=False)

    objects = InputQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="client_order_id_is_unique",
                fields=["account", "client_order_id"],
                condition=Q(client_order_id__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type} of {self.account or 'the operator'}"

    @property
    def answer(self) -> Verdict | None:
        """What the tick made of it, None while it waits."""
        return getattr(self, "verdict", None)


class Verdict(models.Model):
    """What a tick made of an input that it took."""

    input = models.OneToOneField(
        Input,
        on_delete=models.DO_NOTHING,
        primary_key=True,
        db_constraint=False,
        related_name="verdict",
    )
    tick = models.BigIntegerField()
    success = models.BooleanField()
    code = models.CharField(max_length=32)
    message = models.CharField(max_length=300, blank=True)
    data = models.JSONField(null=True, help_text="What is shown beside it, but for the order's id.")

    class Meta:
        indexes: ClassVar = [BrinIndex(name="verdicts_by_tick", fields=["tick"])]

    def __str__(self) -> str:
        return f"{self.code} at {self.tick}"


class Waiting(models.Model):
    """An input that no tick has taken yet.

    The database itself lists each new input here, in the statement that appends it; the tick that
    takes it strikes it off.
    """

    input = models.OneToOneField(
        Input,
        on_delete=models.DO_NOTHING,
        primary_key=True,
        db_constraint=False,
        related_name="waiting",
    )
    account = models.BigIntegerField(null=True, db_index=True)

    class Meta:
        verbose_name_plural = "waiting inputs"

    def __str__(self) -> str:
        return f"input {self.input_id}"


class Deed(models.Model):
    """What house agents did that is forbidden, noted by the tick in which they were done with it.

    The truth that surveillance is measured by: it is for operators, and nothing that agents or the
    public can read tells of it.
    """

    tick = models.BigIntegerField()
    crime = models.CharField(max_length=24)
    accounts = ArrayField(models.BigIntegerField())
    symbol = models.CharField(max_length=12)
    first_tick = models.BigIntegerField()
    last_tick = models.BigIntegerField()

    class Meta:
        indexes: ClassVar = [BrinIndex(name="deeds_by_tick", fields=["tick"])]

    def __str__(self) -> str:
        return f"{self.crime} in {self.symbol}, ticks {self.first_tick} to {self.last_tick}"


class KeptAnswer(models.Model):
    """The answer, as JSON, to a request that bore an Idempotency-Key; `request` is the digest of
    its body.
    """

    account = models.BigIntegerField()
    key = models.CharField(max_length=64)
    request = models.CharField(max_length=64)
    answer = models.TextField()  # not jsonb, which would not give back the order of keys
    kept_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(name="one_answer_a_key", fields=["account", "key"])
        ]

    def __str__(self) -> str:
        return f"{self.key} of {self.account}"
