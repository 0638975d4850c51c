"""Daphne, as the feed's server."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine
from typing import Any

from asgiref.typing import ASGISendCallable
from twisted.internet.defer import Deferred

from wallstreetsim.api.server.frame_guard import FrameGuard
from wallstreetsim.api.server.socket_writer import SocketWriter


class DaphneServer:
    """Gives the feed what it asks of a server; under another than Daphne, as far as ASGI goes."""

    def guard(self, send: ASGISendCallable) -> FrameGuard:
        return FrameGuard(send)

    def writer(self, send: ASGISendCallable) -> SocketWriter:
        return SocketWriter(send)

    def before_it_stops(self, act: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Do this before Daphne closes its sockets.

        It cancels the applications itself, but none when any client has left in the last second.
        """
        if (module := sys.modules.get("twisted.internet.reactor")) and module.running:
            module.addSystemEventTrigger(
                "before", "shutdown", lambda: Deferred.fromFuture(asyncio.ensure_future(act()))
            )
