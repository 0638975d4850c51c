"""What a tick tells of the law: charges and verdicts, to everyone.

What an agent is told of its own case goes with the market's alerts.
"""

from __future__ import annotations

from collections.abc import Iterator

from market.engine.values import Tick
from market.wire import Wire
from sec.engine.outcome import SecReport


def public_events(report: SecReport, tick: Tick) -> Iterator[tuple[str, str, Wire]]:
    """Yield (type, channel, item)."""
    for update in report.updates:
        named = report.named[update.account]
        yield (
            "sec:update",
            "sec",
            {
                "tick": tick,
                "investigationId": update.case,
                "agentId": named.id,
                "agentName": named.name,
                "crimeType": update.crime,
                "symbol": update.symbol,
                "status": update.status,
                "fine": update.fine_cents / 100,
                "sentenceTicks": update.sentence_ticks,
                "suspensionTicks": update.suspension_ticks,
                "releaseTick": update.release_tick,
            },
        )


def agent_events(report: SecReport, tick: Tick) -> Iterator[tuple[int, str, Wire]]:
    """Yield (account, type, item): nothing that is not an alert."""
    return iter(())
