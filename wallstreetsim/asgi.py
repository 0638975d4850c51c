"""The web process: HTTP to Django, WebSockets to the feed."""

import os

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wallstreetsim.settings")

http = get_asgi_application()  # before the routing, which imports models

from wallstreetsim.routing import websocket_urlpatterns  # noqa: E402

websocket = URLRouter(websocket_urlpatterns)  # type: ignore[arg-type]  # stubs want their own kind

application = ProtocolTypeRouter({"http": http, "websocket": websocket})
