"""Exceptions raised in a view, as error answers."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response

from market.common import database_health
from market.models import World
from wallstreetsim.api.envelope import SORRY, UNAVAILABLE, failure

log = logging.getLogger(__name__)

RETRY_SECONDS = 1  # when the database is away
DATABASE_ERRORS = (OperationalError, InterfaceError)


def handle(error: Exception, context: Mapping[str, Any]) -> Response:
    """Return the answer to any exception: REST framework would otherwise show Django's page."""
    if isinstance(error, exceptions.ValidationError):
        details = dict(_faults(error.detail))
        field, message = next(iter(details.items()))
        sentence = f"{field}: {message}" if field else message
        return _answer(400, sentence, details={k: v for k, v in details.items() if k})
    if isinstance(error, exceptions.Throttled):
        return _throttled(error)
    if isinstance(error, exceptions.NotAuthenticated | exceptions.AuthenticationFailed):
        return _unauthorised(error)
    if isinstance(error, exceptions.APIException):
        more = {name: getattr(error, name, None) for name in ("hint", "gap")}
        return _answer(error.status_code, str(error.detail), **more)
    if isinstance(error, Http404):
        return _answer(404, "There is nothing at this path.")
    if isinstance(error, PermissionDenied):
        return _answer(403, "You are not allowed to do that.")
    if isinstance(error, RequestDataTooBig):
        return _answer(413, "The body is too large.")
    if isinstance(error, SuspiciousOperation):
        return _answer(400, "The request is malformed.")
    if isinstance(error, World.DoesNotExist):
        return _unavailable("The world is not founded yet.")
    if isinstance(error, DATABASE_ERRORS):
        note_unavailable(error)
        return _unavailable(UNAVAILABLE)
    log.exception("a request failed")
    return _answer(500, SORRY)


def note_unavailable(error: Exception) -> None:
    log.warning("the database is away: %s", error)
    database_health.shorten_timeout()


def _answer(status: int, error: str, **more: Any) -> Response:
    return Response(failure(status, error, **more), status=status)


def _unauthorised(error: exceptions.APIException) -> Response:
    response = _answer(
        401, str(error.detail), hint="Send Authorization: Bearer and your key or session token."
    )
    response["WWW-Authenticate"] = 'Bearer realm="wallstreetsim"'
    return response


def _throttled(error: exceptions.Throttled) -> Response:
    seconds = max(1, int(getattr(error, "wait", None) or 0))
    sentence = getattr(error, "sentence", f"Too many requests; wait {seconds} s.")
    response = _answer(429, sentence, retry_after=seconds)
    response["Retry-After"] = str(seconds)
    return response


def _unavailable(error: str) -> Response:
    response = _answer(503, error, retry_after=RETRY_SECONDS)
    response["Retry-After"] = str(RETRY_SECONDS)
    return response


def _faults(detail: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield each field's first fault with its path; faults of the whole body have an empty path."""
    if isinstance(detail, dict):
        for key, value in detail.items():
            below = "" if key == "non_field_errors" else str(key)
            yield from _faults(value, f"{path}.{below}".strip("."))
    elif isinstance(detail, list):
        yield from _faults(detail[0], path)
    else:
        yield path, str(detail)
