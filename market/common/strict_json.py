"""JSON, read strictly: what is not plainly what it says is refused, in our own words."""

from __future__ import annotations

import json
import re
from decimal import Decimal, InvalidOperation
from typing import NoReturn

from rest_framework.exceptions import ParseError, UnsupportedMediaType

DEEPEST_NESTING = 32
LONGEST_NUMBER = 40

_BRACKET_OR_STRING = re.compile(r'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', re.DOTALL)


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
