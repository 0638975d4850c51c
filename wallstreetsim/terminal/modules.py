"""Our scripts import each other: what a page's needs in all, so that a browser can ask for it at
once and not module by module.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from posixpath import dirname, join, normpath

from django.conf import settings

_IMPORTED = re.compile(r'from "(\.[^"]+)"')
_IMPORTED_LATER = re.compile(r'import\("(\.[^"]+)"\)')


@cache
def imports_of(name: str) -> tuple[str, ...]:
    """Return the modules that one imports, and those that they do, by their names below static/."""
    return _all_from(_named(name, _IMPORTED))


@cache
def later_imports_of(name: str) -> tuple[str, ...]:
    """Return the modules that one imports while it runs, and those that they do, without those
    that are there by then.
    """
    first = {name, *imports_of(name)}
    later = _all_from([one for module in first for one in _named(module, _IMPORTED_LATER)])
    return tuple(one for one in later if one not in first)


def _all_from(names: Iterable[str]) -> tuple[str, ...]:
    """Return these modules and those that they import."""
    found: dict[str, None] = {}
    waiting = list(names)
    while waiting:
        name = waiting.pop(0)
        if name not in found:
            found[name] = None
            waiting += _named(name, _IMPORTED)
    return tuple(found)


def _named(importer: str, pattern: re.Pattern[str]) -> list[str]:
    text = (settings.BASE_DIR / "static" / importer).read_text()
    return [normpath(join(dirname(importer), one)) for one in pattern.findall(text)]
