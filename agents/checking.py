"""What the rows say of all that a social action's check asks: for the door, before the tick."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import orjson
from django.conf import settings

from agents.engine.agent_state import AgentStatus, status_at
from agents.engine.alliances import ENDING, OPEN, PENDING, STANDING, Alliance, AllianceStatus
from agents.engine.batch import ParsedAction
from agents.engine.messages import NOTHING, Contact, Received
from agents.engine.names import folded
from agents.engine.rules import AgentRules
from agents.models import Agent
from market.common.prepared import Prepared
from market.engine.parameters import is_uuid
from market.engine.refusals import Code, Refused
from market.engine.sessions import moment_of
from market.engine.values import Tick

# Of the agents that the actions name, and of those in an alliance with who acts: what they are,
# what has passed between each and who acts, and their alliances.
_SOCIAL = Prepared(
    "social_view",
    {
        "me": "bigint",
        "ids": "uuid[]",
        "names": "text[]",
        "alliances": "uuid[]",
        "open": "text[]",
        "day_ticks": "bigint",
    },
    """
    WITH day AS (
        SELECT (tick + 1) / %(day_ticks)s * %(day_ticks)s AS begun FROM market_world
    ), named AS (
        SELECT id FROM agents_agent
        WHERE public_id = ANY(%(ids)s) OR folded_name = ANY(%(names)s)
    ), mine AS (
        SELECT * FROM agents_alliance WHERE proposer = %(me)s
        AND (status = ANY(%(open)s) OR id = ANY(%(alliances)s))
        UNION
        SELECT * FROM agents_alliance WHERE partner = %(me)s
        AND (status = ANY(%(open)s) OR id = ANY(%(alliances)s))
    ), known AS (
        SELECT id FROM named
        UNION SELECT proposer FROM mine
        UNION SELECT partner FROM mine
        UNION SELECT %(me)s
    )
    SELECT json_build_object(
        'tick', (SELECT tick FROM market_world),
        'agents', (SELECT coalesce(json_agg(a), '[]') FROM (
            SELECT id, public_id, folded_name, role, status, status_until, is_house, origin
            FROM agents_agent WHERE id IN (SELECT id FROM known)) a),
        'blocks', (SELECT coalesce(json_agg(json_build_array(owner, other)), '[]')
            FROM agents_block WHERE NOT is_lifted AND (
                (owner = %(me)s AND other IN (SELECT id FROM named))
                OR (other = %(me)s AND owner IN (SELECT id FROM named)))),
        'messages', (SELECT coalesce(json_agg(m), '[]') FROM (
            SELECT other, count(*) FILTER (WHERE is_mine) AS sent,
                count(*) FILTER (WHERE NOT is_mine) AS received, max(tick) AS last,
                count(*) FILTER (WHERE tick >= (SELECT begun FROM day)) AS today
            FROM (
                SELECT recipient AS other, true AS is_mine, tick FROM agents_message
                WHERE sender = %(me)s AND recipient IN (SELECT id FROM named)
                UNION ALL
                SELECT sender, false, tick FROM agents_message
                WHERE recipient = %(me)s AND sender IN (SELECT id FROM named)
            ) passed GROUP BY other) m),
        'received', (SELECT coalesce(json_agg(r), '[]') FROM (
            SELECT recipient, count(*) AS total, count(*) FILTER (WHERE is_first) AS strangers
            FROM agents_message WHERE recipient IN (SELECT id FROM named)
            AND tick >= (SELECT begun FROM day) GROUP BY recipient) r),
        'alliances', (SELECT coalesce(json_agg(l ORDER BY tick, id), '[]') FROM (
            SELECT * FROM mine
            UNION
            SELECT * FROM agents_alliance
            WHERE proposer IN (SELECT id FROM known) AND status = ANY(%(open)s)
            UNION
            SELECT * FROM agents_alliance
            WHERE partner IN (SELECT id FROM known) AND status = ANY(%(open)s)) l)
    )::text
    """,
)


class _Known(NamedTuple):
    """What a check asks of an agent."""

    account: int
    role: str
    status: str  # in the next tick
    is_house: bool
    origin: str


def view(agent: Agent, asked: Sequence[ParsedAction]) -> SocialRows:
    """Return what the rows say to an agent's social actions: one statement."""
    return SocialRows(agent, asked)


