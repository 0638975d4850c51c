"""Replaces what Daphne and Twisted do with a request by themselves.

They refuse with pages of their own, or just close, what they cannot hand on; they store a body
however long it is; and they read forms, which nobody here asks for, while everybody else waits.
"""

from __future__ import annotations

import re
import resource
from collections import Counter
from functools import cache
from typing import Any, ClassVar

import daphne.server  # type: ignore[import-untyped]  # first: it chooses Twisted's reactor
from daphne.http_protocol import HTTPFactory, WebRequest  # type: ignore[import-untyped]
from django.conf import settings
from django.http import HttpResponse
from twisted.internet import reactor
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure
from twisted.web.http import HTTPChannel
from twisted.web.http_headers import Headers

from wallstreetsim.api.envelope import wire_headers
from wallstreetsim.api.middleware import refused
from wallstreetsim.api.server import draining, websockets
from wallstreetsim.api.server.draining import Draining
from wallstreetsim.api.server.messages import as_bytes

MOST_BYTES = settings.DATA_UPLOAD_MAX_MEMORY_SIZE  # of a body; the API itself takes fewer
PARTING_SECONDS = 5
SILENCE_SECONDS = 10  # for a connection to send its first request
MOST_SILENT = 2_000  # such connections of an address; fewer where few files may be open
IDLE_SECONDS = 30  # between two requests of a connection
# Daphne breaks on these where they are not ASCII. The one would have a client say where our paths
# begin, of the other we know no value.
UNHEARD = (b"Daphne-Root-Path", b"Sec-WebSocket-Protocol")

LEAVING = "This process is about to end; connect again"

_WITH_HOST = re.compile(rb"https?://([^/?]+)/?(.*)", re.IGNORECASE | re.DOTALL)


class BodyTooLarge(Exception):
    """The body is larger than any view accepts."""


class Request(WebRequest):  # type: ignore[misc]
    def requestReceived(self, command: bytes, target: bytes, version: bytes) -> None:
        """Hand on what has come. Twisted would first read forms, of which a long one takes it
        seconds in which nothing else happens; Django reads them itself, in a thread.
        """
        self.method, self.clientproto = command, version
        self.uri = self._without_host(target)
        self.path = self.uri.partition(b"?")[0]
        for name in UNHEARD:
            self.requestHeaders.removeHeader(name)
        self.content.seek(0)
        channel = self.channel
        if Draining.has_begun:
            channel.persistent = False
            self.responseHeaders.setRawHeaders(b"connection", [b"close"])
            if self.requestHeaders.hasHeader(b"Upgrade"):
                self.basic_error(503, b"Service Unavailable", LEAVING)
                return
        self.process()
        if self.transport is None:  # it has become a WebSocket
            Draining.connections.discard(channel)

    def _without_host(self, target: bytes) -> bytes:
        """Return the path and query of a target; if it names a host, that one counts.

        Source: RFC 9112, 3.2.2, absolute-form.
        """
        match = _WITH_HOST.fullmatch(target)
        if match is None:
            return target
        self.requestHeaders.setRawHeaders(b"Host", [match[1]])
        return b"/" + match[2]

    def handleContentChunk(self, data: bytes) -> None:
        if self.content.tell() + len(data) > MOST_BYTES:
            raise BodyTooLarge
        super().handleContentChunk(data)

    def basic_error(self, status: int, status_text: bytes, body: str) -> None:
        response = _refusal(status, f"{body.rstrip('.')}.", self.requestHeaders)
        if status == 503:
            response["Retry-After"] = "1"
        headers = wire_headers(response)
        self.handle_reply({"type": "http.response.start", "status": status, "headers": headers})
        self.handle_reply({"type": "http.response.body", "body": response.content})


class Silent:
    """The connections that have not sent a request yet, by address."""

    count: ClassVar[Counter[str]] = Counter()


