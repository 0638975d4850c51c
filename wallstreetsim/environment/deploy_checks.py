"""What `manage.py check --deploy` says of a public site, beside Django's own checks.

An error is refused by the units of `deploy/`, which run it before anything starts.
"""

from __future__ import annotations

import ipaddress
import os
import socket
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register
from django.db import DatabaseError, connection

from wallstreetsim.environment.checks import LOCAL_HOSTS, LOOPBACK

LEAST_LENGTH, LEAST_DISTINCT = 40, 10  # characters of a key
DEFAULTS = ("insecure", "change", "secret", "password", "example", "only for tests")
KEPT_FREE = 5  # connections, for an operator and a backup
ENCRYPTED = {"require", "verify-ca", "verify-full"}  # values of sslmode

Found = Iterator[CheckMessage]


@register(deploy=True)
def check_site(app_configs: object, **options: object) -> list[CheckMessage]:
    """Return what a public site must not have."""
    checks: tuple[Callable[[], Found], ...] = (_keys, _openness, _stores, _connections)
    return [message for check in checks for message in check()]


def _keys() -> Found:
    for name, key in (
        ("SECRET_KEY", settings.SECRET_KEY),
        ("WSS_WEBHOOK_KEY", settings.WEBHOOK_KEY),
    ):
        if fault := fault_of(key):
            advice = "python3 -c 'import secrets; print(secrets.token_urlsafe(50))' makes one"
            yield Error(f"{name} {fault}: {advice}.", id="wss.E001")
    if settings.SECRET_KEY == settings.WEBHOOK_KEY:
        yield Error("SECRET_KEY and WSS_WEBHOOK_KEY must differ.", id="wss.E001")


def fault_of(key: str) -> str:
    """Return what is wrong with a key, "" if nothing is."""
    if not key:
        return "is not set"
    if any(word in key.lower() for word in DEFAULTS):
        return "looks like a default"
    if len(key) < LEAST_LENGTH or len(set(key)) < LEAST_DISTINCT:
        return "is weak"
    return ""


def _openness() -> Found:
    if settings.DEBUG:
        yield Error("DEBUG shows settings and code to whoever meets an error.", id="wss.E002")
    if any(host.startswith(("*", ".")) for host in settings.ALLOWED_HOSTS):
        yield Error("ALLOWED_HOSTS must name the site's hosts one by one.", id="wss.E003")
    is_public = not set(settings.ALLOWED_HOSTS) <= LOCAL_HOSTS
    if not is_public:
        yield Error("ALLOWED_HOSTS names no public host.", id="wss.E003")
    if is_public and settings.BIND in LOOPBACK and not settings.TRUSTED_PROXIES:
        yield Error(
            "WSS_TRUSTED_PROXIES is 0, and only this machine reaches the web processes: all clients"
            " would count as the proxy's address.",
            id="wss.E004",
        )
    if any(not origin.startswith("https://") for origin in settings.CSRF_TRUSTED_ORIGINS):
        yield Error("CSRF_TRUSTED_ORIGINS has an origin without TLS.", id="wss.E005")
    if settings.WEBHOOK_ALLOW_PRIVATE != "off":
        yield Warning(
            "WSS_WEBHOOK_ALLOW_PRIVATE lets webhooks reach private addresses.", id="wss.W001"
        )
    if not settings.RATE_LIMITS:
        yield Warning("WSS_RATE_LIMITS is off.", id="wss.W002")


def _stores() -> Found:
    redis = urlsplit(settings.REDIS_URL)
    if redis.scheme == "redis" and not is_here(redis.hostname or ""):
        yield Error("REDIS_URL goes to another machine without TLS: use rediss://.", id="wss.E006")
    database: dict[str, Any] = settings.DATABASES["default"]
    host = str(database.get("HOST") or "")
    is_encrypted = database.get("OPTIONS", {}).get("sslmode") in ENCRYPTED
    if host and not is_here(host) and not is_encrypted:
        yield Error(
            "DATABASE_URL goes to another machine without TLS: add ?sslmode=verify-full.",
            id="wss.E007",
        )


def is_here(host: str) -> bool:
    """Say whether a host is this machine: a socket's directory, or a loopback address."""
    if not host or host.startswith("/"):
        return True
    try:
        found = {str(info[4][0]) for info in socket.getaddrinfo(host, None)}
    except OSError:
        return False
    return all(ipaddress.ip_address(one.partition("%")[0]).is_loopback for one in found)


def _connections() -> Found:
    """Hold what all processes may take against what the server has, if it can be asked."""
    processes = int(os.environ.get("WSS_PROCESSES", "0") or 0)
    if not processes:
        return
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT current_setting('max_connections')::int"
                " - current_setting('superuser_reserved_connections')::int"
            )
            available = int(cursor.fetchone()[0])
    except DatabaseError:
        return
    finally:
        _done_with()
    wanted = processes * settings.DATABASE_POOL + KEPT_FREE
    if wanted > available:
        yield Error(
            f"{processes} processes may take {wanted} connections with WSS_DB_POOL="
            f"{settings.DATABASE_POOL}, and PostgreSQL has {available}: raise max_connections, or"
            " lower WSS_DB_POOL.",
            id="wss.E008",
        )


def _done_with() -> None:
    connection.close()
