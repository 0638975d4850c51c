"""REDIS_URL, understood once for all who read it: redis-py, Celery, and the feed.

What is said of a bad one never shows it, nor a part of it: there may be a password in it.
"""

from typing import NamedTuple
from urllib.parse import SplitResult, parse_qs, urlencode, urlsplit

from django.core.exceptions import ImproperlyConfigured

REDIS_SCHEMES = ("redis", "rediss", "unix")


class RedisAddress(NamedTuple):
    """One database of one Redis."""

    url: str  # as redis-py reads it
    broker: str  # as Celery does
    database: int


def redis_address(url: str) -> RedisAddress:
    """Read a URL as redis-py would. Raises ImproperlyConfigured."""
    try:
        parts = urlsplit(url)
        database = _database(parts)
        is_one = parts.scheme in REDIS_SCHEMES and (parts.path or parts.scheme != "unix")
        if not is_one or parts.port == 0 or database < 0:  # to ask for the port also checks it
            raise ValueError
    except ValueError:
        raise ImproperlyConfigured(
            "REDIS_URL must be redis://HOST:PORT/NUMBER, rediss://HOST:PORT/NUMBER or"
            " unix:///PATH?db=NUMBER; what is special in a password is written as %XX"
        ) from None
    return RedisAddress(url, _broker(parts, database), database)


def _database(parts: SplitResult) -> int:
    """Return the number of the database: the option's, else the path's, else nought."""
    path = "" if parts.scheme == "unix" else parts.path.strip("/")
    return int(parse_qs(parts.query).get("db", [path or "0"])[0])


def _broker(parts: SplitResult, database: int) -> str:
    """Spell a URL as Celery does, which knows no option `db`, and has a word for Unix sockets."""
    options = {name: values[0] for name, values in parse_qs(parts.query).items() if name != "db"}
    scheme, path = parts.scheme, f"/{database}"
    if scheme == "unix":
        scheme, path = "redis+socket", parts.path
        options["virtual_host"] = str(database)
    return f"{scheme}://{parts.netloc}{path}" + (f"?{urlencode(options)}" if options else "")
