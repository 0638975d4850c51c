"""The rows that say how cases, bribes and tips stand, written anew when the world is taken back."""

from __future__ import annotations

from collections.abc import Iterator

from market.common.bulk import Write
from sec import record
from sec.engine.outcome import SecReport


def writes(report: SecReport) -> Iterator[Write]:
    """Yield the writes, of a report in which everything stands."""
    yield record.upsert_cases(report.cases)
    yield record.upsert_accused(report.accused)
    yield record.upsert_bribes(report.bribes)
    yield record.upsert_tips(report.tips)
