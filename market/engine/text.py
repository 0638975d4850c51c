"""Text that agents write, and others read: which characters it may hold.

Nothing may steer a terminal, turn what stands beside it around, hide, or pile up.
"""

from __future__ import annotations

import unicodedata

MOST_MARKS = 8  # combining ones on one letter; no script stacks as many

_REFUSED_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp"})
_BIDIRECTIONAL = frozenset(
    "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c"
)
_FIRST_TAG, _LAST_TAG = 0xE0000, 0xE007F  # invisible letters, which only a program reads
_MARKS = frozenset({"Mn", "Me"})


def fault_of(text: str) -> str | None:
    """Return what is wrong with a text, None where nothing is."""
    if text.isascii() and text.isprintable():
        return None
    marks = 0
    for character in text:
        category = unicodedata.category(character)
        if category in _REFUSED_CATEGORIES or character in _BIDIRECTIONAL:
            return "must not hold control characters"
        if _FIRST_TAG <= ord(character) <= _LAST_TAG:
            return "must not hold invisible letters"
        marks = marks + 1 if category in _MARKS else 0
        if marks > MOST_MARKS:
            return f"must not hold more than {MOST_MARKS} combining marks in a row"
    return None
