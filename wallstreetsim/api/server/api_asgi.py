"""The ASGI application of the API: one thread call a request.

Django's handler makes a thread for each request, and several visits to it; that costs more than
most answers. Everything else, the pages and the admin, goes to that handler.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from io import BytesIO
from typing import cast

from asgiref.typing import (
    ASGI3Application,
    ASGIReceiveCallable,
    ASGISendCallable,
    HTTPResponseBodyEvent,
    HTTPResponseStartEvent,
    HTTPScope,
    Scope,
)
from django.conf import settings
from django.core.handlers.asgi import ASGIHandler, ASGIRequest
from django.db import close_old_connections
from django.http import HttpResponse
from django.urls import ResolverMatch

from wallstreetsim.api.envelope import wire_headers
from wallstreetsim.api.middleware import answer, is_heavy, own_match, refused
from wallstreetsim.api.parsing import LARGEST_BODY
from wallstreetsim.api.server.static_files import StaticFiles
from wallstreetsim.api.server.turns import Crowded, Turns

HEAVY_THREADS = 2  # of what takes long: all others have theirs
MOST_WAITING = 64  # requests that wait for the tick at once; the others wait for their turn


class ApiASGI:
    """Answers requests for the API and for static files; passes all others on."""

    def __init__(self, django: ASGIHandler) -> None:
        self.django = cast("ASGI3Application", django)
        self._threads = ThreadPoolExecutor(settings.DATABASE_POOL, "api")
        self._waiting_threads = ThreadPoolExecutor(MOST_WAITING, "api-wait")
        self._turns = Turns(HEAVY_THREADS, "api-heavy")
        self._static_files = StaticFiles()

    async def __call__(
        self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable
    ) -> None:
        assert scope["type"] == "http"
        if file := self._static_files.answer(scope):
            await _send(file, send)
            return
        match = own_match(scope["path"])
        if match is None:
            await self._hand_on(scope, receive, send)
            return
        body = await _read(receive)
        if body is not None:
            await _send(await self._answer(scope, body, match), send)

    async def _answer(self, scope: HTTPScope, body: bytes, match: ResolverMatch) -> HttpResponse:
        work = partial(_answer, scope, body, match)
        if is_heavy(match):
            try:
                return await self._turns.take(_caller(scope), work)
            except Crowded:
                return refused(503, "Too many such requests wait already; try again.")
        threads = self._waiting_threads if b"wait=" in scope["query_string"] else self._threads
        return await asyncio.get_running_loop().run_in_executor(threads, work)

    async def _hand_on(
        self, scope: HTTPScope, receive: ASGIReceiveCallable, send: ASGISendCallable
    ) -> None:
        """Let Django answer, unless it would break on the headers."""
        if _request(scope, b""):
            await self.django(scope, receive, send)
        else:
            await _send(_unreadable(), send)


def _caller(scope: HTTPScope) -> str:
    """Return who asks, for taking turns: whose key it is, else from where."""
    headers = dict(scope["headers"])
    client = scope["client"] or ("",)
    return (headers.get(b"authorization") or str(client[0]).encode()).decode("latin-1")


def _request(scope: HTTPScope, body: bytes) -> ASGIRequest | None:
    """Return Django's view of a request; None where headers cannot be decoded."""
    try:
        return ASGIRequest(scope, BytesIO(body))
    except (ValueError, LookupError):
        return None


def _unreadable() -> HttpResponse:
    return refused(400, "The request is malformed.")


def _answer(scope: HTTPScope, body: bytes, match: ResolverMatch) -> HttpResponse:
    request = _request(scope, body)
    if request is None:
        return _unreadable()
    request.META["CONTENT_LENGTH"] = str(len(body))  # also of one that came in chunks
    try:
        return answer(request, match)
    finally:
        close_old_connections()  # back to the pool


async def _read(receive: ASGIReceiveCallable) -> bytes | None:
    """Return the body, of one that is too large only so much as shows it; None if nobody waits."""
    body = b""
    while True:
        event = await receive()
        if event["type"] != "http.request":
            return None
        if len(body) <= LARGEST_BODY:
            body += event.get("body", b"")
        if not event.get("more_body", False):
            return body


async def _send(response: HttpResponse, send: ASGISendCallable) -> None:
    await send(
        HTTPResponseStartEvent(
            type="http.response.start",
            status=response.status_code,
            headers=wire_headers(response),
            trailers=False,
        )
    )
    await send(
        HTTPResponseBodyEvent(type="http.response.body", body=response.content, more_body=False)
    )
