"""Every read of the law that an API, a page or a feed needs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Exists, Max, OuterRef, Q, QuerySet, Subquery

from agents.engine.agent_state import AgentStatus
from agents.models import Agent, Message
from market.engine.values import Cents, Tick
from market.models import Account
from sec.engine.bribes import BribeStatus
from sec.models import Bribe, Investigation, Penalty, Violation


class CaseLine(NamedTuple):
    """How a case stands for one accused."""

    case: Investigation
    accused: Violation
    agent: Agent


class CaseFile(NamedTuple):
    """A case as somebody may see it: those accused of it, and all agents that its evidence names.

    `messages` are what the accused wrote and had answered, for the investigator who has
    subpoenaed them.
    """

    case: Investigation
    accused: list[CaseLine]
    agents: dict[int, Agent]
    messages: list[Message] | None


class WantedAgent(NamedTuple):
    """An agent that is on trial, or has fled."""

    agent: Agent
    crimes: list[str]
    cases: int
    gain_cents: Cents
    since: Tick
    equity: Cents


class Inmate(NamedTuple):
    """An agent in prison, and the crime that it was last sentenced for."""

    agent: Agent
    crime: str | None
    sentence_ticks: Tick
    since: Tick


def investigations(
    rows: slice, *, status: str | None = None, crime: str | None = None
) -> tuple[list[CaseLine], int]:
    """Return a slice of the public cases, a line each accused, the newest charge first; and how
    many there are. Three queries.
    """
    wanted = Violation.objects.public()
    if status:
        wanted = wanted.filter(status=status)
    if crime:
        wanted = wanted.filter(investigation__crime=crime)
    return _lines(wanted.order_by("-id")[rows]), wanted.count()


def own_cases(agent: Agent) -> list[CaseLine]:
    """Return the cases that an agent knows to be against it, newest first. Two queries."""
    return _lines(Violation.objects.known_to_accused().filter(account=agent.id).order_by("-id"))


def assigned_cases(agent: Agent) -> list[Investigation]:
    """Return the undecided cases that an investigator has, newest first. One query."""
    found = Investigation.objects.filter(investigator=agent.id)
    pending = Violation.objects.pending().filter(investigation=OuterRef("pk"))
    return list(found.filter(Exists(pending)).order_by("-tick", "id"))


def offered_bribes(agent: Agent) -> list[Any]:
    """Return the bribes that await an agent's answer, each with its briber's `briber_name`, newest
    first. One query.
    """
    names = Agent.objects.filter(id=OuterRef("briber")).values("name")
    offered = Bribe.objects.filter(target=agent.id, status=BribeStatus.OFFERED.value)
    return list(offered.annotate(briber_name=Subquery(names)).order_by("-tick", "id"))


def cases(
    rows: slice, *, reader: Agent | None = None
) -> tuple[list[tuple[Investigation, list[CaseLine]]], int]:
    """Return a slice of the cases that everyone may see, and of the reader's own, newest first,
    each with what may be seen of those accused; and how many there are. Four queries.
    """
    visible = _visible_rows(reader)
    found = Investigation.objects.filter(id__in=visible.values("investigation"))
    page = list(found.order_by("-tick", "id")[rows])
    lines: dict[UUID, list[CaseLine]] = {case.id: [] for case in page}
    for line in _lines(visible.filter(investigation__in=[case.id for case in page]).order_by("id")):
        lines[line.case.id].append(line)
    return [(case, lines[case.id]) for case in page], found.count()


def case_file(id: UUID, *, reader: Agent | None = None) -> CaseFile | None:
    """Return a case as a reader may see it, None when it may not. At most five queries."""
    case = Investigation.objects.filter(id=id).first()
    if case is None:
        return None
    rows = Violation.objects.filter(investigation=id)
    is_investigator = reader is not None and case.investigator == reader.id
    seen = (
        rows.known_to_accused()
        if is_investigator
        else _visible_rows(reader).filter(investigation=id)
    )
    lines = _lines(seen.order_by("id"))
    if not lines:
        return None
    messages = None
    if is_investigator and case.subpoena_tick is not None:
        messages = _subpoenaed(case, [line.agent.id for line in lines])
    named = {trade[side] for trade in case.evidence["trades"] for side in ("buyer", "seller")}
    named |= {order["account"] for order in case.evidence["orders"]}
    named |= {account for one in messages or () for account in (one.sender, one.recipient)}
    return CaseFile(case, lines, Agent.objects.in_bulk(list(named)), messages)


def _visible_rows(reader: Agent | None) -> QuerySet[Violation]:
    public = Violation.objects.public()
    if reader is None:
        return public
    return public | Violation.objects.filter(account=reader.id, active_tick__isnull=False)


def _subpoenaed(case: Investigation, accused: list[int]) -> list[Message]:
    """Return what the accused sent during the conduct, and answered, oldest first."""
    sent = Q(sender__in=accused)
    answered = Q(recipient__in=accused, sender__in=Message.objects.filter(sent).values("recipient"))
    during = Q(tick__gte=case.first_tick, tick__lte=case.last_tick)
    return list(Message.objects.filter(during & (sent | answered)).order_by("id")[:1_000])


def most_wanted(rows: slice) -> tuple[list[WantedAgent], int]:
    """Return a slice of the agents that are charged or have fled, those with the largest gain
    first; and how many there are. Four queries.
    """
    charged: dict[int, list[Violation]] = {}
    pending = Violation.objects.filter(status="charged").select_related("investigation")
    for row in pending:
        charged.setdefault(row.account, []).append(row)
    fled = dict(Agent.objects.filter(status=AgentStatus.FLED).values_list("id", "status_until"))
    abated = Violation.objects.filter(account__in=list(fled), status="abated").select_related(
        "investigation"
    )
    left: dict[int, list[Violation]] = {}
    for row in abated.order_by("-decided_tick"):
        left.setdefault(row.account, []).append(row)
    cases_of = charged | {account: left.get(account, []) for account in fled}
    agents = Agent.objects.in_bulk(list(cases_of))
    worth = dict(Account.objects.filter(id__in=list(cases_of)).values_list("id", "equity"))
    wanted = [
        WantedAgent(
            agents[account],
            sorted({row.investigation.crime for row in violations}),
            len(violations),
            sum(row.gain_cents for row in violations),
            max(
                (row.charged_tick or row.decided_tick or row.tick for row in violations), default=0
            ),
            worth.get(account, 0),
        )
        for account, violations in cases_of.items()
    ]
    wanted.sort(key=lambda one: (-one.gain_cents, -one.since, one.agent.id))
    return wanted[rows], len(wanted)


def inmates(rows: slice) -> tuple[list[Inmate], int]:
    """Return a slice of the agents in prison, who is released first coming first; and how many
    there are. Four queries.
    """
    inside = Agent.objects.filter(status=AgentStatus.IMPRISONED)
    agents = list(inside.order_by("status_until", "id")[rows])
    last = (
        Penalty.objects.filter(kind="prison", account__in=[agent.id for agent in agents])
        .values("account")
        .annotate(newest=Max("id"))
        .values("newest")
    )
    sentences = {row.account: row for row in Penalty.objects.filter(id__in=last)}
    crimes = dict(
        Investigation.objects.filter(
            id__in=[row.investigation for row in sentences.values()]
        ).values_list("id", "crime")
    )
    found = []
    for agent in agents:
        row = sentences.get(agent.id)
        crime = crimes.get(row.investigation) if row else None
        found.append(Inmate(agent, crime, row.ticks if row else 0, row.tick if row else 0))
    return found, inside.count()


def _lines(rows: Iterable[Violation]) -> list[CaseLine]:
    violations = list(rows)
    ids = {row.investigation_id for row in violations}
    found = Investigation.objects.in_bulk(list(ids))
    agents = Agent.objects.in_bulk([row.account for row in violations])
    return [CaseLine(found[row.investigation_id], row, agents[row.account]) for row in violations]


# What the home page shows, one query each


class OnTrial(NamedTuple):
    """An agent that is charged."""

    name: str
    crime: str
    since: Tick


class InPrison(NamedTuple):
    """An agent that sits until a tick."""

    name: str
    crime: str
    until: Tick
    left: Tick


def on_trial(tick: Tick, count: int) -> list[OnTrial]:
    """Return who was on trial after a tick, the latest charge first. One query."""
    undecided = Q(decided_tick__isnull=True) | Q(decided_tick__gt=tick)
    rows = (
        Violation.objects.filter(undecided, charged_tick__lte=tick)
        .annotate(name=Subquery(Agent.objects.filter(id=OuterRef("account")).values("name")))
        .order_by("-charged_tick", "-id")
        .values_list("name", "investigation__crime", "charged_tick")
    )
    return [OnTrial(name, crime, since or 0) for name, crime, since in rows[:count]]


def in_prison(tick: Tick, count: int) -> list[InPrison]:
    """Return who sat in prison after a tick, by the latest sentence of each, the longest to go
    last. One query.
    """
    released = Penalty.objects.filter(
        account=OuterRef("account"), kind="release", id__gt=OuterRef("id"), tick__lte=tick
    )
    rows = (
        Penalty.objects.filter(kind="prison", tick__lte=tick, until__gt=tick)
        .filter(~Exists(released))
        .annotate(
            name=Subquery(Agent.objects.filter(id=OuterRef("account")).values("name")),
            crime=Subquery(
                Investigation.objects.filter(id=OuterRef("investigation")).values("crime")
            ),
        )
        .order_by("account", "-until")
        .distinct("account")
        .values_list("name", "crime", "until")
    )
    inmates = (InPrison(name, crime, until, until - tick) for name, crime, until in rows)
    return sorted(inmates, key=lambda one: one.until)[:count]
