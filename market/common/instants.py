"""Reads of the record at one instant, and the tick at which it was read."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.db import DatabaseError, connection, transaction

from market.common import database_health
from market.models import World

TICK_IS_FRESH_SECONDS = 1.0


class _Seen:
    """The tick last seen by this process, and when."""

    tick: int | None = None
    at = float("-inf")


@contextmanager
def one_instant() -> Iterator[None]:
    """Let all reads inside see the record at one instant, so that no tick comes between them."""
    if connection.in_atomic_block:
        yield
        return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def note_tick(tick: int) -> None:
    """Remember the tick that somebody has just read, and that it is the one of what is read with
    it.
    """
    _Seen.tick, _Seen.at = tick, time.monotonic()
    _read_with.set(tick)


_read_with: ContextVar[int | None] = ContextVar("read_with", default=None)


@contextmanager
def noting_ticks() -> Iterator[None]:
    """Forget in the end which tick was read inside."""
    token = _read_with.set(None)
    try:
        yield
    finally:
        _read_with.reset(token)


def tick_of_data() -> int | None:
    """Return the tick that was read last, None if none was."""
    return _read_with.get()


@contextmanager
def at_one_tick() -> Iterator[None]:
    """Let all reads inside see the record after one tick, and note which."""
    with one_instant():
        tick = World.objects.values_list("tick", flat=True).first()
        if tick is not None:
            note_tick(tick)
        yield


def tick_seen(*, may_ask: bool = True) -> int | None:
    """Return the world's tick, at most a second old, or if nobody may be asked the last that this
    process knows; None while it is unknown.
    """
    if may_ask and time.monotonic() - _Seen.at > TICK_IS_FRESH_SECONDS:
        _Seen.at = time.monotonic()  # also when the query fails: a broken database is asked rarely
        try:
            rows = World.objects.values_list("tick", flat=True)
            _Seen.tick = rows.first() if database_health.is_available() else None
        except DatabaseError:
            _Seen.tick = None
    return _Seen.tick
