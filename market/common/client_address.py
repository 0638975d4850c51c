"""The address behind a request, for counting what one client asks for."""

import hmac
import ipaddress

from django.conf import settings
from django.http import HttpRequest

_LOOPBACK_6 = "::/64"  # what ::1 is shown as


def address_of(request: HttpRequest) -> str:
    """Return the client's address: the connection's, or what the last of our own proxies reported.

    IPv6 addresses of one /64 network count as one: a household has a whole network.
    """
    hops = [hop.strip() for hop in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")]
    address = request.META.get("REMOTE_ADDR") or ""
    if 0 < settings.TRUSTED_PROXIES <= len(hops):
        address = hops[-settings.TRUSTED_PROXIES]
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(known, ipaddress.IPv6Address):
        if known.ipv4_mapped:
            return str(known.ipv4_mapped)
        return str(ipaddress.ip_network((known, 64), strict=False))
    return str(known)


def request_id_of(request: HttpRequest) -> str:
    """Return the name under which a request is logged and answered."""
    return str(getattr(request, "name_in_logs", ""))


def origin_of(request: HttpRequest) -> str:
    """Return a keyed hash of the client's address, "" for one from this very machine: it says
    whether two come from one place, and nobody can tell which place that is.
    """
    address = address_of(request)
    if address.startswith("127.") or address == _LOOPBACK_6:
        return ""
    key = settings.SECRET_KEY.encode()
    return hmac.digest(key, f"origin {address}".encode(), "sha256").hex()[:32]
