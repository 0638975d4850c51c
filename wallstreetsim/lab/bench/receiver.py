"""`python -m wallstreetsim.lab.bench.receiver` receives webhooks as cheaply as Python can.

It prints its port. `/hang…` is never answered, all else at once; `GET /arrivals` tells the times at
which the others came since it was last asked.
"""

from __future__ import annotations

import asyncio
import json
import re
import time

_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")
_NOTHING = b"HTTP/1.1 204 No Content\r\n\r\n"


class Receiver(asyncio.Protocol):
    """One connection."""

    arrivals: list[float] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._read = bytearray()

    def data_received(self, data: bytes) -> None:
        self._read += data
        while (end := self._read.find(b"\r\n\r\n")) >= 0:
            head = bytes(self._read[:end])
            length = _LENGTH.search(head)
            size = end + 4 + (int(length[1]) if length else 0)
            if len(self._read) < size:
                return
            del self._read[:size]
            self._answer(head)

    def _answer(self, head: bytes) -> None:
        if head.startswith(b"GET /arrivals"):
            told = json.dumps(self.arrivals).encode()
            self.arrivals.clear()
            length = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(told)
            self._transport.write(length + told)
        elif not head.startswith(b"POST /hang"):
            self.arrivals.append(time.time())
            self._transport.write(_NOTHING)


async def main() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Receiver, "127.0.0.1", 0, backlog=4_096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
