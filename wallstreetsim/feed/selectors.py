"""What the feed reads of the record."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.utils import timezone

import agents.selectors
from agents.api import serializers
from agents.models import Agent, ApiKey, Session
from agents.services import keys
from market import tape
from market.models import Company, World
from market.selectors import one_instant
from market.wire import Wire
from wallstreetsim.feed import books
from wallstreetsim.feed.client import Identity
from wallstreetsim.floor.book_changes import Changes, Sides, row_of

PAGE = 50  # entries read at a time, when a gap is filled
LARGEST_SEQ = (1 << 63) - 1


class Standing(NamedTuple):
    """Where the world stands: its last tick, which is also the last seq of the public stream."""

    epoch: int
    tick: int


class Beginning(NamedTuple):
    """All that a hub must know to go on from where the world stands."""

    standing: Standing
    symbols: frozenset[str]
    newest: tape.Entry | None
    books: Changes
    research_seq: int  # the last of the research desk's stream


class Position(NamedTuple):
    """What somebody has of the streams: the last seqs, and no more of an epoch that is over.

    `agent` is None for whom the world does not know as an agent, `research` for who does not ask
    for the research desk's.
    """

    epoch: int
    public: int
    agent: int | None
    research: int | None = None


class Gap(NamedTuple):
    """Of which streams something is lost between a position and what the tape keeps."""

    public: bool
    agent: bool
    research: bool = False

    def joined(self, other: Gap) -> Gap:
        """Return of which streams something is lost here or there."""
        return Gap(*(one or another for one, another in zip(self, other, strict=True)))


NO_GAP = Gap(False, False)


class AgentStanding(NamedTuple):
    """An agent after a tick: its portfolio with its open orders, and its stream's seq."""

    seq: int
    tick: int
    claimed_at: datetime
    data: Wire


def standing() -> Standing | None:
    """Return where the world stands, None before it is founded."""
    row = World.objects.values_list("epoch", "tick").first()
    return Standing(*row) if row else None


def beginning() -> Beginning:
    """Return where the world stands, and its books there."""
    with one_instant():
        standing = Standing(*World.objects.values_list("epoch", "tick").get())
        books = standing_books()
        newest = public_entry(epoch=standing.epoch, seq=standing.tick)
        research = tape.extent(epoch=standing.epoch, stream=tape.RESEARCH_STREAM)
    return Beginning(
        standing,
        frozenset(books),
        newest,
        books,
        research.last if research else 0,
    )


def standing_books() -> Changes:
    """Return the published books, as the last tick left them."""
    companies = Company.objects.only("symbol", "bids", "asks")
    return {company.symbol: _sides(company) for company in companies}


def symbols() -> frozenset[str]:
    return frozenset(Company.objects.values_list("symbol", flat=True))


def order_book_of(symbol: str) -> Wire:
    """Return a company's published book as the feed shows it."""
    company = Company.objects.only("symbol", "bids", "asks").get(symbol=symbol)
    return books.shown(symbol, _sides(company))


def _sides(company: Company) -> Sides:
    return [row_of(company.bids), row_of(company.asks)]


def public_entry(*, epoch: int, seq: int) -> tape.Entry | None:
    found = tape.read(epoch=epoch, stream=tape.PUBLIC_STREAM, since=seq - 1, limit=1)
    return found[0] if found and found[0].seq == seq else None


def public_entries(*, epoch: int, since: int, upto: int | None = None) -> list[tape.Entry]:
    """Return the next page of the public stream after the seq `since`, oldest first."""
    return tape.read(epoch=epoch, stream=tape.PUBLIC_STREAM, since=since, limit=PAGE, upto=upto)


def research_entries(*, epoch: int, since: int, upto: int | None = None) -> list[tape.Entry]:
    """Return the next page of the research desk's stream after the seq `since`, oldest first, none
    of them after the tick `upto`.
    """
    return tape.read(epoch=epoch, stream=tape.RESEARCH_STREAM, since=since, limit=PAGE, upto=upto)


def entries_after(position: Position, account: int, *, upto: int) -> list[tape.Entry]:
    """Return the next page of what an agent missed of its own stream, oldest first."""
    assert position.agent is not None
    return tape.read(
        epoch=position.epoch, stream=account, since=position.agent, limit=PAGE, upto=upto
    )


