"""Answers for who takes them compressed."""

from __future__ import annotations

import gzip
import re
from functools import lru_cache

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from django.utils.cache import patch_vary_headers

SMALLEST = 1_024  # bytes: what is smaller is sent as it is
LEVEL = 6
KEPT = 8  # the largest part of what is asked for is the same for all, a tick long

_TAKES_GZIP = re.compile(r"(?:^|[\s,])(?:gzip|\*)(?!\s*;\s*q=0(?:\.0+)?(?:[\s,]|$))", re.IGNORECASE)


def compress(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Return the answer, compressed if it is worth it and asked for."""
    if len(response.content) < SMALLEST or response.has_header("Content-Encoding"):
        return response
    patch_vary_headers(response, ["Accept-Encoding"])
    if takes_gzip(request):
        response.content = _gzipped(response.content)
        response["Content-Encoding"] = "gzip"
        response["Content-Length"] = str(len(response.content))
    return response


def takes_gzip(request: HttpRequest) -> bool:
    return bool(_TAKES_GZIP.search(request.META.get("HTTP_ACCEPT_ENCODING", "")))


class CompressionMiddleware(GZipMiddleware):
    """Compress what Django answers: static files and the admin's pages, whole ones alone."""

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        is_part = response.status_code == 206
        return response if is_part else super().process_response(request, response)


@lru_cache(maxsize=KEPT)
def _gzipped(content: bytes) -> bytes:
    return gzip.compress(content, compresslevel=LEVEL, mtime=0)
