"""Alerts in Discord's form."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TypeAlias, TypedDict

LONGEST_TITLE, LONGEST_DESCRIPTION = 256, 1_024  # characters; Discord takes 6,000 in all
LONGEST_NAME, LONGEST_VALUE, MOST_FIELDS = 64, 256, 10
NOTHING = "–"  # Discord takes no empty text

_MARKDOWN = re.compile(r"([\\*_~`|>#\-\[\]()<:@])")


class Field(TypedDict):
    name: str
    value: str
    inline: bool


class Footer(TypedDict):
    text: str


class Embed(TypedDict):
    """An embed, its texts as they are to be read."""

    title: str
    description: str
    color: int
    fields: list[Field]
    footer: Footer
    timestamp: str | None


Payload: TypeAlias = dict[str, object]


def embed(
    *,
    title: str,
    description: str,
    colour: int,
    fields: Iterable[tuple[str, str]],
    source: str,
    timestamp: str | None,
) -> Embed:
    """Return an alert as an embed; `colour` is 0xRRGGBB, `timestamp` as ISO 8601 has it, if any."""
    return {
        "title": title,
        "description": description,
        "color": colour,
        "fields": [{"name": name, "value": value, "inline": True} for name, value in fields],
        "footer": {"text": source},
        "timestamp": timestamp,
    }


def payload(embed: Embed) -> Payload:
    """Return the body of a request to a webhook. All text is escaped, for it may quote agents, and
    cut to what Discord takes; it mentions nobody.
    """
    timestamp = {"timestamp": embed["timestamp"]} if embed["timestamp"] else {}
    return {
        "embeds": [
            {
                "color": embed["color"],
                "footer": {"text": embed["footer"]["text"][:LONGEST_NAME]},
                **timestamp,
                "title": _escaped(embed["title"], LONGEST_TITLE),
                "description": _escaped(embed["description"], LONGEST_DESCRIPTION),
                "fields": [
                    {
                        "name": _escaped(field["name"], LONGEST_NAME),
                        "value": _escaped(field["value"], LONGEST_VALUE),
                        "inline": field["inline"],
                    }
                    for field in embed["fields"][:MOST_FIELDS]
                ],
            }
        ],
        "allowed_mentions": {"parse": []},
    }


def _escaped(text: str, most: int) -> str:
    """Return a text without markdown, of so many characters at most."""
    escaped = _MARKDOWN.sub(r"\\\1", text) or NOTHING
    if len(escaped) <= most:
        return escaped
    cut = escaped[: most - 1]
    if (len(cut) - len(cut.rstrip("\\"))) % 2:  # it ends within an escape
        cut = cut[:-1]
    return f"{cut}…"
