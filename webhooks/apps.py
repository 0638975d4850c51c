from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_save


class WebhooksConfig(AppConfig):
    name = "webhooks"
    verbose_name = "Webhooks"

    def ready(self) -> None:
        from agents.models import Agent

        post_save.connect(_follow_url, sender=Agent, dispatch_uid="webhooks follow URLs")


def _follow_url(
    *, instance: Any, created: bool, update_fields: frozenset[str] | None, **_: Any
) -> None:
    """Begin anew with the URL of an agent that has another: whoever changed it, and wherever."""
    from webhooks.services.endpoints import follow_url

    if (created and instance.callback_url) or "callback_url" in (update_fields or ()):
        follow_url(instance)
