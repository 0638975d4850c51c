"""Where a socket comes from: the page that opened it, and the address it has."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit

from asgiref.typing import WebSocketScope
from django.conf import settings
from django.http.request import HttpRequest, split_domain_port, validate_host
from django.utils.http import is_same_domain

from market.common import client_address


def origin_is_ours(scope: WebSocketScope) -> bool:
    """Say whether a page of ours opens the socket, or a program: programs send no Origin.

    A browser sends our cookies wherever a page bids it to connect, but never lies about the page.
    """
    origin = _header(scope, b"origin")
    if origin is None:
        return True
    host = _header(scope, b"host") or ""
    try:
        page = urlsplit(origin)
    except ValueError:
        return False
    if any(_matches(page, urlsplit(trusted)) for trusted in settings.CSRF_TRUSTED_ORIGINS):
        return True
    return host_is_ours(host) and page.netloc.lower() == host.lower()


def host_is_ours(host: str) -> bool:
    """Say whether a request names a host of ours."""
    return validate_host(split_domain_port(host)[0], settings.ALLOWED_HOSTS)


def address_of(scope: WebSocketScope) -> str:
    """Return the address of a socket's client, found as for a request."""
    client = scope["client"]
    request = HttpRequest()
    request.META["REMOTE_ADDR"] = client[0] if client else ""
    request.META["HTTP_X_FORWARDED_FOR"] = _header(scope, b"x-forwarded-for") or ""
    return client_address.address_of(request)


def _matches(page: SplitResult, trusted: SplitResult) -> bool:
    """Compare as Django does for its forms: a trusted host may begin with `*.`."""
    return page.scheme == trusted.scheme and is_same_domain(page.netloc, trusted.netloc.lstrip("*"))


def _header(scope: WebSocketScope, name: bytes) -> str | None:
    values = [value for key, value in scope["headers"] if key == name]
    return b",".join(values).decode("latin-1") if values else None
