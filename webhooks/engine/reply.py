"""What an endpoint may answer a briefing with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

MOST_SYMBOLS = 50
FIELDS = ("actions", "ack", "subscribe")
_SETTINGS = ("symbols", "includeOrderBook", "includeNews")


class MalformedReply(ValueError):
    """A reply that cannot be read; the message says what is wrong with it."""


class Reply(NamedTuple):
    """A reply's parts: the actions as they were sent, and those settings that it changes."""

    actions: list[Any]
    settings: dict[str, Any]


NOTHING = Reply([], {})


def parse_reply(body: object) -> Reply:
    """Check the form of a reply, all but its actions'. Raises MalformedReply."""
    if body is None:
        return NOTHING
    if not isinstance(body, dict):
        raise MalformedReply("the reply must be an object")
    for name in body:
        if name not in FIELDS:
            raise MalformedReply(f"unknown field {str(name)[:40]!r}; there are {', '.join(FIELDS)}")
    if not isinstance(body.get("ack", False), bool | None):
        raise MalformedReply("ack must be true or false")
    actions = body.get("actions")
    if actions is not None and not isinstance(actions, list):
        raise MalformedReply("actions must be a list")
    return Reply(actions or [], _settings(body.get("subscribe")))


def refusal(action: object, code: str, message: str) -> dict[str, Any]:
    """Return what the next briefing says of an action that was not taken, or, of no action, of a
    reply that could not be read.
    """
    return {
        "action": None if action is None else str(action)[:40],
        "success": False,
        "final": True,
        "code": code,
        "message": message,
        "data": {},
    }


def _settings(asked: object) -> dict[str, Any]:
    if asked is None:
        return {}
    if not isinstance(asked, dict):
        raise MalformedReply("subscribe must be an object")
    return check_settings(asked)


def check_settings(asked: Mapping[str, object]) -> dict[str, Any]:
    """Return the settings of an endpoint that are given, checked. Raises MalformedReply."""
    checked: dict[str, Any] = {}
    for name, value in asked.items():
        if name not in _SETTINGS:
            raise MalformedReply(
                f"subscribe has no {str(name)[:40]!r}; it has {', '.join(_SETTINGS)}"
            )
        if name == "symbols":
            checked[name] = _symbols(value)
        elif isinstance(value, bool):
            checked[name] = value
        else:
            raise MalformedReply(f"{name} must be true or false")
    return checked


def _symbols(value: object) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(symbol, str) for symbol in value):
        raise MalformedReply("symbols must be a list of strings")
    if len(value) > MOST_SYMBOLS:
        raise MalformedReply(f"at most {MOST_SYMBOLS} symbols")
    if any(not 1 <= len(symbol) <= 12 for symbol in value):
        raise MalformedReply("a symbol has 1 to 12 characters")
    return list(dict.fromkeys(value))
