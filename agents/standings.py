"""How agents stand: ranks, figures of performance, public profiles."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import (
    BigIntegerField,
    Case,
    F,
    FloatField,
    OrderBy,
    OuterRef,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce

from agents.engine.agent_state import AgentStatus
from agents.engine.names import folded
from agents.models import Agent, Alliance
from agents.models import Input as InputRow
from market import models
from market.engine.sessions import last_close_before
from market.engine.values import Cents, Tick

EXCLUDE, INCLUDE, ONLY = "exclude", "include", "only"  # what is shown of the house
HOUSE = (EXCLUDE, INCLUDE, ONLY)
NET_WORTH = "netWorth"
SHOWN_RATIONALES = 20


class RankedAgent(NamedTuple):
    """An agent and how it stands, in cents; only active agents from outside have a rank.

    What a new one will start with stands for its figures until the tick admits it. `gain` is what
    it has gained on its endowment, transfers aside.
    """

    agent: Agent
    rank: int | None
    equity: Cents
    equity_day_ago: Cents
    endowment: Cents
    gain: Cents
    trade_count: int
    alliances: list[Alliance]  # that stand, each with the names of its members


class Rank(NamedTuple):
    """A place among so many."""

    rank: int
    total: int


def ranking(
    rows: slice,
    *,
    sort: str = NET_WORTH,
    house: str = EXCLUDE,
    role: str | None = None,
    status: str | None = None,
) -> tuple[list[RankedAgent], int]:
    """Return a slice of the agents, the active ones first, by one of SORTS, ties by age; and how
    many there are. Four queries.
    """
    agents = _agents_with_figures()
    if house != INCLUDE:
        agents = agents.filter(is_house=house == ONLY)
    if role is not None:
        agents = agents.filter(role=role)
    if status is not None:
        agents = agents.filter(status=status)
    page = list(agents.order_by(_ACTIVE_FIRST, _SORTS[sort], "id")[rows])
    ids = [agent.id for agent in page]
    ranks, allied = _ranks(ids), _alliances(ids)
    ranked = [_ranked(agent, ranks.get(agent.id), allied.get(agent.id, [])) for agent in page]
    return ranked, agents.count()


def ranked_agent(**which: Any) -> RankedAgent:
    """Return one agent with its rank. Three queries. Raises Agent.DoesNotExist."""
    agent = _agents_with_figures().get(**which)
    ids = [agent.id]
    return _ranked(agent, _ranks(ids).get(agent.id), _alliances(ids).get(agent.id, []))


def ranked_equities() -> list[tuple[int, Cents]]:
    """Return the accounts of the agents that have a rank, best first, and their equities. One
    query.
    """
    with connection.cursor() as cursor:
        cursor.execute(_EQUITIES)
        return [(id, equity) for id, equity in cursor.fetchall()]


def own_standing(agent: Agent) -> tuple[RankedAgent, int]:
    """Return an agent with its rank, and among how many. Four queries at most."""
    ranked = ranked_agent(id=agent.id)
    return ranked, count_ranked()


def count_ranked() -> int:
    return Agent.objects.filter(status=AgentStatus.ACTIVE, is_house=False).count()


def count_active() -> int:
    return Agent.objects.filter(status=AgentStatus.ACTIVE).count()


def agent_like(reference: str) -> Agent:
    """Return an agent by its id or, where no id is so, its name. Raises Agent.DoesNotExist."""
    try:
        found = Agent.objects.filter(public_id=UUID(reference)).first()
    except ValueError:
        found = None
    return found or Agent.objects.get(folded_name=folded(reference))


def public_rationales(agent: Agent, tick: Tick) -> list[InputRow]:
    """Return why an agent says it acted, newest first: of the days that are over at a tick."""
    before = last_close_before(tick, settings.RULES.market.session)
    rows = InputRow.objects.filter(account=agent.id, verdict__tick__lt=before)
    rows = rows.exclude(rationale="").select_related("verdict")
    return list(rows.order_by("-id")[:SHOWN_RATIONALES])


_ACTIVE_FIRST = Case(When(status=AgentStatus.ACTIVE, then=Value(0)), default=Value(1))
_SORTS: dict[str, OrderBy] = {
    NET_WORTH: (F("equity") - F("gifts_received")).desc(),
    "return": F("gained").desc(),
    "maxDrawdown": F("max_drawdown_bps").asc(),
    "sharpe": F("sharpe").desc(nulls_last=True),
    "reputation": F("reputation").desc(),
}
SORTS = tuple(_SORTS)
_CAPITALS = " ".join(
    f"WHEN '{role.name}' THEN {role.capital_cents}" for role in settings.RULES.agents.roles
)
_RANKS = f"""
    SELECT id, rank, total FROM (
        SELECT agent.id, count(*) OVER () AS total, row_number() OVER (
            ORDER BY coalesce(equity, CASE role {_CAPITALS} END) - gifts_received DESC, agent.id
        ) AS rank
        FROM agents_agent AS agent LEFT JOIN market_account AS account ON account.id = agent.id
        WHERE status = '{AgentStatus.ACTIVE.value}' AND NOT is_house
    ) AS ranked WHERE id = ANY(%s)
