"""Telling the web processes over Redis that a tick was committed.

A notice is a convenience: whoever misses one finds in the record what it would have said.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import redis

from market.common.redis_clients import redis_client
from wallstreetsim.feed import notices

if TYPE_CHECKING:
    from wallstreetsim.floor.shell import Committed


def publish(committed: Committed) -> None:
    """Tell every web process of a committed tick. Raises RedisError when there is no telling."""
    outcome = committed.outcome
    notice = notices.of_tick(committed.public, told=outcome.told, happened=outcome.market.trades)
    _redis().publish(notices.channel(), notice)


@cache
def _redis() -> redis.Redis:
    """Return this process's client. A connection that broke is made anew, once and at once."""
    return redis_client()
