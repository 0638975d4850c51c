"""What a tick tells of the agents: alliances and betrayals to all, messages to who receives them.

What an alert says goes with the market's alerts.
"""

from __future__ import annotations

from collections.abc import Iterator

from agents.engine.agent_state import Named
from agents.engine.facts import AllianceEnded, AllianceFormed
from agents.engine.registry import AgentsReport
from market import wire
from market.engine.values import Tick
from market.wire import Wire


def public_events(report: AgentsReport, tick: Tick) -> Iterator[tuple[str, str, Wire]]:
    """Yield (type, channel, item)."""
    for formed in report.formed:
        yield "market:event", "events", _formed(formed, report)
    for ended in report.ended:
        yield "market:event", "events", _ended(ended, report)


def agent_events(report: AgentsReport, tick: Tick) -> Iterator[tuple[int, str, Wire]]:
    """Yield (account, type, item)."""
    for message in report.messages:
        sender = report.named[message.sender]
        yield (
            message.recipient,
            "agent:message",
            {
                "id": message.id,
                "fromAgentId": sender.id,
                "fromAgentName": sender.name,
                "content": wire.untrusted(sender.name, message.text),
                "tick": tick,
            },
        )


def _formed(fact: AllianceFormed, report: AgentsReport) -> Wire:
    one, other = report.named[fact.proposer], report.named[fact.partner]
    headline = f"{one.name} and {other.name} form an alliance"
    return {
        **wire.happening("ALLIANCE", fact.tick, headline, subject=fact.id),
        "allianceId": fact.id,
        "members": [_member(one), _member(other)],
        "profitSharePercent": fact.share_percent,
    }


def _ended(fact: AllianceEnded, report: AgentsReport) -> Wire:
    one, other = report.named[fact.proposer], report.named[fact.partner]
    by = report.named.get(fact.by)
    if fact.is_betrayal and by is not None:
        betrayed = other if by == one else one
        type, headline = "BETRAYAL", f"{by.name} betrays its alliance with {betrayed.name}"
    else:
        type = "ALLIANCE_ENDED"
        headline = f"The alliance of {one.name} and {other.name} is over"
    return {
        **wire.happening(type, fact.tick, headline, subject=fact.id),
        "allianceId": fact.id,
        "members": [_member(one), _member(other)],
        "endedBy": by.id if by else None,
        "status": fact.why,
    }


def _member(named: Named) -> Wire:
    return {"agentId": named.id, "name": named.name}
