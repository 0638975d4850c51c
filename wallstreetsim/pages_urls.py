"""Where the pages for people are."""

from django.urls import path

from wallstreetsim import pages

urlpatterns = [
    path("", pages.terminal, name="terminal"),
    path("replay", pages.replay, name="replay"),
    path("replay/ticks", pages.replay_ticks, name="replay-ticks"),
]
