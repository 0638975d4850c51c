"""YAML read with care: every value knows its line, numbers stay exact, nothing is executed.

The text is read by the core schema of YAML 1.2, so `NO` is a symbol and `yes` a word. What a
scenario does not need is refused: anchors and aliases, tags, several documents, keys given twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, NamedTuple, TypeAlias

import yaml

LARGEST_BYTES = 8 * 1024 * 1024
DEEPEST = 10
LONGEST_NUMBER = 30

Scalar: TypeAlias = bool | int | Decimal | str | None

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C one where the wheel has it
_UNPRINTABLE = re.compile(
    "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
_WORDS: dict[str, Scalar] = {
    "": None,
    "~": None,
    **dict.fromkeys(("null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_WHOLE = re.compile(r"[-+]?[0-9]+")
_DECIMAL = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_LONGEST_EXPONENT = 2


class BadScenario(ValueError):
    """A file that is no scenario: what is wrong, and in which line."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(f"line {line}: {message}")
        self.line = line
        self.message = message


class Node(NamedTuple):
    """A value of the text. In a mapping its line is its key's, in a list its own."""

    value: Scalar | list[Node] | dict[str, Node]
    line: int

    def plain(self) -> object:
        """Return the value without its lines."""
        if isinstance(self.value, dict):
            return {key: node.plain() for key, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        return self.value


def parse(source: bytes) -> Node:
    """Return the one document in `source`. Raises BadScenario."""
    if len(source) > LARGEST_BYTES:
        raise BadScenario(1, f"the file is larger than {LARGEST_BYTES >> 20} MB")
    try:
        return _document(_events(_text(source)))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise BadScenario(line, f"this is not YAML: {error.problem}") from None


def _text(source: bytes) -> str:
    try:
        text = source.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadScenario(_line_at(source[: error.start]), "this is not UTF-8") from None
    if found := _UNPRINTABLE.search(text):
        message = f"the character U+{ord(found[0]):04X} has no place here"
        raise BadScenario(_line_at(text[: found.start()].encode()), message)
    return text


def _line_at(before: bytes) -> int:
    return before.count(b"\n") + 1


def _events(text: str) -> Iterator[Any]:
    for event in yaml.parse(text, Loader=_LOADER):
        if getattr(event, "anchor", None) is not None:
            raise BadScenario(_line(event), "anchors and aliases are not supported")
        if getattr(event, "tag", None) is not None:
            raise BadScenario(_line(event), "tags are not supported")
        yield event


def _document(events: Iterator[Any]) -> Node:
    next(events)  # the stream begins
    if isinstance(next(events), yaml.StreamEndEvent):
        raise BadScenario(1, "the file is empty")
    root = _node(next(events), events, depth=1)
    next(events)  # the document ends
    more = next(events)
    if not isinstance(more, yaml.StreamEndEvent):
        raise BadScenario(_line(more), "a file holds one document")
    return root


def _node(event: Any, events: Iterator[Any], *, depth: int) -> Node:
    line = _line(event)
    if isinstance(event, yaml.ScalarEvent):
        is_plain = event.implicit[0]
        return Node(_scalar(event.value, line) if is_plain else event.value, line)
    if depth > DEEPEST:
        raise BadScenario(line, "this is nested too deeply")
    if isinstance(event, yaml.SequenceStartEvent):
        return Node(list(_items(events, depth)), line)
    return Node(_mapping(events, depth), line)


def _items(events: Iterator[Any], depth: int) -> Iterator[Node]:
    while not isinstance(event := next(events), yaml.SequenceEndEvent):
        yield _node(event, events, depth=depth + 1)


def _mapping(events: Iterator[Any], depth: int) -> dict[str, Node]:
    mapping: dict[str, Node] = {}
    while not isinstance(key := next(events), yaml.MappingEndEvent):
        line = _line(key)
        if not isinstance(key, yaml.ScalarEvent):
            raise BadScenario(line, "a key is a word")
        if key.value in mapping:
            raise BadScenario(line, f"{shown(key.value)} is given twice")
        mapping[key.value] = _node(next(events), events, depth=depth + 1)._replace(line=line)
    return mapping


def _scalar(text: str, line: int) -> Scalar:
    if text in _WORDS:
        return _WORDS[text]
    number = _DECIMAL.fullmatch(text)
    if number is None:
        return text
    if len(text) > LONGEST_NUMBER or len((number[3] or "").lstrip("eE+-")) > _LONGEST_EXPONENT:
        raise BadScenario(line, f"the number {shown(text)} is too long")
    return int(text) if _WHOLE.fullmatch(text) else Decimal(text)


def shown(text: str) -> str:
    """Return a word of the file as a message may show it: on one line and not too long."""
    return repr(text if len(text) <= 40 else f"{text[:40]}…")


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1
