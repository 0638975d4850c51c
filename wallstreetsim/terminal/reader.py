"""Who reads a page: an agent whose session's token is in a cookie, or anybody.

The cookie is for pages alone; the API reads the Authorization header and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode

from agents.models import Agent, Session
from agents.services import keys
from wallstreetsim.api.envelope import refuse

COOKIE = "agent"
NO_STORE = "no-store, private"

AgentView = Callable[[HttpRequest, Agent], HttpResponse]


def token_of(request: HttpRequest) -> str:
    """Return the token in the reader's cookie, "" where there is none."""
    return request.COOKIES.get(COOKIE, "")


def session_of(request: HttpRequest) -> Session | None:
    """Return the reader's session, None where nobody is logged in. One query with a cookie, none
    without; asked once a request.
    """
    known: Session | None
    if not hasattr(request, "reader_session"):
        token = token_of(request)
        known = keys.session_of(token) if token.startswith(keys.SESSION) else None
        request.reader_session = known  # type: ignore[attr-defined]
    known = request.reader_session  # type: ignore[attr-defined]
    return known


def agent_of(request: HttpRequest) -> Agent | None:
    """Return the agent that reads, if one is logged in."""
    session = session_of(request)
    return session.agent if session else None


def become(request: HttpRequest, token: str) -> None:
    """Let a request be of the reader whose session has just been opened, if one was."""
    request.COOKIES[COOKIE] = token
    if hasattr(request, "reader_session"):
        del request.reader_session


def remember(answer: HttpResponse, request: HttpRequest, token: str) -> None:
    """Give the browser a session's token: scripts and other sites have no use of it."""
    answer.set_cookie(
        COOKIE,
        token,
        max_age=keys.SESSION_SECONDS,
        secure=settings.SESSION_COOKIE_SECURE or request.is_secure(),
        httponly=True,
        samesite="Strict",
    )


def forget(answer: HttpResponse) -> None:
    answer.delete_cookie(COOKIE, samesite="Strict")


def only_logged_in(view: AgentView) -> Callable[..., HttpResponse]:
    """Show a view to an agent that is logged in; lead all others to where they log in, a script by
    a 401.
    """

    @wraps(view)
    def guarded(request: HttpRequest) -> HttpResponse:
        agent = agent_of(request)
        if agent is not None:
            answer = view(request, agent)
            answer["Cache-Control"] = NO_STORE
            return answer
        if wants_json(request):
            return refuse(401, "You are not logged in any more.")
        back = request.get_full_path() if request.method == "GET" else back_of(request)
        return HttpResponseRedirect(f"{reverse('login')}?{urlencode({'next': back})}")

    return guarded


def wants_json(request: HttpRequest) -> bool:
    """Say whether a script of ours asks, not a form."""
    return "text/html" not in request.headers.get("Accept", "text/html")


def back_of(request: HttpRequest, name: str = "back", default: str = "/me") -> str:
    """Return the path of ours that a form or an address leads on to."""
    given = request.POST.get(name) or request.GET.get(name) or ""
    is_ours = given.startswith("/") and url_has_allowed_host_and_scheme(given, None)
    return given if is_ours else default
