"""Telling the web processes over Redis that a tick was committed, or what the research desk said.

A notice is a convenience: whoever misses one finds in the record what it would have said.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import redis

from market.common.redis_clients import redis_client
from news.research.runner import Page
from wallstreetsim.feed import notices

if TYPE_CHECKING:
    from wallstreetsim.floor.shell import Committed


def publish(committed: Committed) -> None:
    """Tell every web process of a committed tick. Raises RedisError when there is no telling."""
    outcome = committed.outcome
    notice = notices.of_tick(committed.public, told=outcome.told, happened=outcome.market.trades)
    _redis().publish(notices.channel(), notice)


def publish_research(page: Page) -> None:
    """Tell every web process what the research desk said. Raises RedisError."""
    _redis().publish(notices.channel(), notices.of_research(page))


@cache
def _redis() -> redis.Redis:
    """Return this process's client. A connection that broke is made anew, once and at once."""
    return redis_client()
