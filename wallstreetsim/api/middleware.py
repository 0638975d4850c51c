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
from django.urls import Resolver404, ResolverMatch, resolve
from django.utils.log import log_response

from market.selectors import tick_seen
from wallstreetsim.api import metrics, unavailable_page
from wallstreetsim.api.envelope import SORRY, refuse, strange_host
from wallstreetsim.api.errors import ABSENCE, note_absence
from wallstreetsim.api.limits import headers_of
from wallstreetsim.api.parsing import LARGEST_BODY, BodyTooLarge
from wallstreetsim.environment.logs import request_id

log = logging.getLogger(__name__)

API = "api"  # the application namespace of all API paths

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
        match = api_match(request.path_info)
        if match is not None:
            return answer(request, match)
        started = perf_counter()
        with _named(_sent_name(request)):
            return _stamp(request, self.get_response(request), started)

    async def _answer_async(self, request: HttpRequest) -> HttpResponseBase:
        match = api_match(request.path_info)
        if match is not None:
            return await sync_to_async(answer)(request, match)
        started = perf_counter()
        with _named(_sent_name(request)):
            response: HttpResponseBase = await self.get_response(request)
            return await sync_to_async(_stamp)(request, response, started)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer for a page that cannot be shown while the record is out of reach."""
        if not isinstance(exception, ABSENCE):
            return None
        note_absence(exception)
        return unavailable_page.answer(request)


def api_match(path: str) -> ResolverMatch | None:
    """Return the API's match for a path, None for any other path."""
    try:
        match = resolve(path)
    except Resolver404:
        return None
    return match if API in match.app_names else None


def answer(request: HttpRequest, match: ResolverMatch) -> HttpResponse:
    """Answer an API request. Raises nothing."""
    started = perf_counter()
    request.resolver_match = match
    with _named(_sent_name(request)):
        response = _call(request, match)
        response.setdefault("Content-Length", str(len(response.content)))
        response._has_been_logged = True  # type: ignore[attr-defined]  # a refusal is no news
        return _stamp(request, response, started)


def refused(status: int, error: str, *, sent_name: str = "") -> HttpResponse:
    """Answer a request that cannot become one of Django's. Uses the cached tick; no query."""
    with _named(sent_name):
        response = refuse(status, error)
        _mark(response, tick_seen(may_ask=False))
    return response


def _call(request: HttpRequest, match: ResolverMatch) -> HttpResponse:
    try:
        request.get_host()
        if int(request.META.get("CONTENT_LENGTH") or 0) > LARGEST_BODY:
            raise BodyTooLarge
        response = match.func(request, *match.args, **match.kwargs)
        if isinstance(response, SimpleTemplateResponse):
            response.render()
    except DisallowedHost:
        return strange_host()
    except (BodyTooLarge, RequestDataTooBig):
        return refuse(413, BodyTooLarge.default_detail)
    except SuspiciousOperation:
        return refuse(400, "The request is malformed.")
    except Exception:
        log.exception("a request failed")
        return refuse(500, SORRY)
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
    _mark(response, tick_seen(may_ask=response.status_code < 500))
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


def _mark(response: HttpResponseBase, tick: int | None) -> None:
    """Give an answer what every answer bears."""
    response["X-Request-ID"] = request_id.get()
    if tick is not None:
        response["X-WSS-Tick"] = str(tick)
    response.setdefault("X-Content-Type-Options", "nosniff")
