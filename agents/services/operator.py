"""Operators' acts: inputs like any other, with a reason, on the audit log."""

from __future__ import annotations

from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.contrib.auth.models import User
from django.db import transaction

from agents.models import Agent, Input, Source
from agents.services import keys


def submit(*, operator: User, type: str, reason: str, **parameters: object) -> Input:
    """Put an operator's act into the inbox, for the next tick to perform, and log who and why."""
    with transaction.atomic():
        act = Input.objects.create(
            type=type,
            parameters={**parameters, "reason": reason},
            source=Source.OPERATOR,
            operator=operator,
        )
        LogEntry.objects.log_actions(
            user_id=operator.pk,
            queryset=[act],
            action_flag=ADDITION,
            change_message=reason,
            single_object=True,
        )
    return act


def revoke_keys(*, operator: User, agent: Agent, reason: str) -> int:
    """End an agent's keys and sessions at once, and log who and why; return how many keys."""
    with transaction.atomic():
        revoked = keys.revoke_all(agent)
        LogEntry.objects.log_actions(
            user_id=operator.pk,
            queryset=[agent],
            action_flag=CHANGE,
            change_message=f"keys revoked: {reason}",
            single_object=True,
        )
    return revoked


def recent_acts(count: int) -> list[Input]:
    """Return the operators' latest acts, newest first: two queries, by way of the audit log."""
    logged = LogEntry.objects.filter(
        content_type__app_label="agents", content_type__model="input", action_flag=ADDITION
    )
    ids = [
        int(id or 0) for id in logged.order_by("-id").values_list("object_id", flat=True)[:count]
    ]
    return list(
        Input.objects.filter(id__in=ids).select_related("operator", "verdict").order_by("-id")
    )