def gap_after(position: Position, account: int | None) -> Gap:
    """Return what is lost. A position beyond the last entry counts as lost."""
    with one_instant():
        row = World.objects.values_list("epoch", "tick").get()
        if position.epoch != row[0]:
            return Gap(True, position.agent is not None, position.research is not None)

        def is_lost(stream: int | None, seq: int | None) -> bool:
            if stream is None or seq is None:
                return False
            return _is_lost(position.epoch, stream, seq)

        return Gap(
            is_lost(tape.PUBLIC_STREAM, position.public),
            is_lost(account, position.agent),
            is_lost(tape.RESEARCH_STREAM, position.research),
        )


def _is_lost(epoch: int, stream: int, seq: int) -> bool:
    _, is_lost = kept_after(epoch, stream, seq)
    return is_lost


def kept_after(epoch: int, stream: int, seq: int) -> tuple[int, bool]:
    """Return the seq after which the tape keeps a stream, from this one on, and whether what lies
    between is lost.
    """
    extent = tape.extent(epoch=epoch, stream=stream)
    if extent is None:
        return 0, seq > 0
    if seq > extent.last:
        return extent.last, True
    return max(seq, extent.first - 1), seq < extent.first - 1


def research_after_gap(position: Position, epoch: int) -> int:
    """Return the seq after which the research desk's stream goes on for whoever has lost what came
    next: nothing stands for it, so that as little as possible is left out.
    """
    assert position.research is not None
    seq = position.research if position.epoch == epoch else LARGEST_SEQ
    kept, is_lost = kept_after(epoch, tape.RESEARCH_STREAM, seq)
    return kept if is_lost else kept + 1  # its next entry is there, and damaged


def research_seq_at(*, epoch: int, tick: int) -> int:
    """Return the last seq that the research desk's stream had after a tick."""
    return tape.last_seq_at(epoch=epoch, stream=tape.RESEARCH_STREAM, tick=tick)


def agent_seq_at(*, epoch: int, account: int, tick: int) -> int:
    """Return the last seq that an agent's stream had after a tick."""
    return tape.last_seq_at(epoch=epoch, stream=account, tick=tick)


def agent_standing(account: int) -> AgentStanding:
    """Return how an agent stands, its orders that still wait for a tick left out."""
    with one_instant():
        world = World.objects.get()
        agent = Agent.objects.get(id=account)
        portfolio = serializers.portfolio(agent, agents.selectors.portfolio(agent))
        orders = [serializers.order_line(order) for order in agents.selectors.open_orders(agent)]
        extent = tape.extent(epoch=world.epoch, stream=account)
    data: Wire = {**portfolio, "orders": orders}
    seq = extent.last if extent else 0
    return AgentStanding(seq, world.tick, world.claimed_at or world.founded_at, data)


def agent_entries(*, epoch: int, tick: int, accounts: Collection[int]) -> list[tape.Entry]:
    """Return what one tick said to these agents."""
    return tape.read_tick(epoch=epoch, tick=tick, streams=accounts)


def revoked(ids: Collection[UUID]) -> set[UUID]:
    """Return which of these keys and sessions are good no more. No query without any."""
    if not ids:
        return set()
    keys = ApiKey.objects.live().filter(frozen_at=None, id__in=ids)
    sessions = Session.objects.filter(id__in=ids, expires_at__gt=timezone.now())
    good = keys.values_list("id", flat=True).union(sessions.values_list("id", flat=True))
    return set(ids) - set(good)


def owner_of_key(secret: str) -> Identity | None:
    """Return whom a live key belongs to."""
    key = keys.key_of(secret)
    return _identity(key.agent, key=key.id) if key else None


def owner_of_ticket(secret: str) -> Identity | None:
    """Return whom an unused ticket belongs to, and use it up."""
    ticket = keys.redeem_ticket(secret)
    return _identity(ticket.agent, session=ticket.issued_by) if ticket else None


def _identity(agent: Agent, *, key: UUID | None = None, session: UUID | None = None) -> Identity:
    return Identity(agent.id, str(agent.public_id), agent.name, key, session)
