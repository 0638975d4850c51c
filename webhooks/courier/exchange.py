"""One exchange over HTTP: a request, and at most so much of an answer within so many seconds."""

from __future__ import annotations

import asyncio
import socket
import ssl
from functools import lru_cache
from time import perf_counter
from typing import NamedTuple

import aiohttp
from yarl import URL

from agents.engine.callback_urls import BadCallbackUrl, parse_callback_url
from agents.services import callbacks
from webhooks.briefings import PreparedRequest
from webhooks.courier.addresses import CheckingResolver, checked_socket
from webhooks.engine.circuit import Outcome, outcome_of_status
from webhooks.engine.delivery import CONNECT_SECONDS, EXCHANGE_SECONDS, LARGEST_REPLY

LONGEST_ERROR = 200
LARGEST_HEADER = 8_190
KEEP_ALIVE_SECONDS = 30
NAMES_SECONDS = 10  # for which a resolved name is remembered


class Answer(NamedTuple):
    """What came of a request. `reply` is the body of a 2xx, whole; `error` says what was wrong."""

    outcome: Outcome
    status: int | None
    milliseconds: int
    error: str = ""
    reply: bytes = b""


_target_of = lru_cache(8_192)(parse_callback_url)  # what is refused is judged again each time


def open_session() -> aiohttp.ClientSession:
    """Return the session for all exchanges of a process: no proxies, cookies or redirects, nothing
    unpacked, connections kept and each made to an address that was judged.
    """
    connector = aiohttp.TCPConnector(
        limit=0,
        resolver=CheckingResolver(),
        ttl_dns_cache=NAMES_SECONDS,
        keepalive_timeout=KEEP_ALIVE_SECONDS,
        socket_factory=checked_socket,
        ssl=ssl.create_default_context(),
    )
    return aiohttp.ClientSession(
        connector=connector,
        timeout=aiohttp.ClientTimeout(
            total=None, connect=CONNECT_SECONDS, sock_connect=CONNECT_SECONDS
        ),
        auto_decompress=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
        max_line_size=LARGEST_HEADER,
        max_field_size=LARGEST_HEADER,
        read_bufsize=LARGEST_REPLY // 2,
    )


async def exchange(session: aiohttp.ClientSession, request: PreparedRequest) -> Answer:
    """Send a request and return what came of it; no exception is left to the caller."""
    started = perf_counter()

    def taken() -> int:
        return round(1000 * (perf_counter() - started))

    try:
        _target_of(request.url)
        async with asyncio.timeout(EXCHANGE_SECONDS):
            async with session.post(
                URL(request.url, encoded=True),
                data=request.body,
                headers=request.headers,
                allow_redirects=False,
            ) as response:
                reply, error = await _read(response)
                outcome = outcome_of_status(response.status)
                if outcome is not Outcome.DELIVERED:
                    return Answer(outcome, response.status, taken(), _said(response.status))
                return Answer(outcome, response.status, taken(), error, reply)
    except BadCallbackUrl:
        return Answer(Outcome.REFUSED, None, taken(), callbacks.refusal()[:LONGEST_ERROR])
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
        if isinstance(error.__cause__, BadCallbackUrl):
            return Answer(Outcome.REFUSED, None, taken(), callbacks.refusal()[:LONGEST_ERROR])
        return Answer(Outcome.FAILED, None, taken(), _reason(error))


async def _read(response: aiohttp.ClientResponse) -> tuple[bytes, str]:
    """Return a body that is not too large, or say why it was not read."""
    if not 200 <= response.status < 300:
        response.close()
        return b"", ""
    encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in ("", "identity"):
        response.close()
        return b"", f"the reply is encoded as {encoding[:20]}; it must not be"
    parts, size = [], 0
    async for part in response.content.iter_any():
        parts.append(part)
        size += len(part)
        if size > LARGEST_REPLY:
            response.close()
            return b"", f"the reply is larger than {LARGEST_REPLY // 1024} KiB"
    return b"".join(parts), ""


def _said(status: int) -> str:
    if 300 <= status < 400:
        return f"HTTP {status}: redirects are not followed"
    return f"HTTP {status}"


def _reason(error: BaseException) -> str:
    """Say in a few words what kept an exchange from its end; nothing of where it went."""
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return f"no connection within {CONNECT_SECONDS:g} s"
    if isinstance(error, TimeoutError):
        return f"no whole answer within {EXCHANGE_SECONDS:g} s"
    if isinstance(error, aiohttp.ClientConnectorDNSError | socket.gaierror):
        return "the host's name cannot be resolved"
    if isinstance(error, aiohttp.ClientConnectorCertificateError | aiohttp.ClientSSLError):
        return "the TLS handshake failed"
    if isinstance(error, aiohttp.ClientConnectorError | ConnectionRefusedError):
        return "the connection was refused"
    if isinstance(error, aiohttp.ServerDisconnectedError | ConnectionError):
        return "the connection was closed before a whole answer"
    if isinstance(error, aiohttp.ClientPayloadError):
        return "the answer ended before its announced length"
    if isinstance(error, aiohttp.ClientResponseError):
        return "the answer is not HTTP, or its headers are too large"
    return f"the exchange failed ({type(error).__name__})"
