"""What the tape said lately, kept for those who missed it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from market import tape
from wallstreetsim.feed import recovery_cache
from wallstreetsim.feed.recovery_cache import Page, Reader, RecoveryCache
from wallstreetsim.feed.selectors import PAGE, Position

AT = datetime(2026, 1, 1, tzinfo=UTC)
READER = Reader(frozenset({"tick", "market:all"}), None, "")


@pytest.fixture(autouse=True)
def a_tape(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tape of a thousand ticks, and a cache that holds hardly more than a page of it."""
    monkeypatch.setattr("wallstreetsim.feed.selectors.public_entries", _entries)
    monkeypatch.setattr(recovery_cache, "KEPT_BYTES", 1)


def _entries(*, epoch: int, since: int, upto: int) -> list[tape.Entry]:
    events = [{"type": "tick:update", "channel": "tick", "data": {"padding": "x" * 100}}]
    return [
        tape.Entry(epoch, tape.PUBLIC_STREAM, seq, seq, AT, tape.encode_in_lines(events))
        for seq in range(since + 1, upto + 1)
    ]


def _page(cache: RecoveryCache, since: int, reader: Reader = READER) -> Page:
    position = Position(1, since, None)
    page = asyncio.run(_read(cache, position, reader))
    assert page is not None
    return page


async def _read(cache: RecoveryCache, position: Position, reader: Reader) -> Page | None:
    return await cache.page(
        position, reader, lambda channel, seq: True, upto=1_000, upto_research=0
    )


def test_a_full_cache_still_gives_the_whole_page() -> None:
    cache = RecoveryCache()
    for since in range(900, 0, -13):  # half of each page is in the cache, and is pushed out
        page = _page(cache, since)
        assert (page.entries, page.position.public) == (PAGE, since + PAGE)


def test_readers_of_other_channels_push_each_other_out_and_are_told_all_the_same() -> None:
    cache = RecoveryCache()
    other = READER._replace(channels=frozenset({"tick"}))
    for since in range(400, 0, -7):
        for reader in (READER, other):
            assert _page(cache, since, reader).entries == PAGE
