"""Our scripts import each other: what a page's needs in all, so that a browser can ask for it at
once and not module by module.
"""

from __future__ import annotations

import re
from functools import cache
from posixpath import dirname, join, normpath

from django.conf import settings

_IMPORTED = re.compile(r'from "(\.[^"]+)"')


@cache
def imports_of(name: str) -> tuple[str, ...]:
    """Return the modules that one imports, and those that they do, by their names below static/."""
    found: dict[str, None] = {}
    waiting = [name]
    while waiting:
        importer = waiting.pop(0)
        text = (settings.BASE_DIR / "static" / importer).read_text()
        named = [normpath(join(dirname(importer), one)) for one in _IMPORTED.findall(text)]
        waiting += [one for one in named if one not in found]
        found |= dict.fromkeys(named)
    return tuple(found)
