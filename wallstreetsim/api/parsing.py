"""The strict JSON reader: whatever is malformed or ambiguous is refused with one clear error."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import IO, Any, NoReturn

from django.http.request import MediaType
from rest_framework.exceptions import APIException, ParseError, UnsupportedMediaType
from rest_framework.parsers import BaseParser

LARGEST_BODY = 256 * 1024
DEEPEST_NESTING = 32
LONGEST_NUMBER = 40

_BRACKET_OR_STRING = re.compile(r'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', re.DOTALL)


class BodyTooLarge(APIException):
    status_code = 413
    default_detail = f"A body may have {LARGEST_BODY // 1024} KiB."


class StrictJSONParser(BaseParser):
    """Read a body as UTF-8 JSON, whatever it says it is, or refuse it."""

    media_type = "*/*"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        check_media_type(media_type or "")
        body = stream.read(LARGEST_BODY + 1)
        if len(body) > LARGEST_BODY:
            raise BodyTooLarge
        return parse_json(body)


def check_media_type(content_type: str) -> None:
    """Raise UnsupportedMediaType unless a body claims to be UTF-8 JSON."""
    media = MediaType(content_type)
    named = str(media.params.get("charset", "utf-8")).lower()
    is_json = (media.main_type, media.sub_type) == ("application", "json")
    if not is_json or named not in ("utf-8", "utf8"):
        raise UnsupportedMediaType(content_type, "A body must be application/json in UTF-8.")


def parse_json(body: bytes) -> object:
    """Read JSON: whole numbers as int, others as Decimal.

    Raises UnsupportedMediaType and ParseError.
    """
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise UnsupportedMediaType("", "The body is not UTF-8.") from None
    _check_nesting(text)
    try:
        value: object = json.loads(
            text,
            object_pairs_hook=_object,
            parse_int=_whole_number,
            parse_float=_number,
            parse_constant=_no_constant,
        )
    except json.JSONDecodeError as error:
        raise ParseError(f"The body is not JSON: {error.msg} at character {error.pos}.") from None
    if "\\u" in text:
        _check_strings(value)
    return value


def _check_nesting(text: str) -> None:
    if text.count("[") + text.count("{") <= DEEPEST_NESTING:
        return
    depth = 0
    for match in _BRACKET_OR_STRING.finditer(text):
        if match[0] in "[{":
            depth += 1
            if depth > DEEPEST_NESTING:
                raise ParseError(f"The body is nested more than {DEEPEST_NESTING} deep.")
        elif match[0] in "]}":
            depth -= 1


def _check_strings(value: object) -> None:
    """Refuse what PostgreSQL cannot store: NUL and half a surrogate pair."""
    if isinstance(value, str):
        if "\0" in value or any("\ud800" <= c <= "\udfff" for c in value):
            raise ParseError("A string contains NUL or half a surrogate pair.")
    elif isinstance(value, list):
        for item in value:
            _check_strings(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            _check_strings(key)
            _check_strings(item)


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ParseError("An object has the same key twice.")
    return members


def _whole_number(digits: str) -> int:
    return int(_not_too_long(digits))


def _number(digits: str) -> Decimal:
    try:
        return Decimal(_not_too_long(digits))
    except InvalidOperation:
        raise ParseError("A number is out of range.") from None


def _not_too_long(digits: str) -> str:
    if len(digits) > LONGEST_NUMBER:
        raise ParseError(f"A number has more than {LONGEST_NUMBER} characters.")
    return digits


def _no_constant(name: str) -> NoReturn:
    raise ParseError(f"{name} is not JSON.")
