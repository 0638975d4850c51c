"""The page that is shown in place of any other while the database is unavailable."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.views.decorators.cache import never_cache

from wallstreetsim.api.envelope import UNAVAILABLE, for_people_or, refuse

RETRY_SECONDS = 5

# A page runs our own scripts and styles, talks to our own socket, sends its forms to us, and does
# nothing else.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self';"
    " connect-src 'self'{socket}; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


def _page(request: HttpRequest) -> HttpResponse:
    response = HttpResponse(render_to_string("503_unavailable.html"), status=503)
    response["Content-Security-Policy"] = POLICY.format(socket="")
    response["Retry-After"] = str(RETRY_SECONDS)
    return response


def _data(request: HttpRequest) -> HttpResponse:
    response = refuse(503, UNAVAILABLE, retry_after=RETRY_SECONDS)
    response["Retry-After"] = str(RETRY_SECONDS)
    return response


answer = never_cache(for_people_or(_page, _data))
