"""What the processes tell each other over Redis: a tick was committed; a key was revoked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

import orjson

from market import tape
from wallstreetsim.feed import trades
from wallstreetsim.feed.frames import PublicEntry

CHANNEL = "wallstreetsim:feed"


class TickNotice(NamedTuple):
    """A tick was committed. `told` are the accounts to which it has something to say."""

    entry: PublicEntry
    told: list[int]


class Revocation(NamedTuple):
    """An agent's key is good no more, or nothing of that agent's is, if there is no key."""

    account: int
    key: UUID | None


def of_tick(public: tape.Entry, *, told: Sequence[int], trade_count: int) -> bytes:
    """Return the notice of a tick: its public entry, abridged if long, and whom it concerns."""
    events = public.events
    if trade_count > trades.SHOWN:
        events = orjson.dumps(trades.abridge(public.read()))
    entry = {
        "epoch": public.epoch,
        "seq": public.seq,
        "tick": public.tick,
        "timestamp": public.claimed_at.isoformat(),
        "events": orjson.Fragment(events),
    }
    return orjson.dumps({"entry": entry, "told": told})


def of_revocation(*, account: int, key: UUID | None) -> bytes:
    return orjson.dumps({"revoked": {"account": account, "key": key}})


def read(notice: bytes) -> TickNotice | Revocation:
    content = orjson.loads(notice)
    if revoked := content.get("revoked"):
        return Revocation(revoked["account"], UUID(revoked["key"]) if revoked["key"] else None)
    return TickNotice(PublicEntry(**content["entry"]), content["told"])
