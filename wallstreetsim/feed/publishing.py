"""Telling the web processes over Redis what was committed: a tick, a revocation.

A notice is a convenience: whoever misses one finds in the record what it would have said.
"""

from __future__ import annotations

import logging
from functools import cache
from typing import TYPE_CHECKING
from uuid import UUID

import redis

from market.common.redis_clients import redis_client
from wallstreetsim.feed import notices

if TYPE_CHECKING:
    from wallstreetsim.floor.shell import Committed

log = logging.getLogger(__name__)


def publish(committed: Committed) -> None:
    """Tell every web process of a committed tick. Raises RedisError when there is no telling."""
    outcome = committed.outcome
    notice = notices.of_tick(committed.public, told=outcome.told, happened=outcome.market.trades)
    _redis().publish(notices.channel(), notice)


def announce_revoked(*, account: int, key: UUID | None = None) -> None:
    """Have every web process close an agent's sockets: all, or what this key may have opened."""
    try:
        _redis().publish(notices.channel(), notices.of_revocation(account=account, key=key))
    except redis.RedisError as error:
        log.warning(
            "a revocation is not announced; the feed finds the key in the record: %s", error
        )


@cache
def _redis() -> redis.Redis:
    """Return this process's client. A connection that broke is made anew, once and at once."""
    return redis_client()
