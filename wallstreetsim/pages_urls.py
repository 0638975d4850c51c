"""Where the pages for people are."""

from django.urls import path

from wallstreetsim import pages

urlpatterns = [
    path("", pages.terminal, name="terminal"),
]
