"""The rows that say how the agents stand, written anew when the world is taken back."""

from __future__ import annotations

from collections.abc import Iterator

from agents.engine.registry import AgentsReport
from agents.services import journal
from market.common.bulk import Write


def writes(report: AgentsReport) -> Iterator[Write]:
    """Yield the writes, of a report in which everything stands."""
    yield journal.update_members(report.members)
    yield journal.update_blocks(report.blocks)
    yield journal.update_alliances(report.alliances)
