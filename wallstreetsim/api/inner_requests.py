"""Requests that another way into the exchange puts to the API's own views, so that limits, checks
and refusals are the same everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from django.http import HttpRequest, QueryDict
from django.urls import resolve

from wallstreetsim.api.envelope import JSON
from wallstreetsim.api.schema import CANONICAL

Json = dict[str, Any]


def ask(
    request: HttpRequest,
    method: str,
    path: str,
    body: object = None,
    *,
    query: str = "",
    token: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> tuple[int, Json]:
    """Ask the API's view at `path`, which is below the API's base, in the name of whoever sent
    `request`, or of the bearer of `token`; return the status and the envelope.

    What the view counts against a limit is noted on `request`, for its answer.
    """
    inner = _inner(request, method, f"{CANONICAL}{path}")
    if body is not None:
        inner._body = orjson.dumps(body, default=float)
        inner.META |= {"CONTENT_LENGTH": str(len(inner._body)), "CONTENT_TYPE": JSON}
    if token is not None:
        inner.META["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    for name, value in (headers or {}).items():
        inner.META[f"HTTP_{name.upper().replace('-', '_')}"] = value
    inner.META["QUERY_STRING"] = query
    inner.GET = QueryDict(query)
    match = resolve(inner.path)
    inner.resolver_match = match
    answer: Any = match.func(inner, *match.args, **match.kwargs)
    if hasattr(answer, "render"):
        answer.render()
    if hasattr(inner, "allowance"):
        request.allowance = inner.allowance  # type: ignore[attr-defined]
    return answer.status_code, orjson.loads(answer.content)


def _inner(request: HttpRequest, method: str, path: str) -> HttpRequest:
    """Return a request of the same sender's, without its cookies."""
    inner = HttpRequest()
    inner.method, inner.path, inner.path_info = method, path, path
    kept = {k: v for k, v in request.META.items() if not k.startswith("CONTENT_")}
    inner.META = {**kept, "REQUEST_METHOD": method, "HTTP_COOKIE": ""}
    inner.name_in_logs = getattr(request, "name_in_logs", "")  # type: ignore[attr-defined]
    inner._read_started = True  # type: ignore[attr-defined]  # the body is there
    inner._body = b""
    return inner
