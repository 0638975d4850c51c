"""DATABASE_URL and REDIS_URL, each understood once for all who read it.

What is said of a bad one never shows it, nor a part of it: there may be a password in it.
"""

from typing import Any, NamedTuple
from urllib.parse import SplitResult, parse_qs, urlencode, urlsplit

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

POSTGRES = "django.db.backends.postgresql"
REDIS_SCHEMES = ("redis", "rediss", "unix")
ESCAPES = "what is special in a password is written as %XX"


class RedisAddress(NamedTuple):
    """One database of one Redis."""

    url: str  # as redis-py reads it
    broker: str  # as Celery does
    database: int


def database_address(url: str) -> dict[str, Any]:
    """Return Django's settings of the database at `url`. Raises ImproperlyConfigured."""
    try:
        database = dict(dj_database_url.parse(url))
        if database["ENGINE"] != POSTGRES or not database["NAME"]:
            raise ValueError
    except ValueError:
        raise ImproperlyConfigured(
            f"DATABASE_URL must be postgres://USER:PASSWORD@HOST:PORT/DATABASE; {ESCAPES}"
        ) from None
    return database


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
            f" unix:///PATH?db=NUMBER; {ESCAPES}"
        ) from None
    return RedisAddress(url, _broker(parts, database), database)


def _database(parts: SplitResult) -> int:
    """Return the number of the database: the option's, else the path's, else zero."""
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