class SocialRows:
    """The reading methods of the registry, by the rows of the last tick, for these actions."""

    def __init__(self, agent: Agent, asked: Sequence[ParsedAction]) -> None:
        self.rules: AgentRules = settings.RULES.agents
        session = settings.RULES.market.session
        self.day_ticks: Tick = session.day_ticks
        self._agent = agent
        named = {one.parameters["target"] for one in asked if "target" in one.parameters}
        self._found: Any = orjson.loads(
            _SOCIAL.value(
                me=agent.id,
                ids=[name for name in named if is_uuid(name)],
                names=[folded(name) for name in named],
                alliances=ids_in(asked, "alliance"),
                open=[status.value for status in OPEN],
                day_ticks=self.day_ticks,
            )
        )
        self.next_tick: Tick = self._found["tick"] + 1
        self._known = {row["id"]: self._known_of(row) for row in self._found["agents"]}
        self._by_id = {row["public_id"]: row["id"] for row in self._found["agents"]}
        self._by_name = {row["folded_name"]: row["id"] for row in self._found["agents"]}
        self._blocked = {(owner, other) for owner, other in self._found["blocks"]}
        self._contacts = {row["other"]: self._contact_of(row) for row in self._found["messages"]}
        closes_now = moment_of(self.next_tick, session).closes_now
        self._alliances = [
            alliance
            for alliance in map(_alliance, self._found["alliances"])
            if not self._ends_by_itself(alliance, closes_now)
        ]

    def resolve(self, reference: str) -> int:
        """Return the account of an agent by its id or its name. Raises Refused."""
        account = self._by_id.get(reference.lower()) or self._by_name.get(folded(reference))
        if account is None:
            raise Refused(Code.INVALID_TARGET, "There is no agent with that name or id.")
        return int(account)

    def status_of(self, account: int) -> str:
        return self._known[account].status

    def role_of(self, account: int) -> str:
        return self._known[account].role

    def is_house(self, account: int) -> bool:
        return self._known[account].is_house

    def blocks(self, owner: int, other: int) -> bool:
        return (owner, other) in self._blocked

    def contact(self, one: int, other: int) -> Contact | None:
        """Return what has passed between who acts and another; the answered ones need no first."""
        return self._contacts.get(other if one == self._agent.id else one)

    def received_today(self, account: int) -> Received:
        for row in self._found["received"]:
            if row["recipient"] == account:
                return Received(row["total"], row["strangers"])
        return NOTHING

    def open_alliances(self, account: int) -> list[Alliance]:
        return [a for a in self._alliances if a.status in OPEN and a.has(account)]

    def alliance(self, id: str) -> Alliance | None:
        mine = (alliance for alliance in self._alliances if alliance.has(self._agent.id))
        return next((alliance for alliance in mine if alliance.id == id.lower()), None)

    def is_linked(self, account: int, other: int) -> bool:
        origin = self._known[account].origin
        if origin and origin == self._known[other].origin:
            return True
        mine = (a for a in self.open_alliances(account) if a.status in STANDING)
        if any(alliance.has(other) for alliance in mine):
            return True
        contact = self.contact(account, other)
        return contact is not None and contact.is_answered

    def _known_of(self, row: dict[str, Any]) -> _Known:
        status = status_at(AgentStatus(row["status"]), row["status_until"], self.next_tick)
        return _Known(row["id"], row["role"], status, row["is_house"], row["origin"])

    def _contact_of(self, row: dict[str, Any]) -> Contact:
        first = self._agent.id if row["sent"] else row["other"]
        is_answered = bool(row["sent"] and row["received"])
        day = self.next_tick // self.day_ticks
        return Contact(first, row["last"], is_answered, row["today"], day)

    def _ends_by_itself(self, alliance: Alliance, closes_now: bool) -> bool:
        """Say whether an alliance is over before the next tick performs anything."""
        age = self.next_tick - alliance.tick
        is_expired = alliance.status is PENDING and age > self.rules.alliances.proposal_ticks
        return is_expired or (alliance.status is ENDING and closes_now)


def ids_in(asked: Iterable[ParsedAction], parameter: str) -> list[str]:
    """Return the ids that actions give in one of their parameters."""
    return [one.parameters[parameter] for one in asked if parameter in one.parameters]


def _alliance(row: dict[str, Any]) -> Alliance:
    alliance = Alliance(
        *(row["id"], row["tick"], row["proposer"], row["partner"], row["percent"], row["text"])
    )
    alliance.status = AllianceStatus(row["status"])
    alliance.formed_tick, alliance.ended_tick = row["formed_tick"], row["ended_tick"]
    alliance.ended_by, alliance.reason = row["ended_by"], row["reason"]
    return alliance
