"""A key that is revoked, by whomever and wherever, closes the sockets that it opened."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db import transaction
from django.db.models.signals import post_save
from django.dispatch import receiver

from agents.models import ApiKey
from wallstreetsim.feed.publishing import announce_revoked


@receiver(post_save, sender=ApiKey)
def announce(instance: ApiKey, **_: Any) -> None:
    if instance.revoked_at is not None or instance.frozen_at is not None:
        announcement = partial(announce_revoked, account=instance.agent_id, key=instance.id)
        transaction.on_commit(announcement)
