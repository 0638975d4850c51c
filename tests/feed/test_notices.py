"""Who hears what an exchange's processes tell each other."""

from __future__ import annotations

from copy import deepcopy
from typing import Any
from uuid import UUID

import pytest
from redis import Redis

from wallstreetsim.feed import notices
from wallstreetsim.feed.socket_messages import GROUP, KeyRevoked, send_from_thread

KEY = UUID(int=1)


@pytest.fixture
def subscription(settings: Any) -> Any:
    redis: Any = Redis.from_url(settings.REDIS_URL)
    prefix = settings.CHANNEL_LAYERS["default"]["CONFIG"]["prefix"]
    with redis.pubsub() as subscription:
        subscription.subscribe(f"{prefix}__group__{GROUP}")
        subscription.get_message(timeout=5)  # that it is subscribed
        yield subscription


def test_a_message_to_sockets_is_heard(subscription: Any) -> None:
    assert send_from_thread(KeyRevoked(1, KEY))
    assert subscription.get_message(timeout=5)


def test_an_exchange_in_another_database_of_the_same_redis_is_not_heard(
    subscription: Any, settings: Any
) -> None:
    layers = deepcopy(settings.CHANNEL_LAYERS)
    layers["default"]["CONFIG"]["prefix"] = "wallstreetsim/1/"
    here = notices.channel()
    settings.CHANNEL_LAYERS, settings.REDIS_DATABASE = layers, 1
    assert send_from_thread(KeyRevoked(1, KEY))
    assert subscription.get_message(timeout=0.5) is None
    assert notices.channel() != here


def test_where_redis_is_away_the_sender_goes_on(settings: Any) -> None:
    layers = deepcopy(settings.CHANNEL_LAYERS)
    layers["default"]["CONFIG"]["hosts"] = [{"address": "redis://127.0.0.1:1/0"}]
    settings.CHANNEL_LAYERS = layers
    assert not send_from_thread(KeyRevoked(1, KEY))
