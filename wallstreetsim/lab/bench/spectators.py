"""`python -m wallstreetsim.lab.bench.spectators PORT COUNT`: clients of a feed in one process.

They connect and subscribe to every price, which "ready" on standard output tells. When standard
input ends, and nothing more comes, they print for each tick when each of them had received the last
frame of it, in seconds of the machine's monotonic clock. They read frames as bytes and look no
further than they must: what is measured is the server.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import re
import sys
from collections import defaultdict
from time import monotonic

CONNECTING_AT_ONCE = 50
QUIET_SECONDS = 2.0  # without a frame, and all that was sent has come
SUBSCRIBE = b'{"type":"subscribe","channels":["market:all"]}'
TICK = re.compile(rb'"tick": ?(\d+)')
HEAD = 300  # bytes of a frame in which its tick is named

Receipts = defaultdict[int, list[float]]  # by tick


class Spectator(asyncio.BufferedProtocol):
    """A client that subscribes once it is connected and notes when each tick is complete."""

    received = memoryview(bytearray(256 * 1024))  # by whichever spectator is reading just now

    def __init__(self, port: int) -> None:
        self.port = port
        self.subscribed = asyncio.get_running_loop().create_future()
        self.last_frame_at: dict[int, float] = {}
        self.heard_at = 0.0
        self._buffer = bytearray()
        self._is_open = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport
        key = base64.b64encode(os.urandom(16)).decode()
        self._transport.write(
            f"GET /ws HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n"
            "Sec-WebSocket-Version: 13\r\n\r\n".encode()
        )

    def get_buffer(self, size: int) -> memoryview:
        return self.received

    def buffer_updated(self, size: int) -> None:
        self._buffer += self.received[:size]
        self.heard_at = monotonic()
        if not self._is_open:
            self._finish_handshake()
        while self._is_open and (size := self._size_of_next()):
            head = bytes(self._buffer[: min(size, HEAD)])
            del self._buffer[:size]
            self._note(head)

    def connection_lost(self, error: Exception | None) -> None:
        if not self.subscribed.done():
            self.subscribed.set_exception(ConnectionError("a spectator was turned away"))

    def _finish_handshake(self) -> None:
        head, found, rest = bytes(self._buffer).partition(b"\r\n\r\n")
        if found:
            assert b" 101 " in head.split(b"\r\n")[0], head
            self._is_open = True
            self._buffer = bytearray(rest)
            masked_with_zeros = bytes([0x81, 0x80 | len(SUBSCRIBE), 0, 0, 0, 0]) + SUBSCRIBE
            self._transport.write(masked_with_zeros)

    def _size_of_next(self) -> int:
        """Return the size of the frame at the front, 0 if it is not all there."""
        buffer = self._buffer
        if len(buffer) < 10:
            return 0
        length, header = buffer[1], 2
        if length == 126:
            length, header = int.from_bytes(buffer[2:4]), 4
        elif length == 127:
            length, header = int.from_bytes(buffer[2:10]), 10
        return header + length if len(buffer) >= header + length else 0

    def _note(self, head: bytes) -> None:
        if b'"subscribed"' in head:
            self.subscribed.set_result(None)
        elif b'"snapshot"' not in head and (tick := TICK.search(head)):
            self.last_frame_at[int(tick[1])] = monotonic()


async def watch(port: int, count: int) -> Receipts:
    """Connect so many spectators, watch until standard input ends, return what they noted."""
    loop = asyncio.get_running_loop()
    spectators = []
    for first in range(0, count, CONNECTING_AT_ONCE):
        group = min(CONNECTING_AT_ONCE, count - first)
        connecting = [
            loop.create_connection(lambda: Spectator(port), "127.0.0.1", port) for _ in range(group)
        ]
        connected = [spectator for _, spectator in await asyncio.gather(*connecting)]
        await asyncio.gather(*(spectator.subscribed for spectator in connected))
        spectators += connected
    print("ready", flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    while any(monotonic() - each.heard_at < QUIET_SECONDS for each in spectators):
        await asyncio.sleep(0.1)
    receipts: Receipts = defaultdict(list)
    for spectator in spectators:
        for tick, at in spectator.last_frame_at.items():
            receipts[tick].append(at)
    return receipts


if __name__ == "__main__":
    print(json.dumps(asyncio.run(watch(int(sys.argv[1]), int(sys.argv[2])))))
