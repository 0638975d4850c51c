"""Where other people's servers are: which URLs are understood, and as what."""

from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from kombu import Connection
from redis import Redis

from tests.stack.running import refusal
from wallstreetsim.environment.addresses import database_address, redis_address


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
    with pytest.raises(ImproperlyConfigured, match="REDIS_URL must be") as refused:
        redis_address(url)
    assert "heim" not in str(refused.value)


@pytest.mark.parametrize(
    "url", ["postgres://u:p@h:1/db", "postgresql://%2Frun%2Fpg/db", "pgsql:///db"]
)
def test_a_url_of_postgresql_is_understood(url: str) -> None:
    assert database_address(url)["NAME"] == "db"


@pytest.mark.parametrize(
    "url",
    [
        "foo",
        "postgres://",
        "postgres://u:geheim@h",
        "postgres://u:geheim@h:abc/db",
        "postgres://u:geheim@[::1/db",
        "postgres://u:ge/heim@h/db",
        "sqlite:///x.db",
        "sqlite://:memory:",
        "mysql://u:geheim@h/db",
    ],
)
def test_what_is_no_url_of_postgresql_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="DATABASE_URL must be") as refused:
        database_address(url)
    assert "heim" not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "url", "where"),
    [
        ("DATABASE_URL", "postgres://u:geheim@127.0.0.1:1/db", "127.0.0.1:1"),
        ("DATABASE_URL", "postgres://u:geheim@nohost.invalid/db", "nohost.invalid"),
        ("DATABASE_URL", "postgres://u:geheim@localhost:1/db?sslmode=never", "localhost:1"),
        ("REDIS_URL", "redis://:geheim@127.0.0.1:1/0", "127.0.0.1:1"),
        ("REDIS_URL", "unix://:geheim@/nowhere.sock", "/nowhere.sock"),
        ("REDIS_URL", "redis://:geheim@127.0.0.1:1/0?socket_timeout=soon", "127.0.0.1:1"),
    ],
)
def test_where_nobody_answers_nothing_is_opened(
    data: Path, free_port: int, name: str, url: str, where: str
) -> None:
    line = refusal(data, free_port, **{name: url})
    assert f"{name}, at {where}, does not" in line
    assert "geheim" not in line


@pytest.mark.parametrize("name", ["DATABASE_URL", "REDIS_URL"])
def test_a_url_that_is_none_is_refused_in_a_line(data: Path, free_port: int, name: str) -> None:
    assert f"{name} must be" in refusal(data, free_port, **{name: "foo"})
