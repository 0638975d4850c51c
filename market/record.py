"""What a tick made of the market, as rows: all but trades and orders, which the floor begins to
write while the machine is still at work.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from market.common.bulk import Write
from market.engine.outcome import MarketOutcome
from market.engine.values import Tick
from market.services import record

EQUITY_POINT_TICKS = 50


def writes(tick: Tick, report: MarketOutcome) -> Iterator[tuple[str, Callable[[], Write]]]:
    """Yield (step, encoder) pairs, in the order in which they are to be sent."""
    yield "write orders", partial(record.insert_blotter, tick, report.orders, report.trades)
    yield "write trades", partial(record.insert_sales, tick, report.trades)
    yield "write balances", partial(record.insert_entries, report.entries)
    yield "write balances", partial(record.insert_accounts, tick, report.opened)
    yield "write balances", partial(record.update_accounts, report.accounts)
    yield "write balances", partial(record.upsert_holdings, report.holdings)
    yield "write prices", partial(record.update_companies, report.companies)
    yield "write prices", partial(record.insert_candles, [*report.candles, *report.index_candles])
    for rows, encode in (
        (report.halts, partial(record.insert_halts, report.halts)),
        (report.splits, partial(record.insert_splits, report.splits)),
        (report.events, partial(record.insert_events, report.events)),
        (report.bankruptcies, partial(record.insert_bankruptcies, report.bankruptcies)),
    ):
        if rows:  # which is seldom
            yield "write prices", encode
    if tick % EQUITY_POINT_TICKS == 0:
        yield "write prices", partial(record.insert_equity_points, tick, report.accounts)
