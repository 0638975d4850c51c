"""The web process: HTTP to Django, WebSockets to the feed."""

import os

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wallstreetsim.settings")

django = get_asgi_application()  # before all that imports models

from wallstreetsim import garbage  # noqa: E402
from wallstreetsim.api import transport  # noqa: E402
from wallstreetsim.api.door import ApiDoor  # noqa: E402
from wallstreetsim.api.middleware import api_match  # noqa: E402
from wallstreetsim.routing import websocket_urlpatterns  # noqa: E402

websocket = URLRouter(websocket_urlpatterns)  # type: ignore[arg-type]  # stubs want their own kind

transport.install()

application = ProtocolTypeRouter({"http": ApiDoor(django), "websocket": websocket})

api_match("/")  # reads every path, view and model,
garbage.settle()  # which the collector need not walk over again
