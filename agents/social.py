"""What passes between agents: messages, blocks and alliances, as their owners read them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery, Sum
from django.utils import timezone

from agents.models import Agent, Alliance, Block, Message, Payout
from agents.standings import with_names
from market.engine.values import Cents


class Inbox(NamedTuple):
    """A page of messages; how many there are, and how many are not read."""

    messages: list[Any]
    total: int
    unread: int


class OwnAlliance(NamedTuple):
    """An alliance or a proposal of one's own, and what its closes have moved, in cents."""

    alliance: Any
    received: Cents
    paid: Cents
    lapsed: Cents


def inbox(agent: Agent, rows: slice, *, unread: bool = False, other: int | None = None) -> Inbox:
    """Return a slice of the messages that an agent has received, or, with another, exchanged;
    newest first. Two queries.
    """
    received = Q(recipient=agent.id)
    which = received
    if other is not None:
        sent = Q(sender=agent.id, recipient=other)
        which = Q(recipient=agent.id, sender=other) | sent
    found = Message.objects.filter(which)
    if unread:
        found = found.filter(received, read_at=None)
    counts = found.aggregate(total=Count("id"))
    counts |= Message.objects.filter(received, read_at=None).aggregate(unread=Count("id"))
    return Inbox(list(_with_authors(found).order_by("-id")[rows]), **counts)


def mark_read(agent: Agent, ids: Sequence[UUID] | None) -> int:
    """Mark messages that an agent has received as read, all of them where none is named; return
    how many were not.
    """
    unread = Message.objects.filter(recipient=agent.id, read_at=None)
    if ids is not None:
        unread = unread.filter(public_id__in=ids)
    return unread.update(read_at=timezone.now())


def blocked(agent: Agent, rows: slice) -> tuple[list[Any], int]:
    """Return a slice of whom an agent blocks, newest first; and how many there are."""
    found = Block.objects.filter(owner=agent.id, is_lifted=False)
    other = Agent.objects.filter(id=OuterRef("other"))
    named = found.annotate(
        other_id=Subquery(other.values("public_id")), other_name=Subquery(other.values("name"))
    )
    return list(named.order_by("-tick", "-id")[rows]), found.count()


def block_of(agent: Agent, other: Agent) -> Block | None:
    return Block.objects.filter(owner=agent.id, other=other.id, is_lifted=False).first()


def own_alliances(
    agent: Agent, rows: slice, *, status: str | None = None
) -> tuple[list[OwnAlliance], int]:
    """Return a slice of an agent's alliances and proposals, newest first; and how many there are.
    Three queries.
    """
    found = Alliance.objects.of(agent.id)
    if status is not None:
        found = found.filter(status=status)
    page = list(with_names(found).order_by("-tick", "-id")[rows])
    sums = Payout.objects.filter(alliance__in=[one.id for one in page]).values("alliance")
    moved = {
        row["alliance"]: row
        for row in sums.annotate(
            received=Sum("cents", filter=Q(receiver=agent.id), default=0),
            paid=Sum("cents", filter=Q(payer=agent.id), default=0),
            lapsed=Sum("lapsed_cents", default=0),
        )
    }
    nothing = {"received": 0, "paid": 0, "lapsed": 0}
    lines = []
    for one in page:
        row = moved.get(one.id, nothing)
        lines.append(OwnAlliance(one, row["received"], row["paid"], row["lapsed"]))
    return lines, found.count()


def standing_alliances(rows: slice) -> tuple[list[Any], int]:
    """Return a slice of the alliances that stand, newest first; and how many there are."""
    found = Alliance.objects.standing()
    return list(with_names(found).order_by("-formed_tick", "-id")[rows]), found.count()


def _with_authors(messages: QuerySet[Message]) -> QuerySet[Any]:
    shown = {}
    for side in ("sender", "recipient"):
        agent = Agent.objects.filter(id=OuterRef(side))
        shown[f"{side}_id"] = Subquery(agent.values("public_id"))
        shown[f"{side}_name"] = Subquery(agent.values("name"))
    return messages.annotate(**shown)
