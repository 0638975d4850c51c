"""Who acts: agents, their keys and sessions, and the inbox through which everything enters the
world.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q

from agents.engine import alliances
from agents.engine.agent_state import AgentStatus
from agents.engine.names import folded
from agents.engine.rules import POINT, ROLES
from agents.ids import new_id


class Agent(models.Model):
    """An agent's identity and settings, and how it stood with the world at the last tick.

    Its account bears its number. What stands under "the tick's" is the tick's to write, all else is
    its owner's or was settled when it registered.
    """

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(unique=True, default=new_id, editable=False)
    name = models.CharField(max_length=50)
    role = models.CharField(max_length=24, choices=[(role.name, role.name) for role in ROLES])
    status = models.CharField(
        max_length=12, choices=[(s.value, s.value) for s in AgentStatus], default=AgentStatus.ACTIVE
    )
    is_house = models.BooleanField(default=False)
    folded_name = models.CharField(max_length=62, unique=True, editable=False)
    origin = models.CharField(max_length=32, blank=True, editable=False, db_index=True)
    callback_url = models.URLField(max_length=500, blank=True)
    webhook_secret = models.CharField(max_length=200, help_text="Encrypted.")
    created_at = models.DateTimeField(auto_now_add=True)

    # The tick's, with `status`.
    reputation = models.PositiveIntegerField(default=50 * POINT, help_text="Millionths of a point.")
    status_until = models.BigIntegerField(default=0)
    company = models.CharField(max_length=12, blank=True, help_text="Of which a CEO is in office.")
    gifts_received = models.BigIntegerField(default=0)
    max_drawdown_bps = models.PositiveIntegerField(default=0)
    return_days = models.PositiveIntegerField(default=0)
    sharpe = models.FloatField(null=True, help_text="Of daily returns.")
    history = models.JSONField(default=list, help_text="The last changes of reputation.")
    record = models.JSONField(default=list, help_text="The last convictions.")

    is_authenticated = True  # to REST framework, an agent is the user of its own requests

    def __str__(self) -> str:
        return self.name

    def save(self, *arguments: Any, **options: Any) -> None:
        self.folded_name = self.folded_name or folded(self.name)
        super().save(*arguments, **options)


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
    frozen_at = models.DateTimeField(null=True, blank=True, help_text="By an operator.")

    objects = ApiKeyQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.prefix}… of {self.agent}"


class Session(models.Model):
    """A session token's digest: for requests until it ends, or a ticket good for one WebSocket."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="sessions")
    digest = models.CharField(max_length=64, unique=True)
    is_ticket = models.BooleanField(default=False)
    issued_by = models.UUIDField(null=True, help_text="The session that a ticket was given to.")
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
    rationale = models.CharField(max_length=500, default="", db_default="", blank=True)
    request_id = models.CharField(max_length=64, default="", db_default="", blank=True)

    objects = InputQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="client_order_id_is_unique",
                fields=["account", "client_order_id"],
                condition=Q(client_order_id__isnull=False),
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                name="inputs_with_a_rationale",
                fields=["account", "-id"],
                condition=~Q(rationale=""),
            )
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


class Manipulation(models.Model):
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
        indexes: ClassVar = [BrinIndex(name="manipulations_by_tick", fields=["tick"])]

    def __str__(self) -> str:
        return f"{self.crime} in {self.symbol}, ticks {self.first_tick} to {self.last_tick}"


