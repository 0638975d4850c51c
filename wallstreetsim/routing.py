"""Where WebSockets go."""

from django.urls import URLPattern, path

from wallstreetsim.feed.consumer import feed

websocket_urlpatterns: list[URLPattern] = [path("ws", feed)]  # type: ignore[arg-type]  # as Channels has it
