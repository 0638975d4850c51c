"""What couriers do for the news."""

from __future__ import annotations

import logging

from celery import shared_task
from redis import RedisError

from news.research import discord
from news.services import prose

log = logging.getLogger(__name__)


@shared_task(name="news.write_prose")
def write_prose() -> None:
    """Ask a language model for longer texts, where one is set up."""
    prose.write_prose()


@shared_task(name="news.announce_alerts")
def announce_alerts() -> None:
    """Send to Discord what has not been sent, where a webhook is set up."""
    try:
        discord.say_started()
        discord.send_waiting()
    except RedisError as error:
        log.warning("alerts wait for Redis before they are sent to Discord: %s", error)
