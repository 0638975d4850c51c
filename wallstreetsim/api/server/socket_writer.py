"""Writing frames to a socket, no faster than its client reads."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

from asgiref.typing import ASGISendCallable, WebSocketCloseEvent, WebSocketSendEvent
from twisted.internet.tcp import Connection

from wallstreetsim.api.server.protocol import protocol_under
from wallstreetsim.feed import stats
from wallstreetsim.feed.batches import Batch
from wallstreetsim.feed.codes import Close

KERNEL_BYTES = 128 * 1024  # that the kernel may hold for a client; it would hold megabytes


class SocketWriter:
    """Writes to one socket no faster than its client reads.

    An ASGI server's `send` should wait for a slow client. Daphne's does not: it hands the frame to
    Autobahn, which hands it to a Twisted transport, whose buffer has no end. So under Daphne we
    write to that transport ourselves, the same bytes to every client, at a quarter of the cost. As
    its producer we are told when its buffer is full (64 KiB) and when it has drained.
    """

    def __init__(self, send: ASGISendCallable) -> None:
        self._send = send
        self._drained = asyncio.Event()
        self._drained.set()
        self._protocol = protocol_under(send)
        if self._protocol is not None:
            self._protocol.unregisterProducer()  # the HTTP channel of before the handshake
            self._protocol.registerProducer(self, True)
            handle = self._protocol.transport.getHandle()
            handle.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL_BYTES)
        self._deflates = deflates(self._protocol)

    def write_now(self, batch: Batch) -> bool:
        """Write these frames if that needs no waiting; say whether they are written."""
        if self._protocol is None or not self._drained.is_set():
            return False
        framed = batch.deflated if self._deflates else batch.framed
        stats.sent.note(batch, len(framed))
        if self._protocol.state == self._protocol.STATE_OPEN:
            _write(self._protocol.transport, framed)
        return True

    async def write(self, batch: Batch) -> None:
        """Write these frames as soon as the client has read enough of what came before."""
        if self._protocol is not None:
            while not self.write_now(batch):
                await self._drained.wait()
            return
        stats.sent.note(batch, len(batch.framed))
        for frame in batch.frames:
            event = WebSocketSendEvent(type="websocket.send", bytes=None, text=frame.text)
            await self._send(event)

    async def close(self, code: Close) -> None:
        if self._protocol is None:
            await self._send(
                WebSocketCloseEvent(type="websocket.close", code=int(code), reason=None)
            )
        else:  # for Autobahn lets an application send no code below 3000
            self._protocol.sendCloseFrame(code=int(code))

    def release(self) -> None:
        """Let go of the transport: it would not close as long as its producer is on hold."""
        if self._protocol is not None:
            self._protocol.unregisterProducer()
            self._drained.set()

    def end(self) -> None:
        """Drop what a client that is gone has not read; else it stays until a collection."""
        transport = self._protocol and self._protocol.transport
        if isinstance(transport, Connection) and transport.disconnected:
            transport.dataBuffer, transport._tempDataBuffer = b"", []

    # Twisted's IPushProducer

    def pauseProducing(self) -> None:
        self._drained.clear()

    def resumeProducing(self) -> None:
        self._drained.set()

    def stopProducing(self) -> None:
        self._drained.set()


def deflates(protocol: Any) -> bool:
    """Say whether permessage-deflate was agreed on in a protocol's handshake."""
    return bool(getattr(protocol, "websocket_extensions_in_use", None))


def _write(transport: Any, data: bytes) -> None:
    """Write to a transport: at once what the kernel takes, if nothing waits before it.

    By itself, Twisted waits for the event loop to say that a socket is writable, which costs more
    than the writing. Over TLS it must.
    """
    is_plain = isinstance(transport, Connection) and not transport.TLS
    if is_plain and not transport.dataBuffer and getattr(transport, "_tempDataLen", 1) == 0:
        written = transport.writeSomeData(data)
        if isinstance(written, int):
            data = data[written:]
    transport.write(data)
