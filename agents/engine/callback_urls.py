"""Where briefings may be sent: the form of a URL, and the addresses that its host may lead to.

All refusals are worded alike, so that nobody learns from them what our network looks like.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import NamedTuple

LONGEST_URL = 500
WEB_PORTS = {"http": 80, "https": 443}
FIRST_USER_PORT = 1_024

# Where databases, caches, queues, consoles and remote desktops listen. Source: the IANA registry
# and the defaults of the products.
SERVICE_PORTS = frozenset(
    {
        1080, 1099, 1433, 1434, 1521, 1723, 1883, 2049, 2181, 2222, 2375, 2376, 2377, 2379, 2380,
        3128, 3268, 3269, 3306, 3389, 3690, 4369, 4444, 4505, 4506, 4848, 5432, 5433, 5555, 5601,
        5631, 5632, 5666, 5671, 5672, 5800, 5900, 5901, 5902, 5984, 5985, 5986, 6000, 6379, 6380,
        6432, 6443, 6666, 6667, 7001, 7077, 7199, 7474, 7687, 8009, 8086, 8125, 8200, 8300, 8301,
        8500, 8600, 8649, 9042, 9092, 9093, 9160, 9200, 9300, 9418, 10000, 10250, 10255, 10256,
        11211, 11214, 11215, 15672, 16379, 25672, 26257, 26379, 27017, 27018, 27019, 28015, 28017,
        61613, 61616,
    }
)  # fmt: skip


_URL = re.compile(
    r"(?P<scheme>https?)://(?P<host>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::(?P<port>[0-9]{1,5}))?"
    r"(?:[/?][\x21-\x7e]*)?",
    re.IGNORECASE,
)
_LOOKS_LIKE_IPV4 = re.compile(r"(?:.*\.)?(?:[0-9]+|0[xX][0-9A-Fa-f]*)\.?")  # to a resolver
_NAT64 = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"))
_TUNNELS = (IPv6Network("2002::/16"), IPv6Network("2001::/32"), IPv6Network("::/96"))
_ISATAP = (0x0000_5EFE, 0x0200_5EFE)  # the upper half of an interface identifier


class BadCallbackUrl(ValueError):
    """A URL that no briefing may be sent to."""


class PrivateAddresses(StrEnum):
    """How far beyond the public internet briefings may go: the operator's choice."""

    OFF = "off"
    LOOPBACK = "loopback"
    ON = "on"


HOSTS = {
    PrivateAddresses.OFF: "a public host",
    PrivateAddresses.LOOPBACK: "a public or loopback host",
    PrivateAddresses.ON: "a public, private or loopback host",
}


def refusal(allowed: PrivateAddresses) -> str:
    """Return what is said of every URL that may not be used, where so much is allowed."""
    return (
        f"This address is not allowed: give an http or https URL of at most {LONGEST_URL}"
        f" characters without a user, on {HOSTS[allowed]} that is not ours, at port 80, 443 or one"
        f" from {FIRST_USER_PORT} that no well-known service uses."
    )


class Target(NamedTuple):
    """Where a URL points: what is to be resolved, and at which port."""

    scheme: str
    host: str  # a name, or an address without brackets
    port: int


class OwnHost(NamedTuple):
    """The exchange itself, which sends itself nothing: its names, its addresses and its port."""

    names: frozenset[str]
    addresses: frozenset[str]
    port: int


def parse_callback_url(url: str) -> Target:
    """Return where a URL of an allowed form points. Raises BadCallbackUrl."""
    match = _URL.fullmatch(url) if len(url) <= LONGEST_URL and "\\" not in url else None
    if match is None:
        raise BadCallbackUrl
    scheme, host = match["scheme"].lower(), match["host"].lower()
    port = int(match["port"]) if match["port"] else WEB_PORTS[scheme]
    if not _is_allowed_port(port):
        raise BadCallbackUrl
    if host.startswith("["):
        return Target(scheme, str(_address(host[1:-1])), port)
    if _LOOKS_LIKE_IPV4.fullmatch(host):
        return Target(scheme, str(_address(host)), port)  # 127.1, 0177.0.0.1 and 2130706433 are not
    if len(host) > 253 or not all(0 < len(label) < 64 for label in host.rstrip(".").split(".")):
        raise BadCallbackUrl
    return Target(scheme, host, port)


def check_addresses(
    target: Target, addresses: Iterable[str], *, allowed: PrivateAddresses, own: OwnHost
) -> None:
    """Raise BadCallbackUrl unless every address of a target's host may be connected to."""
    if target.host.rstrip(".") in own.names:
        raise BadCallbackUrl
    for text in addresses:
        address = unmapped(text)
        if not _is_allowed_port(target.port) or not _is_in_reach(address, allowed):
            raise BadCallbackUrl
        is_ours = str(address) in own.addresses or address.is_loopback
        if is_ours and (target.port == own.port or allowed is PrivateAddresses.OFF):
            raise BadCallbackUrl


def unmapped(text: str) -> IPv4Address | IPv6Address:
    """Return an address, the IPv4 one where an IPv6 form carries it. Raises BadCallbackUrl."""
    address = _address(text)
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in _NAT64[0]:
            return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address


def _address(text: str) -> IPv4Address | IPv6Address:
    try:
        return ip_address(text)
    except ValueError:
        raise BadCallbackUrl from None


def _is_allowed_port(port: int) -> bool:
    if port in WEB_PORTS.values():
        return True
    return FIRST_USER_PORT <= port <= 65_535 and port not in SERVICE_PORTS


def _is_in_reach(address: IPv4Address | IPv6Address, allowed: PrivateAddresses) -> bool:
    if address.is_loopback:
        return allowed is not PrivateAddresses.OFF
    if address.is_multicast or address.is_unspecified or address.is_link_local:
        return False
    if isinstance(address, IPv6Address) and (_is_tunnel(address) or address.is_site_local):
        return False
    return address.is_global or (allowed is PrivateAddresses.ON and address.is_private)


def _is_tunnel(address: IPv6Address) -> bool:
    """Say whether an address leads, or may lead, to an IPv4 one that it carries."""
    if address.scope_id is not None or (int(address) >> 32) & 0xFFFF_FFFF in _ISATAP:
        return True
    return any(address in network for network in (*_TUNNELS, _NAT64[1]))
