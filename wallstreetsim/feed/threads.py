"""Asking the database from the event loop."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from channels.db import database_sync_to_async

P = ParamSpec("P")
T = TypeVar("T")


async def in_thread(query: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a query in a thread of its own: the one that Django shares out may be busy for long."""
    return await database_sync_to_async(query, thread_sensitive=False)(*args, **kwargs)
