"""Ids that sort by time, so that an index of them grows at its end."""

import os
import time
from datetime import datetime
from uuid import UUID


def new_id() -> UUID:
    """Return a version 7 UUID: milliseconds, then 74 random bits. Source: RFC 9562, section 5.7."""
    milliseconds = time.time_ns() // 1_000_000
    random_bits = int.from_bytes(os.urandom(10), "big")
    value = milliseconds << 80 | 0x7 << 76 | (random_bits >> 64 & 0xFFF) << 64
    return UUID(int=value | 0b10 << 62 | random_bits & ((1 << 62) - 1))


def is_older(id: UUID, at: datetime) -> bool:
    """Say whether an id of `new_id` was made before a time."""
    return (id.int >> 80) < at.timestamp() * 1000
