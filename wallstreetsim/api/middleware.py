"""The headers of every answer, and the short way of an API request."""

from __future__ import annotations

import logging
import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Any, TypeVar

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.core.exceptions import DisallowedHost, RequestDataTooBig, SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.response import SimpleTemplateResponse
from django.urls import Resolver404, ResolverMatch, get_resolver, resolve
from django.utils.log import log_response

from agents.services import site_state
from market.common import database_health
from market.common.client_address import address_of
from market.common.instants import noting_ticks, tick_of_data, tick_seen
from wallstreetsim.api import compression, metrics, unavailable_page
from wallstreetsim.api.envelope import SORRY, refuse, strange_host
from wallstreetsim.api.errors import DATABASE_ERRORS, note_unavailable
from wallstreetsim.api.limits import headers_of
from wallstreetsim.api.parsing import LARGEST_BODY, BodyTooLarge
from wallstreetsim.environment.logs import request_id

log = logging.getLogger(__name__)

API = "api"  # the application namespace of all API paths

WITHOUT_RECORD = {"config", "openapi", "asyncapi", "docs"}  # names of what is answered without it

SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
NO_PAGE = "default-src 'none'; frame-ancestors 'none'"
POLICIES = {  # by a part of the path; the pages of our own bring theirs
    "/admin/": "default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self';"
    " frame-ancestors 'none'",
    "/docs": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " connect-src 'self'; base-uri 'none';"
    " form-action 'none'; frame-ancestors 'none'",
}

Response = TypeVar("Response", bound=HttpResponseBase)

_SAFE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)


class RequestContext:
    """The first middleware: names each request, and stamps each answer with that name and the tick.

    A request for the API goes no further in: it needs no session, no cookie and no CSRF token, and
    whatever goes wrong with it is told as JSON.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Any:
        if iscoroutinefunction(self):
            return self._answer_async(request)
        match = own_match(request.path_info)
        if match is not None:
            return answer(request, match)
        started = perf_counter()
        with _named(_sent_name(request)), noting_ticks():
            if site_state.is_frozen(address_of(request)):
                return _stamp(request, frozen(request), started)
            if _needs_record(request) and database_health.is_lost():
                return _stamp(request, unavailable_page.answer(request), started)
            return _stamp(request, self.get_response(request), started)

    async def _answer_async(self, request: HttpRequest) -> HttpResponseBase:
        match = own_match(request.path_info)
        if match is not None:
            return await sync_to_async(answer)(request, match)
        started = perf_counter()
        with _named(_sent_name(request)), noting_ticks():
            if site_state.is_frozen(address_of(request)):
                response: HttpResponseBase = frozen(request)
            elif _needs_record(request) and database_health.is_lost():
                response = unavailable_page.answer(request)
            else:
                response = await self.get_response(request)
            return await sync_to_async(_stamp)(request, response, started)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer for a page that cannot be shown while the database is unavailable."""
        if not isinstance(exception, DATABASE_ERRORS):
            return None
        note_unavailable(exception)
        return unavailable_page.answer(request)


def own_match(path: str) -> ResolverMatch | None:
    """Return where a path leads that is answered here: one of the API's, or a heavy page's, which
    needs no session either; None for any other.
    """
    try:
        match = resolve(path)
    except Resolver404:
        return None
    return match if API in match.app_names or is_heavy(match) else None


def is_heavy(match: ResolverMatch) -> bool:
    """Say whether an answer takes so much that it waits for its turn among such alone."""
    view = getattr(match.func, "cls", match.func)
    return bool(getattr(view, "is_heavy", False))


def answer(request: HttpRequest, match: ResolverMatch) -> HttpResponse:
    """Answer a request for what `own_match` found. Raises nothing."""
    started = perf_counter()
    request.resolver_match = match
    with _named(_sent_name(request)), noting_ticks():
        request.name_in_logs = request_id.get()  # type: ignore[attr-defined]
        response = compression.compress(request, _call(request, match))
        response.setdefault("Content-Length", str(len(response.content)))
        if API in match.app_names:  # whose refusals are no news
            response._has_been_logged = True  # type: ignore[attr-defined]
        return _stamp(request, response, started)


