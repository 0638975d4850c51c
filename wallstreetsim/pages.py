"""The pages for people: the terminal, and what is shown where there is no page."""

from __future__ import annotations

from functools import lru_cache

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from wallstreetsim import dashboard

# A page runs our own scripts and styles, talks to our own socket, and does nothing else.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self';"
    " connect-src 'self'{socket}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@never_cache
@require_safe
def terminal(request: HttpRequest) -> HttpResponse:
    digest = dashboard.newest_digest()
    if digest is None:
        return _page(render_to_string("503.html"), status=503)
    host = request.get_host()
    # Named, because to Safari 'self' does not cover a socket; which of the two, a proxy decides.
    return _page(_terminal_at(digest), socket=f" ws://{host} wss://{host}")


@lru_cache(maxsize=1)
def _terminal_at(digest: str) -> str:
    """Return the page as of the tick with this digest, or a later one.

    It is the same for everybody, so it is made once a tick.
    """
    return render_to_string("dashboard/page.html", {"board": dashboard.load()})


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _page(render_to_string("404.html", {"path": request.path}), status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    return _page(render_to_string("500.html"), status=500)


def _page(content: str, *, status: int = 200, socket: str = "") -> HttpResponse:
    policy = POLICY.format(socket=socket)
    return HttpResponse(content, status=status, headers={"Content-Security-Policy": policy})
