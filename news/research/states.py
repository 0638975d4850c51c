"""What the desk remembers as it is kept: compressed JSON, which says by which rules and sources."""

from __future__ import annotations

import hashlib
from functools import cache

import orjson
import zstandard
from django.conf import settings

from market import tape
from market.engine.rules import MarketRules
from news.research.desk import Plain, ResearchDesk
from news.research.rules import ResearchRules

SOURCES = ("news", "market/engine")
_EDITION = "edition"


@cache
def edition_of(rules: ResearchRules, market: MarketRules) -> str:
    """Return what identifies the rules and the sources by which a desk of this process folds."""
    hash = hashlib.sha256(repr((rules, market)).encode())
    for root in SOURCES:
        for path in sorted((settings.BASE_DIR / root).rglob("*.py")):
            hash.update(path.read_bytes())
    return hash.hexdigest()


def packed(desk: ResearchDesk) -> bytes:
    """Return all that a desk remembers, with its edition."""
    state = {**desk.dump(), _EDITION: edition_of(desk.rules, desk.market.rules)}
    return zstandard.ZstdCompressor(level=1).compress(orjson.dumps(state))


def unpacked(state: bytes | memoryview) -> tuple[Plain, str]:
    """Return what `packed` was given, as JSON gives it back, and its edition: none of old ones."""
    plain: Plain = orjson.loads(tape.decompressed(state))
    return plain, plain.pop(_EDITION, "")
