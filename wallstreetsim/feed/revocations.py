"""What is saved and concerns open sockets at once: a key that is revoked closes those that it
opened, and an operator's notice is sent to all.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db import transaction
from django.db.models.signals import post_save
from django.dispatch import receiver

from agents.models import ApiKey, SiteState
from wallstreetsim.feed.socket_messages import KeyRevoked, SiteChanged, send_from_thread


@receiver(post_save, sender=ApiKey)
def announce(instance: ApiKey, **_: Any) -> None:
    if instance.revoked_at is not None or instance.frozen_at is not None:
        message = KeyRevoked(instance.agent_id, instance.id)
        transaction.on_commit(partial(send_from_thread, message))


@receiver(post_save, sender=SiteState)
def announce_notice(**_: Any) -> None:
    transaction.on_commit(partial(send_from_thread, SiteChanged()))
