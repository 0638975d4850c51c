"""Encrypt the webhooks' secrets with WSS_WEBHOOK_KEY, which WSS_WEBHOOK_KEY_PREVIOUS encrypted.

It can be run again, and leaves alone what is encrypted with the new key already.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.db import models, transaction

from agents.models import Agent
from agents.services.encryption import CannotDecrypt, reencrypt
from wallstreetsim.management.record import RecordCommand
from webhooks.models import Endpoint

HELD = ((Agent, "webhook_secret"), (Endpoint, "previous_secret"))


class Command(RecordCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.WEBHOOK_KEY_PREVIOUS:
            raise CommandError("Give the key that encrypted them in WSS_WEBHOOK_KEY_PREVIOUS.")
        with transaction.atomic():
            counts = [_reencrypt(model, field) for model, field in HELD]
        self.stdout.write(f"{sum(done for done, _ in counts)} secrets have the new key.")
        if lost := sum(lost for _, lost in counts):
            raise CommandError(f"{lost} can be read with neither key: their owners replace them.")


def _reencrypt(model: type[models.Model], field: str) -> tuple[int, int]:
    """Return how many of a model's secrets are encrypted anew, and how many cannot be read."""
    done = lost = 0
    held = model._default_manager.exclude(**{field: ""}).select_for_update()
    for id, secret in held.values_list("pk", field):
        try:
            renewed = reencrypt(secret, before=settings.WEBHOOK_KEY_PREVIOUS)
        except CannotDecrypt:
            lost += 1
            continue
        if renewed != secret:
            model._default_manager.filter(pk=id).update(**{field: renewed})
            done += 1
    return done, lost
