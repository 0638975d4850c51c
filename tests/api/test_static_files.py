"""Static files are answered as Django would answer for them, without it."""

from __future__ import annotations

import gzip
from typing import Any, cast

import pytest
from asgiref.typing import HTTPScope
from django.http import HttpResponse
from django.test import Client

from wallstreetsim.api.server.static_files import StaticFiles

CSS = "/static/terminal.css"
OF_EACH_REQUEST = {"X-Request-ID", "X-WSS-Tick", "Content-Length"}  # compressed lengths are padded


def answer(path: str = CSS, method: str = "GET", **headers: str) -> HttpResponse | None:
    named = [(name.replace("_", "-").encode(), text.encode()) for name, text in headers.items()]
    scope: dict[str, Any] = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": b"",
        "headers": named,
        "client": ("127.0.0.1", 1),
    }
    return StaticFiles().answer(cast("HTTPScope", scope))


@pytest.mark.parametrize("encoding", ["", "gzip"])
@pytest.mark.parametrize("path", [CSS, "/static/favicon.svg", "/static/dashboard/main.js"])
def test_a_file_is_answered_as_django_would(db: None, path: str, encoding: str) -> None:
    ours = answer(path, accept_encoding=encoding)
    djangos = Client().get(path, headers={"Accept-Encoding": encoding})
    assert ours is not None
    content = b"".join(djangos)
    if encoding:
        assert gzip.decompress(ours.content) == gzip.decompress(content)
    else:
        assert ours.content == content
    assert int(ours["Content-Length"]) == len(ours.content)
    names = (set(djangos.headers) | set(ours.headers)) - OF_EACH_REQUEST
    assert {n: ours.get(n) for n in names} == {n: djangos.get(n) for n in names}
    assert ours["X-Request-ID"]


@pytest.mark.parametrize("encoding", ["", "gzip"])
def test_who_has_the_file_already_is_told_so(encoding: str) -> None:
    first = answer(accept_encoding=encoding)
    assert first is not None
    again = answer(accept_encoding=encoding, if_none_match=first["ETag"])
    assert again is not None
    assert (again.status_code, again.content) == (304, b"")
    other = answer(accept_encoding=encoding, if_none_match='"another"')
    assert other is not None
    assert other.status_code == 200


def test_what_is_unusual_or_no_file_is_left_to_django(monkeypatch: pytest.MonkeyPatch) -> None:
    assert answer("/static/../manage.py") is answer("/static/none.css") is answer("/") is None
    assert answer(method="HEAD") is answer(method="POST") is answer(range="bytes=0-9") is None
    assert answer() is not None
    monkeypatch.setattr("agents.services.site_state.is_frozen", lambda address: True)
    assert answer() is None
