"""Which addresses a courier connects to: those that were judged, when it connects."""

from __future__ import annotations

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from aiohttp.abc import AbstractResolver, ResolveResult

from agents.engine.callback_urls import (
    BadCallbackUrl,
    Target,
    check_addresses,
)
from agents.services.callbacks import own_host, private_addresses

RESOLVERS = 64  # threads: a name server that does not answer holds one for seconds


class CheckingResolver(AbstractResolver):
    """Resolves a host, and refuses it unless each of its addresses may be connected to."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(RESOLVERS, "resolver")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = await asyncio.get_running_loop().run_in_executor(
            self._threads, _look_up, host, port, family
        )
        addresses = [str(address[0]) for _, _, _, _, address in found]
        check(host, port, addresses)
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=kind,
                proto=protocol,
                flags=socket.AI_NUMERICHOST,
            )
            for address, (kind, _, protocol, _, _) in zip(addresses, found, strict=True)
        ]

    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


def checked_socket(address: Any) -> socket.socket:
    """Make the socket for a connection. Raises BadCallbackUrl unless its address is allowed:
    whatever came before, nothing is connected to that has not passed here.
    """
    family, kind, protocol, _, where = address
    check(str(where[0]), int(where[1]), [str(where[0])])
    return socket.socket(family, kind, protocol)


def check(host: str, port: int, addresses: list[str]) -> None:
    """Raise BadCallbackUrl unless all of these may be connected to, and there are any."""
    if not addresses:
        raise BadCallbackUrl
    check_addresses(
        Target("", host.lower(), port), addresses, allowed=private_addresses(), own=own_host()
    )


def _look_up(host: str, port: int, family: socket.AddressFamily) -> list[Any]:
    return socket.getaddrinfo(host, port, family, socket.SOCK_STREAM, 0, socket.AI_ADDRCONFIG)
