"""Write what a tick decided into every app's record, in a fixed number of statements."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from django.db.backends.utils import CursorWrapper

from agents.services import journal
from market import models, tape
from market.bulk import Row
from market.services import record
from wallstreetsim import books
from wallstreetsim.books import Books
from wallstreetsim.telling import entries
from wallstreetsim.world import ENGINE_VERSION, REGISTER, Outcome, World

EQUITY_POINT_TICKS = 50


def write_outcome(
    cursor: CursorWrapper,
    world: World,
    outcome: Outcome,
    arrivals: list[int],
    *,
    epoch: int,
    at: datetime,
    watch: Callable[[str], None],
) -> tape.Entry:
    """Write everything a tick decided, and return its public entry.

    `arrivals` are the numbers of the inputs it took, in the order of its results.
    """
    books_before = books.before(cursor, world, outcome.tick)
    with ThreadPoolExecutor(1) as clerk:
        # The tape is encoded here while PostgreSQL is at work on the rows there.
        tape_of_tick = clerk.submit(_encode, world, outcome, books_before, epoch, at)
        _write_rows(cursor, world, outcome, arrivals, watch)
        public, packed = tape_of_tick.result()
    watch("encode tape")
    tape.write(cursor, packed)
    books.remember(world, outcome)
    watch("write tape")
    write_world(world, outcome)
    return public


def _encode(
    world: World, outcome: Outcome, books_before: Books, epoch: int, at: datetime
) -> tuple[tape.Entry, list[Row]]:
    """Return the tick's public entry, and all its entries ready to be written."""
    told = list(entries(world, outcome, books_before, epoch=epoch, at=at))
    return told[0], tape.pack(told)


def _write_rows(
    cursor: CursorWrapper,
    world: World,
    outcome: Outcome,
    arrivals: list[int],
    watch: Callable[[str], None],
) -> None:
    tick, market = outcome.tick, outcome.market
    opened = [
        world.market.accounts[result.account]
        for result in outcome.results
        if result.type == REGISTER and result.verdict.success and result.account is not None
    ]
    record.insert_accounts(cursor, tick, opened)
    verdicts = (result.verdict for result in outcome.results)
    journal.write_verdicts(cursor, tick, zip(arrivals, verdicts, strict=True))
    watch("write inputs")
    record.insert_orders(cursor, market.orders)
    record.update_orders(cursor, market.orders)
    watch("write orders")
    record.insert_trades(cursor, market.trades)
    record.insert_entries(cursor, market.entries)
    watch("write trades")
    record.update_accounts(cursor, market.accounts)
    journal.write_members(cursor, outcome.members)
    record.upsert_holdings(cursor, market.holdings)
    watch("write balances")
    record.update_companies(cursor, market.companies)
    record.insert_candles(cursor, market.candles)
    if tick % EQUITY_POINT_TICKS == 0:
        record.insert_equity_points(cursor, tick, market.accounts)
    watch("write prices")


def write_world(world: World, outcome: Outcome) -> None:
    """Bring the world's one row up to date."""
    macro = world.market.macro
    models.World.objects.update(
        tick=outcome.tick,
        digest=outcome.digest,
        engine_version=ENGINE_VERSION,
        is_paused=outcome.is_paused,
        steps_left=outcome.steps_left,
        is_open=outcome.moment.is_open,
        regime=outcome.regime,
        interest_bps=macro.interest_bps,
        inflation_bps=macro.inflation_bps,
        gdp_growth_bps=macro.gdp_growth_bps,
        index=outcome.market.index,
        dollar_volume_day=outcome.market.dollar_volume_day,
    )
