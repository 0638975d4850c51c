"""What a tick changed of the agents, as rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from agents.engine.registry import AgentsReport
from agents.services import journal
from market.common.bulk import Write
from market.engine.values import Tick


def writes(tick: Tick, report: AgentsReport) -> Iterator[tuple[str, Callable[[], Write]]]:
    """Yield (step, encoder) pairs, in the order in which they are to be sent."""
    yield "write balances", partial(journal.update_members, report.members)
    for rows, encode in (  # of which most ticks have none
        (report.messages, partial(journal.insert_messages, report.messages)),
        (report.blocks, partial(journal.update_blocks, report.blocks)),
        (report.alliances, partial(journal.update_alliances, report.alliances)),
        (report.payouts, partial(journal.insert_payouts, report.payouts)),
        (report.manipulations, partial(journal.insert_manipulations, tick, report.manipulations)),
    ):
        if rows:
            yield "write prices", encode
