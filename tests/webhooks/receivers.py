"""Endpoints of the tests' own: real servers, good ones and bad ones, on this machine."""

from __future__ import annotations

import contextlib
import gzip
import socket
import threading
import time
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import orjson

from tests.stack.running import PATIENCE_SECONDS


class Received(NamedTuple):
    """A request as it arrived."""

    path: str
    headers: dict[str, str]  # names in lower case
    body: bytes
    at: float

    @property
    def payload(self) -> Any:
        return orjson.loads(self.body)

    @property
    def is_ping(self) -> bool:
        return bool(self.payload["type"] == "ping")


Answer = Callable[[socket.socket, Received], bool | None]  # whether the connection stays open


def respond(status: int = 200, body: bytes = b"", headers: str = "") -> Answer:
    """Return what answers with a whole response."""

    def answer(connection: socket.socket, request: Received) -> bool:
        head = f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
        connection.sendall(head.encode() + body)
        return True

    return answer


def reply(payload: Any) -> Answer:
    return respond(200, orjson.dumps(payload), "Content-Type: application/json\r\n")


class Receiver:
    """A server that answers each request by `answer`, and pings with 200 unless told otherwise."""

    def __init__(self, answer: Answer | None = None, *, answers_pings: bool = True) -> None:
        self.answer: Answer = answer or respond()
        self.answers_pings = answers_pings
        self.received: list[Received] = []
        self.connections = 0
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=1_024)
        self.port = int(self._listener.getsockname()[1])
        self._is_open = True
        self._heard = threading.Condition()
        self._sockets: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    @property
    def briefings(self) -> list[Received]:
        return [one for one in self.received if not one.is_ping]

    def wait(self, briefings: int, seconds: float = PATIENCE_SECONDS) -> list[Received]:
        """Wait for so many briefings, and return all that have come."""
        with self._heard:
            came = self._heard.wait_for(lambda: len(self.briefings) >= briefings, seconds)
        assert came, f"{len(self.briefings)} briefings came, not {briefings}"
        return self.briefings

    def wait_for_requests(self, number: int, seconds: float = PATIENCE_SECONDS) -> list[Received]:
        with self._heard:
            came = self._heard.wait_for(lambda: len(self.received) >= number, seconds)
        assert came, f"{len(self.received)} requests came, not {number}"
        return self.received

    def close(self) -> None:
        self._is_open = False
        for one in (self._listener, *self._sockets):
            with_suppressed(one.close)

    def _accept(self) -> None:
        while self._is_open:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._sockets.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            with connection, connection.makefile("rb") as stream:
                while (request := _read(stream)) is not None:
                    with self._heard:
                        self.received.append(request)
                        self._heard.notify_all()
                    answer = self.answer
                    if request.is_ping and self.answers_pings:
                        answer = respond()
                    if not answer(connection, request):
                        return
        except OSError:
            return


def with_suppressed(act: Callable[[], object]) -> None:
    with contextlib.suppress(OSError):
        act()


def _read(stream: Any) -> Received | None:
    line = stream.readline()
    if not line:
        return None
    headers = {}
    while (header := stream.readline().strip()) != b"":
        name, _, value = header.decode("latin-1").partition(":")
        headers[name.lower()] = value.strip()
    body = stream.read(int(headers.get("content-length", 0)))
    return Received(line.decode().split()[1], headers, body, time.time())


# Bad ones


def hang(connection: socket.socket, request: Received) -> None:
    """Accept, and never answer."""
    with_suppressed(lambda: connection.recv(1))


def drip(connection: socket.socket, request: Received) -> None:
    """Send one byte a second."""
    for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + b" " * 100:
        connection.sendall(bytes([byte]))
        time.sleep(1)


def flood(connection: socket.socket, request: Received) -> None:
    """Send a gigabyte."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n")
    for _ in range(1_024):
        connection.sendall(b"x" * 1_048_576)


def endless_chunks(connection: socket.socket, request: Received) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        connection.sendall(b"8000\r\n" + b"y" * 0x8000 + b"\r\n")


def gzip_bomb(connection: socket.socket, request: Received) -> None:
    packed = bomb()
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n"
    connection.sendall(head.encode() + packed)


@cache
def bomb() -> bytes:
    """Return 50 MB, compressed; the first call takes a while, which no request should wait for."""
    return gzip.compress(b"0" * 50_000_000)


def says_too_much(connection: socket.socket, request: Received) -> None:
    """Announce more than is sent."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{}")


def says_too_little(connection: socket.socket, request: Received) -> bool:
    """Announce less than is sent."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}" + b'{"actions": []}' * 9)
    return True


def big_headers(connection: socket.socket, request: Received) -> None:
    """Send a megabyte of headers."""
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    for number in range(1_024):
        connection.sendall(b"X-%d: " % number + b"z" * 1_000 + b"\r\n")
    connection.sendall(b"Content-Length: 0\r\n\r\n")


def no_http(connection: socket.socket, request: Received) -> None:
    connection.sendall(b"220 smtp.example.com ESMTP\r\n")


DEEP = respond(200, b"[" * 100_000 + b"]" * 100_000)
DEEP_ENOUGH = respond(200, b"[" * 30_000 + b"]" * 30_000)
HTML = respond(200, b"<html><body>Hello</body></html>", "Content-Type: text/html\r\n")
