"""Static files, answered without Django's handler: a page asks for three dozen of them at once."""

from __future__ import annotations

import gzip
from functools import lru_cache, partial
from io import BytesIO
from pathlib import Path

from asgiref.typing import HTTPScope
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.responders import StaticFile

from agents.services import site_state
from market.common.client_address import address_of
from wallstreetsim.api.compression import LEVEL, takes_gzip
from wallstreetsim.api.middleware import answer_without_record

MOST_KEPT = 256  # files, each as it is or compressed


class StaticFiles:
    """Answers for the files that WhiteNoise has found, with its headers, from memory."""

    def __init__(self) -> None:
        self._files = WhiteNoiseMiddleware(lambda request: None).files

    def answer(self, scope: HTTPScope) -> HttpResponse | None:
        """Return a file; None for what is none, and for what is asked for in an unusual way, which
        is Django's to answer.
        """
        file = self._files.get(scope["path"])
        if file is None or scope["method"] != "GET":
            return None
        try:
            request = ASGIRequest(scope, BytesIO())
        except (ValueError, LookupError):
            return None
        if "HTTP_RANGE" in request.META or site_state.is_frozen(address_of(request)):
            return None
        return answer_without_record(request, partial(_answer, request, file))


def _answer(request: HttpRequest, file: StaticFile) -> HttpResponse:
    # Compressed it is not the same bytes, and named so; WhiteNoise knows the one name.
    known = request.META.get("HTTP_IF_NONE_MATCH", "").removeprefix("W/")
    if file.is_not_modified({**request.META, **({"HTTP_IF_NONE_MATCH": known} if known else {})}):
        response = HttpResponse(status=304, headers=dict(file.not_modified_response.headers))
        del response["Content-Type"]
        return response
    path, headers = file.get_path_and_headers(request.META)
    content = _content(path, Path(path).stat().st_mtime_ns)
    response = HttpResponse(headers=dict(headers))
    if "Content-Encoding" not in response:
        patch_vary_headers(response, ["Accept-Encoding"])
        if takes_gzip(request):
            content = _gzipped(path, content)
            response["Content-Encoding"] = "gzip"
            response["ETag"] = f"W/{response['ETag']}"
    response.content = content
    response["Content-Length"] = str(len(content))
    return response


@lru_cache(maxsize=MOST_KEPT)
def _content(path: str, changed_at: int) -> bytes:
    return Path(path).read_bytes()


@lru_cache(maxsize=MOST_KEPT)
def _gzipped(path: str, content: bytes) -> bytes:
    return gzip.compress(content, compresslevel=LEVEL, mtime=0)
