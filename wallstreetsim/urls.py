"""Every path of the web process."""

from django.contrib import admin
from django.urls import include, path, re_path

from wallstreetsim.api import envelope, health, manual, mcp, metrics
from wallstreetsim.api.feed_stats import ws_stats
from wallstreetsim.api.middleware import API
from wallstreetsim.api.sign_in import sign_in
from wallstreetsim.api.urls import bare
from wallstreetsim.api.urls import urlpatterns as api
from wallstreetsim.terminal import pages

operations = [
    path("health", health.health),
    path("ready", health.ready),
    path("metrics", metrics.view),
    path("ws/stats", ws_stats),
]

manuals = [
    path("skill.md", manual.skill, name="skill-md"),
    path("skill", manual.skill, name="skill"),
    path("mcp", mcp.mcp, name="mcp"),
    path("llms.txt", manual.llms, name="llms"),
    path(".well-known/openapi-config.json", manual.openapi_config, name="openapi-config"),
]

unknown = [re_path(r"^(?:api|actions|auth|config|market|recover|world)(?:/|$)", envelope.not_found)]

urlpatterns = [
    path("", include("wallstreetsim.terminal.urls")),
    path("admin/login/", sign_in(admin.site.login)),
    path("admin/", admin.site.urls),
    path("", include(operations)),
    path("", include(manuals)),
    path("api/v1/", include(operations)),
    path("api/v1/", include((api, API))),
    path("", include((bare, API), namespace="bare")),
    path("", include((unknown, API), namespace="unknown")),
]

# For people where people ask, else as the API would say it.
handler400 = envelope.bad_request
handler403 = envelope.forbidden
handler404 = envelope.for_people_or(pages.not_found, envelope.not_found)
handler500 = envelope.for_people_or(pages.server_error, envelope.broken)
