"""The research desk as it stands, for whoever only looks: a copy in this process, led on over the
tape to where the desk itself has come.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import Lock

from django.conf import settings
from django.db.models import Subquery

from market import tape
from market.models import World
from market.tape import PUBLIC_STREAM
from news.models import ResearchState
from news.research import runner
from news.research.desk import ResearchDesk
from news.research.rules import RESEARCH_RULES
from news.research.runner import PAGE, STATE_TICKS, Cursor


class Copy:
    """One process's copy. While somebody reads it nobody leads it on."""

    def __init__(self) -> None:
        self._turn = Lock()
        self._desk: ResearchDesk | None = None
        self._world: object = None  # that it is a copy of a desk of

    @contextmanager
    def read(self) -> Iterator[ResearchDesk | None]:
        """Give the desk to read, None before it has read anything; no reference may be kept."""
        with self._turn:
            try:
                yield self._current()
            except BaseException:
                self._desk = None  # it may have been led on by half
                raise

    def _current(self) -> ResearchDesk | None:
        founded_at = Subquery(World.objects.values("founded_at")[:1])
        rows = ResearchState.objects.order_by("-tick").annotate(founded_at=founded_at)
        row = rows.values_list("founded_at", "epoch", "tick", "seq").first()
        if row is None:
            return None
        cursor, world = Cursor(*row[1:]), row[:2]
        if self._desk is None or self._world != world or not self._is_near(cursor):
            self._desk = ResearchDesk(
                RESEARCH_RULES, settings.RULES.market, runner.listed(), is_copy=True
            )
            runner.restore(self._desk, cursor)
            self._world = world
        else:
            self._lead_on(self._desk, cursor)
        return self._desk

    def _is_near(self, cursor: Cursor) -> bool:
        """Say whether reading the tape takes the copy there sooner than a kept state does. It may
        be ahead: another reader has seen more of the record.
        """
        assert self._desk is not None
        return cursor.tick - self._desk.tick <= STATE_TICKS

    def _lead_on(self, desk: ResearchDesk, cursor: Cursor) -> None:
        while desk.tick < cursor.tick:
            page = tape.read_packed(
                epoch=cursor.epoch,
                stream=PUBLIC_STREAM,
                since=desk.tick,
                limit=PAGE,
                upto=cursor.tick,
            )
            if not page:
                return
            for entry in page:
                desk.hear(entry.tick, entry.select)


def unread() -> ResearchDesk:
    """Return a desk that has read nothing and knows no company."""
    return ResearchDesk(RESEARCH_RULES, settings.RULES.market, ())


@cache
def the_copy() -> Copy:
    """Return this process's copy."""
    return Copy()
