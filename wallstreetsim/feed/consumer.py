"""The applications of the WebSockets: one coroutine a socket.

It is plain ASGI: a Channels consumer costs a socket two more tasks, and every frame it receives a
visit to a thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import TypeAlias

from asgiref.typing import (
    ASGIReceiveCallable,
    ASGISendCallable,
    WebSocketAcceptEvent,
    WebSocketCloseEvent,
    WebSocketScope,
)

from agents.services import site_state
from wallstreetsim.feed.client import Client
from wallstreetsim.feed.codes import Close
from wallstreetsim.feed.conversation import Conversation
from wallstreetsim.feed.hub import Hub
from wallstreetsim.feed.origins import address_of, origin_is_ours
from wallstreetsim.feed.server import Server

Begin: TypeAlias = Callable[[Hub, Client], Conversation]


async def feed(
    server: Server,
    begin: Begin,
    scope: WebSocketScope,
    receive: ASGIReceiveCallable,
    send: ASGISendCallable,
) -> None:
    """Serve one WebSocket of this server from its handshake to its end, in the conversation that
    `begin` returns.
    """
    await receive()  # websocket.connect
    if not origin_is_ours(scope) or site_state.is_frozen(address_of(scope)):
        await _turn_away(send)
        return
    hub = await Hub.of_this_process(server)
    guard = server.guard(send)
    await send(WebSocketAcceptEvent(type="websocket.accept", subprotocol=None, headers=[]))
    client = Client(server.writer(send), address_of(scope), hub.seq)
    guard.close = client.close
    conversation = begin(hub, client)
    try:
        if hub.is_leaving:
            client.close(Close.RESTART)
        elif hub.audience.admit(client):
            await _converse(client, conversation, receive)
        else:
            client.close(Close.TOO_MANY_SOCKETS)
    except asyncio.CancelledError:  # the server stops
        client.close(Close.RESTART)
        raise
    finally:
        conversation.end()
        hub.audience.dismiss(client)
        guard.release()
        await client.end()
        if client.identity:
            await hub.socket_lists.remove(client.identity.account, client.number)
        if client.identity and not hub.audience.is_here(client.identity.account):
            await hub.resume_points.note(client, hub.epoch)


async def nothing_here(
    scope: WebSocketScope, receive: ASGIReceiveCallable, send: ASGISendCallable
) -> None:
    """Serve a WebSocket at any other path: there is none."""
    await receive()  # websocket.connect
    await _turn_away(send)


async def _turn_away(send: ASGISendCallable) -> None:
    """Close before it is accepted: the handshake is answered by a 403."""
    await send(WebSocketCloseEvent(type="websocket.close", code=Close.ORIGIN, reason=None))


async def _converse(
    client: Client, conversation: Conversation, receive: ASGIReceiveCallable
) -> None:
    conversation.greet()
    async for text in _frames(receive):
        if not client.is_closed:
            await conversation.hear(text)


async def _frames(receive: ASGIReceiveCallable) -> AsyncIterator[str | None]:
    """Yield the frames that a socket receives, None for a binary one, until it is closed."""
    while True:
        event = await receive()
        if event["type"] == "websocket.receive":
            yield event.get("text")
        elif event["type"] == "websocket.disconnect":
            return
