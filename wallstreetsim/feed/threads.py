"""Queries from the event loop, in threads."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import django.db
from channels.db import database_sync_to_async

log = logging.getLogger(__name__)

RETRY_SECONDS = 0.5  # when the database is away

P = ParamSpec("P")
T = TypeVar("T")


async def in_thread(query: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a query in a thread of its own: the one that Django shares out may be busy for long."""
    return await database_sync_to_async(query, thread_sensitive=False)(*args, **kwargs)


async def persistently(query: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a query in a thread, again and again while the database is away."""
    while True:
        try:
            return await in_thread(query, *args, **kwargs)
        except django.db.Error as error:
            log.warning("a query has to wait for the database: %s", error)
            await asyncio.sleep(RETRY_SECONDS)