def answer_without_record(request: HttpRequest, make: Callable[[], HttpResponse]) -> HttpResponse:
    """Answer what asks the database nothing. Uses the cached tick; no query."""
    started = perf_counter()
    with _named(_sent_name(request)):
        response = make()
        _mark(response, tick_seen(may_ask=False), request.path)
        metrics.record_request(request, response.status_code, perf_counter() - started)
    return response


def frozen(request: HttpRequest) -> HttpResponse:
    """Refuse an address that an operator has frozen."""
    return refuse(403, "Your address is frozen by an operator of the exchange.")


def refused(status: int, error: str, *, sent_name: str = "", path: str = "") -> HttpResponse:
    """Answer a request that cannot become one of Django's. Uses the cached tick; no query."""
    with _named(sent_name):
        response = refuse(status, error)
        _mark(response, tick_seen(may_ask=False), path)
    return response


def _call(request: HttpRequest, match: ResolverMatch) -> HttpResponse:
    try:
        request.get_host()
        if site_state.is_frozen(address_of(request)):
            return frozen(request)
        if int(request.META.get("CONTENT_LENGTH") or 0) > LARGEST_BODY:
            raise BodyTooLarge
        if "HTTP_CONTENT_ENCODING" in request.META:
            return refuse(415, "A body must come as it is, without a Content-Encoding.")
        if match.url_name not in WITHOUT_RECORD and database_health.is_lost():
            return unavailable_page.answer(request)
        response = match.func(request, *match.args, **match.kwargs)
        if isinstance(response, SimpleTemplateResponse):
            response.render()
    except DisallowedHost:
        return strange_host()
    except (BodyTooLarge, RequestDataTooBig):
        return refuse(413, BodyTooLarge.default_detail)
    except SuspiciousOperation:
        return refuse(400, "The request is malformed.")
    except DATABASE_ERRORS as error:
        note_unavailable(error)
        return unavailable_page.answer(request)
    except Exception:
        log.exception("a request failed")
        return broken(request) if API not in match.app_names else refuse(500, SORRY)
    assert isinstance(response, HttpResponse)
    return response


@contextmanager
def _named(sent: str) -> Iterator[None]:
    """Let every log record and answer of a request bear its id: the sent one, if that is safe."""
    token = request_id.set(sent if _SAFE_ID.fullmatch(sent) else uuid.uuid4().hex)
    try:
        yield
    finally:
        request_id.reset(token)


def _sent_name(request: HttpRequest) -> str:
    return str(request.META.get("HTTP_X_REQUEST_ID", ""))


def _stamp(request: HttpRequest, response: Response, started: float) -> Response:
    tick = tick_of_data()
    if tick is None:
        tick = tick_seen(may_ask=response.status_code < 500)
    _mark(response, tick, request.path)
    for header, value in headers_of(request).items():
        response[header] = value
    _log_refusal(request, response)
    metrics.record_request(request, response.status_code, perf_counter() - started)
    return response


def _log_refusal(request: HttpRequest, response: Any) -> None:
    """Say what Django says of a refused page, but while the request still has its name."""
    if response.status_code >= 400:
        what = (response.reason_phrase, request.path)
        log_response("%s: %s", *what, response=response, request=request)


def _needs_record(request: HttpRequest) -> bool:
    return request.path.startswith("/admin/") or request.path == "/"


def _mark(response: HttpResponseBase, tick: int | None, path: str) -> None:
    """Give an answer what every answer bears."""
    response["X-Request-ID"] = request_id.get()
    if tick is not None:
        response["X-WSS-Tick"] = str(tick)
    for name, value in SECURITY_HEADERS.items():
        response[name] = value
    policy = next((policy for part, policy in POLICIES.items() if part in path), NO_PAGE)
    response.setdefault("Content-Security-Policy", policy)


def broken(request: HttpRequest) -> HttpResponse:
    """Say that something of ours is broken, in the way of what was asked for."""
    response: HttpResponse = get_resolver().resolve_error_handler(500)(request)
    return response
