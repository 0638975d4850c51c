"""Callback URLs: what may be saved as the address that briefings are sent to."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

LONGEST = 500
WEB_PORTS = frozenset({80, 443})
FIRST_USER_PORT = 1024

_PRINTABLE_ASCII = re.compile(r"[\x21-\x7e]+")


class BadCallbackUrl(ValueError):
    """An address that no briefing may be sent to."""


def check_callback_url(url: str) -> None:
    """Check the form of a callback URL. Raises BadCallbackUrl.

    Where its host leads is for whoever connects to it to judge.
    """
    if len(url) > LONGEST or not _PRINTABLE_ASCII.fullmatch(url):
        raise BadCallbackUrl(f"must be at most {LONGEST} printable ASCII characters")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise BadCallbackUrl("is not a URL") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadCallbackUrl("must be an http or https URL")
    if "@" in parts.netloc:
        raise BadCallbackUrl("must not hold a user or a password")
    if port is not None and port not in WEB_PORTS and port < FIRST_USER_PORT:
        raise BadCallbackUrl("must use port 80, 443 or one from 1024")
