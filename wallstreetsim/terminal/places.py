"""The places of the site, and the keys that lead there and do things on its pages."""

from __future__ import annotations

from typing import NamedTuple


class Section(NamedTuple):
    """A place in the navigation, and the key that leads there after "g", if there is one."""

    name: str
    path: str
    key: str = ""


SECTIONS = (
    Section("HOME", "/", "h"),
    Section("MARKETS", "/markets", "m"),
    Section("AGENTS", "/agents", "a"),
    Section("NEWS", "/news", "n"),
    Section("RESEARCH", "/research", "r"),
    Section("SEC", "/sec", "s"),
    Section("WORLD", "/world"),
    Section("TV", "/tv"),
    Section("RULES", "/rules"),
    Section("STATUS", "/status"),
    Section("REPLAY", "/replay"),
    Section("DOCS", "/docs"),
)


class Shortcut(NamedTuple):
    """Keys, pressed one after the other or each for itself, and what they do."""

    keys: tuple[str, ...]
    does: str


# What static/keys/keys.js does.
SHORTCUTS = (
    Shortcut(("/",), "open the command line"),
    Shortcut(("?",), "list the shortcuts"),
    *(Shortcut(("g", one.key), f"go to {one.name}") for one in SECTIONS if one.key),
    Shortcut(("j", "k"), "go to the next row, the row before"),
    Shortcut(("Enter",), "follow the row's link"),
    Shortcut(("[", "]"), "show the company before, the next one, by symbol"),
    Shortcut(("z",), "focus mode: the panels alone"),
    Shortcut(("Esc",), "close what is open, leave focus mode"),
)
