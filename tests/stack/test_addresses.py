"""Where other people's servers are: which URLs are understood, and as what."""

from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from kombu import Connection
from redis import Redis

from wallstreetsim.addresses import redis_address


@pytest.mark.parametrize(
    ("url", "database"),
    [
        ("redis://h", 0),
        ("redis://", 0),
        ("redis://:pw@h:1/3", 3),
        ("redis://h/3?db=4", 4),
        ("rediss://h/2?ssl_cert_reqs=none", 2),
        ("unix:///a/b.sock", 0),
        ("unix://:pw@/a%20b.sock?db=5", 5),
    ],
)
def test_redis_py_and_celery_find_the_same_database_of_the_same_redis(
    url: str, database: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("redis.Redis.ping", lambda _: True)  # with which a channel begins
    address = redis_address(url)
    assert address.database == database
    feed = Redis.from_url(address.url).get_connection_kwargs()
    channel: Any = Connection(address.broker).channel()
    broker = channel._connparams()
    assert (feed.get("db", 0), broker["db"]) == (database, database)
    assert feed.get("path") == broker.get("path")
    assert feed.get("password") == broker.get("password")


@pytest.mark.parametrize(
    "url",
    [
        "foo",
        "http://h",
        "redis://h:geheim",
        "redis://h:70000/0",
        "redis://h:0",
        "redis://[::1/0",
        "redis://:ge/heim@h/0",
        "redis://h/zero",
        "redis://h/-1",
        "unix://",
        "unix:///a?db=x",
    ],
)
def test_what_is_no_url_of_redis_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="REDIS_URL must be") as refusal:
        redis_address(url)
    assert "heim" not in str(refusal.value)