class Channel(HTTPChannel):
    """A connection, on which requests come one after the other.

    One that has not sent the first within some seconds is closed, and of an address so many may be
    open: else they would shut out everybody else.
    """

    transport: Any
    _address: str | None = None  # while it is silent
    _deadline: Any

    def connectionMade(self) -> None:
        super().connectionMade()  # type: ignore[no-untyped-call]
        Draining.connections.add(self)
        address = str(getattr(self.transport.getPeer(), "host", ""))
        if Silent.count[address] >= most_silent():
            self.transport.abortConnection()
            return
        Silent.count[address] += 1
        self._address = address
        clock: Any = reactor
        self._deadline = clock.callLater(SILENCE_SECONDS, self._drop_if_silent)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._has_spoken()
        Draining.connections.discard(self)
        super().connectionLost(reason)  # type: ignore[no-untyped-call]

    def _has_spoken(self) -> None:
        if self._address is not None:
            Silent.count[self._address] -= 1
            if not Silent.count[self._address]:
                del Silent.count[self._address]
            self._address = None
            if self._deadline.active():
                self._deadline.cancel()

    def _drop_if_silent(self) -> None:
        if self._address is not None:
            self.transport.abortConnection()

    def allHeadersReceived(self) -> None:
        self._has_spoken()
        if (self.length or 0) > MOST_BYTES:
            self._refuse_body()
        else:
            super().allHeadersReceived()  # type: ignore[no-untyped-call]

    def headerReceived(self, line: bytes) -> bool:
        try:
            is_fine = super().headerReceived(line)  # type: ignore[no-untyped-call]
        except ValueError:  # a Content-Length of thousands of digits
            self._respondToBadRequestAndDisconnect()
            is_fine = False
        return bool(is_fine)

    def rawDataReceived(self, data: bytes) -> None:
        try:
            super().rawDataReceived(data)
        except BodyTooLarge:
            self._refuse_body()

    def lineLengthExceeded(self, line: bytes) -> None:
        if self.requests:
            self._refuse(431, "The headers are too long.")
        else:
            self._refuse(414, "The path and its query are too long.")

    def _respondToBadRequestAndDisconnect(self) -> None:
        has_too_many = self._receivedHeaderCount > self.maxHeaders
        if has_too_many or self._receivedHeaderSize > self.totalHeadersSize:
            self._refuse(431, "The headers are too many, or too long.")
        else:
            self._refuse(400, "The request is malformed.")

    def _refuse_body(self) -> None:
        self._refuse(413, "The body is too large.")

    def _refuse(self, status: int, error: str) -> None:
        """Answer no, hear nothing more, and close.

        Not at once: that would break the line of who is still sending and has not read the answer.
        """
        self.dataReceived = self.lineReceived = self.rawDataReceived = _ignore  # type: ignore[method-assign]
        sent = self.requests[-1].requestHeaders if self.requests else Headers()
        response = _refusal(status, error, sent)
        response["Connection"] = "close"
        self.transport.write(as_bytes(response))
        if self.isSecure():  # type: ignore[no-untyped-call]
            self.loseConnection()  # type: ignore[no-untyped-call]  # TLS waits for an answer
        else:
            self.transport.loseWriteConnection()
        self.setTimeout(PARTING_SECONDS)  # type: ignore[no-untyped-call]


class Factory(HTTPFactory):  # type: ignore[misc]
    protocol = Channel

    def buildProtocol(self, address: Any) -> Channel:
        channel: Channel = super().buildProtocol(address)
        channel.requestFactory = Request
        channel.timeOut = IDLE_SECONDS
        return channel

    def acceptableProtocols(self) -> list[bytes]:
        return [b"http/1.1"]  # whatever else Twisted has learnt, a channel of ours has not


@cache
def most_silent() -> int:
    """Return how many connections of an address may be open that have not sent a request."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST_SILENT if files == resource.RLIM_INFINITY else min(MOST_SILENT, files // 8)


def install() -> None:
    """Let Daphne take requests with these classes."""
    daphne.server.HTTPFactory = Factory
    daphne.server.WebSocketFactory = websockets.Factory
    draining.install()


def _refusal(status: int, error: str, sent: Headers) -> HttpResponse:
    """Return an answer that says no to a request with these headers, so far as they were read."""
    names = sent.getRawHeaders(b"X-Request-ID") or [b""]
    return refused(status, error, sent_name=names[0].decode("latin-1"))


def _ignore(data: bytes) -> None:
    """Ignore what comes."""
