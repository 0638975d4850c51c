"""Names of agents: which are alike, and which nobody may have."""

from __future__ import annotations

import re
from collections.abc import Iterable

from market.engine.accounts import SYSTEM_ACCOUNTS

_LOOKS_ALIKE = str.maketrans("il|o", "1110")
_UUID = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}")
# The research desk's, which speak in its name.
ANALYSTS = ("market", "signal", "squeeze", "reddit", "macro", "darkpool", "gamma", "options")
_RESERVED = (
    *("sec", "news", "exchange", "admin"),
    *SYSTEM_ACCOUNTS.values(),
    *ANALYSTS,
    *(f"{name}agent" for name in ANALYSTS),
)


def folded(name: str) -> str:
    """Return what two names have in common that are taken for the same: case aside, and I, l and 1
    alike, O and 0 too.
    """
    return name.lower().translate(_LOOKS_ALIKE)


def is_reserved(name: str, symbols: Iterable[str]) -> bool:
    """Say whether a name is the exchange's, a company's, or has the form of an id."""
    if _UUID.fullmatch(name.lower()):
        return True
    taken = {folded(word) for word in _RESERVED}
    taken.update(folded(symbol) for symbol in symbols)
    return folded(name) in taken
