"""The numbers in the manual's section on webhooks (`webhooks/manual.md`), from the code that obeys
them.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings

from agents.engine.callback_urls import HOSTS, PrivateAddresses
from agents.services.callbacks import private_addresses
from webhooks.engine import briefing, circuit, delivery


def manual_context() -> dict[str, Any]:
    """Return what the section's template needs."""
    *retries, last = [f"{seconds:g}" for seconds in circuit.RETRY_SECONDS]
    return {
        "callback_hosts": HOSTS[private_addresses()],
        "loopback": private_addresses() is not PrivateAddresses.OFF,
        "listed": briefing.MOST_LISTED,
        "messages": briefing.MOST_MESSAGES,
        "order_books": briefing.MOST_ORDER_BOOKS,
        "overlap_hours": delivery.SECRET_OVERLAP_SECONDS // 3_600,
        "exchange_seconds": f"{delivery.EXCHANGE_SECONDS:g}",
        "connect_seconds": f"{delivery.CONNECT_SECONDS:g}",
        "kept_deliveries": delivery.KEPT_DELIVERIES,
        "reply_kib": delivery.LARGEST_REPLY // 1024,
        "reply_actions": settings.RULES.agents.actions_per_request,
        "retry_seconds": f"{', '.join(retries)} and {last}",
        "failures_to_open": circuit.FAILURES_TO_OPEN,
        "open_seconds": f"{circuit.SHORTEST_OPEN_SECONDS:g}",
    }
