"""Requests that may be repeated: an Idempotency-Key makes the same request have one effect and one
answer, for a day.
"""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from decimal import Decimal
from typing import NamedTuple

import orjson
from django.db.backends.utils import CursorWrapper
from django.utils import timezone

from agents.models import Agent, KeptAnswer

KEPT_FOR = timedelta(hours=24)
LONGEST_KEY = 64

# Whoever comes second waits here until the first has committed; keys expire after 24 h.
_CLAIM = """
    INSERT INTO agents_keptanswer (account, key, request, answer, kept_at)
    VALUES (%s, %s, %s, '', clock_timestamp())
    ON CONFLICT (account, key) DO UPDATE
        SET request = EXCLUDED.request, kept_at = EXCLUDED.kept_at
        WHERE agents_keptanswer.kept_at < clock_timestamp() - make_interval(secs => %s)
"""
_KEPT = "SELECT request, answer FROM agents_keptanswer WHERE account = %s AND key = %s"
_KEEP = "UPDATE agents_keptanswer SET answer = %s WHERE account = %s AND key = %s"


class Repeatable(NamedTuple):
    """A request that its sender may repeat: the key, and a digest of what it asks for."""

    key: str
    request: str

    @classmethod
    def of(cls, key: str, body: object) -> Repeatable:
        """Digest a body as the strict reader gives it: numbers are int or Decimal, of any size."""
        return cls(key, hashlib.sha256(repr(_canonical(body)).encode()).hexdigest())


class OtherRequest(Exception):
    """The key was used for another request."""


def claim(cursor: CursorWrapper, agent: Agent, repeatable: Repeatable) -> object:
    """Claim a key in this transaction, or return the answer that is kept under it.

    Returns None for a key that is claimed now. Raises OtherRequest.
    """
    key, request = repeatable
    cursor.execute(_CLAIM, [agent.id, key, request, KEPT_FOR.total_seconds()])
    if cursor.rowcount:
        return None
    cursor.execute(_KEPT, [agent.id, key])
    [(kept_request, answer)] = cursor.fetchall()
    if kept_request != request:
        raise OtherRequest
    return orjson.loads(answer)


def keep(cursor: CursorWrapper, agent: Agent, repeatable: Repeatable, answer: object) -> None:
    """Keep the answer to a request whose key was claimed in this transaction; tuples become
    lists.
    """
    cursor.execute(_KEEP, [json.dumps(answer), agent.id, repeatable.key])


def _canonical(value: object) -> object:
    """Return JSON so that two bodies are equal if and only if they say the same: the order of keys
    does not count, nor how a number is written (1.5, 1.50 and 15e-1 are one).
    """
    if isinstance(value, dict):
        return sorted((key, _canonical(member)) for key, member in value.items())
    if isinstance(value, list):
        return tuple(_canonical(item) for item in value)
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        sign, digits, exponent = Decimal(value).as_tuple()
        written = "".join(map(str, digits)).lstrip("0")
        significant = written.rstrip("0")
        if not significant:
            return Decimal(0)
        assert isinstance(exponent, int)  # the strict reader lets no NaN and no infinity through
        scale = exponent + len(written) - len(significant)
        return Decimal((sign, tuple(map(int, significant)), scale))
    return value


def prune() -> int:
    """Drop the answers that are kept no longer, and return how many."""
    pruned, _ = KeptAnswer.objects.filter(kept_at__lt=timezone.now() - KEPT_FOR).delete()
    return pruned
