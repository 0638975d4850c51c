"""The envelope of every answer: `success` and `data`, or what went wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from typing import TYPE_CHECKING, Any, NotRequired, TypedDict

import orjson
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from rest_framework.metadata import BaseMetadata
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request

from wallstreetsim.environment.logs import request_id

if TYPE_CHECKING:  # its default renderer is in here
    from rest_framework.views import APIView

View = Callable[..., HttpResponse]

JSON = "application/json"

CODES = {
    400: "BAD_REQUEST",
    401: "UNAUTHORIZED",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    405: "BAD_REQUEST",
    409: "CONFLICT",
    413: "PAYLOAD_TOO_LARGE",
    415: "UNSUPPORTED_MEDIA_TYPE",
    429: "RATE_LIMITED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}


class Failure(TypedDict):
    """An error answer. `details` are by field; `retryAfter` is in seconds; `gap` says of what is
    not found that it may have been of a day that has been dropped.
    """

    success: bool
    error: str
    code: str
    requestId: str
    details: NotRequired[dict[str, str]]
    hint: NotRequired[str]
    retryAfter: NotRequired[int]
    gap: NotRequired[bool]


def failure(
    status: int,
    error: str,
    *,
    details: Mapping[str, str] | None = None,
    hint: str | None = None,
    retry_after: int | None = None,
    gap: bool | None = None,
) -> Failure:
    """Return the body of an error answer."""
    body: Failure = {
        "success": False,
        "error": error,
        "code": CODES.get(status, "BAD_REQUEST" if status < 500 else "INTERNAL"),
        "requestId": request_id.get(),
    }
    if details:
        body["details"] = dict(details)
    if hint:
        body["hint"] = hint
    if retry_after is not None:
        body["retryAfter"] = retry_after
    if gap:
        body["gap"] = True
    return body


def refuse(status: int, error: str, **more: Any) -> HttpResponse:
    """Return an error answer, where REST framework does not."""
    content = orjson.dumps(failure(status, error, **more))
    headers = {"Content-Length": str(len(content))}
    return HttpResponse(content, status=status, content_type=JSON, headers=headers)


def wire_headers(response: HttpResponse) -> list[tuple[bytes, bytes]]:
    """Return an answer's headers as ASGI and Twisted have them."""
    return [(name.encode(), value.encode("latin-1")) for name, value in response.items()]


class EnvelopeRenderer(JSONRenderer):
    """Puts an answer's data into its envelope; a failure has its own."""

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        assert renderer_context is not None
        if not renderer_context["response"].exception:
            data = {"success": True, "data": data}
        return orjson.dumps(data)


class JSONOnly(BaseContentNegotiation):
    """Read and answer in the one way there is, whatever a client says that it would accept."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser:
        return next(iter(parsers))

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        renderer = next(iter(renderers))
        return renderer, renderer.media_type or JSON


class Methods(BaseMetadata):
    """Answers OPTIONS with the methods of a path."""

    def determine_metadata(self, request: Request, view: APIView) -> dict[str, list[str]]:
        return {"methods": view.allowed_methods}


def only_read(view: View) -> View:
    """Refuse all methods but GET and HEAD, before anything looks for the token of a form."""

    @csrf_exempt
    @wraps(view)
    def reading(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method in ("GET", "HEAD"):
            return view(request, *args, **kwargs)
        response = refuse(405, "This path only supports GET and HEAD.")
        response["Allow"] = "GET, HEAD"
        return response

    return reading


def without_parameters(view: View) -> View:
    """Refuse all query parameters of a view that has none."""

    @wraps(view)
    def reading(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.GET:
            return view(request, *args, **kwargs)
        details = dict.fromkeys(request.GET, "Unknown parameter. There are none here.")
        return refuse(400, "There are no parameters here.", details=details)

    return reading


def only_parameters(*names: str) -> Callable[[View], View]:
    """Refuse all query parameters of a view but these."""

    def limited(view: View) -> View:
        @wraps(view)
        def reading(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            unknown = [name for name in request.GET if name not in names]
            if not unknown:
                return view(request, *args, **kwargs)
            details = dict.fromkeys(unknown, f"Unknown parameter; there is {', '.join(names)}.")
            return refuse(400, f"There is no parameter {unknown[0]} here.", details=details)

        return reading

    return limited


# What Django asks for outside of our views


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if isinstance(exception, DisallowedHost):
        return strange_host()
    return refuse(400, "The request is malformed.")


def strange_host() -> HttpResponse:
    return refuse(
        400,
        "This host name is not allowed.",
        hint="The operator sets the allowed names in ALLOWED_HOSTS.",
    )


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return refuse(403, "You are not allowed to do that.")


def forged(request: HttpRequest, reason: str = "") -> HttpResponse:
    return refuse(403, "This form has expired or comes from another site: load the page again.")


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return refuse(
        404, "There is nothing at this path.", hint="/api/v1/openapi.json lists all paths."
    )


def broken(request: HttpRequest) -> HttpResponse:
    return refuse(500, SORRY)


def for_people_or(page: View, data: View) -> View:
    """Return a view that answers with the page if HTML is accepted, else with the data."""

    def view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        asks_for_page = "text/html" in request.META.get("HTTP_ACCEPT", "")
        return (page if asks_for_page else data)(request, *args, **kwargs)

    return view


UNAVAILABLE = "The exchange cannot reach its database now; try again."
SORRY = "Internal error. It is logged under this request id."
