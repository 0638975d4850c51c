"""The agents' audit: their rows against each other, and held against the machine."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.backends.utils import CursorWrapper

from agents.engine.registry import AgentRegistry
from agents.models import Agent, Alliance, Block, Input
from market.common.auditing import Check, Figures, differences, rows_of

# What alliances paid is in the ledger, and nothing else is under their name.
_PAYOUTS = """
    SELECT coalesce(paid.tick, entry.tick), coalesce(paid.payer, entry.debit_id),
        coalesce(paid.receiver, entry.credit_id), coalesce(paid.cents, 0), coalesce(entry.cents, 0)
    FROM (
        SELECT tick, payer, receiver, sum(cents) AS cents FROM agents_payout
        WHERE cents > 0 GROUP BY tick, payer, receiver
    ) AS paid
    FULL JOIN (
        SELECT tick, debit_id, credit_id, sum(cents) AS cents FROM market_ledgerentry
        WHERE kind = 'profit_share' GROUP BY tick, debit_id, credit_id
    ) AS entry ON entry.tick = paid.tick AND entry.debit_id = paid.payer
        AND entry.credit_id = paid.receiver
    WHERE paid.cents IS DISTINCT FROM entry.cents
    ORDER BY 1, 2, 3 LIMIT 1000
"""

_MEMBERS = """
    SELECT alliance.id::text, member FROM agents_alliance AS alliance,
        LATERAL (VALUES (proposer), (partner)) AS side(member)
    LEFT JOIN agents_agent AS agent ON agent.id = member
    WHERE alliance.status IN ('pending', 'active', 'ending')
        AND (agent.id IS NULL OR agent.status IN ('bankrupt', 'fled'))
    ORDER BY 1, 2 LIMIT 1000
"""


def checks(cursor: CursorWrapper, registry: AgentRegistry | None) -> Iterator[Check]:
    """Yield the checks of the agents' rows; against the machine where there is one."""
    yield Check(
        "what alliances paid is in the ledger",
        [
            f"tick {tick}, {payer} to {receiver}: {paid} cents paid, {entered} in the ledger"
            for tick, payer, receiver, paid, entered in rows_of(cursor, _PAYOUTS)
        ],
    )
    yield Check(
        "members of open alliances are there",
        [
            f"alliance {id}: its member {member} is not there, or gone"
            for id, member in rows_of(cursor, _MEMBERS)
        ],
    )
    if registry is not None:
        for what, recorded, machine in (
            ("agent", _recorded_agents(), _agents_in(registry)),
            ("alliance", _recorded_alliances(), _alliances_in(registry)),
            ("block", _recorded_blocks(), _blocks_in(registry)),
        ):
            yield Check(f"each {what} is the machine's", [*differences(what, recorded, machine)])


def _recorded_agents() -> Figures:
    rows = Agent.objects.exclude(id__in=_not_admitted()).values_list(
        *("id", "status", "status_until", "reputation", "company"),
        *("gifts_received", "max_drawdown_bps", "return_days"),
    )
    return {id: tuple(rest) for id, *rest in rows}


def _not_admitted() -> Iterator[int]:
    """Yield the agents whose registration no tick has performed, or which one has refused."""
    registrations = Input.objects.filter(type="REGISTER")
    admitted = registrations.filter(verdict__success=True).values("account")
    for account in registrations.exclude(account__in=admitted).values_list("account", flat=True):
        assert account is not None
        yield account


def _agents_in(registry: AgentRegistry) -> Figures:
    return {
        m.account: (
            *(m.status.value, m.status_until, m.reputation, m.company),
            *(m.gifts_received, m.max_drawdown_bps, m.return_days),
        )
        for m in registry.members.values()
    }


def _recorded_alliances() -> Figures:
    rows = Alliance.objects.open().values_list(
        "id", "proposer", "partner", "percent", "status", "formed_tick"
    )
    return {str(id): tuple(rest) for id, *rest in rows}


def _alliances_in(registry: AgentRegistry) -> Figures:
    return {
        a.id: (a.proposer, a.partner, a.percent, a.status.value, a.formed_tick)
        for open in registry.alliances.of_account.values()
        for a in open.values()
    }


def _recorded_blocks() -> Figures:
    rows = Block.objects.filter(is_lifted=False).values_list("owner", "other", "tick")
    return {f"{owner} of {other}": tick for owner, other, tick in rows}


def _blocks_in(registry: AgentRegistry) -> Figures:
    return {f"{b.owner} of {b.other}": b.tick for b in registry.mail.standing_blocks()}
