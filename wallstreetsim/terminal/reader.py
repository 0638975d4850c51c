"""Who reads a page: an agent whose session's token is in a cookie, or anybody.

The cookie is for pages alone; the API reads the Authorization header and nothing else.
"""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.http import url_has_allowed_host_and_scheme

from agents.models import Agent, Session
from agents.services import keys

COOKIE = "agent"
NO_STORE = "no-store, private"


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


def wants_json(request: HttpRequest) -> bool:
    """Say whether a script of ours asks, not a form."""
    return "text/html" not in request.headers.get("Accept", "text/html")


def back_of(request: HttpRequest, name: str = "back", default: str = "/me") -> str:
    """Return the path of ours that a form or an address leads on to."""
    given = request.POST.get(name) or request.GET.get(name) or ""
    is_ours = given.startswith("/") and url_has_allowed_host_and_scheme(given, None)
    return given if is_ours else default
