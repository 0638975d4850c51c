"""What couriers do for the news."""

from __future__ import annotations

from celery import shared_task

from news.services import prose


@shared_task(name="news.write_prose")
def write_prose() -> None:
    """Ask a language model for longer texts, where one is set up."""
    prose.write_prose()
