"""What of a page is the reader's own, though it is made once for all: the theme, by a cookie, and
the address by which the site was asked for. Both are filled in as it is sent.
"""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache

from wallstreetsim.api.envelope import only_read

THEMES = ("dark", "light", "colour-blind", "scan-lines")
COOKIE = "theme"
COOKIE_SECONDS = 365 * 24 * 3600
PLACE = "@theme@"  # in a page that is kept
ORIGIN = "@origin@"


def theme_of(request: HttpRequest) -> str:
    """Return the theme that the reader has chosen, the usual one where none is known."""
    chosen = request.COOKIES.get(COOKIE, "")
    return chosen if chosen in THEMES else THEMES[0]


def for_reader(page: str, request: HttpRequest) -> str:
    """Return a page that is kept as this reader is to have it."""
    origin = f"{request.scheme}://{request.get_host()}"
    return page.replace(PLACE, theme_of(request), 1).replace(ORIGIN, origin)


@never_cache
@only_read
def choose(request: HttpRequest, theme: str) -> HttpResponse:
    """Note the reader's theme, and go back to where the reader was."""
    if theme not in THEMES:
        raise Http404
    before = request.headers.get("Referer", "")
    hosts = {request.get_host()}
    is_ours = url_has_allowed_host_and_scheme(before, hosts, require_https=request.is_secure())
    answer = HttpResponseRedirect(before if is_ours else "/")
    answer.set_cookie(
        COOKIE,
        theme,
        max_age=COOKIE_SECONDS,
        secure=request.is_secure(),
        httponly=True,
        samesite="Lax",
    )
    return answer
