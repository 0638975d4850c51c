"""The rows that say how the market stands, written anew when the world is taken back."""

from __future__ import annotations

from collections.abc import Iterator

from market.common.bulk import Write
from market.engine.outcome import MarketOutcome
from market.services import record


def writes(report: MarketOutcome) -> Iterator[Write]:
    """Yield the writes, of a report in which everything stands."""
    yield record.insert_orders(report.orders)
    yield record.update_accounts(report.accounts)
    yield record.upsert_holdings(report.holdings)
    yield record.update_companies(report.companies)