"""


_EQUITIES = f"""
    SELECT account.id, equity FROM market_account AS account JOIN agents_agent AS agent USING (id)
    WHERE status = '{AgentStatus.ACTIVE.value}' AND NOT is_house
    ORDER BY equity - gifts_received DESC, account.id
"""


def _agents_with_figures() -> QuerySet[Any]:
    account = models.Account.objects.filter(id=OuterRef("id"))
    capital = Case(
        *(When(role=r.name, then=Value(r.capital_cents)) for r in settings.RULES.agents.roles),
        output_field=BigIntegerField(),
    )

    def of_account(column: str, default: Any) -> Coalesce:
        return Coalesce(Subquery(account.values(column)), default)

    agents = Agent.objects.annotate(
        equity=of_account("equity", capital),
        equity_day_ago=of_account("equity_day_ago", capital),
        endowment=of_account("endowment", capital),
        transfers=of_account("transfers", Value(0)),
        trade_count=of_account("trade_count", Value(0)),
    )
    gain = Cast(F("equity") - F("transfers") - F("endowment"), FloatField())
    endowed = When(endowment__gt=0, then=gain / Cast(F("endowment"), FloatField()))
    return agents.annotate(gained=Case(endowed, default=Value(0.0), output_field=FloatField()))


def _ranks(ids: Collection[int]) -> dict[int, int]:
    with connection.cursor() as cursor:
        cursor.execute(_RANKS, [list(ids)])
        return {id: rank for id, rank, _ in cursor.fetchall()}


def _alliances(ids: Collection[int]) -> dict[int, list[Alliance]]:
    """Return the alliances that stand of each of these agents."""
    found: dict[int, list[Alliance]] = {}
    for alliance in with_names(Alliance.objects.standing().of(*ids)).order_by("formed_tick", "id"):
        for account in {alliance.proposer, alliance.partner} & set(ids):
            found.setdefault(account, []).append(alliance)
    return found


def with_names(alliances: QuerySet[Alliance]) -> QuerySet[Any]:
    """Return alliances each with the ids and names of its members."""
    shown: dict[str, Subquery] = {}
    for side in ("proposer", "partner"):
        member = Agent.objects.filter(id=OuterRef(side))
        shown[f"{side}_id"] = Subquery(member.values("public_id"))
        shown[f"{side}_name"] = Subquery(member.values("name"))
    return alliances.annotate(**shown)


def _ranked(agent: Any, rank: int | None, alliances: Iterable[Alliance]) -> RankedAgent:
    return RankedAgent(
        agent,
        rank,
        agent.equity,
        agent.equity_day_ago,
        agent.endowment,
        agent.equity - agent.transfers - agent.endowment,
        agent.trade_count,
        list(alliances),
    )
