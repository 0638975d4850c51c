"""Callback URLs, as they are saved: their form, and where their host leads now."""

from __future__ import annotations

import logging
import socket
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import psutil
from django.conf import settings

from agents.engine.callback_urls import (
    LONGEST_URL,
    BadCallbackUrl,
    OwnHost,
    PrivateAddresses,
    Target,
    check_addresses,
    parse_callback_url,
)
from agents.engine.callback_urls import refusal as refusal_where

__all__ = [
    "LONGEST",
    "BadCallbackUrl",
    "check_callback_url",
    "own_host",
    "private_addresses",
    "refusal",
]

LONGEST = LONGEST_URL
RESOLVE_SECONDS = 1.0

log = logging.getLogger(__name__)


def check_callback_url(url: str) -> None:
    """Raise BadCallbackUrl unless a URL may be saved.

    A host that cannot be resolved now may be saved: whoever connects to it judges its addresses.
    """
    target = parse_callback_url(url)
    check_addresses(target, _addresses_of(target), allowed=private_addresses(), own=own_host())


def private_addresses() -> PrivateAddresses:
    return PrivateAddresses(settings.WEBHOOK_ALLOW_PRIVATE)


def refusal() -> str:
    """Return what is said of a URL that may not be used on this server."""
    return refusal_where(private_addresses())


@cache
def own_host() -> OwnHost:
    """Return what this machine is called, its addresses, and where the exchange listens."""
    addresses = [a.address for each in psutil.net_if_addrs().values() for a in each]
    local = {"*", "localhost", "127.0.0.1", "[::1]"}  # of these, the address decides
    names = {host.strip(".").lower() for host in settings.ALLOWED_HOSTS if host not in local}
    return OwnHost(
        frozenset(names),
        frozenset(address.partition("%")[0] for address in addresses),
        settings.PORT,
    )


def _addresses_of(target: Target) -> list[str]:
    """Return what a host resolves to; nothing when that takes too long or fails."""
    lookup = _resolvers().submit(
        socket.getaddrinfo, target.host, target.port, 0, socket.SOCK_STREAM
    )
    try:
        return [str(found[4][0]).partition("%")[0] for found in lookup.result(RESOLVE_SECONDS)]
    except (OSError, UnicodeError, TimeoutError):
        return []


@cache
def _resolvers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(8, "resolver")
