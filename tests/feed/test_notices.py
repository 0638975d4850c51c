"""Who hears what an exchange's processes tell each other."""

from __future__ import annotations

from typing import Any

import pytest
from redis import Redis

from wallstreetsim.feed import notices, publishing


@pytest.fixture
def subscription(settings: Any) -> Any:
    redis: Any = Redis.from_url(settings.REDIS_URL)
    with redis.pubsub() as subscription:
        subscription.subscribe(notices.channel())
        subscription.get_message(timeout=5)  # that it is subscribed
        yield subscription


def test_a_notice_is_heard(subscription: Any) -> None:
    publishing.announce_revoked(account=1)
    assert subscription.get_message(timeout=5)


def test_an_exchange_in_another_database_of_the_same_redis_is_not_heard(
    subscription: Any, settings: Any
) -> None:
    settings.REDIS_DATABASE = 1
    publishing.announce_revoked(account=1)
    assert subscription.get_message(timeout=0.5) is None
