"""The web process: HTTP to Django, WebSockets to the feed."""

import os

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wallstreetsim.settings")

django = get_asgi_application()  # before all that imports models

from agents.services import site_state  # noqa: E402
from market.common import database_health  # noqa: E402
from market.selectors import note_tick  # noqa: E402
from wallstreetsim.api.middleware import own_match  # noqa: E402
from wallstreetsim.api.server import transport  # noqa: E402
from wallstreetsim.api.server.api_asgi import ApiASGI  # noqa: E402
from wallstreetsim.api.server.daphne_server import DaphneServer  # noqa: E402
from wallstreetsim.environment.checks import check_settings  # noqa: E402
from wallstreetsim.environment.limits import raise_open_files  # noqa: E402
from wallstreetsim.feed.routing import websocket_urlpatterns  # noqa: E402
from wallstreetsim.machine import gc_control  # noqa: E402

websocket = URLRouter(websocket_urlpatterns(DaphneServer()))  # type: ignore[arg-type]  # stubs want their own kind

check_settings()
raise_open_files()
transport.install()
database_health.watch(note_tick, site_state.look)

application = ProtocolTypeRouter({"http": ApiASGI(django), "websocket": websocket})

own_match("/")  # reads every path, view and model,
gc_control.settle()  # which the collector need not walk over again
