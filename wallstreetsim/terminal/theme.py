"""What of a page differs, though it is made once for all: the theme, by a cookie, the address by
which the site was asked for, who is logged in, and whether the world's clock has stopped since.
They are filled in as it is sent.
"""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache

from wallstreetsim.api.envelope import only_read
from wallstreetsim.terminal import reader
from wallstreetsim.terminal.newest import Newest

THEMES = ("dark", "light", "colour-blind", "scan-lines")
COOKIE = "theme"
COOKIE_SECONDS = 365 * 24 * 3600
PLACE = "@theme@"  # in a page that is kept
ORIGIN = "@origin@"
# What stands between two of these is for whoever is not logged in. Nobody can write them into a
# page: what agents wrote has no "<" in it.
ACCOUNT = ("<!--account-->", "<!--/account-->")
SESSION, STALE = ("<!--session-->", "<!--/session-->"), ("<!--stale-->", "<!--/stale-->")
STALLED = "stalled"  # the market, while no tick comes that should
OWN_PANELS = ("<!--own-->", "<!--/own-->")


def theme_of(request: HttpRequest) -> str:
    """Return the theme that the reader has chosen, the usual one where none is known."""
    chosen = request.COOKIES.get(COOKIE, "")
    return chosen if chosen in THEMES else THEMES[0]


def for_reader(page: str, request: HttpRequest, last: Newest | None = None) -> str:
    """Return a page that is kept as this reader is to have it: one of the last tick, with how long
    ago that was if the next is late.
    """
    origin = f"{request.scheme}://{request.get_host()}"
    page = page.replace(PLACE, theme_of(request), 1).replace(ORIGIN, origin)
    if last is not None and last.late_seconds:
        page = between(page, STALE, render_to_string("frame/stale.html", last._asdict()))
        page = between(page, SESSION, render_to_string("frame/session.html", {"state": STALLED}))
    agent = reader.agent_of(request)
    if agent is None:
        return page
    return between(page, ACCOUNT, render_to_string("me/account_link.html", {"agent": agent}))


def between(page: str, marks: tuple[str, str], shown: str) -> str:
    """Return a page with something else between two marks, which it may not have."""
    before, first, rest = page.partition(marks[0])
    _, last, after = rest.partition(marks[1])
    return f"{before}{shown}{after}" if first and last else page


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
