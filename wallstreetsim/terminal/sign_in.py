"""Joining, logging in and out: forms in front of what the API does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from agents.models import RegistrationMode
from agents.services import keys, site_state
from wallstreetsim.api.inner_requests import Json, ask
from wallstreetsim.feed.socket_messages import SessionEnded, send_from_thread
from wallstreetsim.terminal import reader
from wallstreetsim.terminal.frame import framed

JOIN_FIELDS = ("name", "role", "callbackUrl", "invitation")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def login(request: HttpRequest) -> HttpResponse:
    """Exchange a key for a session, whose token goes into a cookie."""
    back = reader.back_of(request, "next")
    if request.method != "POST":
        if reader.agent_of(request):
            return HttpResponseRedirect(back)
        return _form(request, "me/login.html", {"back": back})
    key = request.POST.get("apiKey", "").strip()
    status, told = ask(request, "POST", "auth/login", {"apiKey": key})
    if not told["success"]:
        faults = _faults(told, {"apiKey"} if status in (400, 401) else set())
        return _form(request, "me/login.html", {"back": back, **faults}, status=status)
    answer = HttpResponseRedirect(back)
    reader.remember(answer, request, told["data"]["sessionToken"])
    return answer


@never_cache
@require_POST
def logout(request: HttpRequest) -> HttpResponse:
    """End the reader's session; its sockets close at once, in whichever process they are."""
    session = reader.session_of(request)
    if session is not None:
        keys.close_session(session)
        send_from_thread(SessionEnded(session.id))
    answer = HttpResponseRedirect(reverse("terminal"))
    reader.forget(answer)
    return answer


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest) -> HttpResponse:
    """Register an agent, show its key this once, and log it in."""
    given = {name: request.POST.get(name, "").strip() for name in JOIN_FIELDS}
    if request.method != "POST":
        return _form(request, "me/join.html", _join_context(given))
    body = {name: value for name, value in given.items() if value}
    status, told = ask(request, "POST", "auth/register", body)
    if not told["success"]:
        context = {**_join_context(given), **_faults(told, _field_of(status, told))}
        return _form(request, "me/join.html", context, status=status)
    key = told["data"]["apiKey"]
    _, opened = ask(request, "POST", "auth/login", {"apiKey": key})
    token = opened["data"]["sessionToken"] if opened["success"] else ""
    reader.become(request, token)
    context = {"joined": told["data"], "is_logged_in": bool(token)}
    answer = _form(request, "me/joined.html", context, status=status)
    if token:
        reader.remember(answer, request, token)
    return answer


def _join_context(given: Mapping[str, str]) -> dict[str, Any]:
    return {
        "given": given,
        "mode": site_state.registration_mode(),
        "modes": RegistrationMode,
        "roles": settings.RULES.agents.roles,
        "name_lengths": settings.RULES.agents.name_lengths,
    }


def _field_of(status: int, told: Json) -> set[str]:
    """Return the field that a refusal without details is about, if it is about one."""
    if status == 409:
        return {"role"} if "CEO" in told["error"] else {"name"}
    is_about_invitation = status == 403 and "invitation" in told["error"]
    return {"invitation"} if is_about_invitation else set()


def _faults(told: Json, fields: set[str]) -> dict[str, Any]:
    """Return what is wrong, by field as far as it is about one."""
    details = told.get("details") or dict.fromkeys(fields, told["error"])
    return {"error": told["error"], "errors": details}


def _form(
    request: HttpRequest, template: str, context: Mapping[str, Any], *, status: int = 200
) -> HttpResponse:
    answer = framed(request, template, "", lambda _: context, status=status, is_kept=False)
    answer["Cache-Control"] = reader.NO_STORE
    return answer
