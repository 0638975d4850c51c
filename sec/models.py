"""The record of the law: suspicions, investigations, who is accused in them, what it cost."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from sec.engine import bribes, cases, tips
from sec.engine.rules import CRIME_NAMES

_CRIMES = [(name, name.replace("_", " ")) for name in CRIME_NAMES]


class Suspicion(models.Model):
    """What surveillance, a tip or an operator has laid before the SEC; `investigation` is what it
    opened or fed, none where it was too weak.
    """

    tick = models.BigIntegerField()
    investigation = models.UUIDField(null=True, db_index=True)
    crime = models.CharField(max_length=16, choices=_CRIMES)
    accounts = ArrayField(models.BigIntegerField())
    symbol = models.CharField(max_length=12, null=True)
    confidence = models.FloatField()
    first_tick = models.BigIntegerField()
    last_tick = models.BigIntegerField()
    orders = ArrayField(models.UUIDField())
    trades = ArrayField(models.UUIDField())

    class Meta:
        verbose_name_plural = "suspicions"

    def __str__(self) -> str:
        return f"{self.get_crime_display()} at {self.tick}"


class Investigation(models.Model):
    """A case: one course of conduct. `tick` is when it was opened, `evidence` copies of the
    orders, trades, rumors and bribes that it rests on.
    """

    id = models.UUIDField(primary_key=True)
    tick = models.BigIntegerField()
    crime = models.CharField(max_length=16, choices=_CRIMES)
    symbol = models.CharField(max_length=12, null=True)
    source = models.CharField(max_length=8, choices=[(s.value, s.value) for s in cases.Source])
    first_tick = models.BigIntegerField()
    last_tick = models.BigIntegerField()
    confidence = models.FloatField()
    investigator = models.BigIntegerField(null=True, db_index=True)
    has_detector = models.BooleanField()
    subpoena_tick = models.BigIntegerField(null=True)
    closed_tick = models.BigIntegerField(null=True)
    note = models.CharField(max_length=200, blank=True, help_text="An operator's reason.")
    evidence = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"{self.get_crime_display()} {self.id}"


class ViolationQuerySet(models.QuerySet["Violation"]):
    def public(self) -> ViolationQuerySet:
        """Keep those that everyone may know of: charged, or decided in public."""
        return self.filter(Q(charged_tick__isnull=False) | Q(status__in=_PUBLIC))

    def pending(self) -> ViolationQuerySet:
        return self.filter(status__in=[status.value for status in cases.PENDING])

    def known_to_accused(self) -> ViolationQuerySet:
        """Keep those that their accused knows of."""
        return self.filter(active_tick__isnull=False)


_PUBLIC = [status.value for status in cases.PUBLIC]


class Violation(models.Model):
    """How a case stands for one accused. `tick` is when it was accused; money is cents."""

    tick = models.BigIntegerField()
    investigation = models.ForeignKey(
        Investigation, on_delete=models.DO_NOTHING, db_constraint=False, related_name="accused"
    )
    account = models.BigIntegerField(db_index=True)
    status = models.CharField(max_length=10, choices=[(s.value, s.value) for s in cases.CaseStatus])
    active_tick = models.BigIntegerField(null=True)
    charged_tick = models.BigIntegerField(null=True)
    decided_tick = models.BigIntegerField(null=True)
    confidence = models.FloatField(help_text="As last verified.")
    gain_cents = models.BigIntegerField()
    notional_cents = models.BigIntegerField()
    fine_cents = models.BigIntegerField()
    sentence_ticks = models.BigIntegerField()
    suspension_ticks = models.BigIntegerField()
    collected_cents = models.BigIntegerField()
    escrowed_cents = models.BigIntegerField()
    owed_cents = models.BigIntegerField()
    answer = models.CharField(max_length=1_000, blank=True)
    appeal_tick = models.BigIntegerField(null=True)
    is_appeal_over = models.BooleanField()

    objects = ViolationQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(name="one_row_an_accused", fields=["investigation", "account"])
        ]
        indexes: ClassVar = [
            models.Index(name="cases_by_charge", fields=["charged_tick"]),
            models.Index(
                name="pending_cases",
                fields=["account"],
                condition=Q(status__in=["opened", "active", "charged"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account} in {self.investigation_id}: {self.status}"


class Penalty(models.Model):
    """Something that a case has brought an account: a fine or a sentence, a bounty or a refund."""

    tick = models.BigIntegerField()
    investigation = models.UUIDField(db_index=True)
    account = models.BigIntegerField(db_index=True)
    kind = models.CharField(max_length=20)
    cents = models.BigIntegerField()
    ticks = models.BigIntegerField()
    until = models.BigIntegerField(default=0, help_text="When prison or a suspension ends.")

    class Meta:
        verbose_name_plural = "penalties"

    def __str__(self) -> str:
        return f"{self.kind} of {self.account}"


class Bribe(models.Model):
    """A bribe, and what its target did with it; money in cents."""

    id = models.UUIDField(primary_key=True)
    tick = models.BigIntegerField()
    briber = models.BigIntegerField(db_index=True)
    target = models.BigIntegerField(db_index=True)
    cents = models.BigIntegerField()
    request = models.CharField(max_length=500, blank=True)
    status = models.CharField(
        max_length=8, choices=[(s.value, s.value) for s in bribes.BribeStatus]
    )
    answered_tick = models.BigIntegerField(null=True)
    kept_cents = models.BigIntegerField()

    def __str__(self) -> str:
        return f"bribe {self.id}"


class Tip(models.Model):
    """A tip; `accused` is none where it named a company. Money in cents."""

    id = models.UUIDField(primary_key=True)
    tick = models.BigIntegerField()
    account = models.BigIntegerField(db_index=True)
    accused = models.BigIntegerField(null=True)
    symbol = models.CharField(max_length=12, null=True)
    crime = models.CharField(max_length=16, choices=_CRIMES)
    text = models.CharField(max_length=1_000)
    investigation = models.UUIDField(null=True, db_index=True)
    is_accomplice = models.BooleanField()
    status = models.CharField(max_length=8, choices=[(s.value, s.value) for s in tips.TipStatus])
    bounty_cents = models.BigIntegerField()

    def __str__(self) -> str:
        return f"tip {self.id}"
