"""What the feed asks of the server that its sockets belong to."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, Protocol

from asgiref.typing import ASGISendCallable

from wallstreetsim.feed.batches import Batch
from wallstreetsim.feed.codes import Close


class Writer(Protocol):
    """Writes to one socket no faster than its client reads."""

    def write_now(self, batch: Batch) -> bool:
        """Write these frames if that needs no waiting; say whether they are written."""

    async def write(self, batch: Batch) -> None:
        """Write these frames as soon as the client has read enough of what came before."""

    async def close(self, code: Close) -> None: ...

    def release(self) -> None:
        """Hold the socket no longer: it is about to close."""

    def end(self) -> None:
        """Drop what a client that is gone has not read."""


class Guard(Protocol):
    """Has `close` called for a socket whose frames are too many or too long."""

    close: Callable[[Close], None]

    def release(self) -> None: ...


class Server(Protocol):
    """The server under the feed. The API brings it, which knows which one it is."""

    def guard(self, send: ASGISendCallable) -> Guard:
        """Return the guard of a socket that is about to be accepted."""

    def writer(self, send: ASGISendCallable) -> Writer:
        """Return the writer of a socket that has been accepted."""

    def before_it_stops(self, act: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Do this before the server closes its sockets."""
