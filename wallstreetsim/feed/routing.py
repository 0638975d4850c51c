"""Where WebSockets go."""

from asgiref.typing import ASGIReceiveCallable, ASGISendCallable, WebSocketScope
from django.urls import URLPattern, path, re_path

from wallstreetsim.feed.consumer import feed, nothing_here
from wallstreetsim.feed.protocol import FeedConversation
from wallstreetsim.feed.server import Server


def websocket_urlpatterns(server: Server) -> list[URLPattern]:
    """Return where the WebSockets of this server go."""

    async def serve(
        scope: WebSocketScope, receive: ASGIReceiveCallable, send: ASGISendCallable
    ) -> None:
        await feed(server, FeedConversation, scope, receive, send)

    return [
        path("ws", serve),  # type: ignore[arg-type]  # as Channels has it
        re_path("", nothing_here),  # type: ignore[arg-type]
    ]
