"""A bad disk, for tests of what reads the tape."""

from __future__ import annotations

from market.models import TapeEntry
from market.tape import PUBLIC_STREAM


def damage(*, stream: int = PUBLIC_STREAM, seq: int) -> None:
    """Change a byte of a row of the tape. Of the public stream a seq is a tick."""
    row = TapeEntry.objects.get(stream=stream, seq=seq)
    packed = bytearray(row.events)
    packed[len(packed) // 2] ^= 0xFF
    TapeEntry.objects.filter(pk=row.pk).update(events=bytes(packed))
