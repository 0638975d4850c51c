"""Where WebSockets go."""

from django.urls import URLPattern, path, re_path

from wallstreetsim.feed.consumer import feed, nothing_here

websocket_urlpatterns: list[URLPattern] = [
    path("ws", feed),  # type: ignore[arg-type]  # as Channels has it
    re_path("", nothing_here),  # type: ignore[arg-type]
]
