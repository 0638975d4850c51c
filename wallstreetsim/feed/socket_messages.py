"""What concerns single sockets, in whichever web process they are: group messages of the channel
layer, which every hub hears.

They are a convenience: a revocation and an operator's notice are found in the record, and a socket
that should have been replaced is closed when its client is slow or leaves.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any, NamedTuple, TypeAlias
from uuid import UUID

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from redis.exceptions import RedisError

log = logging.getLogger(__name__)

GROUP = "feed.sockets"
SEND_SECONDS = 1.0  # and a Redis that does not answer is away


class KeyRevoked(NamedTuple):
    """An agent's key is good no more, or nothing of that agent's is, if there is no key."""

    account: int
    key: UUID | None


class SessionEnded(NamedTuple):
    """A session is over, and the sockets that its tickets opened."""

    session: UUID


class SocketReplaced(NamedTuple):
    """A socket has to go, for its agent has opened enough newer ones."""

    socket: str


class SiteChanged(NamedTuple):
    """An operator has said something to all who are connected, or taken it back."""


SocketMessage: TypeAlias = KeyRevoked | SessionEnded | SocketReplaced | SiteChanged


async def send(message: SocketMessage) -> None:
    """Tell every hub. Raises RedisError or TimeoutError when there is no telling."""
    await asyncio.wait_for(_layer().group_send(GROUP, _as_plain(message)), SEND_SECONDS)


def send_from_thread(message: SocketMessage) -> bool:
    """Tell every hub; return False, and log why, when there is no telling."""
    try:
        async_to_sync(send)(message)
    except (RedisError, TimeoutError, OSError) as error:
        log.warning("a message to sockets is not sent: %s", error)
        return False
    return True


class Inbox:
    """One hub's end of the group."""

    def __init__(self) -> None:
        self._channel = ""

    async def join(self) -> None:
        """Hear what is sent from here on. Raises RedisError while Redis is away."""
        layer = _layer()
        self._channel = self._channel or await layer.new_channel("feed")
        await layer.group_add(GROUP, self._channel)

    async def next(self) -> SocketMessage:
        """Wait for the next message."""
        return _read(await _layer().receive(self._channel))


def _layer() -> Any:
    return get_channel_layer()


def _as_plain(message: SocketMessage) -> dict[str, Any]:
    if isinstance(message, KeyRevoked):
        key = str(message.key) if message.key else None
        return {"type": "key.revoked", "account": message.account, "key": key}
    if isinstance(message, SessionEnded):
        return {"type": "session.ended", "session": str(message.session)}
    if isinstance(message, SocketReplaced):
        return {"type": "socket.replaced", "socket": message.socket}
    return {"type": "site.changed"}


def _read(plain: dict[str, Any]) -> SocketMessage:
    if plain["type"] == "key.revoked":
        return KeyRevoked(plain["account"], UUID(plain["key"]) if plain["key"] else None)
    if plain["type"] == "session.ended":
        return SessionEnded(UUID(plain["session"]))
    if plain["type"] == "socket.replaced":
        return SocketReplaced(plain["socket"])
    return SiteChanged()
