"""What the rows say of all that a social action's check asks: for the door, before the tick."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from django.db.models import Count, Max, Q

from agents.engine.alliances import Alliance, AllianceStatus
from agents.engine.messages import Contact, Received
from agents.engine.names import folded
from agents.engine.rules import AgentRules
from agents.models import Agent, Block, Message
from agents.models import Alliance as AllianceRow
from market.engine.parameters import is_uuid
from market.engine.refusals import Code, Refused
from market.selectors import tick_seen


class _Known(NamedTuple):
    """What a check asks of another agent."""

    account: int
    status: str
    is_house: bool


def view(agent: Agent) -> SocialRows:
    """Return what the rows say to an agent's social actions."""
    return SocialRows(agent)


class SocialRows:
    """The reading methods of the registry, by the rows of the last tick; each is asked for once."""

    def __init__(self, agent: Agent) -> None:
        self.rules: AgentRules = settings.RULES.agents
        self.day_ticks = settings.RULES.market.session.day_ticks
        self._agent = agent
        self._known: dict[int, _Known] = {}
        self._named: dict[str, _Known] = {}
        self._blocked: dict[tuple[int, int], bool] = {}
        self._open: dict[int, list[Alliance]] = {}

    def resolve(self, reference: str) -> int:
        """Return the account of an agent by its id or its name. Raises Refused."""
        known = self._named.get(reference)
        if known is None:
            known = self._find(reference)
            self._named[reference] = self._known[known.account] = known
        return known.account

    def status_of(self, account: int) -> str:
        return self._of(account).status

    def is_house(self, account: int) -> bool:
        return self._of(account).is_house

    def blocks(self, owner: int, other: int) -> bool:
        if (owner, other) not in self._blocked:
            pairs = Q(owner=owner, other=other) | Q(owner=other, other=owner)
            rows = Block.objects.filter(pairs, is_lifted=False)
            standing = set(rows.values_list("owner", "other"))
            for pair in ((owner, other), (other, owner)):
                self._blocked[pair] = pair in standing
        return self._blocked[owner, other]

    def contact(self, one: int, other: int) -> Contact | None:
        """Return what has passed between two agents; the answered ones need no first."""
        pairs = Q(sender=one, recipient=other) | Q(sender=other, recipient=one)
        day = self._day()
        found = Message.objects.filter(pairs).aggregate(
            sent=Count("id", filter=Q(sender=one)),
            received=Count("id", filter=Q(sender=other)),
            last=Max("tick"),
            today=Count("id", filter=Q(tick__gte=day * self.day_ticks)),
        )
        if found["last"] is None:
            return None
        first = one if found["sent"] else other
        is_answered = bool(found["sent"] and found["received"])
        return Contact(first, found["last"], is_answered, found["today"], day)

    def received_today(self, account: int) -> Received:
        today = Message.objects.filter(
            recipient=account, tick__gte=self._day() * self.day_ticks
        ).aggregate(total=Count("id"), strangers=Count("id", filter=Q(is_first=True)))
        return Received(today["total"], today["strangers"])

    def open_alliances(self, account: int) -> list[Alliance]:
        if account not in self._open:
            rows = AllianceRow.objects.open().of(account).order_by("tick", "id")
            self._open[account] = [_alliance(row) for row in rows]
        return self._open[account]

    def alliance(self, id: str) -> Alliance | None:
        row = AllianceRow.objects.of(self._agent.id).filter(id=id).first()
        return None if row is None else _alliance(row)

    def _day(self) -> int:
        """Return the trading day of the next tick."""
        return ((tick_seen() or 0) + 1) // self.day_ticks

    def _find(self, reference: str) -> _Known:
        columns = ("id", "status", "is_house")
        agents = Agent.objects.values_list(*columns)
        row = None
        if is_uuid(reference):
            row = agents.filter(public_id=UUID(reference)).first()
        row = row or agents.filter(folded_name=folded(reference)).first()
        if row is None:
            raise Refused(Code.INVALID_TARGET, "There is no agent with that name or id.")
        return _Known(*row)

    def _of(self, account: int) -> _Known:
        if account not in self._known:
            row = Agent.objects.values_list("id", "status", "is_house").get(id=account)
            self._known[account] = _Known(*row)
        return self._known[account]


def _alliance(row: AllianceRow) -> Alliance:
    alliance = Alliance(str(row.id), row.tick, row.proposer, row.partner, row.percent, row.text)
    alliance.status = AllianceStatus(row.status)
    alliance.formed_tick, alliance.ended_tick = row.formed_tick, row.ended_tick
    alliance.ended_by, alliance.reason = row.ended_by, row.reason
    return alliance
