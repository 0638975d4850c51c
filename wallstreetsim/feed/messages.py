"""Frames from clients: one JSON object each, read strictly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeGuard

import orjson
from rest_framework.exceptions import APIException

from agents.services.site_state import Notice
from market.common.strict_json import parse_json

MOST_BYTES = 16 * 1024
MOST_CHANNELS = 200  # named in one frame
LONGEST_SHOWN = 60  # of what a client has sent

Fields = dict[str, Any]


class Malformed(Exception):
    """A malformed frame; `str()` of it is the message for the client, and `id` the frame's own, if
    it has one.
    """

    def __init__(self, complaint: str, id: str | int | None = None) -> None:
        super().__init__(complaint)
        self.id = id


@dataclass(frozen=True, slots=True)
class Message:
    """A client's frame. Its `id`, if it has one, is repeated in the reply."""

    type: str
    fields: Fields
    id: str | int | None = None

    def text(self, name: str) -> str:
        value = self.fields.get(name)
        if not isinstance(value, str):
            raise Malformed(f"`{name}` must be a string.")
        return value

    def whole_number(self, name: str) -> int:
        return _whole_number(self.fields, name)

    def whole_numbers(self, name: str, *keys: str) -> dict[str, int]:
        """Return an object of whole numbers, of which each of these keys may be given."""
        given = self.fields.get(name)
        if not isinstance(given, dict):
            raise Malformed(f"`{name}` must be an object.")
        if unknown := sorted(given.keys() - set(keys)):
            raise Malformed(_no_field(name, unknown[0], keys))
        return {key: _whole_number(given, key) for key in given}

    def channels(self) -> list[str]:
        """Return the names in `channels`, each once."""
        names = self.fields.get("channels")
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise Malformed("`channels` must be a list of strings.")
        if not 0 < len(names) <= MOST_CHANNELS:
            raise Malformed(f"`channels` must name 1 to {MOST_CHANNELS} channels.")
        return list(dict.fromkeys(names))

    def allow_only(self, *names: str) -> None:
        if unknown := sorted(self.fields.keys() - set(names)):
            raise Malformed(_no_field(self.type, unknown[0], names))


def _no_field(name: str, unknown: str, there_are: tuple[str, ...]) -> str:
    known = f"There are: {', '.join(there_are)}." if there_are else "There are none."
    return f"`{name}` has no field `{unknown[:LONGEST_SHOWN]}`. {known}"


def _whole_number(fields: Fields, name: str) -> int:
    value = fields.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1 << 63:
        raise Malformed(f"`{name}` must be a whole number from 0.")
    return value


def read(text: str) -> Message:
    """Return what a frame says. Raises Malformed."""
    try:
        content = parse_json(text.encode())
    except APIException as error:  # "The body is nested more …": of a socket, a frame
        complaint = str(error.detail).replace("The body", "The frame")
        raise Malformed(complaint, _id_of(text)) from None
    if not isinstance(content, dict):
        raise Malformed("A frame must be a JSON object.")
    type, id = content.pop("type", None), content.pop("id", None)
    if not _is_id(id):
        raise Malformed("`id` must be a string or a whole number.")
    if not isinstance(type, str):
        raise Malformed("A frame must have a `type`.", id)
    return Message(type, content, id)


def _id_of(text: str) -> str | int | None:
    """Return the id of a frame that cannot be read, as far as it can."""
    try:
        content = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    id = content.get("id") if isinstance(content, dict) else None
    return id if _is_id(id) else None


def _is_id(id: object) -> TypeGuard[str | int | None]:
    if isinstance(id, int):
        return not isinstance(id, bool) and abs(id) < 1 << 63
    return id is None or isinstance(id, str)


def notice_frame(notice: Notice | None) -> str:
    """Return the frame that tells what operators have to say, or that it is over."""
    said = notice or Notice("", None)
    return orjson.dumps({"type": "notice", **said.as_wire()}).decode()
