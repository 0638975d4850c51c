from __future__ import annotations

from typing import Any

import pytest

from wallstreetsim.feed.origins import address_of, origin_is_ours

TRUSTED = ["https://exchange.example", "https://*.partner.example:8443"]


def scope(**headers: str) -> Any:
    named = [(name.replace("_", "-").encode(), text.encode()) for name, text in headers.items()]
    return {"type": "websocket", "headers": named, "client": ["192.0.2.7", 4711]}


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("localhost:8080", "http://localhost:8080"),
        ("localhost", "https://localhost"),
        ("behind.proxy", "https://exchange.example"),
        ("localhost", "https://eu.partner.example:8443"),
    ],
)
def test_our_own_pages_and_those_we_trust_may_listen(host: str, origin: str, settings: Any) -> None:
    settings.CSRF_TRUSTED_ORIGINS = TRUSTED
    assert origin_is_ours(scope(host=host, origin=origin))


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("localhost:8080", "http://localhost:8081"),
        ("localhost:8080", "http://evil.example"),
        ("evil.example", "http://evil.example"),  # a name that leads here, but is not ours
        ("localhost", "http://exchange.example"),
        ("localhost", "https://exchange.example.evil.example"),
        ("localhost", "null"),
        ("localhost", "http://[::1"),
        ("", ""),
    ],
)
def test_foreign_pages_may_not(host: str, origin: str, settings: Any) -> None:
    settings.CSRF_TRUSTED_ORIGINS = TRUSTED
    assert not origin_is_ours(scope(host=host, origin=origin))


def test_programs_say_no_origin_and_may() -> None:
    assert origin_is_ours(scope(host="whatever"))


def test_an_address_is_the_socket_s_unless_a_proxy_of_ours_tells_it(settings: Any) -> None:
    forwarded = scope(x_forwarded_for="203.0.113.9, 198.51.100.1")
    assert address_of(forwarded) == "192.0.2.7"
    settings.TRUSTED_PROXIES = 1
    assert address_of(forwarded) == "198.51.100.1"
