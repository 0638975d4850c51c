"""Answers as they go over a line that is nobody's request."""

from __future__ import annotations

from django.http import HttpResponse

from wallstreetsim.api.envelope import wire_headers


def as_bytes(response: HttpResponse) -> bytes:
    """Return an answer as HTTP/1.1 has it."""
    status = b"HTTP/1.1 %d %s" % (response.status_code, response.reason_phrase.encode())
    headers = [b"%s: %s" % header for header in wire_headers(response)]
    return b"\r\n".join([status, *headers, b"", response.content])
