"""Where WebSockets go."""

from __future__ import annotations

from typing import Any

from asgiref.typing import ASGIReceiveCallable, ASGISendCallable, WebSocketScope
from django.urls import URLPattern, path, re_path

from wallstreetsim.feed.client import Client
from wallstreetsim.feed.consumer import Begin, feed, nothing_here
from wallstreetsim.feed.hub import Hub
from wallstreetsim.feed.protocol import FeedConversation
from wallstreetsim.feed.research.views import Kind
from wallstreetsim.feed.research_protocol import ViewConversation
from wallstreetsim.feed.server import Server

VIEWS = {
    "ws/unified": Kind.UNIFIED,
    "ws/market/<str:name>": Kind.MARKET,
    "ws/signals": Kind.SIGNALS,
    "ws/agents/<str:name>": Kind.AGENTS,
    "ws/narrative": Kind.NARRATIVE,
}


def websocket_urlpatterns(server: Server) -> list[URLPattern]:
    """Return where the WebSockets of this server go."""

    async def serve(
        scope: WebSocketScope, receive: ASGIReceiveCallable, send: ASGISendCallable
    ) -> None:
        route: Any = scope["url_route"]  # type: ignore[typeddict-item]  # Channels puts it there
        await feed(server, _beginning(**route["kwargs"]), scope, receive, send)

    return [
        path("ws", serve),  # type: ignore[arg-type]  # as Channels has it
        *(
            path(f"{prefix}{where}", serve, {"kind": kind})  # type: ignore[arg-type]
            for prefix in ("", "api/v1/")
            for where, kind in VIEWS.items()
        ),
        re_path("", nothing_here),  # type: ignore[arg-type]
    ]


def _beginning(kind: Kind | None = None, name: str = "") -> Begin:
    """Return the conversation of a path."""
    if kind is None:
        return FeedConversation

    def begin(hub: Hub, client: Client) -> ViewConversation:
        return ViewConversation(hub, client, kind, name)

    return begin
