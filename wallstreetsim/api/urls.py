"""The paths of the API: all of them under /api/v1, and bare those that are not pages as well."""

from django.urls import path
from drf_spectacular.views import SpectacularSwaggerSplitView

from agents.api.urls import urlpatterns as agents
from market.api.urls import urlpatterns as market
from news.api.urls import urlpatterns as news
from sec.api.urls import urlpatterns as sec
from wallstreetsim.api import views
from wallstreetsim.api.asyncapi import asyncapi
from wallstreetsim.api.envelope import only_parameters, only_read
from wallstreetsim.api.recovery import RecoverView
from webhooks.api.urls import urlpatterns as webhooks

PAGES = {
    "agents",
    "agent",
    "agent-by-name",
    "case",
    "news",
    "article",
}  # bare, these are for people

# Its script comes from the same path with `?script=`: none stands in the page.
docs = only_read(
    only_parameters("script")(
        SpectacularSwaggerSplitView.as_view(
            url_name="api:openapi", authentication_classes=(), throttle_classes=()
        )
    )
)

urlpatterns = [
    *webhooks,  # before the paths of agents, of which one takes any id
    *agents,
    *market,
    *news,
    *sec,
    path("actions", views.ActionsView.as_view(), name="actions"),
    path("world/status", views.StatusView.as_view(), name="world-status"),
    path("world/tick", views.TickView.as_view(), name="world-tick"),
    path("world/leaderboard", views.LeaderboardView.as_view(), name="leaderboard"),
    path("world/events", views.EventsView.as_view(), name="events"),
    path("world/bankruptcies", views.BankruptciesView.as_view(), name="bankruptcies"),
    path("recover/<id:id>", RecoverView.as_view(), name="recover"),
    path("recover/me", RecoverView.as_view(schema=None), name="recover-me"),
    path("config", views.ConfigView.as_view(), name="config"),
    path("openapi.json", views.openapi, name="openapi"),
    path("asyncapi.json", asyncapi, name="asyncapi"),
    path("docs", docs, name="docs"),
]

bare = [pattern for pattern in urlpatterns if pattern.name not in PAGES]
