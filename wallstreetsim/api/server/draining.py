"""How a web process leaves on SIGTERM: nobody new comes in, and whoever is here is served first.

On SIGINT it stops at once, as under `make run`.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from time import monotonic
from typing import Any

from twisted.internet import reactor as twisted_reactor
from twisted.internet.tcp import Port

from wallstreetsim.feed import hub

log = logging.getLogger(__name__)

REQUEST_SECONDS = 5  # for requests to be answered
SOCKET_SECONDS = 10  # in which the sockets of the feed are closed, one after the other
MOST_GAP = 0.05  # seconds between two of them, where there are few
LOOK_SECONDS = 0.05

reactor: Any = twisted_reactor


class Draining:
    """Whether this process is leaving, and the connections that it has for requests."""

    has_begun = False
    connections: set[Any] = set()  # of `transport.Channel`
    task: asyncio.Task[None] | None = None


def install() -> None:
    """Drain on SIGTERM, once the server runs, which takes that signal for itself."""
    reactor.callWhenRunning(lambda: signal.signal(signal.SIGTERM, _on_signal))


def _on_signal(number: int, frame: object) -> None:
    reactor.callFromThread(_begin)


def _begin() -> None:
    """Begin to drain; asked a second time, stop at once."""
    if Draining.has_begun:
        reactor.stop()
        return
    Draining.has_begun = True
    for reader in reactor.getReaders():
        if isinstance(reader, Port):
            reader.stopListening()  # type: ignore[no-untyped-call]
    Draining.task = asyncio.ensure_future(_drain())


async def _drain() -> None:
    started = monotonic()
    await asyncio.sleep(LOOK_SECONDS)  # for handshakes under way to reach the feed
    try:
        await asyncio.gather(
            _finish_requests(), hub.drain(seconds=SOCKET_SECONDS, most_gap=MOST_GAP)
        )
    except Exception:
        log.exception("the process could not be drained")
    log.info("drained in %.1f s", monotonic() - started)
    reactor.stop()


async def _finish_requests() -> None:
    """Wait until every connection is closed, for so long as requests may take.

    A connection is closed with the next answer on it. A proxy that keeps some open without asking
    anything may be about to ask: those are left open until the last.
    """
    deadline = monotonic() + REQUEST_SECONDS
    while Draining.connections and monotonic() < deadline:
        await asyncio.sleep(LOOK_SECONDS)
    for channel in list(Draining.connections):
        if not channel.requests:
            channel.loseConnection()
