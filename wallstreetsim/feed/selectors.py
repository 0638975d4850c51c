"""What the feed reads of the record."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple
from uuid import UUID

from agents.models import Agent, ApiKey
from agents.services import keys
from market import tape
from market.models import Company, World
from wallstreetsim.feed.client import Identity

PAGE = 50  # entries read at a time, when a gap is filled


class Standing(NamedTuple):
    """Where the world stands: its last tick, which is also the last seq of the public stream."""

    epoch: int
    tick: int


def standing() -> Standing | None:
    """Return where the world stands, None before it is founded."""
    row = World.objects.values_list("epoch", "tick").first()
    return Standing(*row) if row else None


def symbols() -> frozenset[str]:
    return frozenset(Company.objects.values_list("symbol", flat=True))


def public_entry(*, epoch: int, seq: int) -> tape.Entry | None:
    found = tape.read(epoch=epoch, stream=tape.PUBLIC_STREAM, since=seq - 1, limit=1)
    return found[0] if found and found[0].seq == seq else None


def public_entries(*, epoch: int, since: int) -> list[tape.Entry]:
    """Return the next page of the public stream after the seq `since`, oldest first."""
    return tape.read(epoch=epoch, stream=tape.PUBLIC_STREAM, since=since, limit=PAGE)


def agent_entries(*, epoch: int, tick: int, accounts: Collection[int]) -> list[tape.Entry]:
    """Return what one tick said to these agents."""
    return tape.read_tick(epoch=epoch, tick=tick, streams=accounts)


def revoked(ids: Collection[UUID]) -> set[UUID]:
    """Return which of these keys are good no more. No query without keys."""
    if not ids:
        return set()
    return set(ids) - set(ApiKey.objects.live().filter(id__in=ids).values_list("id", flat=True))


def owner_of_key(secret: str) -> Identity | None:
    """Return whom a live key belongs to."""
    key = keys.key_of(secret)
    return _identity(key.agent, key.id) if key else None


def owner_of_ticket(secret: str) -> Identity | None:
    """Return whom an unused ticket belongs to, and use it up."""
    agent = keys.redeem_ticket(secret)
    return _identity(agent, None) if agent else None


def _identity(agent: Agent, key: UUID | None) -> Identity:
    return Identity(agent.id, str(agent.public_id), agent.name, key)
