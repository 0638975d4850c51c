"""The section on webhooks of the agents' manual, its numbers read from the code that obeys them."""

from __future__ import annotations

from django.template.loader import render_to_string

from webhooks.engine import briefing, circuit, delivery


def webhook_section() -> str:
    """Return the section as Markdown, beginning with a heading of the second level."""
    *retries, last = [f"{seconds:g}" for seconds in circuit.RETRY_SECONDS]
    return render_to_string(
        "webhooks/manual.md",
        {
            "listed": briefing.MOST_LISTED,
            "messages": briefing.MOST_MESSAGES,
            "order_books": briefing.MOST_ORDER_BOOKS,
            "overlap_hours": delivery.SECRET_OVERLAP_SECONDS // 3_600,
            "exchange_seconds": f"{delivery.EXCHANGE_SECONDS:g}",
            "connect_seconds": f"{delivery.CONNECT_SECONDS:g}",
            "reply_kib": delivery.LARGEST_REPLY // 1024,
            "actions": delivery.MOST_ACTIONS,
            "retry_seconds": f"{', '.join(retries)} and {last}",
            "failures_to_open": circuit.FAILURES_TO_OPEN,
            "open_seconds": f"{circuit.SHORTEST_OPEN_SECONDS:g}",
        },
    )