class Message(models.Model):
    """What one agent has written to another; `read_at` is its recipient's to set."""

    public_id = models.UUIDField(help_text="Of the input that sent it.")
    tick = models.BigIntegerField()
    sender = models.BigIntegerField()
    recipient = models.BigIntegerField()
    text = models.CharField(max_length=500)
    is_first = models.BooleanField(help_text="From a stranger.")
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(name="messages_received", fields=["recipient", "-id"]),
            models.Index(name="messages_of_a_pair", fields=["sender", "recipient", "-id"]),
            models.Index(
                name="messages_unread", fields=["recipient"], condition=Q(read_at__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return f"message {self.public_id}"


class Block(models.Model):
    """Whom an agent wants to hear nothing from, and since which tick."""

    owner = models.BigIntegerField()
    other = models.BigIntegerField()
    tick = models.BigIntegerField()
    is_lifted = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(name="one_block_a_pair", fields=["owner", "other"])
        ]

    def __str__(self) -> str:
        return f"{self.owner} blocks {self.other}"


def _values(statuses: Iterable[alliances.AllianceStatus]) -> list[str]:
    return sorted(status.value for status in statuses)


class AllianceQuerySet(models.QuerySet["Alliance"]):
    def open(self) -> AllianceQuerySet:
        return self.filter(status__in=_values(alliances.OPEN))

    def standing(self) -> AllianceQuerySet:
        return self.filter(status__in=_values(alliances.STANDING))

    def of(self, *accounts: int) -> AllianceQuerySet:
        return self.filter(Q(proposer__in=accounts) | Q(partner__in=accounts))


class Alliance(models.Model):
    """An alliance, from its proposal on; `tick` is the proposal's."""

    id = models.UUIDField(primary_key=True)
    tick = models.BigIntegerField()
    proposer = models.BigIntegerField(db_index=True)
    partner = models.BigIntegerField(db_index=True)
    percent = models.PositiveSmallIntegerField()
    text = models.CharField(max_length=500)
    status = models.CharField(
        max_length=10, choices=[(s.value, s.value) for s in alliances.AllianceStatus]
    )
    formed_tick = models.BigIntegerField(default=0)
    ended_tick = models.BigIntegerField(default=0)
    ended_by = models.BigIntegerField(default=0)
    reason = models.CharField(max_length=200, blank=True)

    objects = AllianceQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [
            models.Index(
                name="alliances_that_stand",
                fields=["formed_tick"],
                condition=Q(status__in=_values(alliances.STANDING)),
            )
        ]

    def __str__(self) -> str:
        return f"alliance {self.id}"


class Payout(models.Model):
    """What an alliance moved from one member to the other at a close; money in cents."""

    tick = models.BigIntegerField()
    alliance = models.UUIDField(db_index=True)
    payer = models.BigIntegerField()
    receiver = models.BigIntegerField()
    cents = models.BigIntegerField()
    lapsed_cents = models.BigIntegerField()
    payer_pooled_cents = models.BigIntegerField()
    receiver_pooled_cents = models.BigIntegerField()

    def __str__(self) -> str:
        return f"payout of {self.alliance} at {self.tick}"


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


class RegistrationMode(models.TextChoices):
    OPEN = "open"
    INVITED = "invited"
    CLOSED = "closed"


class SiteState(models.Model):
    """The one row that says what operators have settled of the site: who may register, and what all
    are told.
    """

    id = models.SmallIntegerField(primary_key=True, default=1, editable=False)
    registration = models.CharField(
        max_length=8, choices=RegistrationMode.choices, default=RegistrationMode.OPEN
    )
    notice = models.CharField(max_length=200, blank=True, default="")
    notice_ends_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "site state"
        constraints: ClassVar = [
            models.CheckConstraint(name="there_is_one_site_state", condition=Q(id=1))
        ]

    def __str__(self) -> str:
        return f"registration {self.registration}"


class Invitation(models.Model):
    """What lets one agent register while the invited may; only its digest is kept."""

    digest = models.CharField(max_length=64, unique=True)
    note = models.CharField(max_length=100, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    agent = models.OneToOneField(
        Agent, null=True, blank=True, on_delete=models.CASCADE, related_name="invitation"
    )

    def __str__(self) -> str:
        return self.note or f"invitation {self.pk}"


class FrozenAddress(models.Model):
    """An address, or a network, from which nothing is served."""

    network = models.CharField(max_length=43, unique=True)
    reason = models.CharField(max_length=200)
    frozen_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "frozen addresses"

    def __str__(self) -> str:
        return self.network
